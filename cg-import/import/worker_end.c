/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How an import ends: one table over cg_code, and what overrules it.
 *
 * The end is written under the lease until it is durable or the lease is lost; then the next owner finds out.
 */
#include "import/worker_private.h"

#include "base/backoff.h"
#include "base/clock.h"

#include <inttypes.h>

/* Between two tries to write an end down, milliseconds. */
#define WRITE_AGAIN_MS 500
/* A hub that broke on the request is asked again so often before a person has to look. */
#define FAULT_TRIES 5

/* Findings in images that are written down of an import that went on. */
#define IMAGE_WARNINGS_MOST 10

enum end_kind { END_IMPORTED, END_REJECTED, END_CANCELED, END_HELD, END_LATER, END_NOTHING };

/* What a failure says about the hub as such. */
enum hub_sign { HUB_SILENT, HUB_FAILED, HUB_ANSWERED };

struct rule {
    enum cg_code code;
    enum end_kind kind;
    enum store_held held; /* END_HELD: why; END_LATER: why when it was tried for too long */
    enum hub_sign sign;
};

/* Codes that are not here are the program's own trouble: tried again. */
static const struct rule rules[] = {
    {CG_E_USAGE, END_REJECTED, STORE_NOT_HELD, HUB_SILENT},
    {CG_E_CONFIG, END_HELD, STORE_HELD_CREDENTIALS, HUB_SILENT},
    {CG_E_INTERRUPTED, END_LATER, STORE_HELD_EXHAUSTED, HUB_SILENT},
    {CG_E_SYNTAX, END_REJECTED, STORE_NOT_HELD, HUB_SILENT},
    {CG_E_REFUSED, END_REJECTED, STORE_NOT_HELD, HUB_SILENT},
    {CG_E_NVR, END_REJECTED, STORE_NOT_HELD, HUB_SILENT},
    {CG_E_LIMIT, END_REJECTED, STORE_NOT_HELD, HUB_SILENT},
    {CG_E_MISMATCH, END_REJECTED, STORE_NOT_HELD, HUB_SILENT},
    {CG_E_CONFLICT, END_HELD, STORE_HELD_CONFLICT, HUB_ANSWERED},
    {CG_E_RESERVED, END_HELD, STORE_HELD_RESERVED, HUB_ANSWERED},
    {CG_E_STRAY, END_HELD, STORE_HELD_STRAY_FILES, HUB_ANSWERED},
    {CG_E_UNREACHABLE, END_LATER, STORE_HELD_EXHAUSTED, HUB_FAILED},
    {CG_E_OFFLINE, END_LATER, STORE_HELD_EXHAUSTED, HUB_FAILED},
    {CG_E_BUSY, END_LATER, STORE_HELD_EXHAUSTED, HUB_FAILED},
    {CG_E_HUB_REPLY, END_LATER, STORE_HELD_EXHAUSTED, HUB_FAILED},
    {CG_E_TRANSFER, END_LATER, STORE_HELD_EXHAUSTED, HUB_ANSWERED},
    {CG_E_TOO_LARGE, END_LATER, STORE_HELD_EXHAUSTED, HUB_ANSWERED},
    {CG_E_SESSION, END_LATER, STORE_HELD_CREDENTIALS, HUB_ANSWERED},
    {CG_E_AUTH, END_HELD, STORE_HELD_CREDENTIALS, HUB_ANSWERED},
    {CG_E_DENIED, END_REJECTED, STORE_NOT_HELD, HUB_ANSWERED},
    {CG_E_HUB_REFUSED, END_REJECTED, STORE_NOT_HELD, HUB_ANSWERED},
    {CG_E_HUB_FAULT, END_LATER, STORE_HELD_EXHAUSTED, HUB_ANSWERED},
    {CG_E_UNSUPPORTED, END_REJECTED, STORE_NOT_HELD, HUB_ANSWERED},
    {CG_E_RETRIED, END_LATER, STORE_HELD_UNKNOWN_OUTCOME, HUB_ANSWERED},
    {CG_E_UNKNOWN, END_LATER, STORE_HELD_UNKNOWN_OUTCOME, HUB_FAILED},
    {CG_E_TAG, END_HELD, STORE_HELD_TAG, HUB_ANSWERED},
};

static const struct rule otherwise = {CG_E_INTERNAL, END_LATER, STORE_HELD_EXHAUSTED, HUB_SILENT};

/* How this import ends. */
struct ending {
    enum end_kind kind;
    enum store_held held;
    unsigned delay_ms;
    json_t *report; /* owned */
    json_t *detail; /* owned: of an import that is there */
};

static const struct rule *rule_of(enum cg_code code)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].code == code)
            return &rules[i];
    return &otherwise;
}

/* --- again later ---------------------------------------------------------------------------------------------------
 */

