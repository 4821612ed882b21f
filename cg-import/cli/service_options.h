/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SERVICE_OPTIONS_H
#define CLI_SERVICE_OPTIONS_H

/* What the verbs that run on the service's own machine have in common: its configuration file. */

#include "config.h"
#include "options.h"

#include <stdbool.h>

enum service_option { OPTION_SERVICE_CONFIG = 'c', OPTION_OF_SERVICE_VERB = OPTION_LONG_ONLY };

struct service_options {
    const char *config; /* NULL: the default */
};

extern const struct option_row service_options_rows[];

/* Takes --config; for a verb with further options: 1 taken, 0 it is another. */
int service_options_take_one(struct service_options *options, int id, const char *value);

/* The taker of a verb that has no other; `context` is a struct service_options. */
int service_options_take(void *context, int id, const char *value, struct cg_error *err);

/* The configuration; prints its faults to standard error. NULL with the codes of config_load. */
struct config *service_options_config(const struct service_options *options, struct cg_error *err);

#endif
