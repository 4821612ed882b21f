/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/backfill.h"

#include "base/clock.h"
#include "import/found_build.h"
#include "koji/answer.h"
#include "koji/build.h"
#include "koji/build_list.h"
#include "store/backfill.h"

#include <inttypes.h>
#include <string.h>

/* Builds of one page of the hub's list. */
#define PAGE 200U
/* Builds in a row that could not be read. */
#define FAILED_MOST 10U
/* Completion is asked for by "after", in whole microseconds. */
#define JUST_BEFORE_S 0.000001

/* A backfill under way. */
struct run {
    const struct backfill_options *options;
    struct backfill_counts *counts;
    const char *content_generator; /* whose builds are listed now */
    bool believed;                 /* a metadata.json was found, or need not be */
    json_t *put_aside;             /* builds whose metadata.json is absent, while that is not believed; owned */
    unsigned failed_in_a_row;
    uint64_t read_at_ms; /* when the last build was read */
};

static int stopped(struct cg_error *err)
{
    return cg_fail(err, CG_E_INTERRUPTED,
                   "interrupted; what was brought in stays, and the next run goes on from there");
}

static void tell(const struct run *run, enum backfill_fate fate, const json_t *build, const char *remark)
{
    const struct backfill_listener *listener = &run->options->listener;
    if (listener->build)
        listener->build(listener->context, fate, json_string_value(json_object_get(build, "nvr")),
                        json_integer_value(json_object_get(build, "build_id")), remark);
}

/* --- one build ---------------------------------------------------------------------------------------------------- */

static int add(struct run *run, const json_t *build, const struct found_build *found, struct cg_error *err)
{
    bool complete = json_integer_value(json_object_get(build, "state")) == KOJI_BUILD_COMPLETE;
    bool of_hub = strcmp(found->facts_from, "hub") == 0;
    struct store_found_build for_store = {
        .hub = run->options->hub,
        .build_id = json_integer_value(json_object_get(build, "build_id")),
        .nvr = json_string_value(json_object_get(build, "nvr")),
        .state = complete ? "complete" : "deleted",
        .package = json_string_value(json_object_get(build, "name")),
        .content_generator = run->content_generator,
        .imported_at = json_number_value(json_object_get(build, "completion_ts")),
        .origin = "backfill",
    };
    found_build_for_store(found, &for_store);
    int added = store_provenance_add(run->options->store, &for_store, err);
    if (added < 0)
        return -1;
    if (added == STORE_FOUND_KNOWN) {
        run->counts->known++;
    } else if (added == STORE_FOUND_ON_A_WAY) {
        run->counts->on_a_way++;
        tell(run, BACKFILL_ON_A_WAY, build, "an import of the service that has not ended may be this build");
    } else {
        run->counts->added++;
        run->counts->of_hub += of_hub;
        tell(run, of_hub ? BACKFILL_OF_HUB : BACKFILL_ADDED, build, for_store.remark);
    }
    return 0;
}

static int add_of_hub(struct run *run, const json_t *build, struct found_build *found, struct cg_error *err)
{
    if (found_build_of_hub(run->options->session, build, run->content_generator, found, err) < 0)
        return -1;
    return add(run, build, found, err);
}

/* One that cannot be read now is left to the next run; many in a row are the file server's trouble. */
static int count_failed(struct run *run, const json_t *build, const struct found_build *found, struct cg_error *err)
{
    run->counts->failed++;
    tell(run, BACKFILL_FAILED, build, found->remark);
    if (++run->failed_in_a_row < FAILED_MOST)
        return 0;
    return cg_fail(err, CG_E_BUSY, "the metadata of %u builds in a row cannot be read: %s", FAILED_MOST, found->remark);
}

static int no_metadata(const struct run *run, const char *remark, struct cg_error *err)
{
    const struct koji_profile *profile = koji_session_profile(run->options->session);
    cg_fail(err, CG_E_CONFIG, "no metadata.json was found of %zu builds, the last: %s", json_array_size(run->put_aside),
            remark);
    return cg_hint(
        err,
        "are topurl (%s) and topdir (%s) of the profile right? --without-metadata takes builds that have none "
        "from what the hub's tables say",
        profile->topurl ? profile->topurl : "not set", profile->topdir ? profile->topdir : "not set");
}

