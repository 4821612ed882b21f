/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/stored_metadata.h"

#include "import/reserve.h"
#include "koji/stored_file.h"

#include <string.h>

/* As koji_stored_file_read(). */
static int read_stored(struct import_work *work, size_t most_bytes, struct cg_bytes *stored, struct cg_error *why,
                       struct cg_error *err)
{
    const char *parts[KOJI_BUILD_PARTS + 1];
    size_t count = koji_build_directory(work->build.json, parts);
    parts[count++] = IMPORT_METADATA_NAME;
    return koji_stored_file_read(work->session, parts, count, most_bytes, stored, why, err);
}

static bool same_text(const struct cg_bytes *stored, const char *text, size_t size)
{
    return stored->size == size && memcmp(cg_bytes_text(stored), text, size) == 0;
}

static int keep_reason(struct import_result *result, const struct cg_error *why, struct cg_error *err)
{
    free(result->unread_reason);
    result->unread_reason = strdup(why->message);
    return result->unread_reason ? IMPORT_STORED_UNREAD : cg_fail_memory(err);
}

int import_stored_metadata_compare(struct import_work *work, enum import_stored_texts texts,
                                   struct cg_bytes *differences, struct cg_error *err)
{
    const struct import_request *request = work->request;
    CG_AUTO_BYTES struct cg_bytes reserved = {0};
    if (import_reserved_text(work, work->build.build_id, &reserved, err) < 0)
        return -1;
    CG_AUTO_BYTES struct cg_bytes stored = {0};
    struct cg_error why = {0};
    size_t most_bytes = reserved.size > request->text_size ? reserved.size : request->text_size;
    work->result->stored = IMPORT_STORED_UNREAD;
    int found = read_stored(work, most_bytes, &stored, &why, err);
    if (found < 0)
        return -1;
    if (found >= KOJI_FILE_ABSENT)
        return keep_reason(work->result, &why, err);

    bool any = texts == IMPORT_TEXT_OF_ANY_RUN;
    bool same = found == KOJI_FILE_READ &&
                (((any || work->reservation.build_id != 0) && same_text(&stored, reserved.data, reserved.size)) ||
                 ((any || work->reservation.build_id == 0) && same_text(&stored, request->text, request->text_size)));
    work->result->stored = same ? IMPORT_STORED_SAME : IMPORT_STORED_DIFFERENT;
    if (!same && cg_bytes_append_text(differences, "its metadata.json is not this one", err) < 0)
        return -1;
    return (int)work->result->stored;
}
