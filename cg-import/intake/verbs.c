/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* POST of retry, cancel and release: what operators do with an import that needs a person. */
#include "cg/json.h"
#include "intake/header_value.h"
#include "intake/representation.h"
#include "intake/resources.h"
#include "intake/submission.h"
#include "intake/visible.h"

#include <string.h>

#define NOTE_MAX 4096 /* bytes of a release's body */

/* Operators act on what is in their own scope; seeing all as an auditor does not widen it. */
static const struct store_scope *acting_scope(const struct intake_request *request)
{
    return &intake_caller(request)->scope;
}

/* Answers with the import as the verb left it; `done` is what the store's verb returned. */
static void answer_verb(struct intake_request *request, int done, const struct cg_error *err)
{
    if (done < 0) {
        intake_fail(request, err, NULL);
        return;
    }
    struct store_import import = {0};
    if (visible_import(request, acting_scope(request), &import) != 0)
        return;
    representation_answer(request, 202, &import, REPRESENTATION_NO_POST);
    store_import_finish(&import);
}

/* --- cancel --------------------------------------------------------------------------------------------------------
 */

static int ignore_data(struct intake_request *request, void *state, const char *data, size_t size)
{
    (void)request;
    (void)state;
    (void)data;
    (void)size;
    return 0;
}

static void cancel_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_import import = {0};
    if (visible_import(request, acting_scope(request), &import) != 0)
        return;
    int done = store_import_cancel(intake_options(request)->store, import.id, intake_caller(request)->name,
                                   acting_scope(request), &err);
    store_import_finish(&import);
    answer_verb(request, done, &err);
}

const struct intake_handler intake_import_cancel = {.data = ignore_data, .end = cancel_end};

/* --- release -------------------------------------------------------------------------------------------------------
 */

/* The state of release and retry: a body that is kept. */
struct verb {
    struct cg_bytes body;
    struct submission submission; /* of a retry with other metadata */
};

static int verb_begin(struct intake_request *request, void **state)
{
    return intake_make_state(request, sizeof(struct verb), state);
}

/* A body must be JSON; none needs no type. 0, or -1 after the request was answered. */
static int check_json(struct intake_request *request)
{
    struct cg_error err = {0};
    const char *type = intake_header(request, "Content-Type");
    if (header_value_is(type, "application/json"))
        return 0;
    cg_fail(&err, CG_E_USAGE, "Content-Type is \"%.80s\", expected application/json", type ? type : "");
    intake_fail_status(request, 415, &err, NULL);
    return -1;
}

static int release_data(struct intake_request *request, void *state, const char *data, size_t size)
{
    struct cg_error err = {0};
    struct verb *verb = state;
    if (verb->body.size == 0 && check_json(request) != 0)
        return -1;
    int kept = size <= NOTE_MAX - verb->body.size ? cg_bytes_append(&verb->body, data, size, &err)
                                                  : cg_fail(&err, CG_E_LIMIT, "the note is over %d bytes", NOTE_MAX);
    if (kept != 0)
        intake_fail(request, &err, NULL);
    return kept;
}

/* What the worker shall do (docs/worker.md); nothing said is a retry. */
static int check_action(const json_t *note, struct cg_error *err)
{
    static const char *const actions[] = {"retry", "cure-stray", "forget", "mark-imported"};
    const json_t *action = json_object_get(note, "action");
    const char *name = json_string_value(action);
    bool known = !action;
    for (size_t i = 0; name && i < sizeof actions / sizeof actions[0]; i++)
        known = known || strcmp(name, actions[i]) == 0;
    if (!known)
        return cg_fail(err, CG_E_USAGE, "action is none of retry, cure-stray, forget and mark-imported");
    const json_t *build_id = json_object_get(note, "build_id");
    bool wanted = name && strcmp(name, "mark-imported") == 0;
    if ((wanted || build_id) && json_integer_value(build_id) < 1)
        return cg_fail(err, CG_E_USAGE, "build_id is no number of a build, which mark-imported wants");
    return 0;
}

/* The decision as JSON; NULL with an error. */
static json_t *read_note(const struct verb *verb, struct cg_error *err)
{
    if (verb->body.size == 0)
        return json_object();
    CG_AUTO_JSON json_t *note = cg_json_read(cg_bytes_text(&verb->body), verb->body.size, NULL, err);
    if (!note)
        return NULL;
    const json_t *text = json_object_get(note, "note");
    if (!json_is_object(note) || (text && !json_is_string(text))) {
        cg_fail(err, CG_E_USAGE, "the body is not {\"note\": \"...\"}");
        return NULL;
    }
    if (check_action(note, err) < 0)
        return NULL;
    return CG_STEAL(note);
}

