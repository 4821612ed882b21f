/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/merkle_proof.h"

#include <assert.h>
#include <inttypes.h>

/* What making a proof needs at hand. */
struct maker {
    const struct cg_merkle_source *source;
    struct cg_merkle_hasher *hasher;
    struct cg_merkle_proof proof;
};

/* Leaves [start, start + count) with `start` a multiple of the power of two that holds `count`. */
struct span {
    uint64_t start, count;
};

static int check_size(uint64_t size, struct cg_error *err)
{
    if (size > CG_MERKLE_SIZE_MAX)
        return cg_fail(err, CG_E_LIMIT, "a tree of %" PRIu64 " leaves, at most %" PRIu64 " are handled", size,
                       CG_MERKLE_SIZE_MAX);
    return 0;
}

/* The largest power of two below `count`, which is 2 or more: RFC 9162's k. */
static uint64_t split_of(uint64_t count)
{
    uint64_t k = 1;
    while (k << 1 < count)
        k <<= 1;
    return k;
}

static bool is_set(uint64_t number, unsigned bit)
{
    return number >> bit & 1;
}

/* MTH of a span: the roots of the perfect trees it is made of, from the smallest, on the right, to the largest. */
static int span_root(const struct maker *maker, struct span span, struct cg_merkle_hash *root, struct cg_error *err)
{
    const struct cg_merkle_source *source = maker->source;
    bool begun = false;
    uint64_t end = span.start + span.count;
    for (unsigned level = 0; level < CG_MERKLE_LEVELS; level++) {
        if (!is_set(span.count, level))
            continue;
        struct cg_merkle_hash node;
        end -= UINT64_C(1) << level;
        if (source->node(source->context, level, end >> level, &node, err) < 0)
            return -1;
        if (begun && cg_merkle_hash_node(maker->hasher, &node, root, root, err) < 0)
            return -1;
        if (!begun)
            *root = node;
        begun = true;
    }
    assert(begun);
    return 0;
}

/* Puts the root of a span into the proof, at `place`. */
static int put(struct maker *maker, size_t place, struct span span, struct cg_error *err)
{
    assert(place < CG_MERKLE_PROOF_MAX);
    return span_root(maker, span, &maker->proof.hashes[place], err);
}

/* The sections build a proof by recursion from the leaf up; going down from the root gives it from its end. */
static void reverse(struct cg_merkle_proof *proof)
{
    for (size_t i = 0; i < proof->count / 2; i++) {
        struct cg_merkle_hash kept = proof->hashes[i];
        proof->hashes[i] = proof->hashes[proof->count - 1 - i];
        proof->hashes[proof->count - 1 - i] = kept;
    }
}

int cg_merkle_prove_inclusion(const struct cg_merkle_source *source, uint64_t index, uint64_t size,
                              struct cg_merkle_proof *proof, struct cg_error *err)
{
    if (check_size(size, err) < 0)
        return -1;
    if (index >= size)
        return cg_fail(err, CG_E_LIMIT, "leaf %" PRIu64 " is not in a tree of %" PRIu64 " leaves", index, size);
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(err);
    if (!hasher)
        return -1;

    struct maker maker = {.source = source, .hasher = hasher};
    struct span tree = {0, size};
    while (tree.count > 1) {
        uint64_t k = split_of(tree.count);
        struct span left = {tree.start, k}, right = {tree.start + k, tree.count - k};
        bool in_left = index < right.start;
        if (put(&maker, maker.proof.count++, in_left ? right : left, err) < 0)
            return -1;
        tree = in_left ? left : right;
    }
    reverse(&maker.proof);
    *proof = maker.proof;
    return 0;
}

