/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SUBMIT_OUTPUTS_H
#define CLI_SUBMIT_OUTPUTS_H

/*
 * Sends the outputs that the service misses, several at once, each taken up where it broke off
 * (draft-ietf-httpbis-resumable-upload).
 */

#include "progress.h"
#include "service_client.h"

struct submit_outputs {
    const struct service_access *access;
    const struct stop *stop;
    const char *id;        /* of the import */
    const json_t *missing; /* array of outputs, as the service lists them */
    const char *directory; /* where their files are; NULL: none was named */
    unsigned lanes;        /* at once */
    struct progress *progress;
};

/*
 * Looks at all files, then sends them. 0; -1 with CG_E_MISMATCH (no such file, another size; or the service found other
 * bytes than the metadata says), CG_E_USAGE (no directory), CG_E_INTERRUPTED, or what the service says after some
 * tries.
 */
int submit_outputs_send(const struct submit_outputs *outputs, struct cg_error *err);

/* How long to wait before asking again after a failure: what the service says, else what the backoff says. */
struct backoff;
unsigned submit_pause_ms(struct backoff *backoff, const struct service_reply *reply);

/* Tries of one request that fails for a time, and the waits between them, milliseconds. */
#define SUBMIT_TRIES 12
#define SUBMIT_FIRST_MS 500
#define SUBMIT_MOST_MS 30000

#endif
