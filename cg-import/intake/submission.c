/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/submission.h"

#include "cg/check.h"
#include "cg/json.h"
#include "cg/provenance.h"
#include "content/spool.h"
#include "intake/difference.h"
#include "intake/idempotency.h"
#include "intake/representation.h"
#include "intake/stored_document.h"
#include "intake/submission_outputs.h"
#include "intake/visible.h"
#include "store/audit.h"
#include "store/contents.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define METADATA_BYTES_MAX CG_JSON_SIZE_MAX
#define OUTPUT_BYTES_MAX (1024ULL * 1024 * 1024 * 1024)
/* Files that may come before the metadata; then they are held against it. */
#define EARLY_MAX 1000

struct submission_file {
    char *filename;
    struct cg_digests digests;
};

int submission_start(struct submission *s, const struct intake_request *request, struct cg_error *err)
{
    s->service = intake_options(request);
    s->caller = intake_caller(request);
    s->checker = intake_checker(request);
    s->budget = intake_budget(request);
    s->request_id = intake_request_id(request);
    representation_base(request, s->base);
    return posting_options_query(&s->options, request, err);
}

int submission_add_metadata(struct submission *s, const char *data, size_t size, struct cg_error *err)
{
    uint64_t most = s->service->limits.metadata_bytes ? s->service->limits.metadata_bytes : METADATA_BYTES_MAX;
    if (size > most - s->text.size)
        return cg_fail(err, CG_E_LIMIT, "the metadata is over %" PRIu64 " bytes", most);
    if (budget_take(s->budget, size, err) != 0)
        return -1;
    if (cg_bytes_append(&s->text, data, size, err) == 0)
        return 0;
    budget_give(s->budget, size);
    return -1;
}

/* --- judging -------------------------------------------------------------------------------------------------------
 */

static int find_hub(struct submission *s, const struct cg_hub_facts **facts, struct cg_error *err)
{
    if (!s->options.hub) {
        if (!s->service->default_hub) {
            cg_fail(err, CG_E_USAGE, "no hub was named and none is the default");
            return cg_hint(err, "name one: ?hub=PROFILE");
        }
        s->options.hub = strdup(s->service->default_hub);
        if (!s->options.hub)
            return cg_fail_memory(err);
    }
    *facts = NULL;
    if (!s->service->hub_facts)
        return 0;
    *facts = s->service->hub_facts(s->service->hub_facts_context, s->options.hub);
    return *facts ? 0 : cg_fail(err, CG_E_USAGE, "there is no hub \"%.80s\"", s->options.hub);
}

/* The document was refused: what kind of refusal is it? */
static int refuse(struct submission *s, const struct cg_report *report, struct cg_error *err)
{
    json_t *findings = cg_report_json(report, err);
    if (!findings)
        return -1;
    s->refusal.extra = json_pack("{s:o}", "report", findings);
    const struct cg_finding *first = cg_report_get(report, 0);
    if (first && strcmp(first->rule, "json.syntax") == 0)
        return cg_fail(err, CG_E_SYNTAX, "the metadata is not JSON: %s at line %zu, column %zu", first->message,
                       first->line, first->column);
    if (first && strcmp(first->rule, "json.limit") == 0)
        return cg_fail(err, CG_E_LIMIT, "the metadata cannot be read: %s", first->message);
    size_t errors = cg_report_count(report, CG_LEVEL_ERROR), warnings = cg_report_count(report, CG_LEVEL_WARNING);
    return cg_fail(err, CG_E_REFUSED, "the metadata has %zu error%s and %zu warning%s", errors, errors == 1 ? "" : "s",
                   warnings, warnings == 1 ? "" : "s");
}

static int judge(struct submission *s, struct cg_error *err)
{
    struct cg_check_options options = {0};
    if (find_hub(s, &options.hub, err) != 0)
        return -1;
    CG_AUTO_REPORT struct cg_report *report = NULL;
    int verdict =
        cg_checker_check(s->checker, cg_bytes_text(&s->text), s->text.size, &options, &report, &s->metadata, err);
    if (verdict == 1)
        return refuse(s, report, err);
    return verdict;
}

static int check_scope(const struct submission *s, struct cg_error *err)
{
    const char *generator = s->metadata->content_generator, *package = s->metadata->name;
    if (visible_covers(&s->caller->scope, generator, package))
        return 0;
    return cg_fail(err, CG_E_AUTH, "caller %s may not post package %s of content generator %s", s->caller->name,
                   package, generator);
}

