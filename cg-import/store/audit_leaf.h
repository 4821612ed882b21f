/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_AUDIT_LEAF_H
#define STORE_AUDIT_LEAF_H

/*
 * For this room only: one leaf of the audit log, put in by the transaction of the change it tells.
 *
 * A leaf is RFC 8785 JSON of strings and integers, at most STORE_LEAF_MAX bytes; docs/audit.md names its members. What
 * was put in waits for its index: audit_sequence.h. Whoever changes something and writes no event (import_rows.h) calls
 * this.
 */

#include "store/audit.h"

struct pg_connection;

struct audit_leaf {
    const char *type, *actor;
    const char *import_id; /* NULL: of no import */
    const char *nvr;       /* NULL: of none */
    const char *time;      /* "2026-11-23T19:20:21.123456Z"; NULL: now, by this machine's clock */
    int64_t event_id;      /* 0: of no event */
    const json_t *detail;  /* what else there is to tell; NULL: nothing */
    const json_t *members; /* members of the leaf besides, by name; NULL: none */
    json_t *outputs;       /* array; NULL: the leaf tells none */
};

/* 0; -1 with CG_E_LIMIT (still too large with outputs and detail told by digest only), CG_E_MEMORY or the database's
 * failure. */
int audit_leaf_put(struct pg_connection *connection, const struct audit_leaf *leaf, struct cg_error *err);

/* The leaf's bytes alone. 0 or -1 as above. `id` is the leaf's own. */
int audit_leaf_format(const struct audit_leaf *leaf, const char *id, struct cg_bytes *text, struct cg_error *err);

/* {"schema_id", "schema_sha256"} of the schema by which this program judges, new reference; NULL with CG_E_MEMORY. */
json_t *audit_leaf_schema(struct cg_error *err);

#endif
