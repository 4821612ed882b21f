/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_PRINTABLE_H
#define CG_PRINTABLE_H

/*
 * Text from a document or a hub, made safe to show on a terminal.
 *
 * What a terminal would act on instead of showing becomes \u001b: C0 and C1 controls, DEL, line and paragraph
 * separators, the bidirectional controls (Unicode Standard Annex 9) and invisible characters that hide a difference.
 * A byte that is not UTF-8 becomes \xff. Not an encoding: it cannot be undone.
 */

#include "cg/bytes.h"
#include "cg/error.h"

/* Appends `text` in its safe form. 0, or -1 with CG_E_MEMORY. */
CG_API int cg_printable_append(struct cg_bytes *out, const char *text, struct cg_error *err);

#endif
