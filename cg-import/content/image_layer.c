/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/image_layer.h"

#include "content/image_path.h"
#include "content/image_stream.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"

const char *const image_database_places[IMAGE_DATABASE_PLACES] = {"usr/lib/sysimage/rpm", "var/lib/rpm"};
const char *const image_database_files[IMAGE_DATABASE_FILES] = {"rpmdb.sqlite", "rpmdb.sqlite-wal", "Packages.db",
                                                                "Index.db",     "Packages",         "Name"};

/* One layer being read. */
struct reading {
    struct image_layer *layer;
    struct image_tar *tar;
    struct image_budget *budget;
    int directory_fd;
    struct cg_bytes path; /* of the entry */
};

static void reading_finish(struct reading *reading)
{
    cg_bytes_finish(&reading->path);
    image_tar_close(reading->tar);
}

void image_layer_kept(char name[64], const struct image_layer *layer, unsigned place, unsigned file)
{
    snprintf(name, 64, "layer-%u-%u-%s", layer->number, place, image_database_files[file]);
}

/* --- what an entry does to a database file -------------------------------------------------------------------------
 */

/* Is the database place, or what lies in it, at or below the clean path of `size` bytes? */
static bool is_at_or_below(const char *place, const char *path, size_t size)
{
    return size == 0 || (strncmp(place, path, size) == 0 && (place[size] == '/' || place[size] == '\0'));
}

/* Nothing of the place that lower layers have is seen any more. What this layer itself brings stays. */
static void hide_place(struct image_layer *layer, unsigned place)
{
    for (unsigned file = 0; file < IMAGE_DATABASE_FILES; file++)
        if (layer->found[place][file] == IMAGE_NOTHING)
            layer->found[place][file] = IMAGE_HIDDEN;
}

static void hide_at_or_below(struct image_layer *layer, const char *path, size_t size)
{
    for (unsigned place = 0; place < IMAGE_DATABASE_PLACES; place++)
        if (is_at_or_below(image_database_places[place], path, size))
            hide_place(layer, place);
}

/* Which database file has this path? */
static bool find_file(const char *directory, size_t directory_size, const char *name, unsigned *place, unsigned *file)
{
    for (*place = 0; *place < IMAGE_DATABASE_PLACES; ++*place) {
        if (strlen(image_database_places[*place]) != directory_size ||
            strncmp(image_database_places[*place], directory, directory_size) != 0)
            continue;
        for (*file = 0; *file < IMAGE_DATABASE_FILES; ++*file)
            if (strcmp(image_database_files[*file], name) == 0)
                return true;
    }
    return false;
}

/* ".wh..wh.*" but the opaque mark are aufs's own. */
static int take_whiteout(struct image_layer *layer, const char *path, size_t directory_size, const char *name,
                         struct cg_error *err)
{
    unsigned place = 0, file = 0;
    if (strcmp(name, OPAQUE) == 0) {
        hide_at_or_below(layer, path, directory_size);
        return 0;
    }
    const char *hidden = name + strlen(WHITEOUT);
    if (strncmp(hidden, WHITEOUT, strlen(WHITEOUT)) == 0)
        return 0;
    if (find_file(path, directory_size, hidden, &place, &file)) {
        if (layer->found[place][file] == IMAGE_NOTHING)
            layer->found[place][file] = IMAGE_HIDDEN;
        return 0;
    }
    CG_AUTO_BYTES struct cg_bytes target = {0};
    if (cg_bytes_append(&target, path, directory_size, err) < 0 ||
        (directory_size > 0 && cg_bytes_append(&target, "/", 1, err) < 0) ||
        cg_bytes_append_text(&target, hidden, err) < 0)
        return -1;
    hide_at_or_below(layer, cg_bytes_text(&target), target.size);
    return 0;
}

/* --- keeping a file ------------------------------------------------------------------------------------------------
 */

static int write_piece(int fd, const char *data, size_t size, uint64_t offset, struct cg_error *err)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, data, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno == EFBIG || errno == ENOSPC || errno == EDQUOT
                       ? cg_fail(err, CG_E_LIMIT, "no room to copy the rpm database out of the layer")
                       : cg_fail_errno(err, "write", "the copy of the rpm database");
        data += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return 0;
}

static int keep(struct reading *reading, unsigned place, unsigned file, struct cg_error *err)
{
    char name[64];
    image_layer_kept(name, reading->layer, place, file);
    CG_AUTO_FD int fd =
        openat(reading->directory_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return cg_fail_errno(err, "make", name);
    const void *data;
    uint64_t offset;
    ssize_t size;
    while ((size = image_tar_pull(reading->tar, &data, &offset, err)) > 0)
        if (image_budget_take(&reading->budget->kept_bytes, (uint64_t)size, "bytes of rpm databases", err) < 0 ||
            write_piece(fd, data, (size_t)size, offset, err) < 0)
            return -1;
    return size < 0 ? -1 : 0;
}

/* --- the layer -----------------------------------------------------------------------------------------------------
 */

static int take_entry(struct reading *reading, struct archive_entry *entry, struct cg_error *err)
{
    struct image_layer *layer = reading->layer;
    if (image_path_clean(&reading->path, archive_entry_pathname(entry), err) < 0)
        return -1;
    const char *path = cg_bytes_text(&reading->path);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t directory_size = slash ? (size_t)(slash - path) : 0;
    unsigned place = 0, file = 0;
    if (strncmp(name, WHITEOUT, strlen(WHITEOUT)) == 0)
        return take_whiteout(layer, path, directory_size, name, err);
    if (find_file(path, directory_size, name, &place, &file)) {
        bool regular = archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry);
        layer->found[place][file] = regular ? IMAGE_FILE : IMAGE_LINK;
        return regular ? keep(reading, place, file, err) : 0;
    }
    /* A directory is merged with what is below; anything else is put in its place. */
    if (reading->path.size > 0 && archive_entry_filetype(entry) != AE_IFDIR)
        hide_at_or_below(layer, path, reading->path.size);
    return 0;
}

int image_layer_read(struct image_layer *layer, struct image_stream *stream, struct image_budget *budget,
                     int directory_fd, struct cg_error *err)
{
    CG_AUTO(reading_finish)
    struct reading reading = {
        .layer = layer, .tar = image_tar_open(stream, err), .budget = budget, .directory_fd = directory_fd};
    if (!reading.tar)
        return -1;
    struct archive_entry *entry;
    struct cg_error failure = {0};
    int more;
    while ((more = image_tar_next(reading.tar, &entry, &failure)) == 1)
        if (take_entry(&reading, entry, err) < 0)
            return -1;
    bool none = more < 0 && image_tar_is_none(reading.tar);
    if (more < 0 && !none) {
        if (err)
            *err = failure;
        return -1;
    }
    if (none && image_stream_drain(stream, err) < 0)
        return -1;
    return image_stream_digests(stream, &layer->packed, &layer->unpacked, err) < 0 ? -1 : !none;
}
