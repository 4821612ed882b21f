/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proofs over the published audit log: of one entry, that it grew, and of all that is told of one import. */
#include "cg/base64.h"
#include "cg/merkle_proof.h"
#include "intake/parameter.h"
#include "intake/published.h"
#include "intake/resources.h"
#include "intake/visible.h"
#include "store/audit.h"

#include <inttypes.h>

/* --- the log -------------------------------------------------------------------------------------------------------
 */

/* A log that does not agree with itself is our fault and not the caller's. */
static void fail(struct intake_request *request, const struct cg_error *err)
{
    if (err->code == CG_E_PROOF || err->code == CG_E_FORM || err->code == CG_E_LIMIT)
        intake_fail_status(request, 500, err, NULL);
    else
        intake_fail(request, err, NULL);
}

/* 0, or -1 when the request was answered. */
static int open_log(struct intake_request *request, struct published *published)
{
    struct cg_error err = {0};
    const char *directory = intake_options(request)->audit_directory;
    int found = directory ? published_open(published, directory, &err) : 0;
    if (found > 0)
        return 0;
    if (found == 0)
        cg_fail(&err, CG_E_INCOMPLETE, "no audit log is published yet");
    fail(request, &err);
    return -1;
}

static void answer_text(struct intake_request *request, int result, struct cg_bytes *text, struct cg_error *err)
{
    if (result == 0)
        intake_answer_bytes(request, 200, "text/plain; charset=utf-8", text);
    else
        fail(request, err);
}

static int query_number(const struct intake_request *request, const char *name, uint64_t most, uint64_t fallback,
                        uint64_t *number, struct cg_error *err)
{
    const char *text = intake_query(request, name);
    *number = fallback;
    return text ? parameter_number(name, text, 0, most, number, err) : 0;
}

/* --- one entry -----------------------------------------------------------------------------------------------------
 */

static int write_entry(struct intake_request *request, const struct published *published, struct cg_bytes *text,
                       struct cg_error *err)
{
    uint64_t index;
    CG_AUTO_BYTES struct cg_bytes leaf = {0};
    if (parameter_number("index", intake_path(request, "index"), 0, CG_MERKLE_SIZE_MAX, &index, err) != 0)
        return -1;
    if (index >= published->checkpoint.size)
        return cg_fail(err, CG_E_INCOMPLETE,
                       "the published audit log has %" PRIu64 " entries, and none with index %" PRIu64,
                       published->checkpoint.size, index);
    if (published_entry(published, index, &leaf, err) != 0)
        return -1;
    return published_proof(published, index, leaf.data, leaf.size, text, err);
}

static void entry_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_PUBLISHED struct published published = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (visible_all_or_refuse(request) == 0 && open_log(request, &published) == 0)
        answer_text(request, write_entry(request, &published, &text, &err), &text, &err);
}

const struct intake_handler intake_audit_entry = {.end = entry_end};

/* --- hashes alone --------------------------------------------------------------------------------------------------
 */

static json_t *hashes_json(const struct cg_merkle_proof *proof, struct cg_error *err)
{
    CG_AUTO_JSON json_t *list = json_array();
    for (size_t i = 0; i < proof->count; i++) {
        CG_AUTO_BYTES struct cg_bytes text = {0};
        if (cg_base64_encode(proof->hashes[i].bytes, CG_MERKLE_HASH_SIZE, &text, err) != 0 ||
            json_array_append_new(list, json_string(cg_bytes_text(&text))) != 0)
            return cg_fail_memory(err), NULL;
    }
    return CG_STEAL(list);
}

static json_t *prove_inclusion(const struct intake_request *request, const struct published *published,
                               struct cg_error *err)
{
    const struct cg_merkle_source source = published_source(published);
    struct cg_merkle_proof proof;
    uint64_t index, size;
    if (query_number(request, "size", published->checkpoint.size, published->checkpoint.size, &size, err) != 0)
        return NULL;
    if (size == 0 || !intake_query(request, "index")) {
        cg_fail(err, CG_E_USAGE, "index is missing, or the log is empty");
        return NULL;
    }
    if (query_number(request, "index", size - 1, 0, &index, err) != 0 ||
        cg_merkle_prove_inclusion(&source, index, size, &proof, err) != 0)
        return NULL;
    json_t *hashes = hashes_json(&proof, err);
    return hashes ? json_pack("{s:I, s:I, s:o}", "index", (json_int_t)index, "size", (json_int_t)size, "hashes", hashes)
                  : NULL;
}