/* Have the waits before this attempt added up to what is given up after? While the hub is away nothing is: its circuit
 * lets one attempt through now and then, and where little is queued it is always the same import's. */
static bool is_exhausted(const struct worker_job *job, enum cg_code code)
{
    const struct worker_options *options = &job->thread->worker->options;
    unsigned attempts = job->claim.import.attempts;
    if (code == CG_E_UNREACHABLE || code == CG_E_OFFLINE)
        return false;
    if (code == CG_E_HUB_FAULT && attempts >= FAULT_TRIES)
        return true;
    uint64_t waited_ms = 0;
    uint64_t wait_ms = options->retry_first_ms;
    for (unsigned i = 1; i < attempts && waited_ms / 1000 < options->give_up_s; i++) {
        waited_ms += wait_ms;
        wait_ms = wait_ms * 2 < options->retry_most_ms ? wait_ms * 2 : options->retry_most_ms;
    }
    return waited_ms / 1000 >= options->give_up_s;
}

static unsigned delay_ms(const struct worker_job *job)
{
    const struct worker_options *options = &job->thread->worker->options;
    struct backoff backoff;
    backoff_init(&backoff, options->retry_first_ms, options->retry_most_ms,
                 clock_monotonic_ms() ^ (uint64_t)job->claim.fence);
    backoff.tries = job->claim.import.attempts > 0 ? job->claim.import.attempts - 1 : 0;
    return backoff_next(&backoff);
}

/* --- which end -----------------------------------------------------------------------------------------------------
 */

/* Did nothing remain on the hub that the journal would have to remember? */
static bool is_clean(const struct worker_job *job)
{
    return !worker_record_calls(job) && !worker_record_reserved(job);
}

static void decide_failure(const struct worker_job *job, const struct import_result *result, enum cg_code code,
                           struct ending *ending)
{
    const struct rule *rule = rule_of(code);
    ending->kind = rule->kind;
    ending->held = rule->held;
    if (code == CG_E_INTERRUPTED)
        return;
    if (job->content_lost) {
        ending->kind = END_HELD;
        ending->held = STORE_HELD_CONTENT_LOST;
    } else if (job->store_failed) {
        ending->kind = END_LATER;
        ending->held = STORE_HELD_EXHAUSTED;
    } else if (code == CG_E_RESERVED && worker_record_reserved(job)) {
        ending->held = STORE_HELD_RESERVATION_LOST;
    } else if (code == CG_E_MISMATCH && result->build_id != 0) {
        ending->kind = END_HELD;
        ending->held = STORE_HELD_CONFLICT;
    }
    /* What is finished would be forgotten: while something may run or is reserved on the hub, nothing is finished. */
    if (ending->kind == END_REJECTED && !is_clean(job))
        ending->kind = END_LATER;
    if (ending->kind == END_LATER && is_exhausted(job, code))
        ending->kind = END_HELD;
    if (ending->kind == END_LATER)
        ending->delay_ms = delay_ms(job);
}

static void decide(const struct worker_job *job, const struct import_result *result, const struct cg_error *failure,
                   struct ending *ending)
{
    if (atomic_load(&job->lost))
        ending->kind = END_NOTHING;
    else if (failure->code == CG_OK)
        ending->kind = END_IMPORTED;
    else if (atomic_load(&job->canceled) && failure->code != CG_E_TAG && result->build_id == 0 && is_clean(job))
        ending->kind = END_CANCELED;
    else
        decide_failure(job, result, failure->code, ending);
}

/* What was found in the images of an import that was not refused for it: some lines, NULL for nothing. */
static json_t *image_warnings(const struct cg_report *report)
{
    json_t *lines = NULL;
    for (size_t i = 0; report && i < cg_report_size(report); i++) {
        const struct cg_finding *finding = cg_report_get(report, i);
        if (!cg_image_has_rule(finding->rule) || json_array_size(lines) >= IMAGE_WARNINGS_MOST)
            continue;
        lines = lines ? lines : json_array();
        json_array_append_new(lines, json_sprintf("%s at %s: %s", finding->rule, finding->pointer, finding->message));
    }
    return lines;
}

/* What goes with it. A failed allocation leaves it out rather than the end. */
static void describe(const struct import_result *result, struct ending *ending)
{
    struct cg_error ignored = {0};
    if (ending->kind == END_REJECTED && result->report)
        ending->report = cg_report_json(result->report, &ignored);
    if (ending->kind == END_IMPORTED)
        ending->detail = json_pack("{s:s, s:s*, s:s*, s:s*, s:I, s:I, s:s*, s:s*, s:o*}", "outcome",
                                   result->outcome == IMPORT_ALREADY ? "already there" : "imported", "nvr", result->nvr,
                                   "metadata_sha256", result->metadata_sha256, "uploaded_sha256",
                                   result->uploaded_sha256, "total_bytes", (json_int_t)result->total_bytes,
                                   "sent_bytes", (json_int_t)result->sent_bytes, "tag", result->tag, "left_on_hub",
                                   result->left_on_hub, "image_warnings", image_warnings(result->report));
}

