/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_JOURNAL_RECORD_H
#define IMPORT_JOURNAL_RECORD_H

/* The form of a journal's record where it is kept: JSON, version 1. */

#include "import/journal.h"

/* The record as a JSON object, new reference; NULL with CG_E_MEMORY. */
json_t *import_record_to_json(const struct import_record *record, struct cg_error *err);

/* Fills a zeroed record. 0, or -1 with CG_E_IO ("PATH is no journal of this program: REASON"), CG_E_MEMORY. */
int import_record_from_json(const json_t *json, const char *path, struct import_record *record, struct cg_error *err);

void import_record_finish(struct import_record *record);

/* Copies a ticket, the key included. 0, or -1 with CG_E_MEMORY. */
int import_ticket_copy(struct koji_ticket *to, const struct koji_ticket *from, struct cg_error *err);

#endif
