/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/health.h"

#include "intake/request_private.h"
#include "store/audit.h"

#include <inttypes.h>

static void answer_alive(struct intake_request *request, void *state)
{
    (void)state;
    intake_answer_json(request, 200, json_pack("{s:s}", "status", "alive"));
}

const struct intake_handler health_alive = {.end = answer_alive};

/* One line of the answer; what is wrong in detail is in the log, for anyone may ask here. */
static bool judge(struct intake_request *request, json_t *checks, const char *what, int result, struct cg_error *err)
{
    json_object_set_new(checks, what, json_string(result == 0 ? "ok" : cg_code_info(err->code)->meaning));
    if (result != 0)
        log_error(request->server->options.log, err, "not ready", "what", what, "request", request->id, NULL);
    cg_error_clear(err);
    return result == 0;
}

/* Leaves that wait too long are not signed, and rows that someone changed tell no truth: what is accepted from here on
 * could not be proved. */
static int judge_log(const struct intake_options *options, struct cg_error *err)
{
    struct store_log_state log;
    if (store_audit_state(options->store, &log, err) != 0)
        return -1;
    if (log.damaged)
        return cg_fail(err, CG_E_PROOF,
                       "the audit log in the database is not what was signed, from entry %" PRIu64 " on",
                       log.damaged_entry);
    if (log.oldest_pending_s <= options->audit_wait_s)
        return 0;
    return cg_fail(err, CG_E_BUSY, "%" PRIu64 " leaves of the audit log wait, the first for %.0f s", log.pending,
                   log.oldest_pending_s);
}

static void answer_ready(struct intake_request *request, void *state)
{
    (void)state;
    const struct intake_options *options = &request->server->options;
    struct cg_error err = {0};
    json_t *checks = json_object();
    bool ready = true;
    if (options->store)
        ready &= judge(request, checks, "database", store_ready(options->store, &err), &err);
    if (options->store && options->audit_wait_s)
        ready &= judge(request, checks, "audit", judge_log(options, &err), &err);
    if (options->spool)
        ready &= judge(request, checks, "content", spool_room(options->spool, 0, &err), &err);
    if (atomic_load(&request->server->stopping))
        ready = false;
    intake_answer_json(request, ready ? 200 : 503,
                       json_pack("{s:s,s:o}", "status", ready ? "ready" : "not ready", "checks", checks));
}

const struct intake_handler health_ready = {.end = answer_ready};
