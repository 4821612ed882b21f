/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of tiles have one spelling; bundles hold what they were made of; envelopes are refused without harm. */
#include "cg/base64.h"
#include "cg/dsse.h"
#include "cg/tile.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *text, size_t size)
{
    CG_AUTO_FREE char *path = strndup(text, size);
    char again[CG_TILE_PATH_SIZE];
    struct cg_tile tile;
    assert(path);
    if (cg_tile_parse_path(path, &tile, NULL) < 0)
        return;
    cg_tile_path(&tile, again);
    assert(strcmp(path, again) == 0);
}

/* The first byte says how many entries there are. */
static void check_bundle(const uint8_t *data, size_t size)
{
    struct cg_tile_entry entries[CG_TILE_WIDTH];
    CG_AUTO_BYTES struct cg_bytes again = {0};
    unsigned width = data[0] + 1U;
    if (cg_tile_bundle_parse(data + 1, size - 1, width, entries, NULL) < 0)
        return;
    for (unsigned i = 0; i < width; i++)
        assert(cg_tile_bundle_append(&again, entries[i].data, entries[i].size, NULL) == 0);
    assert(again.size == size - 1 && memcmp(again.data, data + 1, again.size) == 0);
}

static void check_base64(const char *text, size_t size)
{
    CG_AUTO_BYTES struct cg_bytes bytes = {0}, again = {0};
    if (cg_base64_decode(text, size, &bytes, NULL) < 0)
        return;
    assert(cg_base64_encode(cg_bytes_text(&bytes), bytes.size, &again, NULL) == 0);
    assert(again.size == size && memcmp(cg_bytes_text(&again), text, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct cg_dsse_key key = {{0x55}};
    CG_AUTO_BYTES struct cg_bytes payload = {0};
    check_path((const char *)data, size);
    if (size > 0)
        check_bundle(data, size);
    check_base64((const char *)data, size);
    assert(cg_dsse_verify((const char *)data, size, &key, 1, "t", &payload, NULL) < 0);
    return 0;
}
