/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_REQUEST_H
#define INTAKE_REQUEST_H

/*
 * One request as a handler sees it, and how it answers. Keeps the HTTP library out of the handlers.
 *
 * A route names a method, a path pattern, what the caller must be, and a handler. A handler without a body answers in
 * `end`. One with a body gets it in pieces as they arrive, from the thread that serves the connection; nothing is
 * buffered beyond a piece. A handler that has answered early gets no more data; the answer goes out at once and the
 * connection is closed, unless so little of the body is left that it is read and dropped.
 */

#include "cg/bytes.h"
#include "intake/server.h"

#include <jansson.h>

struct intake_request;
struct budget;
struct feed;

/* Who asks. For anonymous routes name is NULL. */
struct intake_caller {
    const char *name;
    unsigned roles;
    struct store_scope scope; /* what it may see and post */
};

struct intake_handler {
    /* Before the body; may answer already. Returns 0, or -1 when it answered or failed (intake_fail was called). */
    int (*begin)(struct intake_request *request, void **state);
    /* A piece of the body. 0, or -1 as above. NULL: a body is refused. */
    int (*data)(struct intake_request *request, void *state, const char *data, size_t size);
    /* The whole request is here: answers. */
    void (*end)(struct intake_request *request, void *state);
    /* Releases the state, also after a broken connection. */
    void (*finish)(void *state);
};

/* A caller that is known, whatever it may do. */
#define INTAKE_ANY_CALLER (1U << 31)

struct intake_route {
    const char *method;  /* "GET" also serves HEAD unless there is a route for HEAD */
    const char *pattern; /* "/v1/imports/{id}/outputs/{position}" */
    unsigned roles;      /* any of STORE_ROLE_*, or INTAKE_ANY_CALLER; 0: anyone */
    uint64_t body_max;   /* bytes; 0: none */
    const struct intake_handler *handler;
};

/* Borrowed for the request. NULL if there is none. Header names without regard to case; query values decoded. */
const char *intake_header(const struct intake_request *request, const char *name);
const char *intake_query(const struct intake_request *request, const char *name);
const char *intake_path(const struct intake_request *request, const char *name); /* value of {name} */
const struct intake_caller *intake_caller(const struct intake_request *request);
/* Is the caller still good, whose token or session may end while an answer goes on? */
bool intake_caller_stands(const struct intake_request *request);
const struct intake_options *intake_options(const struct intake_request *request);
const char *intake_request_id(const struct intake_request *request);
/* Content-Length, 0 for a request without a body, -1 if it comes in chunks. */
int64_t intake_body_size(const struct intake_request *request);

/* The import this request is about: for its log line. */
void intake_note_import(struct intake_request *request, const char *id);

/* What only a handler knows, for /metrics. */
enum intake_counter {
    INTAKE_IMPORTS_NEW,         /* imports accepted */
    INTAKE_IMPORTS_SAME,        /* posts that were an import already */
    INTAKE_CONTENT_BYTES,       /* bytes of outputs taken in */
    INTAKE_CONTENT_KNOWN_BYTES, /* bytes of outputs that were here already and were not sent */
    INTAKE_SIGN_INS,            /* sessions begun */
    INTAKE_SIGN_INS_REFUSED,    /* no such token */
    INTAKE_CROSS_SITE,          /* requests refused because another site's page sent them */
    INTAKE_PAGE_REPORTS,        /* of browsers that kept something from happening in a page */
    INTAKE_COUNTERS,            /* how many there are */
};
void intake_count(struct intake_request *request, enum intake_counter counter, uint64_t amount);

/* Answers. Exactly one is called. Headers set before go out with it. */
int intake_set_header(struct intake_request *request, const char *name, const char *value);
void intake_answer_json(struct intake_request *request, unsigned status, json_t *json /* stolen */);
void intake_answer_text(struct intake_request *request, unsigned status, const char *content_type, const char *text);
/* Any bytes, which are taken over. */
void intake_answer_bytes(struct intake_request *request, unsigned status, const char *content_type,
                         struct cg_bytes *bytes);
void intake_answer_empty(struct intake_request *request, unsigned status);

/*
 * problem+json: type ("/problems/busy", which tells about the code, or "about:blank" where `status` is not the code's
 * own), title, status, code, detail, hint, request_id, and the members of `extra` (stolen, may be NULL), such as
 * "findings". Sets Retry-After where the code is retryable, unless the handler set one. Details of what failed in the
 * service (5xx but 507) go to the log and not to the caller.
 */
void intake_fail(struct intake_request *request, const struct cg_error *error, json_t *extra);
void intake_fail_status(struct intake_request *request, unsigned status, const struct cg_error *error, json_t *extra);

/* What all requests share: what happens to all imports, the room for metadata, and who judges it. */
struct feed *intake_feed(const struct intake_request *request);
struct budget *intake_budget(const struct intake_request *request);
const struct cg_checker *intake_checker(const struct intake_request *request);

/* Server-sent events: the stream asks for more when the client has taken what there was. `next` appends text to `out`
 * and returns 1 (more later), 0 (end); called at most every `poll_ms` while it appends nothing. */
struct intake_stream {
    int (*next)(void *state, struct cg_bytes *out);
    void (*finish)(void *state);
    unsigned poll_ms;
};
void intake_answer_stream(struct intake_request *request, const char *content_type, const struct intake_stream *stream,
                          void *state /* owned */);

#endif
