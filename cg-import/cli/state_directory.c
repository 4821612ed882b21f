/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state_directory.h"

#include "cg/bytes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

char *state_directory_default(struct cg_error *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    CG_AUTO_BYTES struct cg_bytes path = {0};
    int result;
    /* The specification has relative ones ignored. */
    if (state && state[0] == '/')
        result = cg_bytes_printf(&path, err, "%s/cg-import", state);
    else if (home && home[0] == '/')
        result = cg_bytes_printf(&path, err, "%s/.local/state/cg-import", home);
    else
        result = cg_fail(err, CG_E_CONFIG, "neither XDG_STATE_HOME nor HOME names a place for the journal");
    return result < 0 ? NULL : cg_bytes_steal(&path);
}

/* One level; that it is there already is well. */
static int make_one(const char *path, struct cg_error *err)
{
    if (mkdir(path, S_IRWXU) == 0)
        return 0;
    int reason = errno;
    struct stat status;
    if (reason == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    errno = reason == EEXIST ? ENOTDIR : reason;
    return cg_fail_errno(err, "make directory", path);
}

int state_directory_make(const char *path, struct cg_error *err)
{
    CG_AUTO_FREE char *part = strdup(path);
    if (!part)
        return cg_fail_memory(err);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_one(part, err) < 0)
            return -1;
        *slash = '/';
    }
    return make_one(part, err);
}
