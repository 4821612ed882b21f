/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/idempotency.h"

#include "cg/digest.h"

#include <string.h>

int idempotency_key(const char *value, char key[IDEMPOTENCY_KEY_MAX + 1], struct cg_error *err)
{
    if (!value)
        return 0;
    size_t size = strlen(value);
    if (size >= 2 && value[0] == '"' && value[size - 1] == '"') {
        value++;
        size -= 2;
    }
    if (size == 0 || size > IDEMPOTENCY_KEY_MAX)
        return cg_fail(err, CG_E_USAGE, "Idempotency-Key has %zu characters, expected 1 to %d", size,
                       IDEMPOTENCY_KEY_MAX);
    for (size_t i = 0; i < size; i++)
        if (value[i] <= ' ' || value[i] > '~' || value[i] == '"' || value[i] == '\\')
            return cg_fail(err, CG_E_USAGE, "Idempotency-Key has a character that is not visible ASCII");
    memcpy(key, value, size);
    key[size] = '\0';
    return 1;
}

int idempotency_request(const struct posting_options *options, const char *metadata_sha256, char sha256[65],
                        struct cg_error *err)
{
    const char *asked[] = {options->hub,
                           options->tag,
                           options->reference,
                           options->reserve ? "reserve" : NULL,
                           options->draft ? "draft" : NULL,
                           metadata_sha256};
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    if (!digest)
        return -1;
    /* Each with its NUL, a missing one as a single byte that no text begins with. */
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        const char *text = asked[i] ? asked[i] : "\x01";
        if (cg_digest_update(digest, text, strlen(text) + 1, err) != 0)
            return -1;
    }
    struct cg_digests digests;
    if (cg_digest_read(digest, &digests, err) != 0)
        return -1;
    memcpy(sha256, digests.sha256, sizeof digests.sha256);
    return 0;
}
