/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_OPERATE_H
#define CLI_OPERATE_H

/* What retry, cancel and release have in common: a POST below one import, whose answer is shown. */

#include "client_verb.h"

/* What is posted: a body or none. */
struct operation {
    const char *what; /* "retry": the last part of the path */
    const void *body; /* NULL: none; JSON */
    uint64_t body_bytes;
};

/* Finds the import, posts, and shows what it is then. 0, or -1 with the client's errors. */
int operate(struct client_verb *verb, const char *id_or_nvr, const struct operation *operation, struct cg_error *err);

#endif
