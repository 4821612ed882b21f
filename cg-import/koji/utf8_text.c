/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/utf8_text.h"

/* Bytes of the character that begins with `first`, 0 if none does: C0, C1 and above F4 begin none (RFC 3629). */
static size_t announced_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/*
 * Bytes of the UTF-8 character at `bytes`, 0 if it is none: the shortest form, no surrogate, up to U+10FFFF.
 * The second byte has narrower bounds after E0, ED, F0 and F4; all others are 80 to BF.
 */
static size_t character_length(const unsigned char *bytes, size_t left)
{
    size_t length = announced_length(bytes[0]);
    if (length < 2)
        return length;
    if (left < length)
        return 0;
    unsigned char low = bytes[0] == 0xE0 ? 0xA0 : bytes[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = bytes[0] == 0xED ? 0x9F : bytes[0] == 0xF4 ? 0x8F : 0xBF;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((bytes[i] & 0xC0U) != 0x80U)
            return 0;
    return length;
}

size_t utf8_text_valid(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;
    while (at < size) {
        size_t length = character_length(bytes + at, size - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}
