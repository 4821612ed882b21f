/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/profile_files.h"

#include "cg/auto.h"
#include "cg/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Bytes of one entry of the password database; as much as the largest that glibc suggests. */
#define PASSWORD_ENTRY_SIZE 16384

/* --- the home directory ------------------------------------------------------------------------------------------- */

/* The home directory of `user`, or of who runs this if NULL, copied to `home`; false if the database has none. */
static bool look_up_home(const char *user, struct cg_bytes *home, struct cg_error *err)
{
    CG_AUTO_FREE char *buffer = malloc(PASSWORD_ENTRY_SIZE);
    struct passwd entry;
    struct passwd *found = NULL;
    if (!buffer) {
        cg_fail_memory(err);
        return false;
    }
    int result = user ? getpwnam_r(user, &entry, buffer, PASSWORD_ENTRY_SIZE, &found)
                      : getpwuid_r(getuid(), &entry, buffer, PASSWORD_ENTRY_SIZE, &found);
    return result == 0 && found && cg_bytes_append_text(home, found->pw_dir, err) == 0;
}

/* What the "~" or "~USER" of `size` bytes stands for; false if nothing is known or memory is short. */
static bool find_home(const char *tilde, size_t size, const char *home, struct cg_bytes *out, struct cg_error *err)
{
    if (size > 1) {
        CG_AUTO_FREE char *user = strndup(tilde + 1, size - 1);
        if (!user) {
            cg_fail_memory(err);
            return false;
        }
        return look_up_home(user, out, err);
    }
    if (!home)
        home = getenv("HOME");
    return home ? cg_bytes_append_text(out, home, err) == 0 : look_up_home(NULL, out, err);
}

char *profile_expand_home(const char *path, const char *home, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes expanded = {0};
    size_t tilde = path[0] == '~' ? strcspn(path, "/") : 0;
    if (tilde > 0) {
        struct cg_error failure = {0};
        bool found = find_home(path, tilde, home, &expanded, &failure);
        if (!found && failure.code != CG_OK) {
            cg_fail_memory(err);
            return NULL;
        }
        if (!found)
            tilde = 0;
        while (expanded.size > 0 && expanded.data[expanded.size - 1] == '/')
            expanded.data[--expanded.size] = '\0';
    }
    if (cg_bytes_append_text(&expanded, path + tilde, err) != 0)
        return NULL;
    if (expanded.size == 0 && tilde > 0 && cg_bytes_append_text(&expanded, "/", err) != 0)
        return NULL;
    return cg_bytes_steal(&expanded);
}

/* --- the files ---------------------------------------------------------------------------------------------------- */

/* Takes ownership of `path`. */
static int add_path(struct profile_files *files, char *path, struct cg_error *err)
{
    char **paths = path ? realloc(files->paths, (files->count + 1) * sizeof *paths) : NULL;
    if (!paths) {
        free(path);
        return cg_fail_memory(err);
    }
    files->paths = paths;
    paths[files->count++] = path;
    return 0;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool ends_in_conf(const char *name)
{
    size_t size = strlen(name);
    return size >= 5 && strcmp(name + size - 5, ".conf") == 0;
}

static int refuse_missing(const char *path, struct cg_error *err)
{
    return cg_fail(err, CG_E_CONFIG, "the configuration file %s cannot be opened", path);
}

static int add_entry(struct profile_files *files, const char *directory, const char *name,
                     enum profile_presence presence, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (!ends_in_conf(name))
        return 0;
    if (cg_bytes_printf(&path, err, "%s/%s", directory, name) != 0)
        return -1;
    if (is_file(path.data))
        return add_path(files, cg_bytes_steal(&path), err);
    return presence == PROFILE_REQUIRED ? refuse_missing(path.data, err) : 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_directory(struct profile_files *files, const char *path, enum profile_presence presence,
                         struct cg_error *err)
{
    size_t before = files->count;
    DIR *directory = opendir(path);
    if (!directory)
        return errno == ENOENT ? 0 : cg_fail_errno(err, "list", path);
    struct dirent *entry;
    int result = 0;
    while (result == 0 && (entry = readdir(directory)))
        result = add_entry(files, path, entry->d_name, presence, err);
    closedir(directory);
    if (result != 0)
        return -1;
    if (files->count > before)
        qsort(files->paths + before, files->count - before, sizeof *files->paths, compare_paths);
    else if (presence == PROFILE_REQUIRED)
        return cg_fail(err, CG_E_CONFIG, "there are no *.conf files in the directory %s", path);
    return 0;
}

int profile_files_add(struct profile_files *files, const char *path, enum profile_presence presence,
                      struct cg_error *err)
{
    if (is_directory(path))
        return add_directory(files, path, presence, err);
    if (is_file(path)) {
        char *copy = strdup(path);
        return add_path(files, copy, err);
    }
    return presence == PROFILE_REQUIRED ? refuse_missing(path, err) : 0;
}

void profile_files_finish(struct profile_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    free(files->paths);
    *files = (struct profile_files){0};
}
