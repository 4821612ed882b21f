/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/publish.h"

#include "audit/kept_file.h"
#include "audit/last_signed.h"

#include <dirent.h>
#include <string.h>

static int place(const struct publish *publish, const char *name, struct cg_bytes *path, struct cg_error *err)
{
    return cg_bytes_printf(path, err, "%s/%s", publish->directory, name);
}

/* Partial tiles are of no more use once the full one is there. One that stays does no harm. */
static void drop_partial(const char *full)
{
    CG_AUTO_BYTES struct cg_bytes directory = {0}, file = {0};
    struct cg_error ignored = {0};
    if (cg_bytes_printf(&directory, &ignored, "%s.p", full) != 0)
        return;
    DIR *entries = opendir(cg_bytes_text(&directory));
    if (!entries)
        return;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL; cg_bytes_clear(&file))
        if (entry->d_name[0] != '.' &&
            cg_bytes_printf(&file, &ignored, "%s/%s", cg_bytes_text(&directory), entry->d_name) == 0)
            unlink(cg_bytes_text(&file));
    closedir(entries);
    rmdir(cg_bytes_text(&directory));
}

static int publish_tile(const struct publish *publish, const struct cg_tile *tile, struct cg_bytes *content,
                        struct cg_error *err)
{
    char name[CG_TILE_PATH_SIZE];
    CG_AUTO_BYTES struct cg_bytes path = {0};
    cg_tile_path(tile, name);
    if (place(publish, name, &path, err) != 0 || store_audit_tile(publish->store, tile, content, err) != 0 ||
        kept_file_write(cg_bytes_text(&path), content->data, content->size, err) != 0)
        return -1;
    if (tile->width == CG_TILE_WIDTH)
        drop_partial(cg_bytes_text(&path));
    return 0;
}

int publish_tiles(const struct publish *publish, uint64_t old_size, uint64_t new_size, struct cg_error *err)
{
    struct cg_tile_walk walk = {.old_size = old_size, .new_size = new_size};
    CG_AUTO_BYTES struct cg_bytes content = {0};
    struct cg_tile tile;
    while (cg_tile_next(&walk, &tile))
        if (publish_tile(publish, &tile, &content, err) != 0)
            return -1;
    return 0;
}

int publish_checkpoint(const struct publish *publish, uint64_t size, const char *note, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (place(publish, "checkpoint", &path, err) != 0)
        return -1;
    return last_signed_keep(cg_bytes_text(&path), publish->keys, size, note, err);
}

int publish_size(const struct publish *publish, uint64_t *size, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    *size = 0;
    if (place(publish, "checkpoint", &path, err) != 0 ||
        last_signed_read(cg_bytes_text(&path), publish->keys, &checkpoint, err) < 0)
        return -1;
    *size = checkpoint.size;
    return 0;
}
