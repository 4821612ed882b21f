/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/merkle.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "openssl_error.h"

/* RFC 9162 section 2.1.1: what keeps a leaf from being taken for a node. */
static const unsigned char leaf_prefix = 0x00, node_prefix = 0x01;

/* FIPS 180-4: SHA-256 of no bytes. */
static const unsigned char empty_root[CG_MERKLE_HASH_SIZE] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
};

/* The algorithm is fetched once: OpenSSL 3 looks it up anew for each hash otherwise, which takes longer than hashing.
 */
struct cg_merkle_hasher {
    EVP_MD *sha256;
    EVP_MD_CTX *context;
};

struct cg_merkle_hasher *cg_merkle_hasher_create(struct cg_error *err)
{
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = calloc(1, sizeof *hasher);
    if (!hasher || !(hasher->context = EVP_MD_CTX_new())) {
        cg_fail_memory(err);
        return NULL;
    }
    hasher->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!hasher->sha256) {
        cg_fail_openssl(err, CG_E_INTERNAL, "make a SHA-256");
        return NULL;
    }
    return CG_STEAL(hasher);
}

void cg_merkle_hasher_destroy(struct cg_merkle_hasher *hasher)
{
    if (!hasher)
        return;
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->sha256);
    free(hasher);
}

/* SHA-256 of a prefix and `size` bytes. */
static int hash_prefixed(struct cg_merkle_hasher *hasher, unsigned char prefix, const void *data, size_t size,
                         struct cg_merkle_hash *hash, struct cg_error *err)
{
    if (EVP_DigestInit_ex(hasher->context, hasher->sha256, NULL) == 1 &&
        EVP_DigestUpdate(hasher->context, &prefix, 1) == 1 && EVP_DigestUpdate(hasher->context, data, size) == 1 &&
        EVP_DigestFinal_ex(hasher->context, hash->bytes, NULL) == 1)
        return 0;
    return cg_fail_openssl(err, CG_E_INTERNAL, "make a SHA-256");
}

int cg_merkle_hash_leaf(struct cg_merkle_hasher *hasher, const void *data, size_t size, struct cg_merkle_hash *hash,
                        struct cg_error *err)
{
    return hash_prefixed(hasher, leaf_prefix, data, size, hash, err);
}

int cg_merkle_hash_node(struct cg_merkle_hasher *hasher, const struct cg_merkle_hash *left,
                        const struct cg_merkle_hash *right, struct cg_merkle_hash *hash, struct cg_error *err)
{
    struct cg_merkle_hash both[2] = {*left, *right};
    return hash_prefixed(hasher, node_prefix, both, sizeof both, hash, err);
}

void cg_merkle_empty_root(struct cg_merkle_hash *root)
{
    memcpy(root->bytes, empty_root, sizeof empty_root);
}

bool cg_merkle_hash_equal(const struct cg_merkle_hash *one, const struct cg_merkle_hash *other)
{
    return memcmp(one->bytes, other->bytes, CG_MERKLE_HASH_SIZE) == 0;
}

static int tell(const struct cg_merkle_sink *sink, unsigned level, uint64_t index, const struct cg_merkle_hash *hash,
                struct cg_error *err)
{
    return sink ? sink->node(sink->context, level, index, hash, err) : 0;
}

int cg_merkle_range_append(struct cg_merkle_range *range, struct cg_merkle_hasher *hasher,
                           const struct cg_merkle_hash *leaf, const struct cg_merkle_sink *sink, struct cg_error *err)
{
    if (range->size >= CG_MERKLE_SIZE_MAX)
        return cg_fail(err, CG_E_LIMIT, "a tree has at most %" PRIu64 " leaves", CG_MERKLE_SIZE_MAX);

    /* Like a carry in addition: two perfect trees of one height become one of the next. */
    struct cg_merkle_hash node = *leaf;
    unsigned level = 0;
    if (tell(sink, 0, range->size, &node, err) < 0)
        return -1;
    for (; range->size >> level & 1; level++)
        if (cg_merkle_hash_node(hasher, &range->edge[level], &node, &node, err) < 0 ||
            tell(sink, level + 1, range->size >> (level + 1), &node, err) < 0)
            return -1;
    range->edge[level] = node;
    range->size++;
    return 0;
}

int cg_merkle_range_root(const struct cg_merkle_range *range, struct cg_merkle_hasher *hasher,
                         struct cg_merkle_hash *root, struct cg_error *err)
{
    if (range->size == 0) {
        cg_merkle_empty_root(root);
        return 0;
    }
    unsigned level = 0;
    while (!(range->size >> level & 1))
        level++;
    struct cg_merkle_hash made = range->edge[level];
    while (++level < CG_MERKLE_LEVELS)
        if (range->size >> level & 1 && cg_merkle_hash_node(hasher, &range->edge[level], &made, &made, err) < 0)
            return -1;
    *root = made;
    return 0;
}

int cg_merkle_range_read(const struct cg_merkle_source *source, uint64_t size, struct cg_merkle_range *range,
                         struct cg_error *err)
{
    if (size > CG_MERKLE_SIZE_MAX)
        return cg_fail(err, CG_E_LIMIT, "a tree of %" PRIu64 " leaves, at most %" PRIu64 " are handled", size,
                       CG_MERKLE_SIZE_MAX);
    struct cg_merkle_range made = {.size = size};
    for (unsigned level = 0; level < CG_MERKLE_LEVELS; level++)
        if (size >> level & 1 && source->node(source->context, level, (size >> level) - 1, &made.edge[level], err) < 0)
            return -1;
    *range = made;
    return 0;
}