/* --- writing it down -----------------------------------------------------------------------------------------------
 */

static int write_once(struct worker_job *job, const struct import_result *result, const struct cg_error *failure,
                      const struct ending *ending, struct cg_error *err)
{
    struct store *store = job->thread->worker->options.store;
    const struct store_claim *claim = &job->claim;
    switch (ending->kind) {
    case END_IMPORTED:
        return store_claim_imported(store, claim, result->build_id, result->url, ending->detail, err);
    case END_REJECTED:
        return store_claim_rejected(store, claim, failure, ending->report, err);
    case END_CANCELED:
        return store_claim_canceled(store, claim, err);
    case END_HELD:
        return store_claim_held(store, claim, ending->held, failure, err);
    case END_LATER:
        return store_claim_later(store, claim, ending->delay_ms, failure, err);
    case END_NOTHING:
        return 0;
    }
    return 0;
}

/* Until it is durable, or the lease is another's; after a second signal no longer than one try: the next owner finds
 * out.
 */
static void write_down(struct worker_job *job, const struct import_result *result, const struct cg_error *failure,
                       const struct ending *ending)
{
    while (!atomic_load(&job->lost)) {
        struct cg_error err = {0};
        if (write_once(job, result, failure, ending, &err) == 0)
            return;
        if (err.code == CG_E_CONFLICT) {
            worker_lose(job);
            return;
        }
        log_error(job->thread->worker->options.log, &err, "cannot write the end of the import down", "import",
                  job->claim.import.id, NULL);
        if (stop_level(&job->thread->stop) == STOP_NOW)
            worker_lose(job);
        else
            stop_sleep(NULL, WRITE_AGAIN_MS);
    }
}

static void tell_circuit(const struct worker_job *job, const struct cg_error *failure)
{
    const struct worker_options *options = &job->thread->worker->options;
    struct cg_error err = {0};
    enum hub_sign sign = failure->code == CG_OK ? HUB_ANSWERED : rule_of(failure->code)->sign;
    if (job->store_failed || (sign == HUB_SILENT && !job->asked_hub))
        return;
    int told = sign == HUB_FAILED ? store_circuit_failed(options->store, job->claim.import.hub, failure, &err)
                                  : store_circuit_ok(options->store, job->claim.import.hub, &err);
    if (told < 0)
        log_error(options->log, &err, "cannot write down how the hub answers", "hub", job->claim.import.hub, NULL);
}

/* For the metrics: what went to the hub, and what the hub did not do. */
static void count(const struct worker_job *job, const struct import_result *result, const struct cg_error *failure)
{
    struct work_counters *counters = job->thread->worker->options.counters;
    work_counters_sent(counters, result->sent_bytes);
    if (failure->code != CG_OK && !job->store_failed && rule_of(failure->code)->sign != HUB_SILENT)
        work_counters_failure(counters, failure);
}

static void log_end(const struct worker_job *job, const struct import_result *result, const struct cg_error *failure,
                    const struct ending *ending)
{
    static const char *const names[] = {"imported", "rejected", "canceled", "held", "later", "lost"};
    struct log *log = job->thread->worker->options.log;
    const struct store_import *import = &job->claim.import;
    char build_id[24];
    snprintf(build_id, sizeof build_id, "%" PRId64, result->build_id);
    const char *end = atomic_load(&job->lost) ? "lost" : names[ending->kind];
    const char *held = ending->kind == END_HELD ? store_held_name(ending->held) : NULL;
    if (failure->code == CG_OK)
        log_line(log, LOG_INFO, "import ended", "import", import->id, "request", import->request_id, "nvr", import->nvr,
                 "end", end, "build_id", build_id, NULL);
    else
        log_error(log, failure, "import ended", "import", import->id, "request", import->request_id, "nvr", import->nvr,
                  "end", end, "held", held, "left_on_hub", result->left_on_hub, NULL);
}

void worker_end(struct worker_job *job, const struct import_result *result, const struct cg_error *failure)
{
    struct ending ending = {0};
    decide(job, result, failure, &ending);
    describe(result, &ending);
    struct cg_error told = *failure;
    if (ending.kind == END_HELD)
        worker_advise_held(job, ending.held, &told);
    if (ending.kind == END_LATER)
        worker_advise_later(&told);
    /* The circuit first: a hub that is down shall not be asked again by whoever sees the import come back. */
    if (ending.kind != END_NOTHING)
        tell_circuit(job, failure);
    count(job, result, failure);
    write_down(job, result, &told, &ending);
    log_end(job, result, &told, &ending);
    json_decref(ending.report);
    json_decref(ending.detail);
}
