/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json_scan.h"
#include "utf8.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void cg_scan_begin(struct cg_scan *scan, const char *text, size_t size)
{
    *scan = (struct cg_scan){.at = text, .end = text + size, .line_start = text, .line = 1};
}

size_t cg_scan_column(const struct cg_scan *scan)
{
    return (size_t)(scan->at - scan->line_start) + 1;
}

int cg_scan_next(struct cg_scan *scan)
{
    const char *at = scan->at;
    for (; at < scan->end; at++) {
        if (*at == '\n') {
            scan->line++;
            scan->line_start = at + 1;
        } else if (*at != ' ' && *at != '\t' && *at != '\r') {
            break;
        }
    }
    scan->at = at;
    return at < scan->end ? (unsigned char)*at : -1;
}

/* --- what is wrong -------------------------------------------------------------------------------------------------
 */

__attribute__((format(printf, 3, 4))) static int fault(struct cg_scan *scan, const char *expected, const char *format,
                                                       ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(scan->problem, sizeof scan->problem, format, args);
    va_end(args);
    scan->expected = expected;
    return -1;
}

int cg_scan_unexpected(struct cg_scan *scan, const char *expected)
{
    if (scan->at == scan->end)
        return fault(scan, expected, "the text ends too early");
    unsigned byte = (unsigned char)*scan->at;
    if (byte < 0x20 || byte >= 0x7F)
        return fault(scan, expected, "unexpected byte 0x%02x", byte);
    return fault(scan, expected, "unexpected '%c'", (char)byte);
}

/* --- strings -------------------------------------------------------------------------------------------------------
 */

/* A byte that stands for itself in a string and is a whole character. */
static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* Are these eight bytes all plain? Tests them at once: each term sets the top bit of a byte that is not. */
static bool are_plain(const char *bytes)
{
    const uint64_t ones = 0x0101010101010101U, tops = ones << 7;
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    uint64_t quotes = word ^ ones * '"', backslashes = word ^ ones * '\\';
    uint64_t control = (word - ones * 0x20) & ~word;
    uint64_t quote = (quotes - ones) & ~quotes;
    uint64_t backslash = (backslashes - ones) & ~backslashes;
    return ((word | control | quote | backslash) & tops) == 0;
}