/* SUBPROOF of RFC 9162 section 2.1.4.1, for 0 < old_size < new_size, from the root down. */
static int prove_growth(struct maker *maker, uint64_t old_size, uint64_t new_size, struct cg_error *err)
{
    struct span tree = {0, new_size};
    while (tree.start + tree.count != old_size) {
        uint64_t k = split_of(tree.count);
        struct span left = {tree.start, k}, right = {tree.start + k, tree.count - k};
        bool in_left = old_size <= right.start;
        if (put(maker, maker->proof.count++, in_left ? right : left, err) < 0)
            return -1;
        tree = in_left ? left : right;
    }
    /* The verifier knows the root of what begins at the first leaf: it is the old root itself. */
    return tree.start == 0 ? 0 : put(maker, maker->proof.count++, tree, err);
}

int cg_merkle_prove_consistency(const struct cg_merkle_source *source, uint64_t old_size, uint64_t new_size,
                                struct cg_merkle_proof *proof, struct cg_error *err)
{
    if (check_size(new_size, err) < 0)
        return -1;
    if (old_size > new_size)
        return cg_fail(err, CG_E_LIMIT, "a tree of %" PRIu64 " leaves does not continue one of %" PRIu64, new_size,
                       old_size);
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(err);
    if (!hasher)
        return -1;

    struct maker maker = {.source = source, .hasher = hasher};
    if (old_size != 0 && old_size != new_size && prove_growth(&maker, old_size, new_size, err) < 0)
        return -1;
    reverse(&maker.proof);
    *proof = maker.proof;
    return 0;
}

static int wrong_count(const struct cg_merkle_proof *proof, struct cg_error *err)
{
    return cg_fail(err, CG_E_PROOF, "the proof has %zu hashes, which is not what trees of these sizes need",
                   proof->count);
}

/* To where the next hash of a proof joins; the last node of a level that has no sibling rises without one. */
static void step_up(uint64_t *fn, uint64_t *sn, bool from_left)
{
    while (from_left && !(*fn & 1) && *fn != 0) {
        *fn >>= 1;
        *sn >>= 1;
    }
    *fn >>= 1;
    *sn >>= 1;
}

/* RFC 9162 section 2.1.3.2. */
static int climb(struct cg_merkle_hasher *hasher, uint64_t index, uint64_t size, const struct cg_merkle_proof *proof,
                 struct cg_merkle_hash *node, struct cg_error *err)
{
    uint64_t fn = index, sn = size - 1;
    for (size_t i = 0; i < proof->count; i++) {
        if (sn == 0)
            return wrong_count(proof, err);
        bool from_left = (fn & 1) || fn == sn;
        const struct cg_merkle_hash *sibling = &proof->hashes[i];
        if (cg_merkle_hash_node(hasher, from_left ? sibling : node, from_left ? node : sibling, node, err) < 0)
            return -1;
        step_up(&fn, &sn, from_left);
    }
    return sn == 0 ? 0 : wrong_count(proof, err);
}

int cg_merkle_inclusion_root(const struct cg_merkle_hash *leaf, uint64_t index, uint64_t size,
                             const struct cg_merkle_proof *proof, struct cg_merkle_hash *root, struct cg_error *err)
{
    if (check_size(size, err) < 0)
        return -1;
    if (index >= size)
        return cg_fail(err, CG_E_PROOF, "leaf %" PRIu64 " is not in a tree of %" PRIu64 " leaves", index, size);
    if (proof->count > CG_MERKLE_PROOF_MAX)
        return wrong_count(proof, err);
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(err);
    struct cg_merkle_hash made = *leaf;
    if (!hasher || climb(hasher, index, size, proof, &made, err) < 0)
        return -1;
    *root = made;
    return 0;
}

int cg_merkle_verify_inclusion(const struct cg_merkle_hash *leaf, uint64_t index, uint64_t size,
                               const struct cg_merkle_proof *proof, const struct cg_merkle_hash *root,
                               struct cg_error *err)
{
    struct cg_merkle_hash made;
    if (cg_merkle_inclusion_root(leaf, index, size, proof, &made, err) < 0)
        return -1;
    if (!cg_merkle_hash_equal(&made, root))
        return cg_fail(err, CG_E_PROOF, "leaf %" PRIu64 " is not in this tree of %" PRIu64 " leaves", index, size);
    return 0;
}

