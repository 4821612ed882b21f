/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service_events.h"

#include "base/backoff.h"

#include <inttypes.h>
#include <string.h>

/* How long it is waited for a stream that broke, milliseconds, and how often in a row without an event between. */
#define AGAIN_FIRST_MS 200
#define AGAIN_MOST_MS 10000
#define AGAIN_TIMES 20

/* A stream being read: lines are put together, "data:" is an event. */
struct stream {
    service_event_told *told;
    void *context;
    struct cg_bytes line;
    int64_t last_id;
    bool ended;    /* by whom we tell */
    bool received; /* anything at all since it was opened */
};

static void take_line(struct stream *stream, const char *line)
{
    static const char mark[] = "data:";
    if (strncmp(line, mark, strlen(mark)) != 0)
        return;
    CG_AUTO_JSON json_t *event = json_loads(line + strlen(mark), 0, NULL);
    const json_t *id = json_object_get(event, "id");
    /* What was told before a break is not told again. */
    if (!json_is_integer(id) || json_integer_value(id) <= stream->last_id)
        return;
    stream->last_id = json_integer_value(id);
    stream->received = true;
    stream->ended = stream->told(stream->context, event) != 0;
}

static int receive(void *context, const char *data, size_t size)
{
    struct stream *stream = context;
    for (const char *end = data + size; data < end && !stream->ended;) {
        const char *line_end = memchr(data, '\n', (size_t)(end - data));
        size_t length = (size_t)((line_end ? line_end : end) - data);
        if (cg_bytes_append(&stream->line, data, length, NULL) < 0)
            return -1;
        data += length + (line_end ? 1 : 0);
        if (line_end) {
            take_line(stream, cg_bytes_text(&stream->line));
            cg_bytes_clear(&stream->line);
        }
    }
    return stream->ended;
}

/* One stream. 0 it ended or broke and may be taken up again, 1 there is no more to come, -1. */
static int read_stream(struct service_client *client, struct stream *stream, const char *id, struct cg_error *err)
{
    char path[96], last[64];
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    snprintf(path, sizeof path, "/v1/imports/%s/events?stream=true", id);
    snprintf(last, sizeof last, "Last-Event-ID: %" PRId64, stream->last_id);
    struct service_request request = {.method = "GET",
                                      .path = path,
                                      .headers = {"Accept: text/event-stream", last},
                                      .receive = receive,
                                      .receive_context = stream};
    stream->received = false;
    cg_bytes_clear(&stream->line);
    if (service_client_ask(client, &request, &reply, err) < 0)
        return -1;
    return stream->ended || reply.status == 204;
}

int service_events_watch(struct service_client *client, const struct stop *stop, const char *id, int64_t *after,
                         service_event_told *told, void *context, struct cg_error *err)
{
    struct stream stream = {.told = told, .context = context, .last_id = *after};
    struct backoff backoff;
    backoff_init(&backoff, AGAIN_FIRST_MS, AGAIN_MOST_MS, (uint64_t)getpid());
    int result = 0;
    for (unsigned times = 0; times < AGAIN_TIMES; times++) {
        cg_error_clear(err);
        result = read_stream(client, &stream, id, err);
        if (result > 0 || (result < 0 && !cg_code_info(err->code)->retryable) || err->code == CG_E_INTERRUPTED)
            break;
        if (stream.received) {
            times = 0;
            backoff_init(&backoff, AGAIN_FIRST_MS, AGAIN_MOST_MS, (uint64_t)stream.last_id);
        }
        if (stop_sleep(stop, backoff_next(&backoff)) != 0) {
            cg_error_clear(err);
            result = cg_fail(err, CG_E_INTERRUPTED, "stopped while watching import %s", id);
            break;
        }
    }
    cg_bytes_finish(&stream.line);
    *after = stream.last_id;
    return result < 0 ? -1 : 0;
}

int service_events_list(struct service_client *client, const char *id, service_event_told *told, void *context,
                        struct cg_error *err)
{
    for (int64_t after = 0;;) {
        AUTO_SERVICE_REPLY struct service_reply reply = {0};
        char path[128];
        snprintf(path, sizeof path, "/v1/imports/%s/events?limit=1000&after=%" PRId64, id, after);
        if (service_client_get(client, path, &reply, err) < 0)
            return -1;
        size_t i;
        json_t *event;
        json_array_foreach(json_object_get(reply.json, "events"), i, event)
        {
            if (told(context, event) != 0)
                return 0;
        }
        const json_t *next = json_object_get(reply.json, "next");
        if (!json_is_integer(next) || json_integer_value(next) <= after)
            return 0;
        after = json_integer_value(next);
    }
}
