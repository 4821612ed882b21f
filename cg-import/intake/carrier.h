/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_CARRIER_H
#define INTAKE_CARRIER_H

/*
 * Carries requests between a listening socket and flow.h. The only module that knows libmicrohttpd.
 *
 * One event loop (epoll) and a few threads of the library; a connection stays with the thread that accepted it, and a
 * handler that waits for disk or database holds that thread. Memory of a connection is bounded: a head, and pieces of a
 * body of at most half its memory.
 */

#include "intake/request_private.h"
#include "intake/stream.h"
#include "intake/tls_revocations.h"

struct carrier;

/* All borrowed until carrier_stop(). */
struct carrier_options {
    struct request_server *shared;
    struct streams *streams;
    enum request_listener listener;
    int fd;                              /* listening; the carrier works with a duplicate */
    unsigned threads;                    /* 1 or more */
    const char *tls_cert, *tls_key;      /* PEM texts; NULL: no TLS */
    const char *client_ca;               /* PEM text; NULL: no client certificates */
    struct tls_revocations *revocations; /* of client certificates; NULL: not asked */
};

/* NULL with CG_E_MEMORY, CG_E_IO, CG_E_CONFIG (certificate or key is not good), CG_E_UNSUPPORTED (a release of the
 * library whose way to read heads cannot be checked, see head_probe.h). */
struct carrier *carrier_start(const struct carrier_options *options, struct cg_error *err);

/* How streams are put to sleep and woken. */
const struct stream_sleep *carrier_sleep(void);

/* How many connections it has. */
unsigned carrier_connections(const struct carrier *carrier);

/* No new connections. NULL is allowed. */
void carrier_quiesce(struct carrier *carrier);

/* Closes all connections and frees. NULL is allowed. */
void carrier_stop(struct carrier *carrier);

#endif
