/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_IMPORT_LOG_H
#define STORE_IMPORT_LOG_H

/* What the service's log says of each import, kept with it: the newest lines, and how many are not there any more. */

#include "store/imports.h"

/* Lines kept of one import. */
#define STORE_LOG_LINES_MAX 500
/* Bytes kept of one line. */
#define STORE_LOG_TEXT_MAX 2000

struct store_log_line {
    char import_id[STORE_ID_SIZE];
    double at;         /* seconds since 1970 */
    const char *level; /* "info", "warning", "error" */
    char *text;        /* owned; of a longer one the beginning is kept */
};

/*
 * Adds lines, of any imports, in their order, and counts `lost` lines ({id: number}, NULL: none) that could not be kept
 * until now. All or nothing. What is about an import that is not there is left out. 0 or -1.
 */
int store_log_add(struct store *store, const struct store_log_line *lines, size_t count, const json_t *lost,
                  struct cg_error *err);

/* {"lines": [{"at", "level", "text"}...] oldest first, "dropped": number}, new reference. 0 or -1. */
int store_log_get(struct store *store, const char *id, json_t **log, struct cg_error *err);

#endif
