/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/bytes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first allocation: most texts built here fit, so one allocation is enough. */
#define FIRST_CAPACITY 64

const char *cg_bytes_text(const struct cg_bytes *bytes)
{
    return bytes->data ? bytes->data : "";
}

int cg_bytes_reserve(struct cg_bytes *bytes, size_t size, struct cg_error *err)
{
    if (size > SIZE_MAX / 2 - bytes->size)
        return cg_fail_memory(err);
    size_t needed = bytes->size + size + 1;
    if (needed <= bytes->capacity)
        return 0;

    size_t capacity = bytes->capacity ? bytes->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    char *data = realloc(bytes->data, capacity);
    if (!data)
        return cg_fail_memory(err);
    data[bytes->size] = '\0';
    bytes->data = data;
    bytes->capacity = capacity;
    return 0;
}

int cg_bytes_append(struct cg_bytes *bytes, const void *data, size_t size, struct cg_error *err)
{
    if (cg_bytes_reserve(bytes, size, err) < 0)
        return -1;
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    bytes->data[bytes->size] = '\0';
    return 0;
}

int cg_bytes_append_text(struct cg_bytes *bytes, const char *text, struct cg_error *err)
{
    return cg_bytes_append(bytes, text, strlen(text), err);
}

int cg_bytes_printf(struct cg_bytes *bytes, struct cg_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return cg_fail(err, CG_E_INTERNAL, "cannot format \"%s\"", format);
    if (cg_bytes_reserve(bytes, (size_t)length, err) < 0)
        return -1;

    va_start(args, format);
    vsnprintf(bytes->data + bytes->size, (size_t)length + 1, format, args);
    va_end(args);
    bytes->size += (size_t)length;
    return 0;
}

char *cg_bytes_steal(struct cg_bytes *bytes)
{
    char *data = bytes->data;
    *bytes = (struct cg_bytes){0};
    return data;
}

void cg_bytes_clear(struct cg_bytes *bytes)
{
    bytes->size = 0;
    if (bytes->data)
        bytes->data[0] = '\0';
}

void cg_bytes_finish(struct cg_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct cg_bytes){0};
}

void cg_hex(char *text, const unsigned char *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15U];
    }
    text[2 * size] = '\0';
}
