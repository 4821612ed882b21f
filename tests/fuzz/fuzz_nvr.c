/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is split into parts is joined to the same text, and a draft's release leads back to its target. */
#include "cg/nvr.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_split(const char *text)
{
    struct cg_error err = {0};
    CG_AUTO_NVR struct cg_nvr nvr = {0};
    if (cg_nvr_parse(text, &nvr, &err) < 0) {
        assert(err.code == CG_E_NVR && !nvr.name);
        return;
    }
    assert(*nvr.name && *nvr.version && *nvr.release);
    assert(!strchr(nvr.version, '-') && !strchr(nvr.release, '-'));
    CG_AUTO_FREE char *joined = cg_nvr_join(nvr.name, nvr.version, nvr.release, &err);
    size_t offset = strlen(text) - strlen(joined);
    assert(strcmp(text + offset, joined) == 0);
    assert(offset == 0 || (text[offset - 1] == ':' && strncmp(text, nvr.epoch, offset - 1) == 0));
}

static void check_part(enum cg_nvr_part part, const char *value)
{
    struct cg_error err = {0};
    if (cg_nvr_check(part, value, &err) == 0) {
        assert(err.code == CG_OK && *value && !strchr(value, '/'));
        assert(strcmp(value, ".") != 0 && strcmp(value, "..") != 0);
    } else {
        assert(err.code == CG_E_NVR && err.message[0]);
    }
}

static void check_draft(const char *release)
{
    struct cg_error err = {0};
    CG_AUTO_FREE char *draft = cg_nvr_draft_release(release, 42, &err);
    CG_AUTO_FREE char *target = cg_nvr_target_release(draft, &err);
    /* A release that has a comma already is no target a hub makes. */
    assert(strchr(release, ',') || strcmp(target, release) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CG_AUTO_FREE char *text = strndup((const char *)data, size);
    assert(text);
    check_split(text);
    check_part(CG_NVR_NAME, text);
    check_part(CG_NVR_VERSION, text);
    check_part(CG_NVR_RELEASE, text);
    check_draft(text);
    return 0;
}