/* It may have come long ago, and until here nothing in the database spoke for it: it is kept, or sent again. */
static int place_early_file(struct submission *s, const struct submission_file *file, struct cg_error *err)
{
    size_t index;
    uint64_t size_bytes;
    if (submission_find_output(s, file->filename, &index, err) != 0)
        return -1;
    if (spool_content_keep(s->service->spool, file->digests.sha256, &size_bytes, err) != 0)
        return refusal_of_content(&s->refusal, err);
    return submission_place(s, index, &file->digests, err);
}

static int place_early_files(struct submission *s, struct cg_error *err)
{
    for (size_t i = 0; i < s->early_count; i++)
        if (place_early_file(s, &s->early[i], err) != 0)
            return -1;
    return 0;
}

/* A refusal is told to the caller only once it is in the audit log. Returns -1, always. */
static int record_refusal(const struct submission *s, struct cg_error *err)
{
    struct cg_digests digests;
    struct cg_error why = {0};
    if (err->code != CG_E_REFUSED && err->code != CG_E_SYNTAX && err->code != CG_E_AUTH && err->code != CG_E_CONFLICT)
        return -1;
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, &why);
    if (digest && cg_digest_update(digest, cg_bytes_text(&s->text), s->text.size, &why) == 0 &&
        cg_digest_read(digest, &digests, &why) == 0) {
        const struct store_refusal refusal = {.caller = s->caller->name,
                                              .request_id = s->request_id,
                                              .nvr = s->metadata ? s->metadata->nvr : NULL,
                                              .metadata_sha256 = digests.sha256,
                                              .metadata_bytes = s->text.size,
                                              .why = err};
        if (store_audit_refused(s->service->store, &refusal, &why) == 0)
            return -1;
    }
    *err = why;
    return -1;
}

int submission_check(struct submission *s, struct cg_error *err)
{
    if (s->metadata)
        return 0;
    if (judge(s, err) != 0 || check_scope(s, err) != 0)
        return record_refusal(s, err);
    if (submission_list_outputs(s, err) != 0)
        return -1;
    return place_early_files(s, err);
}

