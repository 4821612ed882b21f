/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/stored_metadata.h"

#include "cg/json.h"
#include "import/reserve.h"

#include <string.h>

/* A string of getBuild's answer that can be a directory's name, else NULL: the hub is not trusted with our paths. */
static const char *part(const struct koji_build *build, const char *name)
{
    const char *text = json_string_value(json_object_get(build->json, name));
    return text && text[0] && text[0] != '.' && !strchr(text, '/') ? text : NULL;
}

/* TOPDIR[/vol/VOLUME]/packages/NAME/VERSION/RELEASE/metadata.json. 1, 0 when that is not known, -1. */
static int make_path(const struct import_work *work, struct cg_bytes *path, struct cg_error *err)
{
    const char *topdir = koji_session_profile(work->session)->topdir;
    const struct koji_build *build = &work->build;
    const char *name = part(build, "name");
    const char *version = part(build, "version");
    const char *release = part(build, "release");
    const char *volume = part(build, "volume_name");
    if (!topdir || !topdir[0] || !name || !version || !release || !volume)
        return 0;
    if (cg_bytes_append_text(path, topdir, err) < 0)
        return -1;
    if (strcmp(volume, "DEFAULT") != 0 && cg_bytes_printf(path, err, "/vol/%s", volume) < 0)
        return -1;
    return cg_bytes_printf(path, err, "/packages/%s/%s/%s/" IMPORT_METADATA_NAME, name, version, release) < 0 ? -1 : 1;
}

static bool same_text(const struct cg_bytes *stored, const char *text, size_t size)
{
    return stored->size == size && memcmp(stored->data, text, size) == 0;
}

int import_stored_metadata_compare(const struct import_work *work, struct cg_bytes *differences, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    CG_AUTO_BYTES struct cg_bytes stored = {0};
    int known = make_path(work, &path, err);
    if (known <= 0)
        return known;
    struct cg_error unreadable = {0};
    if (cg_json_load_file(path.data, &stored, &unreadable) < 0)
        return 0;
    if (same_text(&stored, work->request->text, work->request->text_size))
        return 0;
    CG_AUTO_BYTES struct cg_bytes reserved = {0};
    if (import_reserved_text(work, work->build.build_id, &reserved, err) < 0)
        return -1;
    if (same_text(&stored, reserved.data, reserved.size))
        return 0;
    return cg_bytes_append_text(differences, "its metadata.json is not this one", err) < 0 ? -1 : 1;
}
