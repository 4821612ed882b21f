/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PROVENANCE_H
#define CLI_PROVENANCE_H

/*
 * Answers about provenance (docs/provenance.md) as people and spreadsheets read them.
 *
 * Each prints one answer of the service, whole. CSV as RFC 4180 has it, with a line of names first and LF at the end of
 * lines. What an answer is complete for goes to standard error, where it does not get between the data.
 */

#include "options.h"

#include "cg/bytes.h"

#include <jansson.h>

enum provenance_form {
    PROVENANCE_TEXT,
    PROVENANCE_CSV,
    PROVENANCE_JSON, /* printed as it came, by the verb */
};

/* Whether to list every component of a build, too. */
enum provenance_components { PROVENANCE_COUNTED, PROVENANCE_LISTED };

/* Pages after the first have no line of names. */
enum provenance_header { PROVENANCE_NAMED, PROVENANCE_GOES_ON };

/* Each returns 0, or -1 with CG_E_MEMORY. */
int provenance_print_builds(FILE *out, const json_t *answer, enum provenance_form form, enum provenance_header header,
                            struct cg_error *err);
int provenance_print_build(FILE *out, const json_t *answer, enum provenance_form form,
                           enum provenance_components components, struct cg_error *err);
int provenance_print_difference(FILE *out, const json_t *answer, enum provenance_form form, struct cg_error *err);
int provenance_print_related(FILE *out, const json_t *answer, enum provenance_form form, struct cg_error *err);

/* What the answer is complete for. */
int provenance_print_range(FILE *out, const json_t *answer, struct cg_error *err);

/*
 * Appends the DSSE envelope of an in-toto statement, signed with the key in the file (as cg-import audit keygen writes
 * it). 0, or -1 with CG_E_IO, CG_E_FORM (no such key), CG_E_MEMORY.
 */
int provenance_sign(const char *key_file, const struct cg_bytes *statement, struct cg_bytes *envelope,
                    struct cg_error *err);

/* A text or number of the object as text, "" if there is none; `number` has room for one. Borrowed. */
#define PROVENANCE_NUMBER_SIZE 24
const char *provenance_text(const json_t *object, const char *name, char number[PROVENANCE_NUMBER_SIZE]);

/* One line of CSV from texts, NULL-terminated. 0 or -1. */
int provenance_csv(FILE *out, struct cg_error *err, const char *const *fields);

#endif
