/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int cg_base64_encode(const void *data, size_t size, struct cg_bytes *text, struct cg_error *err)
{
    const unsigned char *in = data;
    if (size > SIZE_MAX / 2)
        return cg_fail_memory(err);
    if (cg_bytes_reserve(text, CG_BASE64_LENGTH(size), err) < 0)
        return -1;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0U);
        char quad[4] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63], left > 1 ? alphabet[bits >> 6 & 63] : '=',
                        left > 2 ? alphabet[bits & 63] : '='};
        if (cg_bytes_append(text, quad, sizeof quad, err) < 0)
            return -1;
    }
    return 0;
}

/* The six bits of a character, -1 if it is none of the alphabet. */
static int bits_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* How many of the last characters are padding: 0, 1 or 2. */
static size_t padding_of(const char *text, size_t length)
{
    if (length == 0 || text[length - 1] != '=')
        return 0;
    return text[length - 2] == '=' ? 2 : 1;
}

/* Writes the bytes of a text whose length is a multiple of four; `out` has room for three quarters of it. */
static int decode(const char *text, size_t length, unsigned char *out, struct cg_error *err)
{
    size_t padding = padding_of(text, length);
    uint32_t bits = 0;
    for (size_t i = 0; i < length; i++) {
        int six = i >= length - padding ? 0 : bits_of(text[i]);
        if (six < 0)
            return cg_fail(err, CG_E_FORM, "character %zu is 0x%02x, which base64 has not there", i,
                           (unsigned)(unsigned char)text[i]);
        bits = bits << 6 | (uint32_t)six;
        if (i % 4 != 3)
            continue;
        size_t count = i + 1 == length ? 3 - padding : 3;
        unsigned char bytes[3] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8), (unsigned char)bits};
        if ((count < 3 && bytes[2]) || (count < 2 && bytes[1]))
            return cg_fail(err, CG_E_FORM, "the last character of the base64 has bits that stand for nothing");
        memcpy(out, bytes, count);
        out += count;
        bits = 0;
    }
    return 0;
}

/* The bytes that `length` characters stand for; -1 when no base64 is that long. */
static int decoded_size(const char *text, size_t length, size_t *size, struct cg_error *err)
{
    if (length % 4 != 0)
        return cg_fail(err, CG_E_FORM, "%zu characters of base64, expected a multiple of 4", length);
    *size = length / 4 * 3 - padding_of(text, length);
    return 0;
}

int cg_base64_decode(const char *text, size_t length, struct cg_bytes *data, struct cg_error *err)
{
    size_t size = 0;
    if (decoded_size(text, length, &size, err) < 0 || cg_bytes_reserve(data, size, err) < 0)
        return -1;
    if (size == 0)
        return 0;
    if (decode(text, length, (unsigned char *)data->data + data->size, err) < 0) {
        data->data[data->size] = '\0';
        return -1;
    }
    data->size += size;
    data->data[data->size] = '\0';
    return 0;
}

int cg_base64_decode_exactly(const char *text, size_t length, void *data, size_t size, struct cg_error *err)
{
    size_t decoded = 0;
    if (decoded_size(text, length, &decoded, err) < 0)
        return -1;
    if (decoded != size)
        return cg_fail(err, CG_E_FORM, "base64 of %zu bytes, expected %zu", decoded, size);
    return decode(text, length, data, err);
}
