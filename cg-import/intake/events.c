/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GET of /v1/imports/{id}/events and /v1/events: what happened, as a list or as server-sent events (the WHATWG HTML
 * standard, section 9.2). A stream that waits asks the database for nothing but whether its caller still counts: the
 * feed tells it when there is something.
 */
#include "base/clock.h"
#include "intake/feed.h"
#include "intake/parameter.h"
#include "intake/representation.h"
#include "intake/resources.h"
#include "intake/visible.h"

#include <string.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define STREAM_BATCH 100
#define POLL_MS FEED_POLL_MS
/* Polls after which a stream ends and the client comes again, so that a caller who lost its grant is let go: one hour.
 */
#define POLLS_MAX 7200
/* Between looks whether the caller's token or session still counts, ms. */
#define CALLER_LOOK_MS 5000U

/* --- what is asked -------------------------------------------------------------------------------------------------
 */

struct question {
    bool is_stream;
    bool is_resumed; /* the client had events before */
    bool from_now;   /* only what happens from here on */
    int64_t after;
    unsigned limit;
};

static int read_question(const struct intake_request *request, struct question *question, struct cg_error *err)
{
    const char *stream = intake_query(request, "stream"), *after = intake_query(request, "after");
    const char *limit = intake_query(request, "limit"), *last = intake_header(request, "Last-Event-ID");
    const char *begin = intake_query(request, "begin");
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
    if (begin && strcmp(begin, "now") != 0)
        return cg_fail(err, CG_E_USAGE, "begin is \"%s\", expected now", begin);
    question->is_resumed = last != NULL;
    question->from_now = begin && !after && !last;
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
};

static bool is_wanted(const struct reader *reader, const struct store_event *event)
{
    if (event->event_id <= reader->after)
        return false;
    if (reader->import_id[0])
        return strcmp(reader->import_id, event->import_id) == 0;
    return visible_covers(reader->scope, event->content_generator, event->package);
}

/* Tells the next events of the store, at most `limit` read. *count is how many were read, seen or not. 0 or -1. */
static int read_on(struct reader *reader, unsigned limit, feed_listener *listener, void *context, size_t *count,
                   struct cg_error *err)
{
    struct store_event *events = NULL;
    const char *id = reader->import_id[0] ? reader->import_id : NULL;
    if (store_event_list(reader->store, id, reader->after, limit, &events, count, err) != 0)
        return -1;
    int told = 0;
    for (size_t i = 0; i < *count && told == 0; i++) {
        if (is_wanted(reader, &events[i]))
            told = listener(context, &events[i], err);
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
    const struct intake_request *request; /* borrowed: it lives as long as the stream */
    uint64_t looked_ms;                   /* when its caller was found good last */
    struct feed *feed;
    int64_t position; /* in the feed: all up to here was told */
    bool follows;     /* the feed; before it everything is read from the store */
    struct cg_bytes *out;
    unsigned polls; /* without an event */
};

static int add_to_stream(void *context, const struct store_event *event, struct cg_error *err)
{
    struct live *live = context;
    CG_AUTO_JSON json_t *json = representation_event(event, err);
    CG_AUTO_FREE char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (!text)
        return cg_fail_memory(err);
    return cg_bytes_printf(live->out, err, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)event->event_id, event->type,
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

/*
 * From the store, until there is no more and the import goes on. The state is read before the events: when it is final
 * and no event comes after it, nothing was missed. The position is taken before both, so nothing lies between what is
 * read here and what the feed tells from there on. 1 more later, 0 the end.
 */
static int catch_up(struct live *live)
{
    struct cg_error ignored = {0};
    size_t count = 0;
    int64_t position = feed_position(live->feed, clock_monotonic_ms());
    int over = is_over(&live->reader, &ignored);
    if (over < 0 || read_on(&live->reader, STREAM_BATCH, add_to_stream, live, &count, &ignored) != 0)
        return 0;
    if (count > 0)
        return 1;
    live->position = position;
    live->follows = true;
    return over == 0;
}

static int add_if_wanted(void *context, const struct store_event *event, struct cg_error *err)
{
    struct live *live = context;
    if (!is_wanted(&live->reader, event))
        return 0;
    if (add_to_stream(live, event, err) != 0)
        return -1;
    live->reader.after = event->event_id;
    return 0;
}

/* From the feed. An event of the one import that is followed may be its last: the store is asked once more. */
static int follow(struct live *live)
{
    struct cg_error ignored = {0};
    int64_t after = live->reader.after;
    int told = feed_tell(live->feed, &live->position, clock_monotonic_ms(), add_if_wanted, live, &ignored);
    if (told < 0)
        return 0;
    if (told == 0 || (live->reader.import_id[0] && live->reader.after != after))
        live->follows = false;
    return 1;
}

static bool caller_stands(struct live *live)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (now_ms - live->looked_ms < CALLER_LOOK_MS)
        return true;
    live->looked_ms = now_ms;
    return intake_caller_stands(live->request);
}

static int next_events(void *state, struct cg_bytes *out)
{
    struct live *live = state;
    size_t before = out->size;
    if (!caller_stands(live))
        return 0;
    live->out = out;
    int result = live->follows ? follow(live) : catch_up(live);
    live->out = NULL;
    live->polls = out->size > before ? 0 : live->polls + 1;
    return live->polls > POLLS_MAX ? 0 : result;
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
    *live = (struct live){
        .reader = *reader, .request = request, .looked_ms = clock_monotonic_ms(), .feed = intake_feed(request)};
    /* An event source that comes again after the end is told not to: there is nothing behind its last event. */
    CG_AUTO_BYTES struct cg_bytes more = {0};
    if (question->is_resumed && next_events(live, &more) == 0) {
        free(live);
        intake_answer_empty(request, 204);
        return;
    }
    *live = (struct live){
        .reader = *reader, .request = request, .looked_ms = clock_monotonic_ms(), .feed = intake_feed(request)};
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
    if (question.from_now && store_event_last(reader.store, &reader.after, &err) != 0) {
        intake_fail(request, &err, NULL);
        return;
    }
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
