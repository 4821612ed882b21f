/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_WIRE_TEXT_H
#define CG_HUB_WIRE_TEXT_H

/*
 * JSON text whose strings XML-RPC and the hub's database can carry.
 *
 * What quotes a document may hold characters that XML 1.0 section 2.2 does not allow; the hub would write them out all
 * the same, and no client could read the reply. Half a surrogate pair it cannot even write, and PostgreSQL does not
 * take that nor U+0000. They become the six characters \u001b that the report's readable form shows, too.
 */

#include "cg/auto.h"
#include "cg/bytes.h"
#include "cg/error.h"

/* Appends what is JSON text already. Returns 0, or -1 with CG_E_MEMORY. */
int wire_text_spell(struct cg_bytes *text, const char *json, struct cg_error *err);

/* Appends `json` as text. Returns 0, or -1 with CG_E_MEMORY. */
int wire_text_append(struct cg_bytes *text, const json_t *json, struct cg_error *err);

#endif
