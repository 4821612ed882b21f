/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_SERVER_H
#define INTAKE_SERVER_H

/*
 * The HTTP face of the service: schema/openapi.yaml is the contract.
 *
 * libmicrohttpd carries it and is seen by carrier.c only. Every request passes the header gate, finds its caller, its
 * route and its handler (request.h). Answers to failures are problem+json (RFC 9457) with the findings.
 */

#include "base/log.h"
#include "base/stop.h"
#include "base/work_counters.h"
#include "cg/check.h"
#include "cg/note.h"
#include "content/reference.h"
#include "content/spool.h"
#include "store/sessions.h"

/* What a hub has registered, for checking posts; asked by the top floor, which owns the answer until the next call
 * from the same thread. NULL: no such hub. An empty struct: not known now. */
typedef const struct cg_hub_facts *intake_hub_facts(void *context, const char *hub);

struct intake_limits {
    uint64_t metadata_bytes;         /* of one document; 0: 64 MiB */
    uint64_t output_bytes;           /* of one output; 0: 1 TiB */
    unsigned outputs;                /* of one import; 0: 10,000 */
    unsigned connections;            /* in all; 0: 1,000 */
    unsigned connections_per_caller; /* 0: 64 */
    unsigned imports_per_caller;     /* unfinished; 0: 1,000 */
    unsigned header_seconds;         /* for the head of a request; 0: 10 */
    unsigned idle_seconds;           /* 0: 60 */
    unsigned rate_min;               /* of a body, bytes per second; 0: 1,024 */
    unsigned rate_seconds;           /* over which rate_min is taken; 0: 10 */
};

/* How callers are known. Any combination; none of them: only health and the contract are answered. */
struct intake_trust {
    bool tokens; /* bearer tokens of store/callers.h, and sessions that they are exchanged for */
    struct store_session_limits sessions; /* zeroes: half an hour without use, twelve hours in all */
    const char *client_ca;                /* PEM: client certificates of this CA; the caller is the certificate's CN */
    const char *client_crl;               /* PEM: CRLs of that CA, read again when the file changes; NULL: none */
    const char *front_user_header;        /* on the Unix socket only: header in which the front server names the user */
    const char *kubernetes_url;           /* API server for TokenReview; NULL: off */
    const char *kubernetes_ca;
    const char *kubernetes_token_file;
    const char *kubernetes_audience;
    /* Roles and scopes of callers that are known otherwise than by our tokens: first match of name glob counts. */
    const struct intake_grant {
        const char *name; /* "CN=osbs", "user:alice@EXAMPLE.COM", "serviceaccount:ns/name" as a glob */
        unsigned roles;
        const char *const *content_generators;
        const char *const *packages;
    } * grants;
    size_t grant_count;
};

/* A hub that imports may be for. */
struct intake_hub {
    const char *name;
    const char *web_url; /* of its pages for people; NULL: not known */
};

/* Who is to cosign the audit log. */
struct intake_witness {
    const char *name;
    const char *key; /* verifier key */
};

struct intake_options {
    struct store *store;
    struct spool *spool;
    struct log *log;
    struct work_counters *counters; /* of the worker in this process, told by /metrics; NULL: none */
    const char *address;            /* "127.0.0.1", "::"; NULL: no TCP */
    unsigned short port;            /* 0: any free one */
    const char *unix_socket;        /* NULL: none */
    unsigned unix_mode;             /* permission bits; 0: 0660 */
    const char *tls_cert, *tls_key; /* PEM; NULL: plain */
    struct intake_trust trust;
    struct intake_limits limits;
    const char *default_hub;
    const struct intake_hub *hubs; /* those of the beginning */
    size_t hub_count;
    const struct reference_root *roots;
    size_t root_count;
    intake_hub_facts *hub_facts;
    void *hub_facts_context;
    void *owner;                 /* for the handlers of a starter's own routes (server_private.h); NULL: none */
    const char *audit_directory; /* of the published audit log; NULL: none is served */
    const struct intake_witness *witnesses;
    size_t witness_count;
    unsigned quorum;        /* witnesses without which nothing is published */
    unsigned audit_wait_s;  /* a leaf that waits for longer makes the service not ready; 0: none does */
    const char *public_url; /* as callers reach it, for Location; NULL: from the Host header */
    unsigned threads;       /* 0: 16; a handler that waits for disk or database holds one */
    const struct cg_note_signer *attestation_signer; /* signs attestations; NULL: they go out unsigned */
};

struct intake;

/* Options are copied, what they point to is borrowed. NULL with CG_E_IO (address in use), CG_E_CONFIG, ... */
struct intake *intake_start(const struct intake_options *options, struct cg_error *err);

/* The port that was taken. */
unsigned short intake_port(const struct intake *intake);

/* Other grants from here on, instead of those of the options. Borrowed, and those of before until the stop as well:
 * requests under way may still look at them. */
void intake_set_grants(struct intake *intake, const struct intake_grant *grants, size_t count);

/* Other hubs from here on, borrowed in the same way. */
void intake_set_hubs(struct intake *intake, const struct intake_hub *hubs, size_t count);

/*
 * Reads certificate, key and CA of client certificates again, from these files; connections there are keep what they
 * have. 1 taken up; 0 they are the same as before, or there is no TLS; -1 what was stays, with CG_E_CONFIG (no good
 * certificate or key; TLS would be switched on or off), CG_E_IO, CG_E_MEMORY.
 */
int intake_set_tls(struct intake *intake, const char *cert, const char *key, const char *client_ca,
                   struct cg_error *err);

/* No new requests; running ones may end within `seconds`; frees. */
void intake_stop(struct intake *intake, unsigned seconds);

#endif
