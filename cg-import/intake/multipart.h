/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_MULTIPART_H
#define INTAKE_MULTIPART_H

/*
 * multipart/form-data as it arrives (RFC 7578 over RFC 2046 section 5.1.1): parts are told with their data in pieces,
 * nothing is kept but one part's header.
 *
 * Strict where readers differ: a boundary line with anything but blanks after it, a header without a form-data name,
 * a name or file name that is no UTF-8, a transfer encoding, an end without the closing boundary are all refused.
 * libmicrohttpd's own reader wants one of its connections and so cannot be fed by a test.
 */

#include "cg/auto.h"
#include "cg/error.h"

#include <stddef.h>

/* RFC 2046 section 5.1.1. */
#define MULTIPART_BOUNDARY_MAX 70
/* Bytes of one part's header: three short fields and one path. */
#define MULTIPART_HEADER_MAX 8192
/* Parts of one body: the outputs of a large build and the options. */
#define MULTIPART_PARTS_MAX 20000

/* Header of a part; borrowed during the call. */
struct multipart_part {
    const char *name;     /* never NULL */
    const char *filename; /* NULL if none; with directories as sent */
};

/* Each returns 0, or -1 with an error, which ends the reading with it. */
struct multipart_events {
    int (*begin)(void *context, const struct multipart_part *part, struct cg_error *err);
    int (*data)(void *context, const char *data, size_t size, struct cg_error *err);
    int (*end)(void *context, struct cg_error *err);
};

struct multipart;

#define MULTIPART_AUTO CG_AUTO(multipart_auto)

/* Is this Content-Type multipart/form-data at all? */
bool multipart_is(const char *content_type);

/*
 * Begins a body of that Content-Type. `events` and `context` are borrowed. NULL with CG_E_SYNTAX (no or a wrong
 * boundary), CG_E_MEMORY.
 */
struct multipart *multipart_create(const char *content_type, const struct multipart_events *events, void *context,
                                   struct cg_error *err);

/* The next bytes, split anywhere. 0, or -1 with CG_E_SYNTAX, CG_E_LIMIT (header, parts), or what an event failed with;
 * then every later call fails. */
int multipart_feed(struct multipart *multipart, const char *data, size_t size, struct cg_error *err);

/* The body is over. 0, or -1 with CG_E_SYNTAX if it ended in the middle. */
int multipart_finish(struct multipart *multipart, struct cg_error *err);

/* NULL is allowed. */
void multipart_destroy(struct multipart *multipart);

static inline void multipart_auto(struct multipart **multipart)
{
    multipart_destroy(*multipart);
}

#endif