/* Both roots that the proof leads to, RFC 9162 section 2.1.4.2, for 0 < old_size < new_size. */
static int climb_both(struct cg_merkle_hasher *hasher, uint64_t old_size, uint64_t new_size,
                      const struct cg_merkle_proof *proof, const struct cg_merkle_hash *old_root,
                      struct cg_merkle_hash roots[2], struct cg_error *err)
{
    uint64_t fn = old_size - 1, sn = new_size - 1;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    /* An old tree that is perfect is itself where both begin, and is not in the proof. */
    size_t i = fn == 0 ? 0 : 1;
    if (i > proof->count)
        return wrong_count(proof, err);
    roots[0] = roots[1] = fn == 0 ? *old_root : proof->hashes[0];
    for (; i < proof->count; i++) {
        if (sn == 0)
            return wrong_count(proof, err);
        const struct cg_merkle_hash *sibling = &proof->hashes[i];
        bool from_left = (fn & 1) || fn == sn;
        if (from_left && (cg_merkle_hash_node(hasher, sibling, &roots[0], &roots[0], err) < 0 ||
                          cg_merkle_hash_node(hasher, sibling, &roots[1], &roots[1], err) < 0))
            return -1;
        if (!from_left && cg_merkle_hash_node(hasher, &roots[1], sibling, &roots[1], err) < 0)
            return -1;
        step_up(&fn, &sn, from_left);
    }
    return sn == 0 ? 0 : wrong_count(proof, err);
}

/* The cases in which there is nothing to climb: 0 or -1 decided, 1 go on. */
static int verify_without_hashes(uint64_t old_size, const struct cg_merkle_hash *old_root, uint64_t new_size,
                                 const struct cg_merkle_hash *new_root, const struct cg_merkle_proof *proof,
                                 struct cg_error *err)
{
    struct cg_merkle_hash empty;
    cg_merkle_empty_root(&empty);
    if (old_size > new_size)
        return cg_fail(err, CG_E_PROOF, "a tree of %" PRIu64 " leaves does not continue one of %" PRIu64, new_size,
                       old_size);
    if (old_size != 0 && old_size != new_size)
        return 1;
    if (proof->count != 0)
        return wrong_count(proof, err);
    if (old_size == 0 && !cg_merkle_hash_equal(old_root, &empty))
        return cg_fail(err, CG_E_PROOF, "the root of the empty tree is not SHA-256 of nothing");
    if (old_size == new_size && !cg_merkle_hash_equal(old_root, new_root))
        return cg_fail(err, CG_E_PROOF, "two trees of %" PRIu64 " leaves have different roots", new_size);
    return 0;
}

int cg_merkle_verify_consistency(uint64_t old_size, const struct cg_merkle_hash *old_root, uint64_t new_size,
                                 const struct cg_merkle_hash *new_root, const struct cg_merkle_proof *proof,
                                 struct cg_error *err)
{
    if (check_size(old_size, err) < 0 || check_size(new_size, err) < 0)
        return -1;
    if (proof->count > CG_MERKLE_PROOF_MAX)
        return wrong_count(proof, err);
    int decided = verify_without_hashes(old_size, old_root, new_size, new_root, proof, err);
    if (decided <= 0)
        return decided;
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(err);
    struct cg_merkle_hash roots[2];
    if (!hasher || climb_both(hasher, old_size, new_size, proof, old_root, roots, err) < 0)
        return -1;
    if (!cg_merkle_hash_equal(&roots[0], old_root) || !cg_merkle_hash_equal(&roots[1], new_root))
        return cg_fail(err, CG_E_PROOF, "the tree of %" PRIu64 " leaves does not continue this one of %" PRIu64,
                       new_size, old_size);
    return 0;
}
