/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_TILE_H
#define CG_TILE_H

/*
 * C2SP tlog-tiles: a Merkle tree and its entries cut into files of 256.
 *
 * Where a tile is, what is in it, which tiles a log of some size has, entry bundles, and reading any node of the tree
 * from tiles. Neither reads nor writes files: content comes from a callback. Nothing in a tile is believed: what is
 * read from one is to be held against a signed root.
 */

#include "cg/bytes.h"
#include "cg/merkle.h"

/* Hashes or entries of a full tile, and the levels of the tree it spans. */
#define CG_TILE_WIDTH 256U
#define CG_TILE_HEIGHT 8U
/* Levels of tiles of the largest tree. */
#define CG_TILE_LEVELS 8U
/* Bytes of a full tile of hashes. */
#define CG_TILE_SIZE (CG_TILE_WIDTH * CG_MERKLE_HASH_SIZE)
/* Room for any path and its NUL. */
#define CG_TILE_PATH_SIZE 64U
/* Bytes of one entry: its length is told in 16 bits. */
#define CG_TILE_ENTRY_MAX 65535U
/* Bytes of a full bundle of the largest entries. */
#define CG_TILE_BUNDLE_MAX (CG_TILE_WIDTH * (2U + CG_TILE_ENTRY_MAX))

enum cg_tile_kind {
    CG_TILE_HASHES,  /* nodes of tree level 8 * `level` */
    CG_TILE_ENTRIES, /* the leaves' bytes; `level` is 0 */
};

struct cg_tile {
    enum cg_tile_kind kind;
    unsigned level; /* below CG_TILE_LEVELS */
    uint64_t n;     /* the tile's number in its level */
    unsigned width; /* 1 to CG_TILE_WIDTH; partial below that */
};

/* Hashes or entries that tile `n` of `level` has in a log of `size` leaves: 0 (no such tile) to CG_TILE_WIDTH. */
CG_API unsigned cg_tile_width(uint64_t size, unsigned level, uint64_t n);

/* "tile/0/x001/x234/067", "tile/1/000.p/3", "tile/entries/273.p/112": no slash before it. The tile must be valid. */
CG_API void cg_tile_path(const struct cg_tile *tile, char path[CG_TILE_PATH_SIZE]);

/* Reads a path in the one spelling that cg_tile_path writes. 0, or -1 with CG_E_FORM. */
CG_API int cg_tile_parse_path(const char *path, struct cg_tile *tile, struct cg_error *err);

/*
 * The tiles a log of `new_size` leaves has and one of `old_size` had not (or narrower), bundles too: zero-initialise,
 * set the sizes, call until it returns false. A level at a time, bundles before the hashes of level 0.
 */
struct cg_tile_walk {
    uint64_t old_size, new_size; /* old_size <= new_size <= CG_MERKLE_SIZE_MAX */
    unsigned step_;              /* where the walk is: 0 bundles, L + 1 hashes of level L */
    uint64_t next_;
    bool begun_;
};
CG_API bool cg_tile_next(struct cg_tile_walk *walk, struct cg_tile *tile);

/* Appends an entry with its length. 0, or -1 with CG_E_LIMIT (above CG_TILE_ENTRY_MAX) or CG_E_MEMORY. */
CG_API int cg_tile_bundle_append(struct cg_bytes *bundle, const void *entry, size_t size, struct cg_error *err);

/* One entry of a bundle, borrowed from its bytes. */
struct cg_tile_entry {
    const unsigned char *data;
    size_t size;
};

/*
 * Takes a bundle apart into `width` entries (1 to CG_TILE_WIDTH). 0, or -1 with CG_E_FORM when it has fewer, or bytes
 * follow.
 */
CG_API int cg_tile_bundle_parse(const void *bundle, size_t size, unsigned width, struct cg_tile_entry *entries,
                                struct cg_error *err);

/* The node over a full tile: what stands for it one level up. 0; -1 with CG_E_FORM (not CG_TILE_SIZE), CG_E_INTERNAL.
 */
CG_API int cg_tile_hash(struct cg_merkle_hasher *hasher, const void *content, size_t size, struct cg_merkle_hash *hash,
                        struct cg_error *err);

/* Brings a tile's content, replacing what is in `content`. 0, or -1 with an error. Asked only for CG_TILE_HASHES. */
typedef int (*cg_tile_fetch)(void *context, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err);

/* Reads nodes of the tree of one size from its tiles, keeping the last tile of each level. */
struct cg_tile_reader;

#define CG_AUTO_TILE_READER CG_AUTO(cg_tile_reader_auto)

/* For a log of `size` leaves; `fetch` and `context` are borrowed. NULL with CG_E_LIMIT, CG_E_MEMORY, CG_E_INTERNAL. */
CG_API struct cg_tile_reader *cg_tile_reader_create(uint64_t size, cg_tile_fetch fetch, void *context,
                                                    struct cg_error *err);
/* A source for proofs and ranges over it, valid as long as the reader. Fails with CG_E_FORM for a tile of wrong size.
 */
CG_API struct cg_merkle_source cg_tile_reader_source(struct cg_tile_reader *reader);
/* NULL is allowed. */
CG_API void cg_tile_reader_destroy(struct cg_tile_reader *reader);

static inline void cg_tile_reader_auto(struct cg_tile_reader **reader)
{
    cg_tile_reader_destroy(*reader);
}

#endif
