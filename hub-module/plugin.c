/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin.h"

#include "errors.h"

struct plugin *plugin_create(void)
{
    struct plugin *plugin = calloc(1, sizeof *plugin);
    if (!plugin) {
        PyErr_NoMemory();
        return NULL;
    }
    plugin->references = 1;
    hub_config_defaults(&plugin->config);
    return plugin;
}

struct plugin *plugin_share(struct plugin *plugin)
{
    plugin->references++;
    return plugin;
}

void plugin_release(struct plugin *plugin)
{
    if (!plugin || --plugin->references > 0)
        return;
    cg_checker_destroy(plugin->checker);
    config_mark_finish(&plugin->mark);
    free(plugin);
}

const struct cg_checker *plugin_checker(struct plugin *plugin)
{
    struct cg_error err = {0};
    if (!plugin->checker)
        plugin->checker = cg_checker_create(&err);
    if (!plugin->checker)
        raise_error(&err);
    return plugin->checker;
}
