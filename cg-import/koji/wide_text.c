/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/wide_text.h"

#include <stdint.h>
#include <string.h>

/* U+F8FF in UTF-8. */
static const char mark[] = "\xEF\xA3\xBF";
#define MARK_SIZE (sizeof mark - 1)
#define MARK_CHARACTER 0xF8FFU
/* Hexadecimal digits of the largest character, 10FFFF. */
#define DIGITS_MAX 6

/* Could the character at `text` need hiding: four bytes, or U+F8FF? */
static size_t hidden_length(const char *text, size_t left)
{
    if ((unsigned char)text[0] >= 0xF0 && left >= 4)
        return 4;
    return left >= MARK_SIZE && memcmp(text, mark, MARK_SIZE) == 0 ? MARK_SIZE : 0;
}

static uint32_t four_byte_character(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    return (bytes[0] & 0x07U) << 18 | (bytes[1] & 0x3FU) << 12 | (bytes[2] & 0x3FU) << 6 | (bytes[3] & 0x3FU);
}

int wide_text_hide(const char *text, size_t size, struct cg_bytes *out, struct cg_error *err)
{
    size_t copied = 0;
    for (size_t at = 0; at < size;) {
        size_t length = (unsigned char)text[at] < 0xEF ? 0 : hidden_length(text + at, size - at);
        if (length == 0) {
            at++;
            continue;
        }
        unsigned character = length == 4 ? four_byte_character(text + at) : MARK_CHARACTER;
        if (cg_bytes_append(out, text + copied, at - copied, err) != 0 ||
            cg_bytes_printf(out, err, "%s%X;", mark, character) != 0)
            return -1;
        at += length;
        copied = at;
    }
    return cg_bytes_append(out, text + copied, size - copied, err);
}

/* The character spelled by "HEX;" at `text`, and how many bytes spell it; 0 if nothing is spelled. */
static size_t spelled(const char *text, size_t left, uint32_t *character)
{
    *character = 0;
    for (size_t i = 0; i < left && i <= DIGITS_MAX; i++) {
        static const char digits[] = "0123456789ABCDEF";
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit) {
            bool hidden = (*character > 0xFFFF && *character <= 0x10FFFF) || *character == MARK_CHARACTER;
            return text[i] == ';' && hidden ? i + 1 : 0;
        }
        *character = *character << 4 | (uint32_t)(digit - digits);
    }
    return 0;
}

static int append_character(uint32_t character, struct cg_bytes *out, struct cg_error *err)
{
    if (character == MARK_CHARACTER)
        return cg_bytes_append(out, mark, MARK_SIZE, err);
    const char bytes[4] = {(char)(0xF0U | character >> 18), (char)(0x80U | (character >> 12 & 0x3FU)),
                           (char)(0x80U | (character >> 6 & 0x3FU)), (char)(0x80U | (character & 0x3FU))};
    return cg_bytes_append(out, bytes, sizeof bytes, err);
}

int wide_text_show(const char *text, size_t size, struct cg_bytes *out, struct cg_error *err)
{
    size_t copied = 0;
    for (size_t at = 0; at + MARK_SIZE <= size;) {
        const char *found = memchr(text + at, (unsigned char)mark[0], size - at);
        if (!found)
            break;
        at = (size_t)(found - text);
        uint32_t character = 0;
        size_t length = 0;
        if (size - at >= MARK_SIZE && memcmp(found, mark, MARK_SIZE) == 0)
            length = spelled(found + MARK_SIZE, size - at - MARK_SIZE, &character);
        if (length == 0) {
            at++;
            continue;
        }
        if (cg_bytes_append(out, text + copied, at - copied, err) != 0 || append_character(character, out, err) != 0)
            return -1;
        at += MARK_SIZE + length;
        copied = at;
    }
    return cg_bytes_append(out, text + copied, size - copied, err);
}
