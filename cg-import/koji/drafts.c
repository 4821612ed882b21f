/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/drafts.h"

#include "cg/metadata.h"

#include <string.h>

static const char mark[] = ",draft_";

static bool is_target(const json_t *build, const struct cg_metadata *metadata)
{
    const char *version = json_string_value(json_object_get(build, "version"));
    const char *release = json_string_value(json_object_get(build, "release"));
    size_t length = strlen(metadata->release);
    return version && release && strcmp(version, metadata->version) == 0 &&
           strncmp(release, metadata->release, length) == 0 && strncmp(release + length, mark, sizeof mark - 1) == 0;
}

int koji_drafts_find(struct koji_session *session, const struct cg_metadata *metadata, int64_t ids[KOJI_DRAFTS_MOST],
                     size_t *count, struct cg_error *err)
{
    *count = 0;
    CG_AUTO_JSON json_t *params = json_pack("[{s:s, s:s, s:i, s:b, s:{s:s}, s:b}]", "packageID", metadata->name, "cgID",
                                            metadata->content_generator, "state", 1, "draft", 1, "queryOpts", "order",
                                            "-build_id", "__starstar", 1);
    if (!params)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    struct cg_error fault = {0};
    if (koji_session_call(session, KOJI_LOOK, "listBuilds", params, &answer, &fault) < 0) {
        /* Releases before drafts refuse the word itself: CGInitBuild is what says that the hub has none. */
        if (fault.code == CG_E_HUB_FAULT || fault.code == CG_E_HUB_REFUSED || fault.code == CG_E_UNSUPPORTED)
            return 0;
        if (err)
            *err = fault;
        return -1;
    }
    if (!json_is_array(answer))
        return cg_fail(err, CG_E_HUB_REPLY, "the hub answered listBuilds without an array");
    for (size_t i = 0; i < json_array_size(answer) && *count < KOJI_DRAFTS_MOST; i++) {
        const json_t *build = json_array_get(answer, i);
        const json_t *id = json_object_get(build, "build_id");
        if (!json_is_integer(id))
            return cg_fail(err, CG_E_HUB_REPLY, "the hub answered listBuilds without build_id");
        if (is_target(build, metadata))
            ids[(*count)++] = json_integer_value(id);
    }
    return 0;
}
