/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service_options.h"

#include <stdio.h>

const struct option_row service_options_rows[] = {
    {OPTION_SERVICE_CONFIG, "config", "FILE", "configuration of the service (default: " CONFIG_FILE_DEFAULT ")"},
    {0, NULL, NULL, NULL},
};

int service_options_take_one(struct service_options *options, int id, const char *value)
{
    if (id != OPTION_SERVICE_CONFIG)
        return 0;
    options->config = value;
    return 1;
}

int service_options_take(void *context, int id, const char *value, struct cg_error *err)
{
    (void)err;
    service_options_take_one(context, id, value);
    return 0;
}

struct config *service_options_config(const struct service_options *options, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes faults = {0};
    struct config *config = config_load(options->config, &faults, err);
    fputs(cg_bytes_text(&faults), stderr);
    return config;
}
