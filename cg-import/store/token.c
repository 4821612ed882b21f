/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/token.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#define PREFIX_MAX 8
#define RANDOM_BYTES 32
/* 43 characters of base64url hold 32 bytes. */
#define CHARACTERS 43

int token_make(const char *prefix, struct secret *token, struct cg_error *err)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[RANDOM_BYTES + 1] = {0};
    assert(strlen(prefix) <= PREFIX_MAX);
    if (getrandom(bytes, RANDOM_BYTES, 0) != RANDOM_BYTES)
        return cg_fail_errno(err, "read", "random bytes");
    char text[PREFIX_MAX + CHARACTERS + 1] = {0};
    char *to = stpcpy(text, prefix);
    for (unsigned i = 0; i < CHARACTERS; i++) {
        unsigned bit = i * 6;
        unsigned two = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
        *to++ = alphabet[two >> (10 - bit % 8) & 0x3fU];
    }
    int result = secret_set(token, text, err);
    secret_wipe(text, sizeof text);
    secret_wipe(bytes, sizeof bytes);
    return result;
}

int token_digest(const struct secret *token, struct cg_digests *digests, struct cg_error *err)
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    const char *text = secret_reveal(token);
    if (!digest || cg_digest_update(digest, text, strlen(text), err) != 0)
        return -1;
    return cg_digest_read(digest, digests, err);
}
