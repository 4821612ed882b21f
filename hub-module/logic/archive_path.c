/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/archive_path.h"

#include <string.h>

int archive_root(const struct archive_row *row, const char *topdir, struct cg_bytes *root, struct cg_error *err)
{
    if (!row->volume || strcmp(row->volume, "DEFAULT") == 0)
        return cg_bytes_printf(root, err, "%s/packages", topdir);
    if (strchr(row->volume, '/') || row->volume[0] == '.' || row->volume[0] == '\0')
        return cg_fail(err, CG_E_USAGE, "the volume \"%s\" is no name of a directory", row->volume);
    return cg_bytes_printf(root, err, "%s/vol/%s/packages", topdir, row->volume);
}

/* "org.apache" as "org/apache". */
static int append_group(struct cg_bytes *path, const char *group, struct cg_error *err)
{
    size_t begin = path->size;
    if (cg_bytes_append_text(path, group, err) < 0)
        return -1;
    for (size_t i = begin; i < path->size; i++)
        if (path->data[i] == '.')
            path->data[i] = '/';
    return 0;
}

static int maven_path(const struct archive_row *row, struct cg_bytes *path, struct cg_error *err)
{
    if (!row->maven_group || !row->maven_artifact || !row->maven_version)
        return cg_fail(err, CG_E_USAGE, "%s is a maven archive without group, artifact and version", row->filename);
    if (cg_bytes_append_text(path, "/maven/", err) < 0 || append_group(path, row->maven_group, err) < 0)
        return -1;
    return cg_bytes_printf(path, err, "/%s/%s", row->maven_artifact, row->maven_version);
}

static int win_path(const struct archive_row *row, struct cg_bytes *path, struct cg_error *err)
{
    const char *relpath = row->win_relpath ? row->win_relpath : "";
    return cg_bytes_printf(path, err, "/win%s%s", relpath[0] ? "/" : "", relpath);
}

static const char *btype_of(const struct archive_row *row)
{
    if (row->btype)
        return row->btype;
    if (row->maven_group)
        return "maven";
    return row->win_relpath ? "win" : "image";
}

int archive_path(const struct archive_row *row, struct cg_bytes *path, struct cg_error *err)
{
    const char *btype = btype_of(row);
    int done;
    if (cg_bytes_printf(path, err, "%s/%s/%s", row->name, row->version, row->release) < 0)
        return -1;
    if (strcmp(btype, "maven") == 0)
        done = maven_path(row, path, err);
    else if (strcmp(btype, "win") == 0)
        done = win_path(row, path, err);
    else if (strcmp(btype, "image") == 0)
        done = cg_bytes_append_text(path, "/images", err);
    else
        done = cg_bytes_printf(path, err, "/files/%s", btype);
    return done < 0 ? -1 : cg_bytes_printf(path, err, "/%s", row->filename);
}
