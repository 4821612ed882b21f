/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/batch_ask.h"

#include "cg/json.h"
#include "koji/multicall.h"

#include <string.h>

/* The NVR in the document at `path`, to be freed; NULL when there is none. */
static char *read_nvr(const char *path)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_json_load_file(path, &text, NULL) < 0)
        return NULL;
    CG_AUTO_JSON json_t *document = json_loadb(cg_bytes_text(&text), text.size, 0, NULL);
    const json_t *build = json_object_get(document, "build");
    const char *name = json_string_value(json_object_get(build, "name"));
    const char *version = json_string_value(json_object_get(build, "version"));
    const char *release = json_string_value(json_object_get(build, "release"));
    CG_AUTO_BYTES struct cg_bytes nvr = {0};
    if (!name || !version || !release || cg_bytes_printf(&nvr, NULL, "%s-%s-%s", name, version, release) < 0)
        return NULL;
    return cg_bytes_steal(&nvr);
}

/* Is the item the first of its NVR? The second must see what the first became. */
static bool is_first(const struct import_batch_notice *notices, size_t i)
{
    for (size_t earlier = 0; earlier < i; earlier++)
        if (notices[earlier].nvr && strcmp(notices[earlier].nvr, notices[i].nvr) == 0)
            return false;
    return true;
}

/* Asks for the items [begin, end) that have an NVR of their own. */
static int ask_some(struct koji_session *session, struct import_batch_notice *notices, size_t begin, size_t end,
                    struct cg_error *err)
{
    size_t asked[IMPORT_BATCH_ASK_MOST];
    size_t count = 0;
    CG_AUTO_JSON json_t *calls = json_array();
    for (size_t i = begin; i < end; i++) {
        if (!notices[i].nvr || !is_first(notices, i))
            continue;
        if (koji_multicall_add(calls, "getBuild", json_pack("[s]", notices[i].nvr), err) < 0)
            return -1;
        asked[count++] = i;
    }
    CG_AUTO_JSON json_t *results = NULL;
    if (count == 0 || koji_session_multicall(session, KOJI_LOOK, calls, &results, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct cg_error ignored = {0};
        const json_t *build = koji_multicall_result(results, i, "getBuild", &ignored);
        if (json_is_null(build))
            notices[asked[i]].foreknown = IMPORT_WAS_ABSENT;
    }
    return 0;
}

struct import_batch_notice *import_batch_ask(struct koji_session *session, const struct import_batch *batch,
                                             struct cg_error *err)
{
    struct import_batch_notice *notices = calloc(batch->count + 1, sizeof *notices);
    if (!notices) {
        cg_fail_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < batch->count; i++)
        notices[i].nvr = read_nvr(batch->items[i].metadata_path);
    for (size_t begin = 0; begin < batch->count; begin += IMPORT_BATCH_ASK_MOST) {
        size_t left = batch->count - begin;
        struct cg_error ignored = {0};
        ask_some(session, notices, begin, begin + (left < IMPORT_BATCH_ASK_MOST ? left : IMPORT_BATCH_ASK_MOST),
                 &ignored);
    }
    return notices;
}

void import_batch_notices_free(struct import_batch_notice *notices, size_t count)
{
    for (size_t i = 0; notices && i < count; i++)
        free(notices[i].nvr);
    free(notices);
}
