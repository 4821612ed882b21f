/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/upload_file.h"

#include "cg/base64.h"
#include "cg/bytes.h"
#include "cg/digest.h"

json_t *koji_upload_file_params(const char *directory, const char *filename, const void *data, size_t size,
                                struct cg_error *err)
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    struct cg_digests digests;
    CG_AUTO_BYTES struct cg_bytes base64 = {0};
    if (!digest || cg_digest_update(digest, data, size, err) < 0 || cg_digest_read(digest, &digests, err) < 0 ||
        cg_base64_encode(data, size, &base64, err) < 0)
        return NULL;
    json_t *params = json_pack("[s, s, I, [s, s], i, s]", directory, filename, (json_int_t)size, "sha256",
                               digests.sha256, 0, cg_bytes_text(&base64));
    if (!params)
        cg_fail_memory(err);
    return params;
}
