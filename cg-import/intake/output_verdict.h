/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_OUTPUT_VERDICT_H
#define INTAKE_OUTPUT_VERDICT_H

/* Is a file the output that the metadata describes? */

#include "cg/digest.h"
#include "intake/refusal.h"

/* 0, or -1 with CG_E_MISMATCH and the place in the metadata in `refusal`. */
int output_verdict(const struct store_output *output, const struct cg_digests *digests, struct refusal *refusal,
                   struct cg_error *err);

#endif
