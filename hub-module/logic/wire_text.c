/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/wire_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The code unit that "uXXXX" stands for; -1 for any other escape. */
static long unit_of(const char *escape)
{
    char digits[5] = "";
    if (escape[0] != 'u' || strnlen(escape + 1, 4) < 4)
        return -1;
    memcpy(digits, escape + 1, 4);
    return strtol(digits, NULL, 16);
}

static bool is_high(long unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(long unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Bytes of the escape behind this backslash that stand for a whole character which can be carried; 0: for none. */
static size_t carried(const char *escape)
{
    long unit = unit_of(escape);
    if (unit < 0)
        return escape[0] == 'b' || escape[0] == 'f' ? 0 : 1;
    if (is_high(unit))
        return escape[5] == '\\' && is_low(unit_of(escape + 6)) ? 11 : 0;
    bool control = unit < 0x20 && unit != '\t' && unit != '\n' && unit != '\r';
    return control || is_low(unit) || unit == 0xfffe || unit == 0xffff ? 0 : 5;
}

/* The noncharacters U+FFFE and U+FFFF. */
static bool is_noncharacter(const char *bytes)
{
    return strncmp(bytes, "\xef\xbf\xbe", 3) == 0 || strncmp(bytes, "\xef\xbf\xbf", 3) == 0;
}

int wire_text_spell(struct cg_bytes *text, const char *json, struct cg_error *err)
{
    const char *kept = json;
    for (const char *p = json; *p; p++) {
        bool escape = *p == '\\';
        size_t length = escape ? carried(p + 1) : 0;
        bool noncharacter = is_noncharacter(p);
        if (noncharacter || (escape && length == 0)) {
            if (cg_bytes_append(text, kept, (size_t)(p - kept), err) < 0 ||
                cg_bytes_append_text(text, noncharacter ? "\xef\xbf\xbd" : "\\", err) < 0)
                return -1;
            kept = noncharacter ? p + 3 : p;
            length = noncharacter ? 2 : 1;
        }
        p += length;
    }
    return cg_bytes_append_text(text, kept, err);
}

int wire_text_append(struct cg_bytes *text, const json_t *json, struct cg_error *err)
{
    char *dump CG_AUTO_FREE = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    return dump ? wire_text_spell(text, dump, err) : cg_fail_memory(err);
}
