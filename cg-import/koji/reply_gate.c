/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/reply_gate.h"

#include "koji/utf8_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Where the gate stands in a reply. */
struct gate {
    const unsigned char *xml;
    size_t size;
    size_t at;
    size_t elements;
    size_t depth;                          /* elements open */
    size_t children[KOJI_REPLY_DEPTH_MAX]; /* of each open element, for KOJI_REPLY_MEMBERS_MAX */
    bool is_struct[KOJI_REPLY_DEPTH_MAX];
    struct cg_error *err;
};

static int refuse(const struct gate *gate, const char *reason, size_t at)
{
    return cg_fail(gate->err, CG_E_HUB_REPLY, "reply refused: %s at byte %zu", reason, at);
}

static bool has_prefix(const struct gate *gate, size_t at, const char *prefix)
{
    size_t length = strlen(prefix);
    return gate->size - at >= length && memcmp(gate->xml + at, prefix, length) == 0;
}

static bool is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Letters, digits, dot and colon: "dateTime.iso8601" and "ex:nil" are the odd ones of XML-RPC. */
static bool is_name(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '.' || byte == ':';
}

/* --- characters --------------------------------------------------------------------------------------------------- */

static int check_characters(const struct gate *gate)
{
    const unsigned char *nul = memchr(gate->xml, '\0', gate->size);
    if (nul)
        return refuse(gate, "a NUL", (size_t)(nul - gate->xml));
    size_t valid = utf8_text_valid((const char *)gate->xml, gate->size);
    return valid == gate->size ? 0 : refuse(gate, "not UTF-8", valid);
}

/* --- the XML declaration ------------------------------------------------------------------------------------------ */

static void skip_space(struct gate *gate, size_t end)
{
    while (gate->at < end && is_space(gate->xml[gate->at]))
        gate->at++;
}

static bool is_utf8_name(const unsigned char *name, size_t length)
{
    static const char expected[] = "utf-8";
    if (length != sizeof expected - 1)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char lower = name[i] >= 'A' && name[i] <= 'Z' ? (unsigned char)(name[i] + 32) : name[i];
        if (lower != (unsigned char)expected[i])
            return false;
    }
    return true;
}

/* One ` name="value"` of the declaration, which ends at `end`. */
static int check_declared(struct gate *gate, size_t end)
{
    size_t name = gate->at;
    while (gate->at < end && is_name(gate->xml[gate->at]))
        gate->at++;
    size_t name_length = gate->at - name;
    skip_space(gate, end);
    if (name_length == 0 || gate->at >= end || gate->xml[gate->at] != '=')
        return refuse(gate, "a malformed XML declaration", gate->at);
    gate->at++;
    skip_space(gate, end);
    unsigned char quote = gate->at < end ? gate->xml[gate->at] : 0;
    if (quote != '"' && quote != '\'')
        return refuse(gate, "a malformed XML declaration", gate->at);
    size_t value = ++gate->at;
    while (gate->at < end && gate->xml[gate->at] != quote)
        gate->at++;
    if (gate->at >= end)
        return refuse(gate, "a malformed XML declaration", value);
    size_t value_length = gate->at++ - value;
    if (name_length == 8 && has_prefix(gate, name, "encoding") && !is_utf8_name(gate->xml + value, value_length))
        return refuse(gate, "an encoding that is not UTF-8", value);
    return 0;
}

/* "<?xml ...?>", which may only stand at the very beginning. Stands behind it afterwards. */
static int check_declaration(struct gate *gate)
{
    if (!has_prefix(gate, 0, "<?xml") || gate->size == 5 || !is_space(gate->xml[5]))
        return 0;
    const unsigned char *close = memchr(gate->xml, '>', gate->size);
    if (!close || close[-1] != '?')
        return refuse(gate, "a malformed XML declaration", 0);
    size_t end = (size_t)(close - gate->xml) - 1;
    gate->at = 5;
    skip_space(gate, end);
    while (gate->at < end) {
        if (check_declared(gate, end) != 0)
            return -1;
        skip_space(gate, end);
    }
    gate->at = end + 2;
    return 0;
}

/* --- elements ----------------------------------------------------------------------------------------------------- */

static bool is_named(const struct gate *gate, size_t name, size_t length, const char *expected)
{
    return length == strlen(expected) && has_prefix(gate, name, expected);
}

