/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_pattern.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ECMA-262 WhiteSpace and LineTerminator, beside what \s of PCRE2 has without PCRE2_UCP. */
#define MORE_SPACES "\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"

/* Everything but the above and \s, for use inside a class, where PCRE2 cannot negate a part. */
#define NO_SPACES                                                                                                      \
    "\\x00-\\x08\\x0e-\\x1f\\x21-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}"    \
    "\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

/* PCRE2 10.42 knows the general categories by their short names only: UAX 44 table 12, and the aliases ECMA allows. */
static const struct {
    const char *name;
    const char *brief;
} categories[] = {
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Close_Punctuation", "Pe"},
    {"Connector_Punctuation", "Pc"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Currency_Symbol", "Sc"},
    {"Dash_Punctuation", "Pd"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Enclosing_Mark", "Me"},
    {"Final_Punctuation", "Pf"},
    {"Format", "Cf"},
    {"Initial_Punctuation", "Pi"},
    {"Letter", "L"},
    {"Letter_Number", "Nl"},
    {"Line_Separator", "Zl"},
    {"Lowercase_Letter", "Ll"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Math_Symbol", "Sm"},
    {"Modifier_Letter", "Lm"},
    {"Modifier_Symbol", "Sk"},
    {"Nonspacing_Mark", "Mn"},
    {"Number", "N"},
    {"Open_Punctuation", "Ps"},
    {"Other", "C"},
    {"Other_Letter", "Lo"},
    {"Other_Number", "No"},
    {"Other_Punctuation", "Po"},
    {"Other_Symbol", "So"},
    {"Paragraph_Separator", "Zp"},
    {"Private_Use", "Co"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Spacing_Mark", "Mc"},
    {"Surrogate", "Cs"},
    {"Symbol", "S"},
    {"Titlecase_Letter", "Lt"},
    {"Unassigned", "Cn"},
    {"Uppercase_Letter", "Lu"},
};

struct reader {
    const char *text; /* the whole pattern, for messages */
    const char *p;
    const char *end;
    bool in_class;
    struct cg_bytes *out;
    struct cg_error *err;
};

static int refuse(const struct reader *in, const char *what)
{
    return cg_fail(in->err, CG_E_SCHEMA, "\"%s\" is no regular expression of ECMA-262: %s at byte %zu", in->text, what,
                   (size_t)(in->p - in->text));
}

static int put(struct reader *in, const char *text)
{
    return cg_bytes_append_text(in->out, text, in->err);
}

/* Copies `size` bytes as they are. */
static int copy(struct reader *in, size_t size)
{
    const char *from = in->p;
    in->p += size;
    return cg_bytes_append(in->out, from, size, in->err);
}

/* Reads up to `most` hexadecimal digits at `at`; how many there are. */
static size_t read_hex(const struct reader *in, const char *at, size_t most, uint32_t *value)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    size_t count = 0;
    *value = 0;
    while (count < most && at + count < in->end) {
        const char *digit = memchr(digits, at[count], sizeof digits - 1);
        if (!digit)
            break;
        *value = *value * 16 + (uint32_t)((digit - digits) % 16);
        count++;
    }
    return count;
}

/* \u0041, \ud83d\ude00 (two halves of one character), \u{1f600}; in->p is at the backslash. */
static int translate_u(struct reader *in)
{
    uint32_t character, low;
    const char *digits = in->p + 2;
    if (digits < in->end && *digits == '{') {
        size_t count = read_hex(in, digits + 1, 8, &character);
        const char *close = digits + 1 + count;
        if (count == 0 || close >= in->end || *close != '}' || character > 0x10ffff)
            return refuse(in, "\\u{ without a character's number and }");
        in->p = close + 1;
        return cg_bytes_printf(in->out, in->err, "\\x{%x}", (unsigned)character);
    }
    if (read_hex(in, digits, 4, &character) != 4)
        return refuse(in, "\\u without four hexadecimal digits");
    in->p = digits + 4;
    bool high = character >= 0xd800 && character < 0xdc00;
    if (high && in->end - in->p >= 6 && in->p[0] == '\\' && in->p[1] == 'u' && read_hex(in, in->p + 2, 4, &low) == 4 &&
        low >= 0xdc00 && low < 0xe000) {
        character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
        in->p += 6;
    }
    return cg_bytes_printf(in->out, in->err, "\\x{%x}", (unsigned)character);
}

static bool equals(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && memcmp(text, word, size) == 0;
}

/* \p{...} and \P{...}: the long names of categories, with or without "General_Category=". */
static int translate_property(struct reader *in)
{
    const char *name = in->p + 3;
    const char *close = name < in->end && in->p[2] == '{' ? memchr(name, '}', (size_t)(in->end - name)) : NULL;
    if (!close)
        return refuse(in, "\\p without {NAME}");
    const char *before = memchr(name, '=', (size_t)(close - name));
    if (before &&
        (equals(name, (size_t)(before - name), "General_Category") || equals(name, (size_t)(before - name), "gc")))
        name = before + 1;
    const char *brief = NULL;
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++)
        if (equals(name, (size_t)(close - name), categories[i].name))
            brief = categories[i].brief;
    char kind = in->p[1];
    in->p = close + 1;
    if (brief)
        return cg_bytes_printf(in->out, in->err, "\\%c{%s}", kind, brief);
    return cg_bytes_printf(in->out, in->err, "\\%c{%.*s}", kind, (int)(close - name), name);
}

static int translate_space(struct reader *in)
{
    bool negated = in->p[1] == 'S';
    in->p += 2;
    if (in->in_class)
        return put(in, negated ? NO_SPACES : "\\s" MORE_SPACES);
    return put(in, negated ? "[^\\s" MORE_SPACES "]" : "[\\s" MORE_SPACES "]");
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* in->p is at a backslash. */
static int translate_escape(struct reader *in)
{
    if (in->end - in->p < 2)
        return refuse(in, "a backslash at the end");
    char c = in->p[1];
    uint32_t ignored;
    switch (c) {
    case 'u':
        return translate_u(in);
    case 'p':
    case 'P':
        return translate_property(in);
    case 's':
    case 'S':
        return translate_space(in);
    case 'v': /* the vertical tab; to PCRE2 all vertical white space */
        in->p += 2;
        return put(in, "\\x0b");
    case 'x':
        if (read_hex(in, in->p + 2, 2, &ignored) != 2)
            return refuse(in, "\\x without two hexadecimal digits");
        return copy(in, 4);
    case 'c':
        if (in->end - in->p < 3 || !is_letter(in->p[2]))
            return refuse(in, "\\c without a letter");
        return copy(in, 3);
    default:
        break;
    }
    if (is_letter(c) && !strchr(in->in_class ? "dDwWbtnfr" : "dDwWbBtnfrk", c))
        return refuse(in, "an escape that only other dialects have");
    return copy(in, 2);
}

/* in->p is at "(?": only what ECMA-262 has may follow. */
static int translate_group(struct reader *in)
{
    const char *kind = in->end - in->p > 2 ? in->p + 2 : "";
    if (!*kind || !strchr(":=!<", *kind))
        return refuse(in, "a group that only other dialects have");
    return copy(in, 2);
}

static int translate_one(struct reader *in)
{
    char c = *in->p;
    if (c == '\\')
        return translate_escape(in);
    if (in->in_class) {
        if (c == ']')
            in->in_class = false;
        if (c != '[')
            return copy(in, 1);
        in->p++; /* PCRE2 would look for [:alpha:] */
        return put(in, "\\[");
    }
    switch (c) {
    case '[':
        in->in_class = true;
        if (in->end - in->p >= 2 && in->p[1] == '^')
            return copy(in, 2);
        return copy(in, 1);
    case '(':
        if (in->end - in->p >= 2 && in->p[1] == '?')
            return translate_group(in);
        if (in->end - in->p >= 2 && in->p[1] == '*')
            return refuse(in, "nothing to repeat");
        return copy(in, 1);
    case '.': /* any character but a line terminator */
        in->p++;
        return put(in, "[^\\n\\r\\x{2028}\\x{2029}]");
    default:
        return copy(in, 1);
    }
}

int cg_schema_pattern_translate(const char *text, size_t size, struct cg_bytes *out, struct cg_error *err)
{
    struct reader in = {.text = text, .p = text, .end = text + size, .out = out, .err = err};
    while (in.p < in.end)
        if (translate_one(&in) < 0)
            return -1;
    return 0;
}
