/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/recheck.h"

#include <inttypes.h>
#include <string.h>

int recheck_init(struct recheck *recheck, struct store *store, const struct audit_keys *keys, struct cg_error *err)
{
    *recheck = (struct recheck){.store = store, .keys = keys, .hasher = cg_merkle_hasher_create(err)};
    return recheck->hasher ? 0 : -1;
}

void recheck_finish(struct recheck *recheck)
{
    cg_merkle_hasher_destroy(recheck->hasher);
    *recheck = (struct recheck){0};
}

_Static_assert(AUDIT_SIGNERS_MAX + AUDIT_TRUSTED_MAX <= RECHECK_KEYS_MAX, "the keys of one's own have room");

/* A stretch being read. */
struct stretch {
    struct recheck *recheck;
    struct cg_merkle_range grown; /* of what was right up to here */
    struct store_entry *entries;
    size_t entry_count;
    struct store_checkpoint *checkpoints;
    size_t checkpoint_count;
};

/* --- whom to believe -----------------------------------------------------------------------------------------------
 */

/* Keys of former times are told by leaves, which are held against the tree as all others. */
static void add_told(struct recheck *recheck, const json_t *detail)
{
    size_t i;
    const json_t *key;
    json_array_foreach(json_object_get(detail, "keys"), i, key)
    {
        struct cg_note_verifier verifier;
        struct cg_error no_key = {0};
        bool known = recheck->verifier_count == RECHECK_KEYS_MAX || !json_is_string(key) ||
                     cg_note_verifier_parse(json_string_value(key), &verifier, &no_key) != 0;
        for (size_t k = 0; k < recheck->verifier_count && !known; k++)
            known = verifier.key_id == recheck->verifiers[k].key_id &&
                    strcmp(verifier.name, recheck->verifiers[k].name) == 0;
        if (!known)
            recheck->verifiers[recheck->verifier_count++] = verifier;
    }
}

static int begin_pass(struct recheck *recheck, struct cg_error *err)
{
    CG_AUTO_JSON json_t *details = store_audit_keys_told(recheck->store, err);
    const struct audit_keys *keys = recheck->keys;
    if (!details)
        return -1;
    memcpy(recheck->verifiers, keys->verifiers, keys->verifier_count * sizeof *keys->verifiers);
    recheck->verifier_count = keys->verifier_count;
    size_t i;
    const json_t *detail;
    json_array_foreach(details, i, detail)
    {
        add_told(recheck, detail);
    }
    return 0;
}

/* --- entries -------------------------------------------------------------------------------------------------------
 */

/* Does the column repeat what the leaf says? Texts that are not there are NULL or "". */
static bool repeats(const json_t *leaf, const char *member, const char *column)
{
    const char *said = json_string_value(json_object_get(leaf, member));
    return strcmp(said ? said : "", column ? column : "") == 0;
}

static int check_entry(const struct stretch *stretch, const struct store_entry *entry, struct cg_error *err)
{
    struct cg_merkle_hash hash;
    if (cg_merkle_hash_leaf(stretch->recheck->hasher, entry->leaf.data, entry->leaf.size, &hash, err) != 0)
        return -1;
    if (entry->index != stretch->grown.size)
        return cg_fail(err, CG_E_INCOMPLETE, "entry %" PRIu64 " is missing", stretch->grown.size);
    if (!cg_merkle_hash_equal(&hash, &entry->hash))
        return cg_fail(err, CG_E_PROOF, "entry %" PRIu64 " does not have the hash that is kept with it", entry->index);
    CG_AUTO_JSON json_t *leaf = json_loadb(cg_bytes_text(&entry->leaf), entry->leaf.size, JSON_ALLOW_NUL, NULL);
    json_int_t event = json_integer_value(json_object_get(leaf, "event"));
    /* An entry that was restored may have lost its event. */
    if (!repeats(leaf, "id", entry->id) || !repeats(leaf, "import", entry->import_id) ||
        !repeats(leaf, "type", entry->type) || !repeats(leaf, "nvr", entry->nvr) ||
        (entry->event_id && entry->event_id != event))
        return cg_fail(err, CG_E_PROOF, "the columns of entry %" PRIu64 " do not repeat its leaf", entry->index);
    return 0;
}

/* A node of every eighth level is the root of a full tile and has a row, which is one hash of the tile above. */
static int check_node(void *context, unsigned level, uint64_t index, const struct cg_merkle_hash *hash,
                      struct cg_error *err)
{
    const struct stretch *stretch = context;
    if (level == 0 || level % CG_TILE_HEIGHT != 0)
        return 0;
    const struct cg_tile above = {.kind = CG_TILE_HASHES,
                                  .level = level / CG_TILE_HEIGHT,
                                  .n = index / CG_TILE_WIDTH,
                                  .width = (unsigned)(index % CG_TILE_WIDTH) + 1};
    CG_AUTO_BYTES struct cg_bytes content = {0};
    if (store_audit_tile(stretch->recheck->store, &above, &content, err) != 0)
        return -1;
    if (memcmp(content.data + content.size - CG_MERKLE_HASH_SIZE, hash->bytes, CG_MERKLE_HASH_SIZE) == 0)
        return 0;
    return cg_fail(err, CG_E_PROOF, "the row of tile %" PRIu64 " of level %u is not what the entries make", index,
                   above.level - 1);
}

