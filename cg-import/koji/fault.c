/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/fault.h"

#include "cg/bytes.h"
#include "cg/printable.h"
#include "koji/fault_pattern.h"
#include "koji/fault_table.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Bytes of a fault's text that are looked at; a hub with KojiTraceback sends pages. */
#define TEXT_MAX 65536
/* A session key is USERID-20ALPHANUMERICS (kojihub/auth.py createSession). */
#define KEY_LETTERS 20
/* Hexadecimal digits from which a word after "token" is taken for a reservation token (which has 64). */
#define TOKEN_LETTERS 32
/* koji.CallbackError, whose text is a heading and then a traceback. */
#define CALLBACK_ERROR 1017
/* A Python exception that is none of koji's. */
#define BARE_EXCEPTION 1

static const char traceback_heading[] = "Traceback (most recent call last):";

/* --- the one line that matters ------------------------------------------------------------------------------------ */

struct line {
    const char *start;
    size_t size;
};

/* The line at `*text`, which moves behind it; false at the end. */
static bool next_line(const char **text, const char *end, struct line *line)
{
    if (*text >= end)
        return false;
    const char *newline = memchr(*text, '\n', (size_t)(end - *text));
    const char *stop = newline ? newline : end;
    *line = (struct line){*text, (size_t)(stop - *text)};
    *text = newline ? newline + 1 : end;
    return true;
}

static bool is_heading(struct line line)
{
    return line.size >= sizeof traceback_heading - 1 &&
           memcmp(line.start, traceback_heading, sizeof traceback_heading - 1) == 0;
}

/*
 * The exception that the last traceback of the text ends in: its first line that is not indented. What follows it may
 * be the local variables of the hub (KojiTraceback = extended) and is not for users. {NULL, 0} without a traceback.
 */
static struct line exception_line(const char *text, size_t size)
{
    struct line found = {NULL, 0};
    struct line line;
    bool inside = false;
    for (const char *end = text + size; next_line(&text, end, &line);) {
        if (is_heading(line)) {
            inside = true;
        } else if (inside && line.size > 0 && line.start[0] != ' ') {
            found = line;
            inside = false;
        }
    }
    return found;
}

/* Where the words of "koji.GenericError: words" begin; 0 if no class stands before them. */
static size_t class_length(struct line line)
{
    for (size_t i = 0; i + 1 < line.size; i++) {
        if (line.start[i] == ':' && line.start[i + 1] == ' ')
            return i + 2;
        if (!isalnum((unsigned char)line.start[i]) && line.start[i] != '.' && line.start[i] != '_')
            break;
    }
    return 0;
}

/* Python writes a class as "<class 'KeyError'>"; the table has the name alone. */
static int append_without_class_brackets(struct line line, struct cg_bytes *out, struct cg_error *err)
{
    static const char open[] = "<class '";
    static const char close[] = "'>: ";
    if (line.size > sizeof open && memcmp(line.start, open, sizeof open - 1) == 0) {
        for (size_t i = sizeof open - 1; i + sizeof close - 1 <= line.size; i++) {
            if (memcmp(line.start + i, close, sizeof close - 1) != 0)
                continue;
            size_t rest = i + 2;
            if (cg_bytes_append(out, line.start + sizeof open - 1, i - (sizeof open - 1), err) != 0)
                return -1;
            return cg_bytes_append(out, line.start + rest, line.size - rest, err);
        }
    }
    return cg_bytes_append(out, line.start, line.size, err);
}

/* Appends what the table's patterns are about. */
static int append_essence(int fault, const char *text, size_t size, struct cg_bytes *out, struct cg_error *err)
{
    const char *at = text;
    struct line first = {text, 0};
    next_line(&at, text + size, &first);
    struct line exception = exception_line(text, size);
    if (!exception.start)
        return append_without_class_brackets(first, out, err);
    if (fault == CALLBACK_ERROR && !is_heading(first)) {
        if (cg_bytes_append(out, first.start, first.size, err) != 0 || cg_bytes_append_text(out, " ", err) != 0)
            return -1;
        return cg_bytes_append(out, exception.start, exception.size, err);
    }
    /* A koji exception's class is said by the number already. */
    size_t skipped = fault == BARE_EXCEPTION ? 0 : class_length(exception);
    return cg_bytes_append(out, exception.start + skipped, exception.size - skipped, err);
}

/* --- what must not be shown --------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0;
}

/* Length of the session key that `text` begins with, 0 if it is none. */
static size_t key_length(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '-')
        return 0;
    size_t letters = 0;
    while (is_word(text[digits + 1 + letters]))
        letters++;
    return letters == KEY_LETTERS ? digits + 1 + letters : 0;
}

/* Length of the word that stands after "token" and looks like one: `start` is the whole text. */
static size_t token_length(const char *start, const char *text)
{
    size_t letters = 0;
    while (is_word(text[letters]))
        letters++;
    if (letters < TOKEN_LETTERS)
        return 0;
    const char *before = text;
    while (before > start && !is_word(before[-1]))
        before--;
    if (before - start < 5 || (memcmp(before - 5, "token", 5) != 0 && memcmp(before - 5, "Token", 5) != 0))
        return 0;
    return letters;
}

/* Appends `text` with the secrets in it replaced. */
static int append_without_secrets(const char *text, struct cg_bytes *out, struct cg_error *err)
{
    for (const char *at = text; *at;) {
        bool begins = at == text || !is_word(at[-1]);
        size_t secret = begins ? key_length(at) : 0;
        if (secret == 0 && begins)
            secret = token_length(text, at);
        int result = secret > 0 ? cg_bytes_append_text(out, "(hidden)", err) : cg_bytes_append(out, at, 1, err);
        if (result != 0)
            return -1;
        at += secret > 0 ? secret : 1;
    }
    return 0;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static const struct fault_row *find_row(const char *method, int fault, const char *text, struct fault_parts *parts)
{
    for (size_t i = 0; i < fault_table_size; i++) {
        const struct fault_row *row = &fault_table[i];
        if (row->fault != FAULT_ANY && row->fault != fault)
            continue;
        if (row->method && strcmp(row->method, method) != 0)
            continue;
        if (fault_pattern_match(row->pattern, text, parts))
            return row;
    }
    return NULL;
}

int koji_fault(const char *method, int fault, const char *text, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes essence = {0};
    CG_AUTO_BYTES struct cg_bytes harmless = {0};
    CG_AUTO_BYTES struct cg_bytes clean = {0};
    CG_AUTO_BYTES struct cg_bytes message = {0};
    CG_AUTO_BYTES struct cg_bytes hint = {0};
    struct fault_parts parts;
    if (append_essence(fault, text, strnlen(text, TEXT_MAX), &essence, err) != 0 ||
        append_without_secrets(cg_bytes_text(&essence), &harmless, err) != 0 ||
        cg_printable_append(&clean, cg_bytes_text(&harmless), err) != 0)
        return -1;
    const struct fault_row *row = find_row(method, fault, cg_bytes_text(&clean), &parts);
    if (!row)
        return cg_fail(err, CG_E_INTERNAL, "fault %d is not in the table", fault);
    if (fault_pattern_fill(row->message, &parts, method, &message, err) != 0 ||
        fault_pattern_fill(row->hint ? row->hint : "", &parts, method, &hint, err) != 0)
        return -1;
    if (err && err->code == CG_OK)
        err->fault = fault;
    cg_fail(err, row->code, "%s", cg_bytes_text(&message));
    return hint.size > 0 ? cg_hint(err, "%s", cg_bytes_text(&hint)) : -1;
}
