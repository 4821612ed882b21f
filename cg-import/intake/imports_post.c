/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* POST /v1/imports: the metadata alone, or a form with the files, as it arrives. */
#include "intake/header_value.h"
#include "intake/idempotency.h"
#include "intake/multipart.h"
#include "intake/representation.h"
#include "intake/resources.h"
#include "intake/submission.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define IMPORTS_PER_CALLER 1000

struct post {
    struct submission submission;
    char key[IDEMPOTENCY_KEY_MAX + 1];
    struct multipart *form; /* NULL: the body is the metadata */
    enum post_field { NO_FIELD, FIELD_METADATA, FIELD_FILE, FIELD_OPTION } field;
    bool has_metadata;       /* a whole one was in the form */
    char *name;              /* of the option or the file being read */
    struct cg_bytes value;   /* of the option */
    struct spool_part *part; /* of the file */
    uint64_t part_bytes, part_most;
};

/* --- a form --------------------------------------------------------------------------------------------------------
 */

static int begin_option(struct post *post, const char *name, struct cg_error *err)
{
    if (submission_is_checked(&post->submission)) {
        cg_fail(err, CG_E_USAGE, "option %.80s comes behind a file", name);
        return cg_hint(err, "options stand before the files");
    }
    post->field = FIELD_OPTION;
    cg_bytes_clear(&post->value);
    return 0;
}

static int begin_metadata(struct post *post, struct cg_error *err)
{
    if (post->has_metadata)
        return cg_fail(err, CG_E_USAGE, "the form has metadata twice");
    post->has_metadata = true;
    post->field = FIELD_METADATA;
    return 0;
}

static int begin_file(struct post *post, const char *filename, struct cg_error *err)
{
    struct submission *s = &post->submission;
    if (!filename || !*filename)
        return cg_fail(err, CG_E_USAGE, "a part called file has no filename");
    /* Once the metadata is here a post that will be refused is refused before its files are read. */
    if (post->has_metadata && submission_check(s, err) != 0)
        return -1;
    if (submission_file_limit(s, filename, &post->part_most, err) != 0)
        return -1;
    char id[STORE_ID_SIZE], name[STORE_ID_SIZE + 16];
    if (store_new_id(id, err) != 0)
        return -1;
    snprintf(name, sizeof name, "post-%s", id);
    post->part = spool_part_open(s->service->spool, name, &post->part_bytes, err);
    if (!post->part)
        return refusal_of_content(&s->refusal, err);
    post->field = FIELD_FILE;
    return 0;
}

static int on_begin(void *context, const struct multipart_part *part, struct cg_error *err)
{
    struct post *post = context;
    if (strcmp(part->name, "metadata") == 0)
        return begin_metadata(post, err);
    bool is_file = strcmp(part->name, "file") == 0;
    free(post->name);
    post->name = strdup(is_file && part->filename ? part->filename : part->name);
    if (!post->name)
        return cg_fail_memory(err);
    return is_file ? begin_file(post, part->filename, err) : begin_option(post, part->name, err);
}

static int add_file_data(struct post *post, const char *data, size_t size, struct cg_error *err)
{
    if (size > post->part_most - post->part_bytes)
        return cg_fail(err, CG_E_LIMIT, "file %.200s is over %" PRIu64 " bytes", post->name, post->part_most);
    if (spool_part_append(post->part, data, size, err) != 0)
        return refusal_of_content(&post->submission.refusal, err);
    post->part_bytes += size;
    return 0;
}

static int on_data(void *context, const char *data, size_t size, struct cg_error *err)
{
    struct post *post = context;
    if (post->field == FIELD_METADATA)
        return submission_add_metadata(&post->submission, data, size, err);
    if (post->field == FIELD_FILE)
        return add_file_data(post, data, size, err);
    if (size > POSTING_OPTION_MAX - post->value.size)
        return cg_fail(err, CG_E_LIMIT, "option %.80s is over %d bytes", post->name, POSTING_OPTION_MAX);
    return cg_bytes_append(&post->value, data, size, err);
}

static int end_option(struct post *post, struct cg_error *err)
{
    if (strlen(cg_bytes_text(&post->value)) != post->value.size)
        return cg_fail(err, CG_E_USAGE, "%.80s has a NUL", post->name);
    int set = posting_options_set(&post->submission.options, post->name, cg_bytes_text(&post->value), err);
    if (set == 0) {
        cg_fail(err, CG_E_USAGE, "the form has a field %.80s, which is none of ours", post->name);
        return cg_hint(err, "fields are metadata, file, hub, tag, reserve, draft, reference");
    }
    return set < 0 ? -1 : 0;
}

static int on_end(void *context, struct cg_error *err)
{
    struct post *post = context;
    enum post_field field = post->field;
    post->field = NO_FIELD;
    if (field == FIELD_OPTION)
        return end_option(post, err);
    if (field != FIELD_FILE)
        return 0;
    struct cg_digests digests;
    if (spool_part_finish(CG_STEAL(post->part), &digests, err) != 0)
        return refusal_of_content(&post->submission.refusal, err);
    return submission_add_file(&post->submission, post->name, &digests, err);
}

