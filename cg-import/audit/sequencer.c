/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/sequencer.h"

#include "audit/last_signed.h"
#include "audit/recheck.h"
#include "audit/seal.h"
#include "base/clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Batches that are not full come this far apart, milliseconds. */
#define BATCH_MS 50
/* So long after the last leaf the next one is looked for at that pace: one that a transaction brings late does not
 * notify. Milliseconds. */
#define BUSY_MS 2000U
/* A leaf without a notification waits no longer than this, and a replica without the lock tries as often. */
#define IDLE_MS 1000
/* Rest after a failure, and how often the same one is told. */
#define REST_MS 2000
#define TELL_AGAIN_MS 60000U
/* Stretches of old rows are read again so far apart, which is a hundredth of a core and 10 million entries in three
 * hours; after all of them there is a rest, and after what was not right a shorter one. Milliseconds. */
#define RECHECK_MS 200U
#define RECHECK_REST_MS 3600000U
#define RECHECK_AGAIN_MS 60000U

struct sequencer {
    struct sequencer_options options;
    struct stop stop;
    pthread_t thread;
    struct store_sequencer *store;
    struct audit_keys keys; /* loaded once */
    struct seal seal;
    struct publisher *publisher;
    struct recheck recheck;       /* of the rows that are there already */
    uint64_t recheck_ms;          /* when the next stretch is due */
    struct store_log_state known; /* of the rows, from before */
    uint64_t busy_ms, told_ms;
    char told[CG_ERROR_MESSAGE_SIZE];
};

/* --- taking over ---------------------------------------------------------------------------------------------------
 */

/* A key is made for an empty log only: one that is signed wants its own. */
static int load_keys(struct sequencer *s, const struct store_checkpoint *last, struct cg_error *err)
{
    if (s->keys.signer_count > 0)
        return 0;
    if (audit_keys_load(&s->keys, &s->options.keys, last->size > 0 ? AUDIT_KEYS_WANT : AUDIT_KEYS_MAKE, err) != 0)
        return -1;
    return seal_init(&s->seal, &s->keys, err);
}

static int fetch_tile(void *context, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err)
{
    return store_audit_tile(context, tile, content, err);
}

