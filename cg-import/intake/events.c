/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GET of /v1/imports/{id}/events and /v1/events: what happened, as a list or as server-sent events (the WHATWG HTML
 * standard, section 9.2).
 */
#include "intake/parameter.h"
#include "intake/representation.h"
#include "intake/resources.h"
#include "intake/visible.h"

#include <string.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define STREAM_BATCH 100
#define POLL_MS 500
/* Polls after which a stream ends and the client comes again, so that a revoked caller is let go: one hour. */
#define POLLS_MAX 7200

/* --- what is asked -------------------------------------------------------------------------------------------------
 */

struct question {
    bool is_stream;
    bool is_resumed; /* the client had events before */
    int64_t after;
    unsigned limit;
};

static int read_question(const struct intake_request *request, struct question *question, struct cg_error *err)
{
    const char *stream = intake_query(request, "stream"), *after = intake_query(request, "after");
    const char *limit = intake_query(request, "limit"), *last = intake_header(request, "Last-Event-ID");
    uint64_t id = 0, most = LIMIT_DEFAULT;
    const char *accept = intake_header(request, "Accept");
    *question = (struct question){.is_stream = accept && strstr(accept, "text/event-stream")};
    if (stream && parameter_flag("stream", stream, &question->is_stream, err) != 0)
        return -1;
    if (after && parameter_number("after", after, 0, INT64_MAX, &id, err) != 0)
        return -1;
    if (last && parameter_number("Last-Event-ID", last, 0, INT64_MAX, &id, err) != 0)
        return -1;
    if (limit && parameter_number("limit", limit, 1, LIMIT_MAX, &most, err) != 0)
        return -1;
    question->is_resumed = last != NULL;
    question->after = (int64_t)id;
    question->limit = (unsigned)most;
    return 0;
}

/* --- whose events --------------------------------------------------------------------------------------------------
 */

/* Reads on behind an event. `import_id` "" means all imports that the scope shows. */
struct reader {
    struct store *store;
    const struct store_scope *scope;
    char import_id[STORE_ID_SIZE];
    int64_t after;
    char last_id[STORE_ID_SIZE]; /* the import that was looked at last, and whether it may be seen */
    bool last_visible;
};

/* 1 may be seen, 0, -1. Events of one import mostly follow each other. */
static int is_visible(struct reader *reader, const char *id, struct cg_error *err)
{
    bool sees_all = !reader->scope->content_generators && !reader->scope->packages;
    if (reader->import_id[0] || sees_all)
        return 1;
    if (strcmp(reader->last_id, id) != 0) {
        struct store_import import = {0};
        int found = store_import_get(reader->store, id, reader->scope, &import, err);
        store_import_finish(&import);
        if (found < 0)
            return -1;
        memcpy(reader->last_id, id, sizeof reader->last_id);
        reader->last_visible = found == 1;
    }
    return reader->last_visible;
}

/* Told about each event; 0 or -1. */
typedef int reader_tell(void *context, const struct store_event *event, struct cg_error *err);

/* Tells the next events, at most `limit` read. *count is how many were read, seen or not. 0 or -1. */
static int read_on(struct reader *reader, unsigned limit, reader_tell *tell, void *context, size_t *count,
                   struct cg_error *err)
{
    struct store_event *events = NULL;
    const char *id = reader->import_id[0] ? reader->import_id : NULL;
    if (store_event_list(reader->store, id, reader->after, limit, &events, count, err) != 0)
        return -1;
    int told = 0;
    for (size_t i = 0; i < *count && told == 0; i++) {
        int visible = is_visible(reader, events[i].import_id, err);
        told = visible < 0 ? -1 : visible > 0 ? tell(context, &events[i], err) : 0;
        if (told == 0)
            reader->after = events[i].event_id;
    }
    store_events_free(events, *count);
    return told;
}

/* --- a list --------------------------------------------------------------------------------------------------------
 */

static int add_to_list(void *context, const struct store_event *event, struct cg_error *err)
{
    json_t *list = context;
    return json_array_append_new(list, representation_event(event, err)) == 0 ? 0 : cg_fail_memory(err);
}