bool submission_is_checked(const struct submission *s)
{
    return s->metadata != NULL;
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

int submission_file_limit(struct submission *s, const char *filename, uint64_t *most, struct cg_error *err)
{
    if (!s->metadata) {
        *most = s->service->limits.output_bytes ? s->service->limits.output_bytes : OUTPUT_BYTES_MAX;
        return 0;
    }
    size_t index;
    if (submission_find_output(s, filename, &index, err) != 0)
        return -1;
    *most = s->outputs[index].size_bytes;
    return 0;
}

static int keep_early(struct submission *s, const char *filename, const struct cg_digests *digests,
                      struct cg_error *err)
{
    if (s->early_count >= EARLY_MAX) {
        cg_fail(err, CG_E_LIMIT, "more than %d files before the metadata", EARLY_MAX);
        return cg_hint(err, "send the metadata first");
    }
    struct submission_file *grown = realloc(s->early, (s->early_count + 1) * sizeof *grown);
    if (!grown)
        return cg_fail_memory(err);
    s->early = grown;
    struct submission_file file = {.filename = strdup(filename), .digests = *digests};
    if (!file.filename)
        return cg_fail_memory(err);
    s->early[s->early_count++] = file;
    return 0;
}

int submission_add_file(struct submission *s, const char *filename, const struct cg_digests *digests,
                        struct cg_error *err)
{
    if (!s->metadata)
        return keep_early(s, filename, digests, err);
    size_t index;
    if (submission_find_output(s, filename, &index, err) != 0)
        return -1;
    return submission_place(s, index, digests, err);
}

/* --- accepting -----------------------------------------------------------------------------------------------------
 */

/* The document becomes a content, byte for byte. */
static int store_metadata(struct submission *s, struct cg_digests *digests, struct cg_error *err)
{
    char id[STORE_ID_SIZE], name[STORE_ID_SIZE + 16];
    uint64_t size_bytes;
    if (store_new_id(id, err) != 0)
        return -1;
    snprintf(name, sizeof name, "metadata-%s", id);
    struct spool_part *part = spool_part_open(s->service->spool, name, &size_bytes, err);
    if (!part)
        return refusal_of_content(&s->refusal, err);
    if (spool_part_append(part, s->text.data, s->text.size, err) != 0) {
        spool_part_discard(part);
        return refusal_of_content(&s->refusal, err);
    }
    if (spool_part_finish(part, digests, err) != 0)
        return refusal_of_content(&s->refusal, err);
    return store_content_add(s->service->store, digests, err);
}

/* Tells of the import that is in the way, if the store let it be seen. Returns -1, always. */
static int tell_conflict(struct submission *s, const struct store_import *other)
{
    if (!other->id[0])
        return -1;
    struct cg_error ignored = {0};
    json_t *reference = representation_reference(s->base, other, &ignored);
    json_decref(s->refusal.extra);
    s->refusal.extra = json_pack("{s:o}", "import", reference);
    /* Where there is no room to hold both, only that they differ is told. */
    if (budget_take(s->budget, other->metadata_bytes, &ignored) != 0)
        return -1;
    CG_AUTO_JSON json_t *there = stored_document(s->service->spool, other->metadata_sha256, &ignored);
    json_t *differences = there ? difference_list(s->metadata->document, there, &ignored) : NULL;
    if (differences)
        json_object_set_new(s->refusal.extra, "differences", differences);
    budget_give(s->budget, other->metadata_bytes);
    return -1;
}

/* The import was there and still waits for outputs that came along this time. */
static int bring_missing(struct submission *s, struct store_import *import, struct cg_error *err)
{
    bool has_brought = false, is_complete = false;
    for (size_t i = 0; i < s->output_count && i < import->output_count && !is_complete; i++) {
        if (!s->outputs[i].sha256 || import->outputs[i].sha256)
            continue;
        if (store_output_received(s->service->store, import->id, s->outputs[i].position, s->outputs[i].sha256,
                                  s->caller->name, &is_complete, err) < 0)
            return -1;
        has_brought = true;
    }
    if (!has_brought)
        return 0;
    char id[STORE_ID_SIZE];
    memcpy(id, import->id, sizeof id);
    store_import_finish(import);
    int found = store_import_get(s->service->store, id, &s->caller->scope, import, err);
    return found == 0 ? cg_fail(err, CG_E_INTERNAL, "import %s is gone", id) : found < 0 ? -1 : 0;
}

static int accept_wanted(struct submission *s, const struct store_new_import *wanted, struct store_import *import,
                         enum store_accepted *how, struct cg_error *err)
{
    if (store_import_accept(s->service->store, wanted, &s->caller->scope, import, how, err) != 0) {
        if (err->code == CG_E_CONFLICT)
            tell_conflict(s, import);
        store_import_finish(import);
        return record_refusal(s, err);
    }
    if (*how == STORE_ACCEPTED_SAME && import->state == STORE_RECEIVING)
        return bring_missing(s, import, err);
    return 0;
}

int submission_keep(struct submission *s, struct cg_error *err)
{
    struct cg_digests digests;
    if (s->kept.sha256[0])
        return 0;
    if (submission_take_referenced(s, err) != 0 || store_metadata(s, &digests, err) != 0)
        return -1;
    s->kept = digests;
    return 0;
}

int submission_accept(struct submission *s, struct store_import *import, enum store_accepted *how, struct cg_error *err)
{
    char request_sha256[65];
    if (submission_keep(s, err) != 0 || idempotency_request(&s->options, s->kept.sha256, request_sha256, err) != 0)
        return -1;
    CG_AUTO_JSON json_t *options = posting_options_json(&s->options, err);
    CG_AUTO_JSON json_t *facts = options ? cg_provenance_facts(s->metadata->document, err) : NULL;
    if (!facts)
        return -1;
    const struct store_new_import wanted = {
        .hub = s->options.hub,
        .nvr = s->metadata->nvr,
        .content_generator = s->metadata->content_generator,
        .package = s->metadata->name,
        .metadata_sha256 = s->kept.sha256,
        .metadata_bytes = s->kept.size_bytes,
        .options = options,
        .caller = s->caller->name,
        .request_id = s->request_id,
        .idempotency_key = s->idempotency_key,
        .request_sha256 = request_sha256,
        .outputs = s->outputs,
        .output_count = s->output_count,
        .facts = facts,
    };
    return accept_wanted(s, &wanted, import, how, err);
}

void submission_finish(struct submission *s)
{
    for (size_t i = 0; i < s->output_count; i++) {
        free(s->outputs[i].path);
        free(s->outputs[i].checksum_type);
        free(s->outputs[i].checksum);
        free(s->outputs[i].sha256);
    }
    for (size_t i = 0; i < s->early_count; i++)
        free(s->early[i].filename);
    free(s->outputs);
    free(s->early);
    cg_metadata_destroy(s->metadata);
    if (s->budget)
        budget_give(s->budget, s->text.size);
    cg_bytes_finish(&s->text);
    posting_options_finish(&s->options);
    refusal_finish(&s->refusal);
}
