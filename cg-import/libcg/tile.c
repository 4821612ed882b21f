/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/tile.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Groups of three digits that the largest number of a tile has: 2^62 / 256 is below 10^18. */
enum { GROUPS_MAX = 6 };

unsigned cg_tile_width(uint64_t size, unsigned level, uint64_t n)
{
    assert(level < CG_TILE_LEVELS && size <= CG_MERKLE_SIZE_MAX);
    uint64_t hashes = size >> (level * CG_TILE_HEIGHT);
    if (n < hashes / CG_TILE_WIDTH)
        return CG_TILE_WIDTH;
    return n == hashes / CG_TILE_WIDTH ? (unsigned)(hashes % CG_TILE_WIDTH) : 0;
}

void cg_tile_path(const struct cg_tile *tile, char path[CG_TILE_PATH_SIZE])
{
    assert(tile->width >= 1 && tile->width <= CG_TILE_WIDTH && tile->level < CG_TILE_LEVELS);
    assert(tile->kind == CG_TILE_HASHES || tile->level == 0);
    unsigned groups[GROUPS_MAX];
    size_t count = 0;
    uint64_t rest = tile->n;
    do {
        assert(count < GROUPS_MAX);
        groups[count++] = (unsigned)(rest % 1000);
        rest /= 1000;
    } while (rest > 0);

    int length = tile->kind == CG_TILE_ENTRIES ? snprintf(path, CG_TILE_PATH_SIZE, "tile/entries")
                                               : snprintf(path, CG_TILE_PATH_SIZE, "tile/%u", tile->level);
    while (count-- > 0)
        length +=
            snprintf(path + length, CG_TILE_PATH_SIZE - (size_t)length, count > 0 ? "/x%03u" : "/%03u", groups[count]);
    if (tile->width < CG_TILE_WIDTH)
        snprintf(path + length, CG_TILE_PATH_SIZE - (size_t)length, ".p/%u", tile->width);
}

/* Reads up to three digits; returns how many. */
static size_t read_digits(const char *text, unsigned *number)
{
    size_t count = 0;
    for (*number = 0; count < 3 && text[count] >= '0' && text[count] <= '9'; count++)
        *number = *number * 10 + (unsigned)(text[count] - '0');
    return count;
}

/* Reads what a path may say, also in other spellings; returns false when it is none. */
static bool read_path(const char *path, struct cg_tile *tile)
{
    static const char entries[] = "tile/entries", hashes[] = "tile/";
    *tile = (struct cg_tile){.width = CG_TILE_WIDTH};
    if (strncmp(path, entries, strlen(entries)) == 0) {
        tile->kind = CG_TILE_ENTRIES;
        path += strlen(entries);
    } else {
        if (strncmp(path, hashes, strlen(hashes)) != 0)
            return false;
        path += strlen(hashes);
        path += read_digits(path, &tile->level);
    }
    size_t groups = 0;
    for (bool more = true; more; groups++) {
        if (*path++ != '/' || groups == GROUPS_MAX)
            return false;
        more = *path == 'x';
        path += more;
        unsigned group;
        if (read_digits(path, &group) != 3)
            return false;
        path += 3;
        tile->n = tile->n * 1000 + group;
    }
    if (strncmp(path, ".p/", 3) == 0)
        path += 3 + read_digits(path + 3, &tile->width);
    return *path == '\0' && tile->width >= 1 && tile->width <= CG_TILE_WIDTH && tile->level < CG_TILE_LEVELS;
}

int cg_tile_parse_path(const char *path, struct cg_tile *tile, struct cg_error *err)
{
    struct cg_tile read;
    char written[CG_TILE_PATH_SIZE] = "";
    bool is_path = read_path(path, &read);
    if (is_path)
        cg_tile_path(&read, written);
    /* One spelling only, so that a cache or a directory has each tile once. */
    if (!is_path || strcmp(path, written) != 0)
        return cg_fail(err, CG_E_FORM, "\"%.80s\" is no path of a tile, like tile/0/x001/234.p/56", path);
    *tile = read;
    return 0;
}

bool cg_tile_next(struct cg_tile_walk *walk, struct cg_tile *tile)
{
    assert(walk->old_size <= walk->new_size);
    for (; walk->step_ <= CG_TILE_LEVELS; walk->step_++, walk->begun_ = false) {
        unsigned level = walk->step_ == 0 ? 0 : walk->step_ - 1;
        if (!walk->begun_)
            walk->next_ = (walk->old_size >> (level * CG_TILE_HEIGHT)) / CG_TILE_WIDTH;
        walk->begun_ = true;
        uint64_t n = walk->next_++;
        unsigned width = cg_tile_width(walk->new_size, level, n);
        if (width == cg_tile_width(walk->old_size, level, n))
            continue;
        *tile = (struct cg_tile){
            .kind = walk->step_ == 0 ? CG_TILE_ENTRIES : CG_TILE_HASHES, .level = level, .n = n, .width = width};
        return true;
    }
    return false;
}

int cg_tile_bundle_append(struct cg_bytes *bundle, const void *entry, size_t size, struct cg_error *err)
{
    if (size > CG_TILE_ENTRY_MAX)
        return cg_fail(err, CG_E_LIMIT, "an entry of %zu bytes, at most %u fit", size, CG_TILE_ENTRY_MAX);
    unsigned char length[2] = {(unsigned char)(size >> 8), (unsigned char)(size & 0xff)};
    if (cg_bytes_reserve(bundle, sizeof length + size, err) < 0)
        return -1;
    return cg_bytes_append(bundle, length, sizeof length, err) < 0 || cg_bytes_append(bundle, entry, size, err) < 0 ? -1
                                                                                                                    : 0;
}

int cg_tile_bundle_parse(const void *bundle, size_t size, unsigned width, struct cg_tile_entry *entries,
                         struct cg_error *err)
{
    assert(width >= 1 && width <= CG_TILE_WIDTH);
    const unsigned char *next = bundle;
    size_t left = size;
    for (unsigned i = 0; i < width; i++) {
        size_t length = left < 2 ? 0 : (size_t)next[0] << 8 | next[1];
        if (left < 2 || left - 2 < length)
            return cg_fail(err, CG_E_FORM, "a bundle of %zu bytes ends in its entry %u of %u", size, i + 1, width);
        entries[i] = (struct cg_tile_entry){next + 2, length};
        next += 2 + length;
        left -= 2 + length;
    }
    if (left > 0)
        return cg_fail(err, CG_E_FORM, "%zu bytes follow the %u entries of a bundle", left, width);
    return 0;
}
