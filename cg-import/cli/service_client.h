/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SERVICE_CLIENT_H
#define CLI_SERVICE_CLIENT_H

/*
 * Requests to the service (schema/openapi.yaml) by libcurl: one after another, over a kept connection.
 *
 * An answer that is a failure becomes the error that the service meant (problem+json, RFC 9457). Sends nothing twice by
 * itself: what may be repeated is for the caller to say. One thread at a time; a thread has a client of its own.
 */

#include "service_access.h"

#include "base/stop.h"
#include "cg/auto.h"
#include "cg/bytes.h"

#include <stdbool.h>
#include <sys/types.h>

struct service_client;

#define AUTO_SERVICE_CLIENT CG_AUTO(service_client_auto)

/* `access` (resolved) and `stop` (may be NULL) are borrowed. NULL with CG_E_MEMORY. */
struct service_client *service_client_create(const struct service_access *access, const struct stop *stop,
                                             struct cg_error *err);

/* Told how much of a body went out, in the caller's thread. */
typedef void service_sent(void *context, uint64_t sent_bytes);

/* What is asked. Zero-initialise and set what is needed. */
struct service_request {
    const char *method;
    const char *path;         /* "/v1/imports?...", or the whole address that the service gave */
    const char *content_type; /* NULL: no body */
    const void *body;         /* NULL: the body is read from `fd` */
    int fd;
    off_t offset;        /* in the file */
    uint64_t body_bytes; /* of either */
    const char *headers[4];
    service_sent *sent; /* NULL: not told */
    void *sent_context;
    /* A stream: called with what came, while it comes; anything but 0 ends it. Such a request has no time limit. */
    int (*receive)(void *context, const char *data, size_t size);
    void *receive_context;
};

/* Zero-initialise; release with service_reply_finish. */
struct service_reply {
    int status;
    struct cg_bytes body;
    json_t *json;           /* of a JSON answer, owned; NULL: none */
    int64_t upload_offset;  /* -1: not told */
    unsigned retry_after_s; /* 0: not told */
    json_t *report;         /* findings of a refusal, borrowed from json; NULL: none */
    bool ended_by_receiver;
};

#define AUTO_SERVICE_REPLY CG_AUTO(service_reply_finish)

/*
 * Asks. 0 for an answer of 2xx; -1 with what the service says, or CG_E_UNREACHABLE (nothing was sent), CG_E_TRANSFER
 * (it may have been received), CG_E_INTERRUPTED, CG_E_HUB_REPLY (no answer of the service), CG_E_IO, CG_E_MEMORY. The
 * reply is filled in as far as it came in every case.
 */
int service_client_ask(struct service_client *client, const struct service_request *request,
                       struct service_reply *reply, struct cg_error *err);

/* GET of `path`. */
int service_client_get(struct service_client *client, const char *path, struct service_reply *reply,
                       struct cg_error *err);

/* Appends `text` percent-encoded to a query. 0, or -1 with CG_E_MEMORY. */
int service_client_escape(struct cg_bytes *query, const char *text, struct cg_error *err);

/* The code of that name ("CG_E_BUSY"), CG_OK for none. */
enum cg_code service_client_code(const char *name);

void service_reply_finish(struct service_reply *reply);

/* NULL is allowed. */
void service_client_destroy(struct service_client *client);

static inline void service_client_auto(struct service_client **client)
{
    service_client_destroy(*client);
}

#endif
