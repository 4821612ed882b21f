/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/digest_field.h"

#include "cg/bytes.h"

#include <string.h>

/* 32 bytes are 44 characters of base64, the last of them padding. */
#define BASE64_SIZE 44

static int sextet(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* 43 characters and one of padding; the last two bits are nothing and must be zero, so that one digest has one text. */
static int decode(const char *text, char sha256[65])
{
    unsigned char bytes[33] = {0};
    unsigned bits = 0, pending = 0;
    size_t count = 0;
    for (size_t i = 0; i < BASE64_SIZE - 1; i++) {
        int value = sextet(text[i]);
        if (value < 0)
            return -1;
        pending = (pending << 6U | (unsigned)value) & 0xffffU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[count++] = (unsigned char)(pending >> bits);
        }
    }
    if (text[BASE64_SIZE - 1] != '=' || (pending & 3U) != 0)
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
