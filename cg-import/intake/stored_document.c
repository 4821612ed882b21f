/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/stored_document.h"

#include "cg/json.h"

#include <errno.h>
#include <inttypes.h>

json_t *stored_document(struct spool *spool, const char *sha256, struct cg_error *err)
{
    uint64_t size_bytes;
    CG_AUTO_FD int fd = spool_content_open(spool, sha256, &size_bytes, err);
    if (fd < 0)
        return NULL;
    if (size_bytes > CG_JSON_SIZE_MAX) {
        cg_fail(err, CG_E_LIMIT, "the document has %" PRIu64 " bytes", size_bytes);
        return NULL;
    }
    CG_AUTO_BYTES struct cg_bytes text = {0};
    char piece[16384];
    ssize_t got;
    while ((got = read(fd, piece, sizeof piece)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            cg_fail_errno(err, "read", "a stored document");
            return NULL;
        }
        if (cg_bytes_append(&text, piece, (size_t)got, err) != 0)
            return NULL;
    }
    return cg_json_read(cg_bytes_text(&text), text.size, NULL, err);
}
