/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/seal.h"

#include "cg/merkle_proof.h"

#include <inttypes.h>
#include <string.h>

int seal_init(struct seal *seal, const struct audit_keys *keys, struct cg_error *err)
{
    *seal = (struct seal){.keys = keys, .hasher = cg_merkle_hasher_create(err)};
    return seal->hasher ? 0 : -1;
}

void seal_finish(struct seal *seal)
{
    cg_merkle_hasher_destroy(seal->hasher);
    *seal = (struct seal){0};
}

void seal_committed(struct seal *seal)
{
    seal->range = seal->grown;
    seal->signed_size = seal->grown.size;
}

static int refuse(const struct store_batch *batch, const char *why, struct cg_error *err)
{
    cg_fail(err, CG_E_FORK, "the audit log of %" PRIu64 " entries in the database is not what was signed: %s",
            batch->last.size, why);
    return cg_hint(err, "docs/audit.md, \"When the log does not agree with itself\", says how to go on");
}

/* The last checkpoint is one that we, or who had our keys, signed over this root. */
static int check_last(const struct seal *seal, const struct store_batch *batch, struct cg_error *err)
{
    CG_AUTO_CHECKPOINT struct cg_checkpoint last = {0};
    const struct cg_checkpoint_policy policy = audit_keys_policy(seal->keys);
    struct cg_error why = {0};
    if (batch->last.size < seal->signed_size)
        return refuse(batch, "it was longer", err);
    if (batch->last.size == 0)
        return 0;
    if (cg_checkpoint_open(batch->last.note, strlen(batch->last.note), &policy, &last, NULL, &why) != 0)
        return why.code == CG_E_MEMORY ? cg_fail_memory(err) : refuse(batch, why.message, err);
    if (last.size != batch->last.size || !cg_merkle_hash_equal(&last.root, &batch->last.root))
        return refuse(batch, "its row says another size or root than its note", err);
    return 0;
}

/* Another sequencer went on meanwhile, or this is the first batch: the edge is read from the tiles. */
static int catch_up(struct seal *seal, const struct store_batch *batch, struct cg_error *err)
{
    struct cg_merkle_hash root;
    CG_AUTO_TILE_READER struct cg_tile_reader *reader =
        cg_tile_reader_create(batch->last.size, store_batch_fetch, (void *)(uintptr_t)batch, err);
    if (!reader)
        return -1;
    const struct cg_merkle_source source = cg_tile_reader_source(reader);
    if (cg_merkle_range_read(&source, batch->last.size, &seal->grown, err) != 0 ||
        cg_merkle_range_root(&seal->grown, seal->hasher, &root, err) != 0)
        return -1;
    return cg_merkle_hash_equal(&root, &batch->last.root) ? 0 : refuse(batch, "its hashes lead to another root", err);
}

/* Nodes of every eighth level are the roots of full tiles. */
static int put_node(void *context, unsigned level, uint64_t index, const struct cg_merkle_hash *hash,
                    struct cg_error *err)
{
    const struct store_batch *batch = context;
    if (level == 0 || level % CG_TILE_HEIGHT != 0)
        return 0;
    return store_batch_put_tile(batch, level / CG_TILE_HEIGHT - 1, index, hash, err);
}

static int grow(struct seal *seal, const struct store_batch *batch, struct cg_merkle_hash *root, struct cg_error *err)
{
    const struct cg_merkle_sink sink = {.node = put_node, .context = (void *)(uintptr_t)batch};
    for (size_t i = 0; i < batch->count; i++)
        if (cg_merkle_range_append(&seal->grown, seal->hasher, &batch->hashes[i], &sink, err) != 0)
            return -1;
    return cg_merkle_range_root(&seal->grown, seal->hasher, root, err);
}

/* By what the database will hold if this is committed. */
static int prove(const struct seal *seal, const struct store_batch *batch, const struct cg_merkle_hash *root,
                 struct cg_error *err)
{
    struct cg_merkle_proof proof;
    struct cg_merkle_hash old_root = batch->last.root;
    struct cg_error why = {0};
    CG_AUTO_TILE_READER struct cg_tile_reader *reader =
        cg_tile_reader_create(seal->grown.size, store_batch_fetch, (void *)(uintptr_t)batch, err);
    if (!reader)
        return -1;
    const struct cg_merkle_source source = cg_tile_reader_source(reader);
    if (cg_merkle_prove_consistency(&source, batch->last.size, seal->grown.size, &proof, err) != 0)
        return -1;
    if (batch->last.size == 0)
        cg_merkle_empty_root(&old_root);
    if (cg_merkle_verify_consistency(batch->last.size, &old_root, seal->grown.size, root, &proof, &why) == 0)
        return 0;
    return refuse(batch, why.message, err);
}

int seal_batch(void *context, const struct store_batch *batch, struct cg_merkle_hash *root, struct cg_bytes *note,
               struct cg_error *err)
{
    struct seal *seal = context;
    if (check_last(seal, batch, err) != 0)
        return -1;
    seal->grown = seal->range;
    if (seal->grown.size != batch->last.size && catch_up(seal, batch, err) != 0)
        return -1;
    if (grow(seal, batch, root, err) != 0 || prove(seal, batch, root, err) != 0)
        return -1;
    return audit_keys_sign(seal->keys, seal->grown.size, root, note, err);
}