/* The first file says that nothing is signed, so that from then on there always is one. */
static int begin_file(const struct sequencer *s, const struct store_checkpoint *last, struct cg_error *err)
{
    CG_AUTO_CHECKPOINT struct cg_checkpoint there = {0};
    int found = last_signed_read(s->options.last_signed, &s->keys, &there, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (last->size > 0) {
        cg_fail(err, CG_E_INCOMPLETE,
                "the database has %" PRIu64 " signed entries of the audit log, and %s, which says"
                " what was signed last, is gone",
                last->size, s->options.last_signed);
        return cg_hint(err, "bring it back, or see docs/audit.md, \"After restoring an older database\"");
    }
    struct cg_merkle_hash root;
    CG_AUTO_BYTES struct cg_bytes note = {0};
    cg_merkle_empty_root(&root);
    if (audit_keys_sign(&s->keys, 0, &root, &note, err) != 0)
        return -1;
    return last_signed_keep(s->options.last_signed, &s->keys, 0, cg_bytes_text(&note), err);
}

/* Both what we kept and what the outside was shown must be a part of what the database has. */
static int judge_files(const struct sequencer *s, const struct store_checkpoint *last, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes published = {0};
    CG_AUTO_TILE_READER struct cg_tile_reader *reader =
        cg_tile_reader_create(last->size, fetch_tile, s->options.store, err);
    if (!reader || cg_bytes_printf(&published, err, "%s/checkpoint", s->options.directory) != 0)
        return -1;
    const struct cg_merkle_source source = cg_tile_reader_source(reader);
    if (last_signed_judge(s->options.last_signed, &s->keys, &source, last->size, &last->root, err) != 0)
        return -1;
    return last_signed_judge(cg_bytes_text(&published), &s->keys, &source, last->size, &last->root, err);
}

/* The keys that sign are told by a leaf, as soon as they are others than the last such leaf told. */
static int tell_keys(const struct sequencer *s, struct cg_error *err)
{
    CG_AUTO_JSON json_t *told = NULL;
    CG_AUTO_JSON json_t *now = audit_keys_detail(&s->keys, err);
    if (!now || store_audit_keys(s->options.store, &told, err) < 0)
        return -1;
    if (told && json_equal(told, now))
        return 0;
    const struct store_record record = {.type = "key", .actor = s->options.replica, .detail = now};
    return store_audit_record(s->options.store, &record, err);
}

static int start_publisher(struct sequencer *s, struct cg_error *err)
{
    const struct publisher_options options = {
        .publish = {.store = s->options.store, .directory = s->options.directory, .keys = &s->keys},
        .log = s->options.log,
        .witnesses = s->options.witnesses,
        .witness_count = s->options.witness_count,
        .quorum = s->options.quorum,
        .witness_ca = s->options.witness_ca};
    if (!s->publisher)
        s->publisher = publisher_start(&options, err);
    return s->publisher ? 0 : -1;
}

/* Keeps a checkpoint outside of the database; only then it may be seen. */
static int show(struct sequencer *s, const struct store_checkpoint *checkpoint, struct cg_error *err)
{
    if (last_signed_keep(s->options.last_signed, &s->keys, checkpoint->size, checkpoint->note, err) != 0)
        return -1;
    return publisher_offer(s->publisher, checkpoint, err);
}

static int take_over_from(struct sequencer *s, const struct store_checkpoint *last, struct cg_error *err)
{
    if (load_keys(s, last, err) != 0 || begin_file(s, last, err) != 0 || judge_files(s, last, err) != 0 ||
        tell_keys(s, err) != 0 || start_publisher(s, err) != 0)
        return -1;
    s->seal.signed_size = last->size;
    recheck_finish(&s->recheck);
    if (recheck_init(&s->recheck, s->options.store, &s->keys, err) != 0 ||
        store_audit_state(s->options.store, &s->known, err) != 0)
        return -1;
    s->recheck_ms = 0;
    return last->size > 0 ? show(s, last, err) : 0;
}

static int take_over(struct sequencer *s, struct cg_error *err)
{
    struct store_checkpoint last = {0};
    int found = store_audit_checkpoint(s->options.store, 0, &last, err);
    int result = found < 0 ? -1 : take_over_from(s, &last, err);
    store_checkpoint_finish(&last);
    return result;
}

/* --- looking back --------------------------------------------------------------------------------------------------
 */

/* What was found is told here and, for all replicas, by the database, which knows what an earlier sequencer found. */
static int keep_found(struct sequencer *s, enum recheck_found found, struct cg_error *err)
{
    struct store_log_state *known = &s->known;
    if (found == RECHECK_DAMAGED) {
        log_error(s->options.log, &s->recheck.damage, "the audit log in the database is not what was signed", "replica",
                  s->options.replica, NULL);
        known->damaged = true;
        known->damaged_entry = s->recheck.range.size;
        return store_audit_damaged(s->options.store, known->damaged_entry, s->recheck.damage.message, err);
    }
    bool mended = known->damaged && (found == RECHECK_ALL || known->damaged_entry < s->recheck.range.size);
    known->damaged = known->damaged && !mended;
    if (mended)
        log_line(s->options.log, LOG_INFO, "the audit log in the database is what was signed again", "replica",
                 s->options.replica, NULL);
    if (found == RECHECK_ALL)
        return store_audit_checked(s->options.store, err);
    return mended ? store_audit_mended(s->options.store, err) : 0;
}

/* One stretch, when it is due. That the database does not answer is for the next batch to find out as well. */
static void look_back(struct sequencer *s)
{
    struct cg_error err = {0};
    uint64_t now_ms = clock_monotonic_ms();
    if (now_ms < s->recheck_ms)
        return;
    enum recheck_found found = recheck_step(&s->recheck, &err);
    if (found == RECHECK_UNREAD || keep_found(s, found, &err) != 0)
        log_error(s->options.log, &err, "the audit log was not looked at again", "replica", s->options.replica, NULL);
    unsigned rest_ms = found == RECHECK_RIGHT ? RECHECK_MS : found == RECHECK_ALL ? RECHECK_REST_MS : RECHECK_AGAIN_MS;
    s->recheck_ms = now_ms + rest_ms;
}

/* --- working -------------------------------------------------------------------------------------------------------
 */

/* The number of leaves of one batch, or -1. */
static int work_once(struct sequencer *s, struct cg_error *err)
{
    struct store_checkpoint made = {0};
    int count = store_sequencer_append(s->store, seal_batch, &s->seal, &made, err);
    if (count > 0) {
        seal_committed(&s->seal);
        s->busy_ms = clock_monotonic_ms();
        if (show(s, &made, err) != 0)
            count = -1;
    }
    store_checkpoint_finish(&made);
    return count;
}

/* Until the next batch. 0, 1 stopped, -1 the lock is lost. */
static int rest(const struct sequencer *s, int count, struct cg_error *err)
{
    if (count == (int)STORE_BATCH_MAX)
        return stop_level(&s->stop) != STOP_NONE;
    if (clock_monotonic_ms() - s->busy_ms < BUSY_MS)
        return stop_sleep(&s->stop, BATCH_MS);
    uint64_t now_ms = clock_monotonic_ms(), due_ms = s->recheck_ms > now_ms ? s->recheck_ms - now_ms : 0;
    return store_sequencer_wait(s->store, &s->stop, due_ms < IDLE_MS ? (unsigned)due_ms : IDLE_MS, err);
}

/* Works as long as it has the lock. 0 when stopped, with nothing left that waits; -1 with why it cannot go on. */
static int work(struct sequencer *s, struct cg_error *err)
{
    if (take_over(s, err) != 0)
        return -1;
    log_line(s->options.log, LOG_INFO, "signs the audit log", "origin", s->keys.origin, "replica", s->options.replica,
             NULL);
    for (int rested = 0;;) {
        int count = work_once(s, err);
        if (count < 0)
            return -1;
        if (rested == 1 && count == 0)
            return 0;
        if (count < (int)STORE_BATCH_MAX)
            look_back(s);
        if (rested == 0 && (rested = rest(s, count, err)) < 0)
            return -1;
    }
}

static void tell(struct sequencer *s, const struct cg_error *why)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (strcmp(s->told, why->message) == 0 && now_ms - s->told_ms < TELL_AGAIN_MS)
        return;
    memcpy(s->told, why->message, sizeof s->told);
    s->told_ms = now_ms;
    log_error(s->options.log, why, "the audit log is not signed", "replica", s->options.replica, NULL);
}

