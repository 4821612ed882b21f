/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/gate.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* RFC 9110 section 5.6.2 */
static const char token_characters[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct reader {
    char *at, *end;
};

static int malformed(unsigned *status, struct cg_error *err, const char *what)
{
    *status = 400;
    return cg_fail(err, CG_E_USAGE, "malformed request: %s", what);
}

/* Takes the text up to the next NUL; NULL if there is none. */
static char *take_text(struct reader *reader)
{
    char *text = reader->at;
    char *nul = memchr(text, '\0', (size_t)(reader->end - text));
    if (!nul)
        return NULL;
    reader->at = nul + 1;
    return text;
}

/* After the NUL that stands for CR comes one that stands for LF. A bare LF left one only, a NUL in the line more. */
static bool take_line_end(struct reader *reader)
{
    if (reader->at == reader->end || *reader->at != '\0')
        return false;
    reader->at++;
    return true;
}

static bool is_token(const char *text)
{
    return *text && text[strspn(text, token_characters)] == '\0';
}

static int read_request_line(struct reader *reader, struct gate_head *head, unsigned *status, struct cg_error *err)
{
    const char *method = take_text(reader), *target = method ? take_text(reader) : NULL;
    const char *version = target ? take_text(reader) : NULL;
    if (!version || !take_line_end(reader))
        return malformed(status, err, "the request line is not METHOD SP TARGET SP VERSION CR LF");
    if (!is_token(method))
        return malformed(status, err, "the method is no token");
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) {
        bool other = strncmp(version, "HTTP/", 5) == 0 && strlen(version) == 8;
        *status = other ? 505 : 400;
        return cg_fail(err, CG_E_USAGE, "malformed request: the version is neither HTTP/1.1 nor HTTP/1.0");
    }
    if (target[0] != '/')
        return malformed(status, err, "the target does not begin with a slash");
    for (const char *p = target; *p; p++)
        if (*p <= ' ' || (unsigned char)*p >= 0x7f)
            return malformed(status, err, "the target has a character that must be percent-encoded");
    if (strlen(target) > GATE_TARGET_MAX) {
        *status = 414;
        return cg_fail(err, CG_E_LIMIT, "the request target has %zu bytes; at most %d are read", strlen(target),
                       GATE_TARGET_MAX);
    }
    head->method = method;
    head->target = target;
    /* HTTP/1.0 knows no Transfer-Encoding, and no request needs it there. */
    head->framing = version[7] == '0' ? GATE_NO_BODY : GATE_CHUNKED;
    return 0;
}

static char *without_blanks(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        text[--length] = '\0';
    return text;
}

static int read_field(struct reader *reader, struct gate_field *field, unsigned *status, struct cg_error *err)
{
    char *name = take_text(reader), *value = name ? take_text(reader) : NULL;
    if (!value || !take_line_end(reader))
        return malformed(status, err, "a header line is not NAME: VALUE CR LF");
    if (*name == ' ' || *name == '\t')
        return malformed(status, err, "a folded header line");
    if (!is_token(name))
        return malformed(status, err, "a header name is no token (a blank before the colon?)");
    for (const char *p = value; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return malformed(status, err, "a control character in a header value");
    field->name = name;
    field->value = without_blanks(value);
    return 0;
}

static int read_fields(struct reader *reader, struct gate_head *head, unsigned *status, struct cg_error *err)
{
    while (reader->at < reader->end && *reader->at != '\0') {
        if (head->count == GATE_FIELDS_MAX) {
            *status = 431;
            return cg_fail(err, CG_E_LIMIT, "the request has more than %d header fields", GATE_FIELDS_MAX);
        }
        if (read_field(reader, &head->fields[head->count], status, err) != 0)
            return -1;
        head->count++;
    }
    if (reader->end - reader->at != 2 || reader->at[0] != '\0' || reader->at[1] != '\0')
        return malformed(status, err, "the head does not end in CR LF CR LF");
    return 0;
}

static int read_length(const char *text, uint64_t *length)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return -1;
    *length = 0;
    for (const char *p = text; *p; p++)
        *length = *length * 10 + (uint64_t)(*p - '0');
    return 0;
}

/* RFC 9112 section 6: where the body ends, without a choice. */
static int read_framing(struct gate_head *head, unsigned *status, struct cg_error *err)
{
    bool chunked_known = head->framing == GATE_CHUNKED;
    size_t lengths = gate_count(head, "Content-Length"), encodings = gate_count(head, "Transfer-Encoding");
    if (lengths + encodings > 1)
        return malformed(status, err, "more than one of Content-Length and Transfer-Encoding");
    head->framing = lengths ? GATE_LENGTH : encodings ? GATE_CHUNKED : GATE_NO_BODY;
    if (lengths && read_length(gate_field(head, "Content-Length"), &head->length) != 0)
        return malformed(status, err, "Content-Length is no number of at most 18 digits");
    if (encodings && (!chunked_known || strcasecmp(gate_field(head, "Transfer-Encoding"), "chunked") != 0))
        return malformed(status, err, "Transfer-Encoding is not \"chunked\" in HTTP/1.1");
    return 0;
}

static bool is_host(const char *text)
{
    static const char host_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~[]:%";
    return *text && text[strspn(text, host_characters)] == '\0';
}

int gate_read(char *bytes, size_t size, struct gate_head *head, unsigned *status, struct cg_error *err)
{
    *head = (struct gate_head){0};
    if (size > GATE_HEAD_MAX) {
        *status = 431;
        return cg_fail(err, CG_E_LIMIT, "the head of the request has %zu bytes; at most %d are read", size,
                       GATE_HEAD_MAX);
    }
    struct reader reader = {bytes, bytes + size};
    if (read_request_line(&reader, head, status, err) != 0 || read_fields(&reader, head, status, err) != 0 ||
        read_framing(head, status, err) != 0)
        return -1;
    if (gate_count(head, "Host") != 1 || !is_host(gate_field(head, "Host")))
        return malformed(status, err, "not exactly one Host that names a host");
    const char *expect = gate_field(head, "Expect");
    if (expect && (gate_count(head, "Expect") != 1 || strcasecmp(expect, "100-continue") != 0)) {
        *status = 417;
        return cg_fail(err, CG_E_USAGE, "malformed request: Expect is not \"100-continue\"");
    }
    return 0;
}

const char *gate_field(const struct gate_head *head, const char *name)
{
    for (size_t i = 0; i < head->count; i++)
        if (strcasecmp(head->fields[i].name, name) == 0)
            return head->fields[i].value;
    return NULL;
}

size_t gate_count(const struct gate_head *head, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->count; i++)
        if (strcasecmp(head->fields[i].name, name) == 0)
            count++;
    return count;
}
