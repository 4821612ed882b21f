/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/restore.h"

#include "audit/kept_file.h"
#include "audit/last_signed.h"
#include "audit/seal.h"
#include "base/clock.h"

#include <string.h>

/* A sequencer that may not sign has the lock for moments only. */
#define LOCK_PATIENCE_MS 20000U
#define LOCK_TRY_MS 50

struct restoring {
    const struct restore_options *options;
    struct audit_keys keys;
    struct seal seal;
    struct cg_bytes note; /* of the published log, which is put back */
    struct cg_checkpoint target;
    struct cg_bytes bundle;
    struct cg_tile_entry entries[CG_TILE_WIDTH];
    uint64_t bundle_n; /* which bundle that is */
    bool has_bundle;
};

/* --- the published log ---------------------------------------------------------------------------------------------
 */

static int read_target(struct restoring *r, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    const struct cg_checkpoint_policy policy = audit_keys_policy(&r->keys);
    if (cg_bytes_printf(&path, err, "%s/checkpoint", r->options->directory) != 0)
        return -1;
    int found = kept_file_read(cg_bytes_text(&path), LAST_SIGNED_MAX, &r->note, err);
    if (found == 0)
        return cg_fail(err, CG_E_INCOMPLETE, "%s is not there: nothing is published", cg_bytes_text(&path));
    return found < 0 ? -1 : cg_checkpoint_open(cg_bytes_text(&r->note), r->note.size, &policy, &r->target, NULL, err);
}

static int read_bundle(struct restoring *r, uint64_t n, struct cg_error *err)
{
    const struct cg_tile tile = {.kind = CG_TILE_ENTRIES, .n = n, .width = cg_tile_width(r->target.size, 0, n)};
    char name[CG_TILE_PATH_SIZE];
    CG_AUTO_BYTES struct cg_bytes path = {0};
    cg_tile_path(&tile, name);
    cg_bytes_clear(&r->bundle);
    r->has_bundle = false;
    if (cg_bytes_printf(&path, err, "%s/%s", r->options->directory, name) != 0)
        return -1;
    int found = kept_file_read(cg_bytes_text(&path), CG_TILE_BUNDLE_MAX, &r->bundle, err);
    if (found <= 0)
        return found < 0 ? -1 : cg_fail(err, CG_E_INCOMPLETE, "%s is not there", cg_bytes_text(&path));
    if (cg_tile_bundle_parse(r->bundle.data, r->bundle.size, tile.width, r->entries, err) != 0)
        return -1;
    r->bundle_n = n;
    r->has_bundle = true;
    return 0;
}

/* --- into the database ---------------------------------------------------------------------------------------------
 */

static int next_leaf(void *context, uint64_t index, struct cg_bytes *leaf, struct cg_error *err)
{
    struct restoring *r = context;
    if (index >= r->target.size)
        return 0;
    if ((!r->has_bundle || r->bundle_n != index / CG_TILE_WIDTH) && read_bundle(r, index / CG_TILE_WIDTH, err) != 0)
        return -1;
    const struct cg_tile_entry *entry = &r->entries[index % CG_TILE_WIDTH];
    return cg_bytes_append(leaf, entry->data, entry->size, err) == 0 ? 1 : -1;
}

/* Not signed anew: it must lead to what was signed. */
static int seal_as_published(void *context, const struct store_batch *batch, struct cg_merkle_hash *root,
                             struct cg_bytes *note, struct cg_error *err)
{
    struct restoring *r = context;
    if (seal_grow(&r->seal, batch, root, err) != 0)
        return -1;
    if (r->seal.grown.size != r->target.size || !cg_merkle_hash_equal(root, &r->target.root))
        return cg_fail(err, CG_E_FORK, "what the database has and what is published are not parts of one log");
    return cg_bytes_append(note, r->note.data, r->note.size, err);
}

static int put_back(struct restoring *r, struct store_sequencer *sequencer, uint64_t *restored, struct cg_error *err)
{
    struct store_checkpoint made = {0};
    uint64_t until_ms = clock_monotonic_ms() + LOCK_PATIENCE_MS;
    int leads;
    while ((leads = store_sequencer_leads(sequencer, err)) == 0 && clock_monotonic_ms() < until_ms)
        stop_sleep(NULL, LOCK_TRY_MS);
    if (leads <= 0)
        return leads < 0 ? -1 : cg_fail(err, CG_E_BUSY, "a service signs the log: there is nothing to put back");
    int count = store_sequencer_restore(sequencer, next_leaf, seal_as_published, r, &made, err);
    store_checkpoint_finish(&made);
    *restored = count > 0 ? (uint64_t)count : 0;
    return count < 0 ? -1 : 0;
}

/* The service holds the database against this file before it signs: from here on it is what the database has. */
static int keep_last(const struct restoring *r, struct cg_error *err)
{
    struct store_checkpoint last = {0};
    int found = store_audit_checkpoint(r->options->store, 0, &last, err);
    int result = found > 0 ? kept_file_write(r->options->last_signed, last.note, strlen(last.note), err) : found;
    store_checkpoint_finish(&last);
    return result;
}

static int restore(struct restoring *r, uint64_t *restored, struct cg_error *err)
{
    if (audit_keys_load(&r->keys, &r->options->keys, AUDIT_KEYS_WANT, err) != 0 || read_target(r, err) != 0 ||
        seal_init(&r->seal, &r->keys, err) != 0)
        return -1;
    struct store_sequencer *sequencer = store_sequencer_create(r->options->store, err);
    int result = sequencer ? put_back(r, sequencer, restored, err) : -1;
    if (result == 0)
        result = keep_last(r, err);
    store_sequencer_destroy(sequencer);
    return result;
}

int audit_restore(const struct restore_options *options, uint64_t *restored, struct cg_error *err)
{
    struct restoring *r = calloc(1, sizeof *r);
    if (!r)
        return cg_fail_memory(err);
    r->options = options;
    *restored = 0;
    int result = restore(r, restored, err);
    seal_finish(&r->seal);
    audit_keys_finish(&r->keys);
    cg_checkpoint_finish(&r->target);
    cg_bytes_finish(&r->note);
    cg_bytes_finish(&r->bundle);
    free(r);
    return result;
}