/* --- checkpoints ---------------------------------------------------------------------------------------------------
 */

static int check_checkpoint(const struct stretch *stretch, const struct store_checkpoint *row, struct cg_error *err)
{
    const struct recheck *recheck = stretch->recheck;
    const struct cg_checkpoint_policy policy = {
        .origin = recheck->keys->origin, .logs = recheck->verifiers, .log_count = recheck->verifier_count};
    CG_AUTO_CHECKPOINT struct cg_checkpoint signed_one = {0};
    struct cg_merkle_hash root;
    struct cg_error why = {0};
    if (cg_merkle_range_root(&stretch->grown, recheck->hasher, &root, err) != 0)
        return -1;
    if (cg_checkpoint_open(row->note, strlen(row->note), &policy, &signed_one, NULL, &why) != 0)
        return cg_fail(err, why.code, "the checkpoint of size %" PRIu64 ": %s", row->size, why.message);
    if (signed_one.size != row->size || !cg_merkle_hash_equal(&signed_one.root, &row->root))
        return cg_fail(err, CG_E_PROOF, "the checkpoint of size %" PRIu64 " says another size or root than its note",
                       row->size);
    if (!cg_merkle_hash_equal(&root, &row->root))
        return cg_fail(err, CG_E_PROOF, "the entries do not lead to the root that was signed for %" PRIu64 " of them",
                       row->size);
    return 0;
}

/* --- a stretch -----------------------------------------------------------------------------------------------------
 */

static int check_stretch(struct stretch *stretch, uint64_t end, struct cg_error *err)
{
    const struct cg_merkle_sink sink = {.node = check_node, .context = stretch};
    size_t next = 0;
    for (size_t i = 0; i < stretch->entry_count; i++) {
        const struct store_entry *entry = &stretch->entries[i];
        if (check_entry(stretch, entry, err) != 0 ||
            cg_merkle_range_append(&stretch->grown, stretch->recheck->hasher, &entry->hash, &sink, err) != 0)
            return -1;
        while (next < stretch->checkpoint_count && stretch->checkpoints[next].size == stretch->grown.size)
            if (check_checkpoint(stretch, &stretch->checkpoints[next++], err) != 0)
                return -1;
    }
    if (stretch->grown.size != end)
        return cg_fail(err, CG_E_INCOMPLETE, "entry %" PRIu64 " is missing", stretch->grown.size);
    return 0;
}

static int read_stretch(struct stretch *stretch, uint64_t end, struct cg_error *err)
{
    struct store *store = stretch->recheck->store;
    uint64_t from = stretch->grown.size;
    if (store_audit_entries(store, from, (unsigned)(end - from), &stretch->entries, &stretch->entry_count, err) != 0 ||
        store_audit_checkpoints(store, from, end, &stretch->checkpoints, &stretch->checkpoint_count, err) != 0)
        return -1;
    return check_stretch(stretch, end, err);
}

/* The entries up to a log of `size`; what is right of them the pass has behind it. */
static int step_to(struct recheck *recheck, uint64_t size, struct cg_error *err)
{
    struct stretch stretch = {.recheck = recheck, .grown = recheck->range};
    if (size < recheck->range.size)
        return cg_fail(err, CG_E_FORK, "the log has %" PRIu64 " entries, it had %" PRIu64, size, recheck->range.size);
    uint64_t left = size - recheck->range.size;
    uint64_t end = recheck->range.size + (left < RECHECK_ENTRIES ? left : RECHECK_ENTRIES);
    int result = read_stretch(&stretch, end, err);
    if (result == 0)
        recheck->range = stretch.grown;
    store_entries_free(stretch.entries, stretch.entry_count);
    store_checkpoints_free(stretch.checkpoints, stretch.checkpoint_count);
    return result;
}

static bool is_damage(enum cg_code code)
{
    return code == CG_E_FORM || code == CG_E_SIGNATURE || code == CG_E_PROOF || code == CG_E_FORK ||
           code == CG_E_INCOMPLETE || code == CG_E_LIMIT;
}

enum recheck_found recheck_step(struct recheck *recheck, struct cg_error *err)
{
    struct store_checkpoint last = {0};
    struct cg_error found = {0};
    int result = recheck->range.size == 0 ? begin_pass(recheck, &found) : 0;
    if (result == 0 && store_audit_checkpoint(recheck->store, 0, &last, &found) < 0)
        result = -1;
    uint64_t size = last.size;
    store_checkpoint_finish(&last);
    if (result == 0)
        result = step_to(recheck, size, &found);
    if (result != 0 && !is_damage(found.code)) {
        *err = found;
        return RECHECK_UNREAD;
    }
    recheck->damage = found;
    if (result != 0)
        return RECHECK_DAMAGED;
    if (recheck->range.size < size)
        return RECHECK_RIGHT;
    recheck->range = (struct cg_merkle_range){0};
    return RECHECK_ALL;
}