/* xmlrpc-c 1.33 crashes while it reports an <i8> out of range (src/parse_value.c), so none gets there. */
static int check_wide_integer(const struct gate *gate)
{
    size_t at = gate->at;
    bool negative = at < gate->size && gate->xml[at] == '-';
    uint64_t most = (uint64_t)INT64_MAX + negative;
    uint64_t number = 0;
    size_t digits = at += negative;
    for (; at < gate->size && gate->xml[at] >= '0' && gate->xml[at] <= '9'; at++) {
        uint64_t digit = (uint64_t)(gate->xml[at] - '0');
        if (number > (most - digit) / 10)
            return refuse(gate, "an i8 of more than 64 bits", gate->at);
        number = number * 10 + digit;
    }
    if (at == digits || at >= gate->size || gate->xml[at] != '<')
        return refuse(gate, "an i8 that is not a number", gate->at);
    return 0;
}

/* An element begins with the name xml[name..name + length). */
static int open_element(struct gate *gate, size_t name, size_t length)
{
    if (++gate->elements > KOJI_REPLY_ELEMENTS_MAX)
        return refuse(gate, "too many elements", name - 1);
    if (gate->depth > 0) {
        size_t parent = gate->depth - 1;
        gate->children[parent]++;
        if (gate->is_struct[parent] && gate->children[parent] > KOJI_REPLY_MEMBERS_MAX)
            return refuse(gate, "a struct of too many members", name - 1);
    }
    if (gate->depth == KOJI_REPLY_DEPTH_MAX)
        return refuse(gate, "elements nested too deep", name - 1);
    gate->children[gate->depth] = 0;
    gate->is_struct[gate->depth] = is_named(gate, name, length, "struct");
    gate->depth++;
    if (is_named(gate, name, length, "i8") || is_named(gate, name, length, "ex:i8") ||
        is_named(gate, name, length, "ex.i8"))
        return check_wide_integer(gate);
    return 0;
}

/* One tag: "<name>", "</name>" or "<name/>" and nothing else: Koji sends no attributes, comments or CDATA. */
static int check_tag(struct gate *gate)
{
    size_t start = gate->at++;
    if (gate->at < gate->size && gate->xml[gate->at] == '!')
        return refuse(gate, "\"<!\"", start);
    if (gate->at < gate->size && gate->xml[gate->at] == '?')
        return refuse(gate, "a processing instruction", start);
    bool closes = gate->at < gate->size && gate->xml[gate->at] == '/';
    size_t name = gate->at += closes;
    while (gate->at < gate->size && is_name(gate->xml[gate->at]))
        gate->at++;
    size_t length = gate->at - name;
    skip_space(gate, gate->size);
    bool empty = !closes && gate->at < gate->size && gate->xml[gate->at] == '/';
    gate->at += empty;
    if (length == 0 || gate->at >= gate->size || gate->xml[gate->at] != '>')
        return refuse(gate, "a tag that is not a plain name", start);
    gate->at++;
    if (closes && gate->depth == 0)
        return refuse(gate, "an end tag without its start", start);
    if (!closes && open_element(gate, name, length) != 0)
        return -1;
    gate->depth -= closes || empty;
    return 0;
}

static int check_elements(struct gate *gate)
{
    while (gate->at < gate->size) {
        const unsigned char *tag = memchr(gate->xml + gate->at, '<', gate->size - gate->at);
        if (!tag)
            break;
        gate->at = (size_t)(tag - gate->xml);
        if (check_tag(gate) != 0)
            return -1;
    }
    if (gate->depth != 0)
        return refuse(gate, "it ends inside an element", gate->size);
    return 0;
}

int koji_reply_gate(const char *xml, size_t size, struct cg_error *err)
{
    struct gate gate = {.xml = (const unsigned char *)xml, .size = size, .err = err};
    if (size == 0)
        return refuse(&gate, "it is empty", 0);
    if (size > KOJI_REPLY_MAX)
        return refuse(&gate, "more than the largest size", KOJI_REPLY_MAX);
    /* A byte order mark or UTF-16 begins with a byte that UTF-8 text of ours does not. */
    if (xml[0] != '<' && !is_space(gate.xml[0]))
        return refuse(&gate, "it does not begin with \"<\"", 0);
    if (check_characters(&gate) != 0 || check_declaration(&gate) != 0)
        return -1;
    return check_elements(&gate);
}
