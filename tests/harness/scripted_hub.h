/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SCRIPTED_HUB_H
#define TESTS_SCRIPTED_HUB_H

/*
 * A hub that does what a test tells it: answers as told, cuts connections where told, and remembers every request.
 *
 * In threads of the test's own process, on loopback, on a port the system picks. It knows HTTP/1.1 with Content-Length,
 * kept connections and 100-continue; what a request means is the test's business. Not the sandbox hub.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A request as it came. `text` members are NUL-terminated. */
struct scripted_request {
    char *head; /* request line and header lines */
    char *body; /* what was read of it, followed by a NUL */
    size_t body_size;
    unsigned connection; /* 0 for the first one accepted */
};

/* What is done with the body; decided when the head is there. */
enum scripted_plan_kind {
    SCRIPT_READ,   /* read it, then answer */
    SCRIPT_REFUSE, /* answer without reading it, and close */
    SCRIPT_CUT,    /* read `bytes` of it, then reset the connection */
};
struct scripted_plan {
    enum scripted_plan_kind kind;
    size_t bytes;
};

/* What is answered. */
enum scripted_reply_kind {
    SCRIPT_ANSWER,
    SCRIPT_RESET,        /* nothing: the connection is reset */
    SCRIPT_HALF,         /* half of the body, then the connection is reset */
    SCRIPT_ANSWER_CLOSE, /* the answer says keep-alive, yet the connection is closed after it */
};
struct scripted_reply {
    enum scripted_reply_kind kind;
    int status;          /* 0: 200 */
    const char *type;    /* NULL: text/xml */
    const char *headers; /* further header lines, each with CR LF; NULL: none */
    char body[4096];
    const char *long_body; /* instead of body when it does not fit; borrowed */
    const char *verbatim;  /* instead of all of the above: the reply's bytes, then the connection is closed; borrowed */
    size_t verbatim_size;
};

/* The test's part: both are called in the hub's threads, one request at a time. `plan` may be NULL. */
struct scripted_behaviour {
    struct scripted_plan (*plan)(void *context, size_t index, const struct scripted_request *request);
    void (*answer)(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply);
    void *context;
};

struct scripted_hub;

/* Starts; ends the test program if the system gives no socket. */
struct scripted_hub *scripted_hub_start(const struct scripted_behaviour *behaviour);

/* "http://127.0.0.1:PORT/kojihub" */
const char *scripted_hub_url(const struct scripted_hub *hub);

/* Requests so far, and the one of `index`; borrowed until the hub stops. */
size_t scripted_hub_count(struct scripted_hub *hub);
const struct scripted_request *scripted_hub_request(struct scripted_hub *hub, size_t index);

/* The value of a header in `request`, copied into `value`; false if there is none. */
bool scripted_header(const struct scripted_request *request, const char *name, char *value, size_t size);

/* Ends connections and threads and forgets the requests. */
void scripted_hub_stop(struct scripted_hub *hub);

/* Replies in XML-RPC: a value given as XML ("<int>1</int>"), a fault, a login's answer. */
void scripted_value(struct scripted_reply *reply, const char *value_xml);
void scripted_fault(struct scripted_reply *reply, int code, const char *text);
void scripted_session(struct scripted_reply *reply, int id, const char *key, bool header_auth);

/* The method a request calls, "" if it is no call. */
void scripted_method(const struct scripted_request *request, char *method, size_t size);

#endif