/* The place of the metadata is right, so those that were put aside have none. */
static int believe(struct run *run, struct cg_error *err)
{
    CG_AUTO_JSON json_t *builds = CG_STEAL(run->put_aside);
    size_t i;
    const json_t *build;
    run->believed = true;
    run->put_aside = json_array();
    json_array_foreach(builds, i, build)
    {
        AUTO_FOUND_BUILD struct found_build found = {0};
        snprintf(found.remark, sizeof found.remark, "there is no metadata.json of it");
        if (add_of_hub(run, build, &found, err) < 0)
            return -1;
    }
    return 0;
}

static int read_absent(struct run *run, const json_t *build, struct found_build *found, struct cg_error *err)
{
    if (run->believed || json_integer_value(json_object_get(build, "state")) == KOJI_BUILD_DELETED)
        return add_of_hub(run, build, found, err);
    if (json_array_append(run->put_aside, (json_t *)(uintptr_t)build) != 0)
        return cg_fail_memory(err);
    return json_array_size(run->put_aside) < BACKFILL_ABSENT_MOST ? 0 : no_metadata(run, found->remark, err);
}

/* Not sooner after the last one than the rate allows. */
static int keep_rate(struct run *run, struct cg_error *err)
{
    unsigned rate = run->options->rate;
    uint64_t now_ms = clock_monotonic_ms(), due_ms = rate > 0 ? run->read_at_ms + 1000 / rate : 0;
    if (stop_level(run->options->stop) != STOP_NONE ||
        (run->read_at_ms > 0 && due_ms > now_ms && stop_sleep(run->options->stop, (unsigned)(due_ms - now_ms)) != 0))
        return stopped(err);
    run->read_at_ms = clock_monotonic_ms();
    return 0;
}

static int read_build(struct run *run, const json_t *build, struct cg_error *err)
{
    AUTO_FOUND_BUILD struct found_build found = {0};
    bool deleted = json_integer_value(json_object_get(build, "state")) == KOJI_BUILD_DELETED;
    if (keep_rate(run, err) != 0)
        return -1;
    int stored = found_build_stored(run->options->session, build, NULL, &found, err);
    if (stored < 0)
        return -1;
    if (stored == FOUND_UNREADABLE && !deleted)
        return count_failed(run, build, &found, err);
    run->failed_in_a_row = 0;
    if (stored == FOUND_ABSENT || stored == FOUND_UNREADABLE)
        return read_absent(run, build, &found, err);
    if (!run->believed && believe(run, err) < 0)
        return -1;
    return stored == FOUND_STORED ? add(run, build, &found, err) : add_of_hub(run, build, &found, err);
}

/* --- pages -------------------------------------------------------------------------------------------------------- */

/* Which of the page the trail has. NULL on failure; to be freed. */
static struct store_listed_build *look_up(const struct run *run, const json_t *page, struct cg_error *err)
{
    size_t count = json_array_size(page);
    enum store_backfill_mode mode = run->options->mode == BACKFILL_LOOK ? STORE_BACKFILL_LOOK : STORE_BACKFILL_TELL;
    CG_AUTO_FREE struct store_listed_build *listed = calloc(count + 1, sizeof *listed);
    if (!listed) {
        cg_fail_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *build = json_array_get(page, i);
        listed[i] = (struct store_listed_build){.build_id = json_integer_value(json_object_get(build, "build_id")),
                                                .nvr = json_string_value(json_object_get(build, "nvr")),
                                                .state = json_integer_value(json_object_get(build, "state"))};
    }
    return store_backfill_known(run->options->store, run->options->hub, mode, listed, count, err) < 0
               ? NULL
               : CG_STEAL(listed);
}

static int take_build(struct run *run, const struct store_listed_build *listed, const json_t *build,
                      struct cg_error *err)
{
    run->counts->listed++;
    if (listed->state != KOJI_BUILD_COMPLETE && listed->state != KOJI_BUILD_DELETED) {
        run->counts->passed_over++;
        return 0;
    }
    if (listed->known) {
        run->counts->known++;
        return 0;
    }
    if (run->options->mode == BACKFILL_BRING)
        return read_build(run, build, err);
    run->counts->added++;
    tell(run, BACKFILL_ADDED, build, NULL);
    return 0;
}