/* The value of four hexadecimal digits at text[0..size), or -1. */
static int32_t hex4(const char *text, size_t size)
{
    int32_t value = 0;
    if (size < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/*
 * Reads an escape at text[0..size), which begins with a backslash. Returns its length and sets *character; 0 if it is
 * none that JSON knows, or a surrogate without its partner, which *character tells.
 */
static size_t read_escape(const char *text, size_t size, uint32_t *character)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    *character = 0;
    if (size < 2)
        return 0;
    const char *letter = text[1] ? strchr(letters, text[1]) : NULL;
    if (letter) {
        *character = (unsigned char)values[letter - letters];
        return 2;
    }
    int32_t first = text[1] == 'u' ? hex4(text + 2, size - 2) : -1;
    if (first < 0)
        return 0;
    *character = (uint32_t)first;
    if (first < 0xD800 || first > 0xDFFF)
        return 6;

    bool has_second = first <= 0xDBFF && size >= 12 && text[6] == '\\' && text[7] == 'u';
    int32_t second = has_second ? hex4(text + 8, size - 8) : -1;
    if (second < 0xDC00 || second > 0xDFFF)
        return 0;
    *character = 0x10000U + (((uint32_t)first - 0xD800U) << 10) + ((uint32_t)second - 0xDC00U);
    return 12;
}

static int scan_escape(struct cg_scan *scan)
{
    uint32_t character;
    size_t size = (size_t)(scan->end - scan->at), length = read_escape(scan->at, size, &character);
    scan->at += length;
    if (length > 0)
        return 0;
    if (character != 0)
        return fault(scan, "a pair like \\ud83d\\ude00", "\\u%04x is half of a surrogate pair", (unsigned)character);
    if (size >= 2 && scan->at[1] == 'u')
        return fault(scan, "\\u and four hexadecimal digits", "an incomplete escape");
    return fault(scan, "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX", "an escape that JSON does not know");
}

/* Moves over what is not plain: an escape or a character of several bytes. */
static int scan_special(struct cg_scan *scan)
{
    unsigned char byte = (unsigned char)*scan->at;
    if (byte == '\\')
        return scan_escape(scan);
    if (byte < 0x20)
        return fault(scan, "an escape", "control character 0x%02x in a string", (unsigned)byte);
    uint32_t character;
    size_t length = cg_utf8_decode(scan->at, (size_t)(scan->end - scan->at), &character);
    if (length == 0)
        return fault(scan, "UTF-8", "byte 0x%02x begins no UTF-8 character", (unsigned)byte);
    scan->at += length;
    return 0;
}

int cg_scan_string(struct cg_scan *scan, struct cg_scan_string *string)
{
    assert(scan->at < scan->end && *scan->at == '"');
    const char *raw = ++scan->at;
    bool has_escapes = false;
    for (;;) {
        while (scan->end - scan->at >= 8 && are_plain(scan->at))
            scan->at += 8;
        while (scan->at < scan->end && is_plain((unsigned char)*scan->at))
            scan->at++;
        if (scan->at == scan->end)
            return fault(scan, "a closing \"", "the text ends in a string");
        if (*scan->at == '"')
            break;
        has_escapes = has_escapes || *scan->at == '\\';
        if (scan_special(scan) < 0)
            return -1;
    }
    *string = (struct cg_scan_string){raw, (size_t)(scan->at++ - raw), has_escapes};
    return 0;
}

int cg_scan_decode(const struct cg_scan_string *string, size_t most, struct cg_bytes *value, struct cg_error *err)
{
    const char *at = string->raw, *end = at + string->size;
    while (at < end && (size_t)(at - string->raw) < most) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        const char *stop = escape ? escape : end;
        if ((size_t)(stop - string->raw) > most)
            stop = string->raw + most;
        if (cg_bytes_append(value, at, (size_t)(stop - at), err) < 0)
            return -1;
        at = stop;
        if (at != escape)
            continue;

        uint32_t character;
        char bytes[4];
        at += read_escape(at, (size_t)(end - at), &character);
        assert(at > escape);
        if (cg_bytes_append(value, bytes, cg_utf8_encode(character, bytes), err) < 0)
            return -1;
    }
    return 0;
}

/* --- numbers and words ---------------------------------------------------------------------------------------------
 */

static bool at_digit(const struct cg_scan *scan)
{
    return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

/* Moves over digits, of which there must be one. Tells whether all were 0. */
static int scan_digits(struct cg_scan *scan, bool *all_zero)
{
    if (!at_digit(scan))
        return cg_scan_unexpected(scan, "a digit");
    for (; at_digit(scan); scan->at++)
        *all_zero = *all_zero && *scan->at == '0';
    return 0;
}

int cg_scan_number(struct cg_scan *scan, struct cg_scan_number *number)
{
    const char *raw = scan->at;
    bool is_integer = true, is_zero = true, ignored = true;
    if (scan->at < scan->end && *scan->at == '-')
        scan->at++;
    const char *digits = scan->at;
    if (scan_digits(scan, &is_zero) < 0)
        return -1;
    if (*digits == '0' && scan->at - digits > 1) {
        scan->at = digits;
        return fault(scan, "no 0 before other digits", "a number with a leading zero");
    }
    if (scan->at < scan->end && *scan->at == '.') {
        scan->at++;
        is_integer = false;
        if (scan_digits(scan, &is_zero) < 0)
            return -1;
    }
    if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
        scan->at++;
        is_integer = false;
        if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
            scan->at++;
        if (scan_digits(scan, &ignored) < 0)
            return -1;
    }
    *number = (struct cg_scan_number){raw, (size_t)(scan->at - raw), is_integer, is_zero};
    return 0;
}

int cg_scan_word(struct cg_scan *scan, const char *word)
{
    for (const char *expected = word; *expected; expected++, scan->at++)
        if (scan->at == scan->end || *scan->at != *expected)
            return cg_scan_unexpected(scan, word);
    return 0;
}
