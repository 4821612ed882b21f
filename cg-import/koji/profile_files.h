/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_PROFILE_FILES_H
#define KOJI_PROFILE_FILES_H

/*
 * Which configuration files koji reads, in which order, and "~" in paths.
 *
 * Implements koji/__init__.py read_config_files and config_directory_contents, and Python's os.path.expanduser.
 */

#include "cg/error.h"

#include <stddef.h>

/* Is a file or directory that is not there, or an empty directory, an error? */
enum profile_presence { PROFILE_OPTIONAL, PROFILE_REQUIRED };

/* Paths, owned. Zero-initialise. */
struct profile_files {
    char **paths;
    size_t count;
};

#define AUTO_PROFILE_FILES CG_AUTO(profile_files_finish)

/*
 * Appends `path` if it is a file, or the *.conf files in it, sorted, if it is a directory. 0, or -1 with CG_E_CONFIG
 * (required and not there), CG_E_IO (a directory that cannot be listed), CG_E_MEMORY.
 */
int profile_files_add(struct profile_files *files, const char *path, enum profile_presence presence,
                      struct cg_error *err);

/*
 * `path` with a leading "~" or "~USER" replaced, to be freed. `home` is what "~" means, NULL: $HOME, else the password
 * database; an unknown user leaves the path as it is. NULL with CG_E_MEMORY.
 */
char *profile_expand_home(const char *path, const char *home, struct cg_error *err);

void profile_files_finish(struct profile_files *files);

#endif