static const struct multipart_events form_events = {on_begin, on_data, on_end};

/* --- the request ---------------------------------------------------------------------------------------------------
 */

static int choose_form(struct post *post, const struct intake_request *request, struct cg_error *err)
{
    const char *type = intake_header(request, "Content-Type");
    if (multipart_is(type)) {
        post->form = multipart_create(type, &form_events, post, err);
        return post->form ? 0 : -1;
    }
    if (header_value_is(type, "application/json"))
        return 0;
    post->submission.refusal.status = 415;
    return cg_fail(err, CG_E_USAGE, "Content-Type is \"%.80s\", expected application/json or multipart/form-data",
                   type ? type : "");
}

/* A caller with as many unfinished imports as it may have waits until some have ended. */
static int check_quota(struct submission *s, struct cg_error *err)
{
    unsigned most = s->service->limits.imports_per_caller ? s->service->limits.imports_per_caller : IMPORTS_PER_CALLER;
    int64_t count = store_import_unfinished(s->service->store, s->caller->name, err);
    if (count < 0)
        return -1;
    if (count < most)
        return 0;
    s->refusal.status = 429;
    return cg_fail(err, CG_E_LIMIT, "caller %s has %" PRId64 " unfinished imports, at most %u", s->caller->name, count,
                   most);
}

static int prepare(struct post *post, const struct intake_request *request, struct cg_error *err)
{
    struct submission *s = &post->submission;
    if (submission_start(s, request, err) != 0)
        return -1;
    int has_key = idempotency_key(intake_header(request, "Idempotency-Key"), post->key, err);
    if (has_key < 0 || choose_form(post, request, err) != 0)
        return -1;
    s->idempotency_key = has_key ? post->key : NULL;
    if (check_quota(s, err) != 0)
        return -1;
    int64_t size = intake_body_size(request);
    if (size > 0 && !post->form && size <= (int64_t)s->service->limits.metadata_bytes &&
        budget_admits(s->budget, (uint64_t)size, err) != 0)
        return -1;
    if (size > 0 && spool_room(s->service->spool, (uint64_t)size, err) != 0)
        return refusal_of_content(&s->refusal, err);
    return 0;
}

static int post_begin(struct intake_request *request, void **state)
{
    struct cg_error err = {0};
    if (intake_make_state(request, sizeof(struct post), state) != 0)
        return -1;
    struct post *post = *state;
    if (prepare(post, request, &err) == 0)
        return 0;
    refusal_answer(request, &post->submission.refusal, &err);
    return -1;
}

static int post_data(struct intake_request *request, void *state, const char *data, size_t size)
{
    struct cg_error err = {0};
    struct post *post = state;
    int fed = post->form ? multipart_feed(post->form, data, size, &err)
                         : submission_add_metadata(&post->submission, data, size, &err);
    if (fed != 0)
        refusal_answer(request, &post->submission.refusal, &err);
    return fed;
}

static int accept_post(struct post *post, struct store_import *import, enum store_accepted *how, struct cg_error *err)
{
    if (post->form && multipart_finish(post->form, err) != 0)
        return -1;
    if (post->form && !post->has_metadata)
        return cg_fail(err, CG_E_USAGE, "the form has no part called metadata");
    if (submission_check(&post->submission, err) != 0)
        return -1;
    return submission_accept(&post->submission, import, how, err);
}

/* What came along, and what was here already. */
static void count_contents(struct intake_request *request, const struct submission *s,
                           const struct store_import *import)
{
    for (size_t i = 0; i < import->output_count && i < s->output_count; i++) {
        if (s->outputs[i].sha256)
            intake_count(request, INTAKE_CONTENT_BYTES, s->outputs[i].size_bytes);
        else if (import->outputs[i].sha256)
            intake_count(request, INTAKE_CONTENT_KNOWN_BYTES, import->outputs[i].size_bytes);
    }
}

static void post_end(struct intake_request *request, void *state)
{
    struct cg_error err = {0};
    struct post *post = state;
    struct store_import import = {0};
    enum store_accepted how = STORE_ACCEPTED_SAME;
    if (accept_post(post, &import, &how, &err) != 0) {
        refusal_answer(request, &post->submission.refusal, &err);
        return;
    }
    bool is_new = how == STORE_ACCEPTED_NEW;
    intake_note_import(request, import.id);
    intake_count(request, is_new ? INTAKE_IMPORTS_NEW : INTAKE_IMPORTS_SAME, 1);
    if (is_new)
        count_contents(request, &post->submission, &import);
    representation_answer(request, is_new ? 202 : 200, &import, is_new ? REPRESENTATION_NEW : REPRESENTATION_KNOWN);
    store_import_finish(&import);
}

static void post_finish(void *state)
{
    struct post *post = state;
    if (!post)
        return;
    spool_part_discard(post->part);
    multipart_destroy(post->form);
    submission_finish(&post->submission);
    cg_bytes_finish(&post->value);
    free(post->name);
    free(post);
}

const struct intake_handler intake_imports_post = {post_begin, post_data, post_end, post_finish};
