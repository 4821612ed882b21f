/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/upload_file.h"

#include "cg/bytes.h"
#include "cg/digest.h"

/* RFC 4648 section 4, without line breaks: Python's b64decode takes it so. */
static int append_base64(struct cg_bytes *text, const unsigned char *data, size_t size, struct cg_error *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (cg_bytes_reserve(text, size / 3 * 4 + 4, err) < 0)
        return -1;
    for (size_t i = 0; i < size; i += 3) {
        unsigned long group = (unsigned long)data[i] << 16;
        if (i + 1 < size)
            group |= (unsigned long)data[i + 1] << 8;
        if (i + 2 < size)
            group |= data[i + 2];
        char quad[4] = {digits[group >> 18 & 63], digits[group >> 12 & 63], digits[group >> 6 & 63],
                        digits[group & 63]};
        if (i + 1 >= size)
            quad[2] = '=';
        if (i + 2 >= size)
            quad[3] = '=';
        if (cg_bytes_append(text, quad, sizeof quad, err) < 0)
            return -1;
    }
    return 0;
}

json_t *koji_upload_file_params(const char *directory, const char *filename, const void *data, size_t size,
                                struct cg_error *err)
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    struct cg_digests digests;
    CG_AUTO_BYTES struct cg_bytes base64 = {0};
    if (!digest || cg_digest_update(digest, data, size, err) < 0 || cg_digest_read(digest, &digests, err) < 0 ||
        append_base64(&base64, data, size, err) < 0)
        return NULL;
    json_t *params = json_pack("[s, s, I, [s, s], i, s]", directory, filename, (json_int_t)size, "sha256",
                               digests.sha256, 0, cg_bytes_text(&base64));
    if (!params)
        cg_fail_memory(err);
    return params;
}