static void *work_on(void *context)
{
    struct sequencer *s = context;
    while (stop_level(&s->stop) == STOP_NONE) {
        struct cg_error err = {0};
        int leads = store_sequencer_leads(s->store, &err);
        if (leads > 0 && work(s, &err) == 0)
            break;
        if (leads == 0) {
            stop_sleep(&s->stop, IDLE_MS);
            continue;
        }
        tell(s, &err);
        store_sequencer_let_go(s->store);
        stop_sleep(&s->stop, REST_MS);
    }
    return NULL;
}

/* --- from outside --------------------------------------------------------------------------------------------------
 */

struct sequencer *sequencer_start(const struct sequencer_options *options, struct cg_error *err)
{
    struct sequencer *s = calloc(1, sizeof *s);
    if (!s) {
        cg_fail_memory(err);
        return NULL;
    }
    s->options = *options;
    if (stop_init(&s->stop, err) != 0) {
        free(s);
        return NULL;
    }
    s->store = store_sequencer_create(options->store, err);
    if (s->store) {
        if (pthread_create(&s->thread, NULL, work_on, s) == 0)
            return s;
        cg_fail(err, CG_E_MEMORY, "cannot start the thread of the audit log");
    }
    store_sequencer_destroy(s->store);
    stop_finish(&s->stop);
    free(s);
    return NULL;
}

void sequencer_stop(struct sequencer *s)
{
    if (!s)
        return;
    stop_request(&s->stop);
    pthread_join(s->thread, NULL);
    publisher_stop(s->publisher);
    recheck_finish(&s->recheck);
    store_sequencer_destroy(s->store);
    seal_finish(&s->seal);
    audit_keys_finish(&s->keys);
    stop_finish(&s->stop);
    free(s);
}
