/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hubs.h"
#include "connection.h"

#include "koji/login.h"

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
    /* The other misuses of options are faults of the file, and found before. */
    if (why.code == CG_E_USAGE) {
        cg_fail(err, CG_E_CONFIG, "[hub %s] would log in by password, and has not both user and password_file",
                hub->name);
        cg_hint(err, "set both, or another authtype");
        return NULL;
    }
    cg_fail(err, why.code, "[hub %s] %s", hub->name, why.message);
    cg_hint(err, "%s", why.hint);
    return NULL;
}

/* Kerberos has one keytab and one cache a process; set here, before threads that log in begin. */
static int set_tickets(const struct hubs *hubs, struct cg_error *err)
{
    const struct koji_profile *first = NULL;
    const char *name = NULL;
    for (size_t i = 0; i < hubs->count; i++) {
        const struct koji_profile *profile = hubs->profiles[i];
        if (koji_login_choose(profile) != KOJI_AUTH_KERBEROS)
            continue;
        if (first && !koji_login_same_tickets(first, profile)) {
            cg_fail(err, CG_E_CONFIG,
                    "[hub %s] and [hub %s] log in by Kerberos, each as somebody else: a service can be one", name,
                    hubs->for_worker[i].name);
            return cg_hint(err, "give them the same keytab and principal, let one log in by certificate, or run a "
                                "service for each");
        }
        first = profile;
        name = hubs->for_worker[i].name;
    }
    return first ? koji_login_set_tickets(first, err) : 0;
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
    if (set_tickets(hubs, err) < 0) {
        hubs_destroy(hubs);
        return NULL;
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
