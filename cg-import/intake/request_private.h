/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_REQUEST_PRIVATE_H
#define INTAKE_REQUEST_PRIVATE_H

/*
 * What a request is inside the room: what came, who asks, what is answered. For the modules that carry a request
 * through; handlers see request.h.
 */

#include "intake/auth.h"
#include "intake/budget.h"
#include "intake/gate.h"
#include "intake/limits.h"
#include "intake/metrics.h"
#include "intake/rate.h"
#include "intake/request.h"
#include "intake/router.h"

#include <pthread.h>

#define REQUEST_ID_SIZE 65
#define REQUEST_HEADERS_MAX 16 /* that an answer may set */
#define REQUEST_QUERY_MAX 16

/* One text pair, both owned. */
struct request_pair {
    char *name, *value;
};

/* How it came: over which listener, and what TLS says of the peer. */
struct request_origin {
    enum request_listener { REQUEST_TCP, REQUEST_UNIX } listener;
    bool tls;
    char certificate_name[256]; /* CN of a client certificate that the CA of the configuration issued, else "" */
    char peer[RATE_PEER_SIZE];  /* address, of IPv6 its network of 64 bits; "" of the Unix socket */
};

struct request_answer {
    unsigned status; /* 0: not answered */
    const char *content_type;
    char *body; /* owned, NULL: none */
    size_t size;
    const struct intake_stream *stream; /* instead of a body */
    void *stream_state;                 /* owned until the stream is finished */
    struct request_pair headers[REQUEST_HEADERS_MAX];
    size_t header_count;
};

/* What all requests of a server share. */
struct request_server {
    struct intake_options options;
    struct router router;
    struct limits *limits;
    struct metrics *metrics;
    struct auth *auth;
    struct feed *feed;
    struct cg_checker *checker;
    struct budget budget;
    pthread_mutex_t hubs_lock; /* over hubs and hub_count of the options, which change */
    struct rate *sign_ins;     /* refused ones, by address */
    struct rate *reports;      /* that were logged */
    atomic_bool stopping;
};

struct intake_request {
    struct request_server *server;
    struct request_origin origin;
    char *head_bytes; /* owned; what `head` points into */
    struct gate_head head;
    struct request_pair query[REQUEST_QUERY_MAX];
    size_t query_count;
    struct router_match match;
    struct auth_caller known;    /* owned texts behind `caller` */
    struct intake_caller caller; /* name NULL: anonymous */
    bool counted;                /* among the caller's requests at once */
    char id[REQUEST_ID_SIZE];
    char import_id[STORE_ID_SIZE];
    void *state; /* the handler's */
    bool begun;  /* the handler's finish is due */
    uint64_t received_bytes;
    uint64_t started_ms;
    struct request_answer answer;
    bool must_close; /* the connection is not to be used again */
};

/* The hubs there are; borrowed for ever. */
const struct intake_hub *request_hubs(struct intake_request *request, size_t *count);

/* Releases what a request owns, not the request. */
void request_release(struct intake_request *request);

/* Where our pages are, "https://host" and maybe more behind it: the configured public URL, or scheme and Host. */
#define REQUEST_OWN_SIZE 512
void request_own_url(const struct intake_request *request, char own[REQUEST_OWN_SIZE]);

/* The answer: has one been given? */
bool request_is_answered(const struct intake_request *request);

#endif
