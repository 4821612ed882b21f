/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The imports that a hub's record tells of, each settled: as one of ours, or as a build that is added to the trail. */
#include "import/follower_private.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "import/found_build.h"
#include "koji/build.h"
#include "koji/build_list.h"

#include "cg/nvr.h"

#include <inttypes.h>
#include <string.h>

/* Between two tries, milliseconds, and how long is tried, seconds. */
#define AGAIN_FIRST_MS 5000U
#define AGAIN_MOST_MS 600000U
#define GIVE_UP_S 86400.0
/* A file that differs is read again so often: a file server may be behind. */
#define OTHER_TRIES 3U
/* An import of this service that has not ended is asked after again, milliseconds. */
#define ON_A_WAY_MS 10000U

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int put_off(struct follow *follow, const struct store_outbox_import *import, const char *why,
                   struct cg_error *err)
{
    struct backoff backoff;
    backoff_init(&backoff, AGAIN_FIRST_MS, AGAIN_MOST_MS, clock_monotonic_ms() ^ (uint64_t)import->position);
    backoff.tries = import->tries;
    log_line(follow->log, LOG_WARNING, "a build of the hub's record cannot be taken in yet", "hub", follow->hub.name,
             "nvr", text_of(import->event, "nvr"), "why", why, NULL);
    return store_outbox_put_off(follow->store, follow->hub.name, import, backoff_next(&backoff), why, err);
}

/* Does the hub still have the build of the event? Its release may be another since it was promoted. 1, 0, -1. */
static int has_build(struct follow *follow, const struct store_outbox_import *import, struct koji_build *build,
                     struct cg_error *err)
{
    struct cg_error no_nvr = {0};
    CG_AUTO_NVR struct cg_nvr nvr = {0};
    int found = koji_get_build_by_id(follow->session, import->build_id, build, err);
    if (found <= 0)
        return found;
    if (cg_nvr_parse(text_of(import->event, "nvr"), &nvr, &no_nvr) != 0)
        return 0;
    const char *name = text_of(build->json, "name"), *version = text_of(build->json, "version");
    const char *release = text_of(build->json, "release");
    if (!name || !version || !release)
        return cg_fail(err, CG_E_HUB_REPLY, "the hub answered getBuild without name, version and release");
    CG_AUTO_FREE char *told = koji_target_release(nvr.release, err);
    CG_AUTO_FREE char *has = koji_target_release(release, err);
    if (!told || !has)
        return -1;
    return strcmp(name, nvr.name) == 0 && strcmp(version, nvr.version) == 0 && strcmp(told, has) == 0;
}

/* Is it of no use to wait for the metadata that were imported? */
static bool is_settled_so(const struct store_outbox_import *import, const struct koji_build *build, int stored)
{
    return build->state != KOJI_BUILD_COMPLETE || import->age_s >= GIVE_UP_S ||
           (stored == FOUND_OTHER && import->tries + 1 >= OTHER_TRIES);
}

/* 1: `found` is what there is; 0: put off; -1. */
static int find(struct follow *follow, const struct store_outbox_import *import, struct found_build *found,
                struct cg_error *err)
{
    const char *generator = text_of(import->event, "content_generator");
    const char *sha256 = text_of(import->event, "metadata_sha256");
    AUTO_KOJI_BUILD struct koji_build build = {0};
    int has = has_build(follow, import, &build, err);
    if (has < 0)
        return -1;
    if (has == 0) {
        snprintf(found->metadata_sha256, sizeof found->metadata_sha256, "%s", sha256 ? sha256 : "");
        snprintf(found->remark, sizeof found->remark, "the hub has no such build any more");
        return found_build_of_event(import->event, found, err) < 0 ? -1 : 1;
    }
    int stored = found_build_stored(follow->session, build.json, sha256, found, err);
    if (stored < 0)
        return -1;
    if (stored == FOUND_STORED)
        return 1;
    if (!is_settled_so(import, &build, stored))
        return put_off(follow, import, found->remark, err) < 0 ? -1 : 0;
    return found_build_of_hub(follow->session, build.json, generator ? generator : "", found, err) < 0 ? -1 : 1;
}

static int add(struct follow *follow, const struct store_outbox_import *import, struct cg_error *err)
{
    AUTO_FOUND_BUILD struct found_build found = {0};
    const char *generator = text_of(import->event, "content_generator");
    int result = find(follow, import, &found, err);
    if (result <= 0)
        return result;
    struct store_found_build for_store = {.hub = follow->hub.name,
                                          .build_id = import->build_id,
                                          .nvr = text_of(import->event, "nvr"),
                                          .package = text_of(found.facts, "name"),
                                          .content_generator = generator ? generator : "",
                                          .imported_at = import->at,
                                          .origin = "outbox"};
    found_build_for_store(&found, &for_store);
    int settled = store_outbox_settle(follow->store, import, &for_store, err);
    if (settled == STORE_OUTBOX_OTHERS)
        log_line(follow->log, LOG_INFO, "a build that another client imported was taken in", "hub", follow->hub.name,
                 "nvr", for_store.nvr, "facts_from", found.facts_from, "remark", for_store.remark, NULL);
    return settled < 0 ? -1 : 0;
}

static int settle(struct follow *follow, const struct store_outbox_import *import, struct cg_error *err)
{
    int owner = store_outbox_match(follow->store, follow->hub.name, import, err);
    if (owner == STORE_OUTBOX_ON_A_WAY)
        return store_outbox_put_off(follow->store, follow->hub.name, import, ON_A_WAY_MS,
                                    "the import of this service that it is has not ended", err);
    return owner == STORE_OUTBOX_OTHERS ? add(follow, import, err) : owner < 0 ? -1 : 0;
}

/* Is it the trouble of this import alone? */
static bool is_its_own(enum cg_code code)
{
    switch (code) {
    case CG_E_SYNTAX:
    case CG_E_LIMIT:
    case CG_E_NVR:
    case CG_E_USAGE:
    case CG_E_INTERNAL:
    case CG_E_HUB_REPLY:
    case CG_E_HUB_FAULT:
    case CG_E_HUB_REFUSED:
        return true;
    default:
        return false;
    }
}

int follow_imports(struct follow *follow, struct cg_error *err)
{
    for (;;) {
        CG_AUTO(store_outbox_import_finish) struct store_outbox_import import = {0};
        struct cg_error failed = {0};
        if (stop_level(follow->stop) != STOP_NONE)
            return 0;
        int leads =
            store_outbox_lead(follow->store, follow->hub.name, follow->replica, follow->lease_ms, &follow->reach, err);
        int due = leads > 0 ? store_outbox_next(follow->store, follow->hub.name, &import, err) : leads;
        if (due <= 0)
            return due;
        if (settle(follow, &import, &failed) == 0)
            continue;
        if (!is_its_own(failed.code)) {
            if (err)
                *err = failed;
            return -1;
        }
        if (put_off(follow, &import, failed.message, err) < 0)
            return -1;
    }
}
