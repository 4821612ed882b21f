/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_AUDIT_ROWS_H
#define STORE_AUDIT_ROWS_H

/* For this room only: checkpoints and tiles read on a connection that is in a transaction already. */

#include "store/audit.h"
#include "store/postgres.h"

/* As store_audit_checkpoint. */
int checkpoint_read(struct pg_connection *connection, uint64_t size, struct store_checkpoint *checkpoint,
                    struct cg_error *err);

/* As store_audit_checkpoints. */
int checkpoints_read(struct pg_connection *connection, uint64_t from, uint64_t to,
                     struct store_checkpoint **checkpoints, size_t *count, struct cg_error *err);

/* As store_audit_tile. */
int tile_read(struct pg_connection *connection, const struct cg_tile *tile, struct cg_bytes *content,
              struct cg_error *err);

/* Appends the bytes that hexadecimal digits stand for. 0; -1 with CG_E_INTERNAL for anything else, CG_E_MEMORY. */
int hex_append(struct cg_bytes *bytes, const char *hex, struct cg_error *err);

/* One hash in hexadecimal digits. 0 or -1 with CG_E_INTERNAL. */
int hex_hash(struct cg_merkle_hash *hash, const char *hex, struct cg_error *err);

#endif
