/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_ARCHIVE_PATH_H
#define CG_HUB_ARCHIVE_PATH_H

/* Where the hub keeps an archive's file (koji/__init__.py PathInfo), by what its tables say of it. Pure. */

#include "cg/bytes.h"

/* All borrowed; NULL where the table has NULL. */
struct archive_row {
    const char *volume;
    const char *name; /* of the package */
    const char *version;
    const char *release;
    const char *btype; /* NULL: an archive from before build types, which is of the kind whose columns are there */
    const char *filename;
    const char *win_relpath;
    const char *maven_group;
    const char *maven_artifact;
    const char *maven_version;
};

/* The packages directory of the build's volume below `topdir`, appended. 0, or -1 with CG_E_MEMORY, CG_E_USAGE. */
int archive_root(const struct archive_row *row, const char *topdir, struct cg_bytes *root, struct cg_error *err);

/* The file's path below it, appended. 0, or -1 with CG_E_MEMORY, CG_E_USAGE (the columns do not say). */
int archive_path(const struct archive_row *row, struct cg_bytes *path, struct cg_error *err);

#endif
