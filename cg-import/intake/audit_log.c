/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET /v1/audit/log: how the audit log stands, as the service sees it. */
#include "base/clock.h"
#include "cg/base64.h"
#include "intake/published.h"
#include "intake/representation.h"
#include "intake/resources.h"
#include "store/audit.h"

#include <sys/stat.h>

/* When the checkpoint was put there; 0 if that cannot be told. */
static double published_at(const struct published *published)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    struct stat status;
    if (cg_bytes_printf(&path, NULL, "%s/checkpoint", published->directory) != 0 ||
        stat(cg_bytes_text(&path), &status) != 0)
        return 0;
    return (double)status.st_mtim.tv_sec + (double)status.st_mtim.tv_nsec / 1e9;
}

/* Has this witness cosigned the note? A signature under its name that is not its own counts as none. */
static bool has_cosigned(const struct intake_witness *witness, const struct cg_note *note, double *at)
{
    struct cg_error ignored = {0};
    struct cg_note_verifier verifier;
    struct cg_note_verdict verdict = {0};
    if (cg_note_verifier_parse(witness->key, &verifier, &ignored) != 0 ||
        cg_note_verify(note, &verifier, 1, &verdict, &ignored) != 0)
        return false;
    *at = (double)verdict.timestamp;
    return verdict.verified;
}

static json_t *witnesses_of(const struct intake_options *options, const struct published *published)
{
    struct cg_error ignored = {0};
    CG_AUTO_NOTE struct cg_note note = {0};
    bool has_note = published->note.size > 0 &&
                    cg_note_parse(cg_bytes_text(&published->note), published->note.size, &note, &ignored) == 0;
    json_t *list = json_array();
    for (size_t i = 0; i < options->witness_count; i++) {
        const struct intake_witness *witness = &options->witnesses[i];
        double at = 0;
        bool cosigned = has_note && has_cosigned(witness, &note, &at);
        json_t *size = cosigned ? json_integer((json_int_t)published->checkpoint.size) : json_null();
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o}", "name", witness->name, "key", witness->key,
                                              "size", size, "at", representation_time(at)));
    }
    return list;
}

/* What is published; nulls where nothing is. */
static json_t *published_of(const struct published *published)
{
    if (published->note.size == 0)
        return json_pack("{s:n, s:n, s:n}", "size", "root", "published_at");
    CG_AUTO_BYTES struct cg_bytes root = {0};
    if (cg_base64_encode(published->checkpoint.root.bytes, CG_MERKLE_HASH_SIZE, &root, NULL) != 0)
        return NULL;
    return json_pack("{s:I, s:s, s:o}", "size", (json_int_t)published->checkpoint.size, "root", cg_bytes_text(&root),
                     "published_at", representation_time(published_at(published)));
}

/* What is signed and what waits. */
static json_t *signed_of(const struct store_log_state *log)
{
    double oldest = log->oldest_pending_s > 0 ? clock_epoch_seconds() - log->oldest_pending_s : 0;
    return json_pack("{s:I, s:I, s:o}", "signed_size", (json_int_t)log->size, "pending", (json_int_t)log->pending,
                     "oldest_pending_at", representation_time(oldest));
}

static json_t *make_answer(const struct intake_options *options, struct cg_error *err)
{
    AUTO_PUBLISHED struct published published = {0};
    CG_AUTO_JSON json_t *keys = NULL;
    struct store_log_state log;
    if ((options->audit_directory && published_open(&published, options->audit_directory, err) < 0) ||
        store_audit_keys(options->store, &keys, err) < 0 || store_audit_state(options->store, &log, err) != 0)
        return NULL;
    json_t *json = keys ? json_incref(keys) : json_pack("{s:n, s:[]}", "origin", "keys");
    CG_AUTO_JSON json_t *shown = published_of(&published), *kept = signed_of(&log);
    CG_AUTO_JSON json_t *rest =
        json_pack("{s:I, s:o}", "quorum", (json_int_t)options->quorum, "witnesses", witnesses_of(options, &published));
    if (json_object_update(json, shown) != 0 || json_object_update(json, kept) != 0 ||
        json_object_update(json, rest) != 0) {
        json_decref(json);
        cg_fail_memory(err);
        return NULL;
    }
    return json;
}

static void log_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    json_t *json = make_answer(intake_options(request), &err);
    if (json)
        intake_answer_json(request, 200, json);
    else
        intake_fail(request, &err, NULL);
}

const struct intake_handler intake_audit_log = {.end = log_end};