static void release_end(struct intake_request *request, void *state)
{
    struct cg_error err = {0};
    struct store_import import = {0};
    CG_AUTO_JSON json_t *note = read_note(state, &err);
    if (!note) {
        intake_fail(request, &err, NULL);
        return;
    }
    if (visible_import(request, acting_scope(request), &import) != 0)
        return;
    int done = store_import_release(intake_options(request)->store, import.id, intake_caller(request)->name, note,
                                    acting_scope(request), &err);
    store_import_finish(&import);
    answer_verb(request, done, &err);
}

static void verb_finish(void *state)
{
    struct verb *verb = state;
    if (!verb)
        return;
    cg_bytes_finish(&verb->body);
    submission_finish(&verb->submission);
    free(verb);
}

const struct intake_handler intake_import_release = {verb_begin, release_data, release_end, verb_finish};

/* --- retry ---------------------------------------------------------------------------------------------------------
 */

static int retry_data(struct intake_request *request, void *state, const char *data, size_t size)
{
    struct cg_error err = {0};
    struct verb *verb = state;
    struct submission *s = &verb->submission;
    if (!s->service && (check_json(request) != 0))
        return -1;
    int kept = s->service ? 0 : submission_start(s, request, &err);
    if (kept == 0)
        kept = submission_add_metadata(s, data, size, &err);
    if (kept != 0)
        refusal_answer(request, &s->refusal, &err);
    return kept;
}

/* Makes room for the corrected document: a held import gives way, others that live do not. */
static int give_way(struct submission *s, const struct store_import *old, struct cg_error *err)
{
    if (old->state == STORE_REJECTED || old->state == STORE_CANCELED)
        return 0;
    if (old->state != STORE_HELD)
        return cg_fail(err, CG_E_CONFLICT,
                       "the import is %s; other metadata is taken when it is held, rejected or "
                       "canceled",
                       store_state_name(old->state));
    int canceled = store_import_cancel(s->service->store, old->id, s->caller->name, &s->caller->scope, err);
    return canceled < 0 ? -1 : 0;
}

/* The document that the import has already is no correction: the import itself is tried again. */
static int try_again(struct submission *s, const struct store_import *old, struct store_import *import,
                     struct cg_error *err)
{
    if (store_import_retry(s->service->store, old->id, s->caller->name, &s->caller->scope, err) < 0)
        return -1;
    int found = store_import_get(s->service->store, old->id, &s->caller->scope, import, err);
    return found == 0 ? cg_fail(err, CG_E_INTERNAL, "import %s is gone", old->id) : found < 0 ? -1 : 0;
}

static int correct(struct submission *s, const struct store_import *old, struct store_import *import,
                   struct cg_error *err)
{
    enum store_accepted how;
    if (posting_options_from(&s->options, old, err) != 0 || submission_check(s, err) != 0)
        return -1;
    if (strcmp(s->metadata->nvr, old->nvr) != 0) {
        cg_fail(err, CG_E_CONFLICT, "the metadata is of %s, the import of %s", s->metadata->nvr, old->nvr);
        return cg_hint(err, "post another build by itself");
    }
    if (submission_keep(s, err) != 0)
        return -1;
    if (strcmp(s->kept.sha256, old->metadata_sha256) == 0)
        return try_again(s, old, import, err);
    if (give_way(s, old, err) != 0)
        return -1;
    return submission_accept(s, import, &how, err);
}

static void retry_corrected(struct intake_request *request, struct submission *s, const struct store_import *old)
{
    struct cg_error err = {0};
    struct store_import import = {0};
    if (correct(s, old, &import, &err) != 0)
        refusal_answer(request, &s->refusal, &err);
    else
        representation_answer(request, 202, &import, REPRESENTATION_NO_POST);
    store_import_finish(&import);
}

static void retry_end(struct intake_request *request, void *state)
{
    struct cg_error err = {0};
    struct verb *verb = state;
    struct store_import import = {0};
    if (visible_import(request, acting_scope(request), &import) != 0)
        return;
    if (verb->submission.service) {
        retry_corrected(request, &verb->submission, &import);
    } else {
        int done = store_import_retry(intake_options(request)->store, import.id, intake_caller(request)->name,
                                      acting_scope(request), &err);
        answer_verb(request, done, &err);
    }
    store_import_finish(&import);
}

const struct intake_handler intake_import_retry = {verb_begin, retry_data, retry_end, verb_finish};
