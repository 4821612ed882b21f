/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "collector.h"

#include "base/clock.h"
#include "base/stop.h"
#include "store/contents.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

/* Contents taken out of the index in one transaction. */
#define EXPIRE_AT_ONCE 100
/* While below the reserve: a content may be this young, seconds; it covers a post that is just being accepted. */
#define KEEP_LEAST_S 60
/* A file of which the database knows nothing may be about to be recorded for this long, seconds. */
#define ORPHAN_AGE_S 3600.0
/* Every file is looked up in the database at the start and then each so often, milliseconds; while below the reserve in
 * each round. */
#define ORPHANS_EVERY_MS 86400000ULL

struct collector {
    struct collector_options options;
    struct stop stop;
    pthread_t thread;
    uint64_t orphans_due_ms;
};

/* What one round did, and how its walks go on. */
struct round {
    struct collector *collector;
    double least_age_s;
    bool below_reserve;
    unsigned contents, parts, orphans;
    uint64_t freed_bytes;
    struct cg_error *err;
};

static int asked_to_stop(const struct round *round)
{
    return stop_level(&round->collector->stop) != STOP_NONE;
}

/* --- contents that nothing needs -----------------------------------------------------------------------------------
 */

static unsigned keep_seconds(struct round *round)
{
    const struct collector_options *options = &round->collector->options;
    struct cg_error err = {0};
    unsigned keep_s = (unsigned)((options->keep_ms + 999) / 1000);
    if (spool_room(options->spool, 0, &err) == 0 || err.code != CG_E_LIMIT)
        return keep_s;
    round->below_reserve = true;
    log_error(options->log, &err, "the spool is below its reserve: posts are refused", NULL);
    return keep_s < KEEP_LEAST_S ? keep_s : KEEP_LEAST_S;
}

/* The row is gone; a file that was sent again meanwhile stays, and its row comes with it. */
static int remove_content(struct round *round, const char *sha256)
{
    struct cg_error err = {0};
    if (spool_content_remove(round->collector->options.spool, sha256, round->least_age_s, &err) == 0)
        round->contents++;
    else if (err.code != CG_E_BUSY)
        return cg_fail(round->err, err.code, "%s", err.message);
    return 0;
}

static int expire_contents(struct round *round)
{
    const struct collector_options *options = &round->collector->options;
    unsigned keep_s = keep_seconds(round);
    round->least_age_s = keep_s;
    for (size_t count = EXPIRE_AT_ONCE; count == EXPIRE_AT_ONCE && !asked_to_stop(round);) {
        char **names = NULL;
        if (store_content_expire(options->store, keep_s, EXPIRE_AT_ONCE, &names, &count, round->err) < 0)
            return -1;
        int result = 0;
        for (size_t i = 0; i < count && result == 0; i++)
            result = remove_content(round, names[i]);
        store_content_names_free(names, count);
        if (result < 0)
            return -1;
    }
    return 0;
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

static int seen_part(void *context, const char *name, double age_s, uint64_t size_bytes)
{
    struct round *round = context;
    struct cg_error err = {0};
    if (asked_to_stop(round))
        return 1;
    if (age_s < (double)round->collector->options.keep_part_ms / 1000)
        return 0;
    if (spool_part_remove(round->collector->options.spool, name, &err) == 0) {
        round->parts++;
        round->freed_bytes += size_bytes;
    } else if (err.code != CG_E_BUSY) {
        return cg_fail(round->err, err.code, "%s", err.message);
    }
    return 0;
}

static int seen_content(void *context, const char *sha256, double age_s, uint64_t size_bytes)
{
    struct round *round = context;
    const struct collector_options *options = &round->collector->options;
    struct cg_error err = {0};
    if (asked_to_stop(round))
        return 1;
    if (age_s < round->least_age_s)
        return 0;
    int known = store_content_known(options->store, sha256, round->err);
    if (known != 0)
        return known < 0 ? -1 : 0;
    if (spool_content_remove(options->spool, sha256, round->least_age_s, &err) == 0) {
        round->orphans++;
        round->freed_bytes += size_bytes;
    } else if (err.code != CG_E_BUSY) {
        return cg_fail(round->err, err.code, "%s", err.message);
    }
    return 0;
}

static int remove_orphans(struct round *round)
{
    struct collector *collector = round->collector;
    if (clock_monotonic_ms() < collector->orphans_due_ms && !round->below_reserve)
        return 0;
    double keep_s = (double)collector->options.keep_ms / 1000;
    round->least_age_s = keep_s < ORPHAN_AGE_S ? keep_s : ORPHAN_AGE_S;
    if (spool_walk(collector->options.spool, SPOOL_CONTENTS, seen_content, round, round->err) < 0)
        return -1;
    collector->orphans_due_ms = clock_monotonic_ms() + ORPHANS_EVERY_MS;
    return 0;
}

/* --- rounds --------------------------------------------------------------------------------------------------------
 */

static void tell(const struct round *round)
{
    char contents[16], parts[16], orphans[16], freed[24];
    if (round->contents + round->parts + round->orphans == 0)
        return;
    snprintf(contents, sizeof contents, "%u", round->contents);
    snprintf(parts, sizeof parts, "%u", round->parts);
    snprintf(orphans, sizeof orphans, "%u", round->orphans);
    snprintf(freed, sizeof freed, "%" PRIu64, round->freed_bytes);
    log_line(round->collector->options.log, LOG_INFO, "made room in the spool", "contents", contents, "parts", parts,
             "orphans", orphans, "bytes_of_parts_and_orphans", freed, NULL);
}

static void collect(struct collector *collector)
{
    struct cg_error err = {0};
    struct round round = {.collector = collector, .err = &err};
    if (expire_contents(&round) == 0 &&
        spool_walk(collector->options.spool, SPOOL_PARTS, seen_part, &round, &err) >= 0 && remove_orphans(&round) == 0)
        store_tidy(collector->options.store, &err);
    tell(&round);
    if (err.code != CG_OK)
        log_error(collector->options.log, &err, "making room in the spool failed", NULL);
}

static void *collect_again_and_again(void *context)
{
    struct collector *collector = context;
    do
        collect(collector);
    while (stop_sleep(&collector->stop, (unsigned)collector->options.every_ms) == 0);
    return NULL;
}

struct collector *collector_start(const struct collector_options *options, struct cg_error *err)
{
    struct collector *collector = calloc(1, sizeof *collector);
    if (!collector) {
        cg_fail_memory(err);
        return NULL;
    }
    collector->options = *options;
    if (stop_init(&collector->stop, err) < 0) {
        free(collector);
        return NULL;
    }
    if (pthread_create(&collector->thread, NULL, collect_again_and_again, collector) == 0)
        return collector;
    cg_fail(err, CG_E_MEMORY, "cannot start the thread that makes room in the spool");
    stop_finish(&collector->stop);
    free(collector);
    return NULL;
}

void collector_stop(struct collector *collector)
{
    if (!collector)
        return;
    stop_request(&collector->stop);
    pthread_join(collector->thread, NULL);
    stop_finish(&collector->stop);
    free(collector);
}
