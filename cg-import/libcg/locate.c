/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/json.h"

#include <stdint.h>
#include <string.h>

/* A position in a text that was accepted before, so only its structure is looked at. */
struct cursor {
    const char *text;
    size_t size;
    size_t at;
};

static int broken(const struct cursor *cursor, struct cg_error *err)
{
    return cg_fail(err, CG_E_SYNTAX, "not a JSON text at byte %zu", cursor->at);
}

/* The next byte, 0 at the end: no JSON text has a NUL outside a string. */
static char look(const struct cursor *cursor)
{
    return (char)(cursor->at < cursor->size ? cursor->text[cursor->at] : '\0');
}

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->size && strchr(" \t\r\n", cursor->text[cursor->at]) && cursor->text[cursor->at])
        cursor->at++;
}

/* Passes the string that begins here, quotes included. */
static int skip_string(struct cursor *cursor, struct cg_error *err)
{
    if (look(cursor) != '"')
        return broken(cursor, err);
    for (cursor->at++; cursor->at < cursor->size; cursor->at++) {
        char c = cursor->text[cursor->at];
        if (c == '\\')
            cursor->at++;
        else if (c == '"') {
            cursor->at++;
            return 0;
        }
    }
    return broken(cursor, err);
}

/* Passes the value that begins here: a string, a bracketed run of any depth, or a word. */
static int skip_value(struct cursor *cursor, struct cg_error *err)
{
    size_t depth = 0;
    do {
        char c = look(cursor);
        if (c == '\0')
            return broken(cursor, err);
        if (c == '"') {
            if (skip_string(cursor, err) < 0)
                return -1;
        } else if (c == '{' || c == '[') {
            depth++;
            cursor->at++;
        } else if (c == '}' || c == ']') {
            if (depth-- == 0)
                return broken(cursor, err);
            cursor->at++;
        } else if (depth > 0) {
            cursor->at++;
        } else {
            while (cursor->at < cursor->size && !strchr(" \t\r\n,]}", cursor->text[cursor->at]))
                cursor->at++;
        }
    } while (depth > 0);
    return 0;
}

/* Is the string literal text[0..size), quotes included, the name `name`? 1, 0, or -1 with CG_E_SYNTAX. */
static int is_name(const char *text, size_t size, const struct cg_bytes *name, struct cg_error *err)
{
    if (!memchr(text, '\\', size))
        return size - 2 == name->size && memcmp(text + 1, cg_bytes_text(name), name->size) == 0;
    CG_AUTO_JSON json_t *decoded = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!decoded)
        return cg_fail(err, CG_E_SYNTAX, "not a JSON string: %.*s", (int)(size < 80 ? size : 80), text);
    return json_string_length(decoded) == name->size &&
           memcmp(json_string_value(decoded), cg_bytes_text(name), name->size) == 0;
}

/* From '{' to the value of member `name`. 1, 0 if there is none, -1. */
static int enter_member(struct cursor *cursor, const struct cg_bytes *name, struct cg_error *err)
{
    cursor->at++;
    for (skip_blanks(cursor); look(cursor) != '}'; skip_blanks(cursor)) {
        size_t start = cursor->at;
        if (skip_string(cursor, err) < 0)
            return -1;
        int same = is_name(cursor->text + start, cursor->at - start, name, err);
        if (same < 0)
            return -1;
        skip_blanks(cursor);
        if (look(cursor) != ':')
            return broken(cursor, err);
        cursor->at++;
        skip_blanks(cursor);
        if (same)
            return 1;
        if (skip_value(cursor, err) < 0)
            return -1;
        skip_blanks(cursor);
        if (look(cursor) == ',')
            cursor->at++;
        else if (look(cursor) != '}')
            return broken(cursor, err);
    }
    return 0;
}

/* The index a token names (RFC 6901: digits without leading zero), or SIZE_MAX when it names none. */
static size_t index_of(const struct cg_bytes *token)
{
    const char *text = cg_bytes_text(token);
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits != token->size || digits > 9 || (text[0] == '0' && digits > 1))
        return SIZE_MAX;
    return (size_t)strtoul(text, NULL, 10);
}

/* From '[' to the element that `token` counts to. 1, 0 if there is none, -1. */
static int enter_element(struct cursor *cursor, const struct cg_bytes *token, struct cg_error *err)
{
    size_t wanted = index_of(token);
    cursor->at++;
    skip_blanks(cursor);
    for (size_t i = 0; look(cursor) != ']'; i++) {
        if (i == wanted)
            return 1;
        if (skip_value(cursor, err) < 0)
            return -1;
        skip_blanks(cursor);
        if (look(cursor) == ',')
            cursor->at++;
        else if (look(cursor) != ']')
            return broken(cursor, err);
        skip_blanks(cursor);
    }
    return 0;
}

/* Takes the token after the slash at **pointer, ~1 and ~0 decoded, and moves past it. */
static int take_token(const char **pointer, struct cg_bytes *token, struct cg_error *err)
{
    if (**pointer != '/')
        return cg_fail(err, CG_E_SYNTAX, "\"%s\" is not the rest of a JSON pointer", *pointer);
    const char *p = *pointer + 1;
    cg_bytes_clear(token);
    for (; *p && *p != '/'; p++) {
        char c = *p;
        if (c == '~') {
            p++;
            if (*p != '0' && *p != '1')
                return cg_fail(err, CG_E_SYNTAX, "\"%s\" has a ~ that neither 0 nor 1 follows", *pointer);
            c = *p == '0' ? '~' : '/';
        }
        if (cg_bytes_append(token, &c, 1, err) < 0)
            return -1;
    }
    *pointer = p;
    return 0;
}

int cg_json_locate(const char *text, size_t size, const char *pointer, size_t *start, size_t *end, struct cg_error *err)
{
    struct cursor cursor = {.text = text, .size = size};
    CG_AUTO_BYTES struct cg_bytes token = {0};
    skip_blanks(&cursor);
    while (*pointer) {
        if (take_token(&pointer, &token, err) < 0)
            return -1;
        char c = look(&cursor);
        int found = c == '{' ? enter_member(&cursor, &token, err) : c == '[' ? enter_element(&cursor, &token, err) : 0;
        if (found != 1)
            return found;
    }
    size_t first = cursor.at;
    if (skip_value(&cursor, err) < 0)
        return -1;
    *start = first;
    *end = cursor.at;
    return 1;
}
