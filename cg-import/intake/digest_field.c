/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/digest_field.h"

#include "cg/bytes.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

/* 32 bytes are 44 characters of base64, the last of them padding. */
#define BASE64_SIZE 44

static int decode(const char *text, char sha256[65])
{
    unsigned char bytes[33];
    if (text[BASE64_SIZE - 1] != '=' || memchr(text, '=', BASE64_SIZE - 1))
        return -1;
    if (EVP_DecodeBlock(bytes, (const unsigned char *)text, BASE64_SIZE) != 33)
        return -1;
    cg_hex(sha256, bytes, 32);
    return 0;
}

int digest_field_sha256(const char *name, const char *value, char sha256[65], struct cg_error *err)
{
    static const char key[] = "sha-256=:";
    if (!value)
        return 0;
    for (const char *member = value; *member;) {
        member += strspn(member, " \t,");
        size_t size = strcspn(member, ",");
        if (strncmp(member, key, sizeof key - 1) == 0) {
            const char *text = member + sizeof key - 1;
            size_t shown = strcspn(text, ":");
            if (shown != BASE64_SIZE || text[shown] != ':' || decode(text, sha256) != 0)
                return cg_fail(err, CG_E_USAGE, "%s has a sha-256 that is no base64 of 32 bytes between colons", name);
            return 1;
        }
        member += size;
    }
    return cg_fail(err, CG_E_USAGE, "%s is \"%.120s\", expected sha-256=:BASE64:", name, value);
}
