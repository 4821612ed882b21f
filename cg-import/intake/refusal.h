/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_REFUSAL_H
#define INTAKE_REFUSAL_H

/*
 * What the answer to a failure needs beside the error: another status than the code's own, members of the problem.
 */

#include "intake/request.h"

/* Zero-initialise; release with refusal_finish. */
struct refusal {
    unsigned status; /* 0: the code's own */
    json_t *extra;   /* NULL: none */
};

/*
 * The error came from the content store: without room it is answered with 507, out of order with 503 (and what exactly
 * is for the log). Returns -1, always.
 */
int refusal_of_content(struct refusal *refusal, struct cg_error *err);

/* A file is not what the metadata says at `pointer`: CG_E_MISMATCH was recorded. Returns -1, always. */
int refusal_at(struct refusal *refusal, const char *pointer);

/* Answers. */
void refusal_answer(struct intake_request *request, struct refusal *refusal, const struct cg_error *error);

void refusal_finish(struct refusal *refusal);

#endif
