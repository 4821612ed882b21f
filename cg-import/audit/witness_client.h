/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AUDIT_WITNESS_CLIENT_H
#define AUDIT_WITNESS_CLIENT_H

/*
 * Asking witnesses to cosign a checkpoint: the client of C2SP tlog-witness add-checkpoint.
 *
 * Asks all witnesses at once; one that knows another size than we think says so (409) and is asked again with the
 * proof from there. A cosignature counts only when it verifies. Decides nothing about publishing: it says how many
 * signed. Keeps what each witness is known to have between calls, in memory only.
 */

#include "cg/checkpoint.h"

/* Witnesses a log may have. */
#define AUDIT_WITNESSES_MAX 16U
/* Bytes of a witness's answer that are read: a few signature lines. */
#define AUDIT_WITNESS_ANSWER_MAX 65536U

/* One witness. */
struct audit_witness {
    const char *url;                  /* submission prefix, without "/add-checkpoint"; borrowed */
    struct cg_note_verifier verifier; /* of type CG_NOTE_COSIGNATURE */
};

/* One POST, and what came of it. */
struct audit_witness_exchange {
    const char *url; /* whole, borrowed */
    const char *body;
    size_t body_size;
    long status;             /* HTTP status; 0: no answer came */
    struct cg_bytes answer;  /* at most AUDIT_WITNESS_ANSWER_MAX bytes; owned by whoever made the exchange */
    struct cg_error failure; /* why no answer came */
};

/* Does `count` POSTs at the same time and returns when all have ended, `timeout_ms` at the latest. */
struct audit_witness_transport {
    void (*post)(void *context, struct audit_witness_exchange *exchanges, size_t count, long timeout_ms);
    void *context;
};

/* What one witness did in the last call. */
struct audit_witness_outcome {
    bool cosigned;
    struct cg_error failure; /* why not; CG_E_FORK when the witness has seen a larger log or another root */
};

struct audit_witness_client;

#define AUTO_AUDIT_WITNESS_CLIENT CG_AUTO(audit_witness_client_auto)

/*
 * A client of `count` witnesses (copied; their urls are borrowed). `transport` is borrowed; witness_http.h makes the
 * one over HTTP. NULL with CG_E_CONFIG (too many, or twice the same key), CG_E_MEMORY.
 */
struct audit_witness_client *audit_witness_client_create(const struct audit_witness *witnesses, size_t count,
                                                         const struct audit_witness_transport *transport,
                                                         struct cg_error *err);

/*
 * Has the checkpoint `note` (a signed note over a tree that `source` reads, its own signature trusted by the caller)
 * cosigned. Appends to `cosigned` the note with the signature lines of those witnesses that did; `outcomes` (one for
 * each witness, may be NULL) says how each did. Returns how many cosigned, 0 up; -1 with CG_E_FORM, CG_E_MEMORY or
 * the source's error: never because of a witness.
 */
int audit_witness_client_cosign(struct audit_witness_client *client, const struct cg_merkle_source *source,
                                const char *note, size_t note_size, long timeout_ms, struct cg_bytes *cosigned,
                                struct audit_witness_outcome *outcomes, struct cg_error *err);

/* NULL is allowed. */
void audit_witness_client_destroy(struct audit_witness_client *client);

static inline void audit_witness_client_auto(struct audit_witness_client **client)
{
    audit_witness_client_destroy(*client);
}

#endif
