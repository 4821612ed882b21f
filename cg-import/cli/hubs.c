/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hubs.h"
#include "connection.h"

static struct koji_profile *load(const struct config_hub *hub, struct cg_error *err)
{
    struct connection connection = {.profile = hub->profile,
                                    .config = hub->koji_config,
                                    .hub = hub->url,
                                    .serverca = hub->serverca,
                                    .authtype = hub->authtype,
                                    .cert = hub->cert,
                                    .principal = hub->principal,
                                    .keytab = hub->keytab,
                                    .user = hub->user,
                                    .password_file = hub->password_file,
                                    .runas = hub->runas};
    struct cg_error why = {0};
    struct koji_profile *profile = connection_profile(&connection, &why);
    if (profile)
        return profile;
    cg_fail(err, why.code == CG_E_USAGE ? CG_E_CONFIG : why.code, "[hub %s] %s", hub->name, why.message);
    if (why.hint[0])
        cg_hint(err, "%s", why.hint);
    return NULL;
}

struct hubs *hubs_create(const struct config *config, struct cg_error *err)
{
    struct hubs *hubs = calloc(1, sizeof *hubs);
    if (!hubs) {
        cg_fail_memory(err);
        return NULL;
    }
    hubs->profiles = calloc(config->hub_count, sizeof(struct koji_profile *));
    hubs->for_worker = calloc(config->hub_count, sizeof *hubs->for_worker);
    hubs->for_lists = calloc(config->hub_count, sizeof *hubs->for_lists);
    hubs->for_follower = calloc(config->hub_count, sizeof *hubs->for_follower);
    if (!hubs->profiles || !hubs->for_worker || !hubs->for_lists || !hubs->for_follower) {
        cg_fail_memory(err);
        hubs_destroy(hubs);
        return NULL;
    }
    for (; hubs->count < config->hub_count; hubs->count++) {
        const struct config_hub *hub = &config->hubs[hubs->count];
        struct koji_profile *profile = load(hub, err);
        if (!profile) {
            hubs_destroy(hubs);
            return NULL;
        }
        hubs->profiles[hubs->count] = profile;
        hubs->for_worker[hubs->count] = (struct worker_hub){.name = hub->name, .profile = profile};
        hubs->for_lists[hubs->count] =
            (struct hub_lists_hub){.name = hub->name, .profile = profile, .every_ms = (unsigned)hub->lists_ms};
        hubs->for_follower[hubs->count] = (struct follower_hub){.name = hub->name,
                                                                .profile = profile,
                                                                .wish = (enum follower_wish)hub->outbox,
                                                                .every_ms = (unsigned)hub->outbox_every_ms};
    }
    return hubs;
}

void hubs_destroy(struct hubs *hubs)
{
    if (!hubs)
        return;
    for (size_t i = 0; i < hubs->count; i++)
        koji_profile_destroy(hubs->profiles[i]);
    free(hubs->profiles);
    free(hubs->for_worker);
    free(hubs->for_lists);
    free(hubs->for_follower);
    free(hubs);
}
