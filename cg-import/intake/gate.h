/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_GATE_H
#define INTAKE_GATE_H

/*
 * Reads the head of a request as strictly as RFC 9112 allows, so that no two servers can disagree on where a request
 * ends. Not a parser of what the headers mean.
 *
 * libmicrohttpd accepts two lengths, two Hosts and much more, and hides most of that from its callers. What it leaves
 * of the bytes of a head raw_head.h brings into the form this gate reads: NULs for the blanks of the request line, for
 * the first colon of each field, and for both characters of each line end:
 *     POST \0 /v1/imports?a=b \0 HTTP/1.1 \0\0 Host \0  localhost \0\0 Content-Length \0 3 \0\0 \0\0
 */

#include "cg/error.h"

#include <stddef.h>
#include <stdint.h>

#define GATE_HEAD_MAX 16384  /* bytes of a head; more is 431 */
#define GATE_FIELDS_MAX 64   /* header fields; more is 431 */
#define GATE_TARGET_MAX 8192 /* bytes of the request target; more is 414 */

enum gate_framing {
    GATE_NO_BODY,
    GATE_LENGTH,
    GATE_CHUNKED,
};

struct gate_field {
    const char *name, *value; /* value without blanks around it */
};

/* Points into the bytes that were read. */
struct gate_head {
    const char *method;
    const char *target; /* as sent, percent-encoded */
    struct gate_field fields[GATE_FIELDS_MAX];
    size_t count;
    enum gate_framing framing;
    uint64_t length; /* with GATE_LENGTH */
};

/* Reads `size` bytes in the form above (writing NULs behind values). 0, or -1: the answer is `*status` (400, 414, 417,
 * 431, 505) and the connection must be closed; the error is CG_E_USAGE or CG_E_LIMIT. */
int gate_read(char *bytes, size_t size, struct gate_head *head, unsigned *status, struct cg_error *err);

/* The value of a field, names compared without regard to case; NULL if there is none. */
const char *gate_field(const struct gate_head *head, const char *name);

/* How many fields have this name. */
size_t gate_count(const struct gate_head *head, const char *name);

#endif
