/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "utf8.h"

#include <assert.h>

/* By length: what the first byte's marker is, which of its bits mark, and the least character of that length. */
static const struct {
    unsigned char marker;
    unsigned char mask;
    uint32_t least;
} forms[] = {{0, 0, 0}, {0x00, 0x80, 0}, {0xC0, 0xE0, 0x80}, {0xE0, 0xF0, 0x800}, {0xF0, 0xF8, 0x10000}};

size_t cg_utf8_decode(const char *text, size_t size, uint32_t *character)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t length = 1; length <= 4 && length <= size; length++) {
        if ((bytes[0] & forms[length].mask) != forms[length].marker)
            continue;
        uint32_t value = bytes[0] & (uint32_t)(unsigned char)~forms[length].mask;
        for (size_t i = 1; i < length; i++) {
            if ((bytes[i] & 0xC0U) != 0x80U)
                return 0;
            value = value << 6 | (bytes[i] & 0x3FU);
        }
        if (value < forms[length].least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
            return 0;
        *character = value;
        return length;
    }
    return 0;
}

size_t cg_utf8_encode(uint32_t character, char bytes[4])
{
    assert(character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF));
    size_t length = 1;
    while (length < 4 && character >= forms[length + 1].least)
        length++;
    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80U | (character & 0x3FU));
        character >>= 6;
    }
    bytes[0] = (char)(forms[length].marker | character);
    return length;
}
