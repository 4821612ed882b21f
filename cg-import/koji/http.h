/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_HTTP_H
#define KOJI_HTTP_H

/*
 * One request to a hub and its reply: the only user of libcurl.
 *
 * Knows TLS with a client certificate, GSSAPI Negotiate, timeouts and the cap on replies. Never follows a redirect,
 * never repeats. Knows nothing of XML-RPC or sessions: an URL or a header may hold a session key, so neither is ever
 * put into a message. TLS 1.3 post-handshake authentication and TLS 1.2 renegotiation, by which a hub asks for the
 * certificate at /ssllogin only, are libcurl's as soon as a certificate is set; both need HTTP/1.1.
 */

#include "base/stop.h"
#include "cg/bytes.h"
#include "koji/profile.h"

#include <stdbool.h>
#include <stdint.h>

/* Seconds until a connection must stand, TLS included. */
#define KOJI_HTTP_CONNECT_S 30
/* Bodies above this wait for "100 Continue", so that a refusal comes before they are sent. */
#define KOJI_HTTP_EXPECT_BYTES (1024U * 1024U)
/* How long to wait for it: proxies that do not know it stay silent. */
#define KOJI_HTTP_EXPECT_MS 2000L
/* Header lines a request may have besides the transport's own. */
#define KOJI_HTTP_HEADERS_MAX 4

/* Who the server is to think we are, besides the session in the headers. */
enum koji_http_negotiate { KOJI_HTTP_NO_NEGOTIATE, KOJI_HTTP_NEGOTIATE };

enum koji_http_verb { KOJI_HTTP_POST, KOJI_HTTP_GET };

/* Reading from `read` may fail: it has recorded why in an error of its own. */
#define KOJI_HTTP_READ_FAILED ((size_t)-1)

/* Everything is borrowed for the time of the call. */
struct koji_http_request {
    enum koji_http_verb verb;
    const char *url;                            /* http or https */
    const char *content_type;                   /* of the body; NULL for a GET */
    const char *headers[KOJI_HTTP_HEADERS_MAX]; /* "Name: value"; NULL where there is none */
    const char *certificate;                    /* PEM with certificate and key, NULL for none */
    enum koji_http_negotiate negotiate;
    const char *body; /* NULL: `read` gives it */
    uint64_t body_size;
    size_t (*read)(void *context, char *buffer, size_t size); /* next bytes, at most size */
    void *read_context;
    size_t reply_most; /* bytes that are kept in reply.body; 0: KOJI_REPLY_MAX */
    /* Given what comes of an answer of status 200, of any length, in the place of reply.body; NULL: it is kept there.
     * 0, or -1 for want of memory. */
    int (*take)(void *context, const void *data, size_t size);
    void *take_context;
    unsigned timeout_s;         /* for all of it; 0: none */
    unsigned stall_s;           /* cut when slower than stall_rate for so long; 0: never */
    unsigned stall_rate;        /* bytes per second */
    const struct stop *stop;    /* may be NULL */
    enum stop_level abort_from; /* a stop of this level cuts the transfer */
    const struct stop *sibling; /* a stop of any level cuts it too: what it is a part of failed; may be NULL */
};

/* What became of a request. */
enum koji_http_fate {
    KOJI_HTTP_NOT_SENT, /* no byte of it left: name, connect, TLS */
    KOJI_HTTP_NO_REPLY, /* it may have reached the hub; no whole reply came */
    KOJI_HTTP_REPLIED,
};

/* Zero-initialise; release with koji_http_reply_finish. */
struct koji_http_reply {
    enum koji_http_fate fate;
    unsigned sends;         /* how often it may have reached the hub: libcurl repeats on a kept connection that died */
    bool too_long;          /* more bytes came than are taken */
    bool hopeless;          /* trying again cannot help: certificate, URL, stop */
    int status;             /* HTTP status */
    unsigned retry_after_s; /* 0: not said */
    bool html;              /* the body is a page for people */
    bool plain_text;        /* the body is text/plain: the hub's own words, not a page of a proxy */
    char hub_version[32];   /* Koji-Version header, "" if none came */
    struct cg_bytes body;
};

struct koji_http;

/* Connects to nothing. `profile` (server, serverca, no_ssl_verify) is borrowed. NULL with CG_E_MEMORY. */
struct koji_http *koji_http_create(const struct koji_profile *profile, struct cg_error *err);

/*
 * Sends the request. 0: a whole reply of any status came. -1: CG_E_UNREACHABLE (not sent), CG_E_TRANSFER (sent, no
 * whole reply), CG_E_CONFIG (URL, client certificate, a server certificate that does not verify), CG_E_AUTH (the TLS
 * layer refused the certificate), CG_E_HUB_REPLY (longer than reply_most), CG_E_INTERRUPTED, CG_E_MEMORY. `reply`
 * is filled in either way.
 */
int koji_http_send(struct koji_http *http, const struct koji_http_request *request, struct koji_http_reply *reply,
                   struct cg_error *err);

/* What GSSAPI said about the last Negotiate request, "" if nothing. Borrowed. */
const char *koji_http_gss_text(const struct koji_http *http);

void koji_http_reply_finish(struct koji_http_reply *reply);

/* NULL is allowed. */
void koji_http_destroy(struct koji_http *http);

static inline void koji_http_auto(struct koji_http **http)
{
    koji_http_destroy(*http);
}

#endif
