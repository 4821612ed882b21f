/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/header_value.h"

#include "cg/bytes.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static size_t token_size(const char *at)
{
    size_t size = 0;
    while (isalnum((unsigned char)at[size]) || (at[size] && strchr("!#$%&'*+-.^_`|~", at[size])))
        size++;
    return size;
}

bool header_value_is(const char *value, const char *type)
{
    if (!value)
        return false;
    value = skip_blanks(value);
    size_t size = strlen(type);
    if (strncasecmp(value, type, size) != 0)
        return false;
    const char *rest = skip_blanks(value + size);
    return *rest == '\0' || *rest == ';';
}

/* Takes the quoted string at *at (behind its opening quote) and moves behind its end. */
static int take_quoted(const char **at, struct cg_bytes *out, struct cg_error *err)
{
    const char *p = *at;
    while (*p && *p != '"') {
        const char *from = p;
        size_t skipped = 1;
        if (*p == '\\' && (p[1] == '"' || p[1] == '\\')) {
            from = p + 1;
            skipped = 2;
        } else if (strncmp(p, "%22", 3) == 0) {
            from = "\"";
            skipped = 3;
        }
        if (cg_bytes_append(out, from, 1, err) != 0)
            return -1;
        p += skipped;
    }
    if (*p != '"')
        return cg_fail(err, CG_E_SYNTAX, "a quoted string in a header does not end");
    *at = p + 1;
    return 0;
}

static int take_value(const char **at, struct cg_bytes *out, struct cg_error *err)
{
    if (**at == '"') {
        (*at)++;
        return take_quoted(at, out, err);
    }
    size_t size = token_size(*at);
    if (size == 0)
        return cg_fail(err, CG_E_SYNTAX, "a parameter in a header has no value");
    const char *from = *at;
    *at += size;
    return cg_bytes_append(out, from, size, err);
}

int header_value_parameter(const char *value, const char *name, char **parameter, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes found = {0};
    bool is_found = false;
    const char *at = value + strcspn(value, ";");
    while (*at == ';') {
        at = skip_blanks(at + 1);
        if (*at == '\0')
            break;
        size_t size = token_size(at);
        if (size == 0 || at[size] != '=')
            return cg_fail(err, CG_E_SYNTAX, "a header's parameters are not name=value: \"%s\"", value);
        bool is_wanted = size == strlen(name) && strncasecmp(at, name, size) == 0;
        CG_AUTO_BYTES struct cg_bytes one = {0};
        at += size + 1;
        if (take_value(&at, &one, err) != 0)
            return -1;
        at = skip_blanks(at);
        if (*at && *at != ';')
            return cg_fail(err, CG_E_SYNTAX, "a header's parameters are not separated by ;: \"%s\"", value);
        if (!is_wanted)
            continue;
        if (is_found)
            return cg_fail(err, CG_E_SYNTAX, "a header has the parameter %s twice", name);
        is_found = true;
        if (cg_bytes_append_text(&found, cg_bytes_text(&one), err) != 0)
            return -1;
    }
    if (!is_found)
        return 0;
    *parameter = strdup(cg_bytes_text(&found));
    return *parameter ? 1 : cg_fail_memory(err);
}
