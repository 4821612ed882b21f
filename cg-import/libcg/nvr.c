/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/nvr.h"
#include "cg/bytes.h"

#include <inttypes.h>
#include <string.h>

/* koji/__init__.py DRAFT_RELEASE_DELIMITER and what follows it up to the build id. */
static const char draft_mark[] = ",draft_";

static const char *const part_names[] = {"name", "version", "release"};

/* Characters the hub's RegexNameInternal, ^[A-Za-z0-9/_.+-]+$, allows in a package name, less the slash. */
static const char name_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-";

static int bad_format(const char *text, struct cg_error *err)
{
    cg_fail(err, CG_E_NVR, "\"%s\" is not name-version-release", text);
    return cg_hint(err, "an NVR has at least two dashes with text on both sides, like test-container-1.0-1");
}

/* The last dash of text[0..end), or NULL. */
static const char *last_dash(const char *text, const char *end)
{
    while (end > text)
        if (*--end == '-')
            return end;
    return NULL;
}

int cg_nvr_parse(const char *text, struct cg_nvr *nvr, struct cg_error *err)
{
    const char *end = text + strlen(text);
    const char *before_release = last_dash(text, end);
    if (!before_release || before_release + 1 == end)
        return bad_format(text, err);
    const char *before_version = last_dash(text, before_release);
    if (!before_version || before_version + 1 == before_release)
        return bad_format(text, err);
    const char *colon = memchr(text, ':', (size_t)(before_version - text));
    const char *name = colon ? colon + 1 : text;
    if (name == before_version)
        return bad_format(text, err);

    CG_AUTO_NVR struct cg_nvr made = {
        .epoch = strndup(text, colon ? (size_t)(colon - text) : 0),
        .name = strndup(name, (size_t)(before_version - name)),
        .version = strndup(before_version + 1, (size_t)(before_release - before_version - 1)),
        .release = strdup(before_release + 1),
    };
    if (!made.epoch || !made.name || !made.version || !made.release)
        return cg_fail_memory(err);
    *nvr = CG_MOVE(made);
    return 0;
}

/* Would this part of the path packages/NAME/VERSION/RELEASE leave its place, or not fit into a file system? */
static int check_as_directory(enum cg_nvr_part part, const char *value, struct cg_error *err)
{
    const char *what = part_names[part];
    if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
        return cg_fail(err, CG_E_NVR, "\"%s\" as %s would place the build's files outside its own directory", value,
                       what);
    if (strchr(value, '/'))
        return cg_fail(err, CG_E_NVR, "\"%s\" has a slash, which a %s must not: it is a directory on the hub", value,
                       what);
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return cg_fail(err, CG_E_NVR, "the %s has the control character 0x%02x at byte %zu", what,
                           (unsigned)(unsigned char)*p, (size_t)(p - value));
    return 0;
}

int cg_nvr_check(enum cg_nvr_part part, const char *value, struct cg_error *err)
{
    const char *what = part_names[part];
    size_t length = strlen(value);
    if (length == 0)
        return cg_fail(err, CG_E_NVR, "\"\" is no %s: it must not be empty", what);
    if (length > CG_NVR_PART_MAX)
        return cg_fail(err, CG_E_NVR, "\"%.32s...\" is %zu bytes long; a %s has at most %d", value, length, what,
                       CG_NVR_PART_MAX);
    if (check_as_directory(part, value, err) < 0)
        return -1;

    if (part == CG_NVR_NAME) {
        size_t good = strspn(value, name_characters);
        if (good < length)
            return cg_fail(err, CG_E_NVR,
                           "\"%s\" has a character at byte %zu that a package name must not have; "
                           "allowed are letters, digits and _ . + -",
                           value, good);
        return 0;
    }
    if (strchr(value, '-'))
        return cg_fail(err, CG_E_NVR, "\"%s\" has a dash, which a %s must not", value, what);
    return 0;
}

char *cg_nvr_join(const char *name, const char *version, const char *release, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_bytes_printf(&text, err, "%s-%s-%s", name, version, release) < 0)
        return NULL;
    return cg_bytes_steal(&text);
}

char *cg_nvr_draft_release(const char *release, int64_t build_id, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_bytes_printf(&text, err, "%s%s%" PRId64, release, draft_mark, build_id) < 0)
        return NULL;
    return cg_bytes_steal(&text);
}

char *cg_nvr_target_release(const char *draft_release, struct cg_error *err)
{
    const char *comma = strchr(draft_release, ',');
    if (!comma || strncmp(comma, draft_mark, strlen(draft_mark)) != 0) {
        cg_fail(err, CG_E_NVR, "\"%s\" is not a draft's release, which reads RELEASE,draft_BUILDID", draft_release);
        return NULL;
    }
    char *release = strndup(draft_release, (size_t)(comma - draft_release));
    if (!release)
        cg_fail_memory(err);
    return release;
}

void cg_nvr_finish(struct cg_nvr *nvr)
{
    free(nvr->epoch);
    free(nvr->name);
    free(nvr->version);
    free(nvr->release);
    *nvr = (struct cg_nvr){0};
}