static json_t *prove_consistency(const struct intake_request *request, const struct published *published,
                                 struct cg_error *err)
{
    const struct cg_merkle_source source = published_source(published);
    struct cg_merkle_proof proof;
    uint64_t from, to;
    if (query_number(request, "to", published->checkpoint.size, published->checkpoint.size, &to, err) != 0 ||
        query_number(request, "from", to, 0, &from, err) != 0 ||
        cg_merkle_prove_consistency(&source, from, to, &proof, err) != 0)
        return NULL;
    json_t *hashes = hashes_json(&proof, err);
    return hashes ? json_pack("{s:I, s:I, s:o}", "from", (json_int_t)from, "to", (json_int_t)to, "hashes", hashes)
                  : NULL;
}

static void answer_proof(struct intake_request *request,
                         json_t *(*prove)(const struct intake_request *, const struct published *, struct cg_error *))
{
    struct cg_error err = {0};
    AUTO_PUBLISHED struct published published = {0};
    if (open_log(request, &published) != 0)
        return;
    json_t *json = prove(request, &published, &err);
    if (json) {
        json_object_set_new(json, "checkpoint", json_string(cg_bytes_text(&published.note)));
        intake_answer_json(request, 200, json);
    } else {
        fail(request, &err);
    }
}

static void inclusion_end(struct intake_request *request, void *state)
{
    (void)state;
    answer_proof(request, prove_inclusion);
}

static void consistency_end(struct intake_request *request, void *state)
{
    (void)state;
    answer_proof(request, prove_consistency);
}

const struct intake_handler intake_audit_inclusion = {.end = inclusion_end};
const struct intake_handler intake_audit_consistency = {.end = consistency_end};

/* --- what is told of one import ------------------------------------------------------------------------------------
 */

/* Leaves of one answer; the rest is asked for by `from`. */
#define LEAVES_MAX 500

static json_t *leaf_json(const struct published *published, const struct store_entry *entry, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes proof = {0};
    if (published_proof(published, entry->index, entry->leaf.data, entry->leaf.size, &proof, err) != 0)
        return NULL;
    json_t *json = json_pack("{s:I, s:s, s:s, s:s}", "index", (json_int_t)entry->index, "type", entry->type, "leaf",
                             cg_bytes_text(&entry->leaf), "proof", cg_bytes_text(&proof));
    if (!json)
        cg_fail_memory(err);
    return json;
}

static json_t *leaves_json(const struct published *published, const struct store_entry *entries, size_t count,
                           struct cg_error *err)
{
    CG_AUTO_JSON json_t *leaves = json_array();
    size_t shown = 0;
    for (; shown < count && entries[shown].index < published->checkpoint.size; shown++) {
        json_t *leaf = leaf_json(published, &entries[shown], err);
        if (!leaf)
            return NULL;
        json_array_append_new(leaves, leaf);
    }
    bool more = count == LEAVES_MAX;
    json_t *json =
        json_pack("{s:s, s:I, s:O, s:I}", "checkpoint", cg_bytes_text(&published->note), "size",
                  (json_int_t)published->checkpoint.size, "leaves", leaves, "unpublished", (json_int_t)(count - shown));
    if (json && more && shown == count)
        json_object_set_new(json, "next", json_integer((json_int_t)entries[count - 1].index + 1));
    if (!json)
        cg_fail_memory(err);
    return json;
}

static void import_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_PUBLISHED struct published published = {0};
    struct store_import import = {0};
    struct store_entry *entries = NULL;
    size_t count = 0;
    uint64_t from;
    json_t *json = NULL;
    if (visible_import(request, visible_scope(request), &import) != 0)
        return;
    store_import_finish(&import);
    if (open_log(request, &published) != 0)
        return;
    if (query_number(request, "from", CG_MERKLE_SIZE_MAX, 0, &from, &err) == 0 &&
        store_audit_entries_of(intake_options(request)->store, intake_path(request, "id"), from, LEAVES_MAX, &entries,
                               &count, &err) == 0)
        json = leaves_json(&published, entries, count, &err);
    store_entries_free(entries, count);
    if (json)
        intake_answer_json(request, 200, json);
    else
        fail(request, &err);
}

const struct intake_handler intake_import_audit = {.end = import_end};