static int take_page(struct run *run, const json_t *page, struct cg_error *err)
{
    CG_AUTO_FREE struct store_listed_build *listed = look_up(run, page, err);
    if (!listed)
        return -1;
    size_t i;
    const json_t *build;
    json_array_foreach(page, i, build)
    {
        if (take_build(run, &listed[i], build, err) < 0)
            return -1;
    }
    const struct backfill_listener *listener = &run->options->listener;
    if (listener->page)
        listener->page(listener->context, run->content_generator, run->counts);
    return 0;
}

static int take_generator(struct run *run, const char *name, struct cg_error *err)
{
    const struct backfill_options *o = run->options;
    const struct koji_build_filter filter = {.content_generator = name,
                                             .package = o->package,
                                             .completed_after = o->since > 0 ? o->since - JUST_BEFORE_S : 0,
                                             .completed_before = o->until};
    uint64_t count = 0;
    run->content_generator = name;
    if (koji_build_list_count(o->session, &filter, &count, err) < 0)
        return -1;
    run->counts->total += count;
    for (uint64_t offset = 0;;) {
        CG_AUTO_JSON json_t *page = NULL;
        if (stop_level(o->stop) != STOP_NONE)
            return stopped(err);
        if (koji_build_list_page(o->session, &filter, offset, PAGE, &page, err) < 0 || take_page(run, page, err) < 0)
            return -1;
        offset += json_array_size(page);
        if (json_array_size(page) < PAGE)
            return 0;
    }
}

/* Those that were put aside while nothing else was found are nobody's mistake when there is nothing else. */
static int end_generator(struct run *run, struct cg_error *err)
{
    return json_array_size(run->put_aside) > 0 ? no_metadata(run, "none of them", err) : 0;
}

static int take_all(struct run *run, struct cg_error *err)
{
    const struct backfill_options *o = run->options;
    CG_AUTO_JSON json_t *params = json_array();
    CG_AUTO_JSON json_t *generators = NULL;
    const char *name;
    const json_t *generator;
    if (!params)
        return cg_fail_memory(err);
    if (koji_session_call(o->session, KOJI_LOOK, "listCGs", params, &generators, err) < 0)
        return -1;
    if (!json_is_object(generators))
        return koji_answer_lacks("listCGs", "a struct", err);
    if (o->content_generator && !json_object_get(generators, o->content_generator))
        return cg_fail(err, CG_E_USAGE, "the hub has no content generator \"%s\"", o->content_generator);
    json_object_foreach(generators, name, generator)
    {
        (void)generator;
        if (o->content_generator && strcmp(o->content_generator, name) != 0)
            continue;
        if (take_generator(run, name, err) < 0 || end_generator(run, err) < 0)
            return -1;
    }
    return 0;
}

/* Whether it was between two builds or while the hub was talked to: the same is said of it. */
static int end_early(struct cg_error *err)
{
    if (err->code != CG_E_INTERRUPTED)
        return -1;
    cg_error_clear(err);
    return stopped(err);
}

int backfill_run(const struct backfill_options *options, struct backfill_counts *counts, struct cg_error *err)
{
    struct run run = {.options = options,
                      .counts = counts,
                      .believed = options->absent == BACKFILL_ABSENT_BELIEVED,
                      .put_aside = json_array()};
    const struct store_backfill complete = {.hub = options->hub,
                                            .content_generator = options->content_generator,
                                            .package = options->package,
                                            .since = options->since,
                                            .until = options->until,
                                            .complete_at = clock_epoch_seconds(),
                                            .actor = options->actor};
    *counts = (struct backfill_counts){0};
    int result = run.put_aside ? take_all(&run, err) : cg_fail_memory(err);
    json_decref(run.put_aside);
    if (result < 0)
        return end_early(err);
    if (counts->failed + counts->on_a_way > 0)
        return 1;
    if (options->mode == BACKFILL_LOOK)
        return 0;
    struct store_backfill told = complete;
    told.builds = counts->listed - counts->passed_over;
    return store_backfill_complete(options->store, &told, err);
}