static void answer_list(struct intake_request *request, struct reader *reader, unsigned limit)
{
    struct cg_error err = {0};
    size_t count = 0;
    CG_AUTO_JSON json_t *list = json_array();
    if (read_on(reader, limit, add_to_list, list, &count, &err) != 0) {
        intake_fail(request, &err, NULL);
        return;
    }
    json_t *next = count == limit ? json_integer(reader->after) : json_null();
    intake_answer_json(request, 200, json_pack("{s:O, s:o}", "events", list, "next", next));
}

/* --- a stream ------------------------------------------------------------------------------------------------------
 */

struct live {
    struct reader reader;
    unsigned polls;
};

static int add_to_stream(void *context, const struct store_event *event, struct cg_error *err)
{
    struct cg_bytes *out = context;
    CG_AUTO_JSON json_t *json = representation_event(event, err);
    CG_AUTO_FREE char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (!text)
        return cg_fail_memory(err);
    return cg_bytes_printf(out, err, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)event->event_id, event->type,
                           text);
}

/* 1 the import is in a state that it leaves only when a person wants it, 0, -1. */
static int is_over(struct reader *reader, struct cg_error *err)
{
    struct store_import import = {0};
    if (!reader->import_id[0])
        return 0;
    int found = store_import_get(reader->store, reader->import_id, reader->scope, &import, err);
    bool over = found == 0 || import.state == STORE_IMPORTED || import.state == STORE_REJECTED ||
                import.state == STORE_CANCELED;
    store_import_finish(&import);
    return found < 0 ? -1 : over;
}

/* The state is read before the events: when it is final and no event comes after it, nothing was missed. */
static int next_events(void *state, struct cg_bytes *out)
{
    struct live *live = state;
    struct cg_error ignored = {0};
    size_t count = 0;
    int over = is_over(&live->reader, &ignored);
    if (over < 0 || read_on(&live->reader, STREAM_BATCH, add_to_stream, out, &count, &ignored) != 0)
        return 0;
    if (count == 0 && (over == 1 || ++live->polls > POLLS_MAX))
        return 0;
    return 1;
}

static void finish_live(void *state)
{
    free(state);
}

static const struct intake_stream live_stream = {next_events, finish_live, POLL_MS};

static void answer_stream(struct intake_request *request, const struct reader *reader, const struct question *question)
{
    struct cg_error err = {0};
    struct live *live = calloc(1, sizeof *live);
    if (!live) {
        cg_fail_memory(&err);
        intake_fail(request, &err, NULL);
        return;
    }
    live->reader = *reader;
    /* An event source that comes again after the end is told not to: there is nothing behind its last event. */
    CG_AUTO_BYTES struct cg_bytes more = {0};
    if (question->is_resumed && next_events(live, &more) == 0) {
        free(live);
        intake_answer_empty(request, 204);
        return;
    }
    live->reader = *reader;
    intake_set_header(request, "Cache-Control", "no-store");
    intake_answer_stream(request, "text/event-stream", &live_stream, live);
}

/* --- the resources -------------------------------------------------------------------------------------------------
 */

static void answer(struct intake_request *request, const char *import_id)
{
    struct cg_error err = {0};
    struct question question;
    if (read_question(request, &question, &err) != 0) {
        intake_fail(request, &err, NULL);
        return;
    }
    struct reader reader = {
        .store = intake_options(request)->store, .scope = visible_scope(request), .after = question.after};
    memcpy(reader.import_id, import_id, strlen(import_id) + 1);
    if (question.is_stream)
        answer_stream(request, &reader, &question);
    else
        answer_list(request, &reader, question.limit);
}

static void import_events_end(struct intake_request *request, void *state)
{
    (void)state;
    struct store_import import = {0};
    if (visible_import(request, visible_scope(request), &import) != 0)
        return;
    answer(request, import.id);
    store_import_finish(&import);
}

static void all_events_end(struct intake_request *request, void *state)
{
    (void)state;
    answer(request, "");
}

const struct intake_handler intake_import_events = {.end = import_events_end};
const struct intake_handler intake_all_events = {.end = all_events_end};
