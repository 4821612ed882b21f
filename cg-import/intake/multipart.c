/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/multipart.h"

#include "cg/bytes.h"
#include "intake/header_value.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

enum multipart_state {
    PREAMBLE,    /* before the first boundary: ignored (RFC 2046 section 5.1.1) */
    AFTER,       /* behind a boundary */
    AFTER_BLANK, /* and blanks behind it */
    AFTER_CR,    /* and a carriage return */
    AFTER_DASH,  /* behind a boundary and one dash */
    HEADER,
    DATA,
    EPILOGUE, /* behind the closing boundary: ignored */
    BROKEN,
};

struct multipart {
    const struct multipart_events *events;
    void *context;
    enum multipart_state state;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX + 1]; /* CR LF -- and the boundary */
    size_t delimiter_size;
    size_t matched; /* bytes of the delimiter at the end of what was read */
    struct cg_bytes header;
    unsigned parts;
};

/* --- beginning -----------------------------------------------------------------------------------------------------
 */

bool multipart_is(const char *content_type)
{
    return header_value_is(content_type, "multipart/form-data");
}

static int check_boundary(const char *boundary, struct cg_error *err)
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ";
    size_t size = strlen(boundary);
    if (size == 0 || size > MULTIPART_BOUNDARY_MAX)
        return cg_fail(err, CG_E_SYNTAX, "the boundary has %zu characters, expected 1 to %d", size,
                       MULTIPART_BOUNDARY_MAX);
    if (strspn(boundary, allowed) != size || boundary[size - 1] == ' ')
        return cg_fail(err, CG_E_SYNTAX, "the boundary has characters that RFC 2046 does not allow");
    return 0;
}

struct multipart *multipart_create(const char *content_type, const struct multipart_events *events, void *context,
                                   struct cg_error *err)
{
    CG_AUTO_FREE char *boundary = NULL;
    int found = header_value_parameter(content_type, "boundary", &boundary, err);
    if (found == 0)
        cg_fail(err, CG_E_SYNTAX, "multipart/form-data without a boundary");
    if (found <= 0 || check_boundary(boundary, err) != 0)
        return NULL;
    struct multipart *multipart = calloc(1, sizeof *multipart);
    if (!multipart) {
        cg_fail_memory(err);
        return NULL;
    }
    multipart->events = events;
    multipart->context = context;
    multipart->delimiter_size =
        (size_t)snprintf(multipart->delimiter, sizeof multipart->delimiter, "\r\n--%s", boundary);
    /* The first boundary may stand at the very beginning, where no line ends before it. */
    multipart->matched = 2;
    return multipart;
}

/* --- the header of a part ------------------------------------------------------------------------------------------
 */

static int check_utf8(const char *what, const char *text, struct cg_error *err)
{
    if (!text)
        return 0;
    CG_AUTO_JSON json_t *json = json_string(text);
    return json ? 0 : cg_fail(err, CG_E_SYNTAX, "the %s of a part is not valid UTF-8", what);
}

static int begin_part(struct multipart *m, const char *disposition, struct cg_error *err)
{
    if (!header_value_is(disposition, "form-data"))
        return cg_fail(err, CG_E_SYNTAX, "part %u has no Content-Disposition: form-data", m->parts);
    CG_AUTO_FREE char *name = NULL, *filename = NULL;
    int named = header_value_parameter(disposition, "name", &name, err);
    if (named == 0)
        return cg_fail(err, CG_E_SYNTAX, "part %u has no name", m->parts);
    if (named < 0 || header_value_parameter(disposition, "filename", &filename, err) < 0)
        return -1;
    if (check_utf8("name", name, err) != 0 || check_utf8("file name", filename, err) != 0)
        return -1;
    const struct multipart_part part = {.name = name, .filename = filename};
    m->state = DATA;
    m->matched = 0;
    return m->events->begin(m->context, &part, err);
}

/* One line of the header, ended with NUL. */
static int read_field(struct multipart *m, char *line, const char **disposition, struct cg_error *err)
{
    char *colon = strchr(line, ':');
    if (!colon || colon == line || colon != line + strcspn(line, " \t:"))
        return cg_fail(err, CG_E_SYNTAX, "part %u has a header line that is no name: value", m->parts);
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    if (strcasecmp(line, "Content-Disposition") == 0) {
        if (*disposition)
            return cg_fail(err, CG_E_SYNTAX, "part %u has two Content-Disposition", m->parts);
        *disposition = value;
    }
    if (strcasecmp(line, "Content-Transfer-Encoding") == 0 && strcasecmp(value, "binary") != 0 &&
        strcasecmp(value, "8bit") != 0 && strcasecmp(value, "7bit") != 0)
        return cg_fail(err, CG_E_SYNTAX, "part %u is encoded as %.40s, expected it as it is", m->parts, value);
    return 0;
}

/* The header ended with an empty line, which is cut off. */
static int read_header(struct multipart *m, struct cg_error *err)
{
    if (++m->parts > MULTIPART_PARTS_MAX)
        return cg_fail(err, CG_E_LIMIT, "more than %d parts", MULTIPART_PARTS_MAX);
    if (memchr(m->header.data, '\0', m->header.size))
        return cg_fail(err, CG_E_SYNTAX, "part %u has a NUL in its header", m->parts);
    const char *disposition = NULL;
    char *line = m->header.data;
    while (*line) {
        char *end = strstr(line, "\r\n");
        *end = '\0';
        if (*line && read_field(m, line, &disposition, err) != 0)
            return -1;
        line = end + 2;
    }
    return begin_part(m, disposition, err);
}

static int feed_header(struct multipart *m, char c, struct cg_error *err)
{
    if (m->header.size >= MULTIPART_HEADER_MAX)
        return cg_fail(err, CG_E_LIMIT, "the header of part %u is over %d bytes", m->parts + 1, MULTIPART_HEADER_MAX);
    if (cg_bytes_append(&m->header, &c, 1, err) != 0)
        return -1;
    const char *text = m->header.data;
    size_t size = m->header.size;
    bool is_over =
        (size == 2 && memcmp(text, "\r\n", 2) == 0) || (size >= 4 && memcmp(text + size - 4, "\r\n\r\n", 4) == 0);
    return is_over ? read_header(m, err) : 0;
}

/* --- boundaries ----------------------------------------------------------------------------------------------------
 */

static int tell_data(struct multipart *m, const char *data, size_t size, struct cg_error *err)
{
    if (m->state != DATA || size == 0)
        return 0;
    return m->events->data(m->context, data, size, err);
}

/* The whole delimiter was read: the part before it is over. */
static int meet_boundary(struct multipart *m, struct cg_error *err)
{
    bool has_part = m->state == DATA;
    m->state = AFTER;
    m->matched = 0;
    return has_part ? m->events->end(m->context, err) : 0;
}

/*
 * Where the delimiter begins in `data`, or its beginning does that more bytes may complete; `size` if nowhere. Bytes of
 * an archive have a carriage return every 256 bytes, and telling the data between each would be slow.
 */
static size_t find_delimiter(const struct multipart *m, const char *data, size_t size)
{
    const char *cr = memchr(data, '\r', size);
    while (cr) {
        size_t left = size - (size_t)(cr - data);
        if (memcmp(cr, m->delimiter, left < m->delimiter_size ? left : m->delimiter_size) == 0)
            return (size_t)(cr - data);
        cr = memchr(cr + 1, '\r', left - 1);
    }
    return size;
}

/*
 * Takes bytes of a part (or the preamble) up to the next delimiter. Returns the count taken, or -1. A carriage return
 * stands only at the delimiter's first place, so after a mismatch nothing that was held back can begin another match.
 */
static ptrdiff_t feed_data(struct multipart *m, const char *data, size_t size, struct cg_error *err)
{
    size_t at = 0;
    if (m->matched == 0) {
        at = find_delimiter(m, data, size);
        if (tell_data(m, data, at, err) != 0)
            return -1;
    }
    while (at < size && m->matched < m->delimiter_size && data[at] == m->delimiter[m->matched]) {
        at++;
        m->matched++;
    }
    if (m->matched == m->delimiter_size)
        return meet_boundary(m, err) != 0 ? -1 : (ptrdiff_t)at;
    if (at < size) {
        size_t held = m->matched;
        m->matched = 0;
        if (tell_data(m, m->delimiter, held, err) != 0)
            return -1;
    }
    return (ptrdiff_t)at;
}

/* What may stand between a boundary and the next line. */
static int feed_after(struct multipart *m, char c, struct cg_error *err)
{
    bool is_blank = c == ' ' || c == '\t';
    if (m->state == AFTER_CR && c == '\n') {
        cg_bytes_clear(&m->header);
        m->state = HEADER;
    } else if (m->state == AFTER && c == '-') {
        m->state = AFTER_DASH;
    } else if (m->state == AFTER_DASH && c == '-') {
        m->state = EPILOGUE;
    } else if ((m->state == AFTER || m->state == AFTER_BLANK) && (is_blank || c == '\r')) {
        m->state = is_blank ? AFTER_BLANK : AFTER_CR;
    } else {
        return cg_fail(err, CG_E_SYNTAX, "a boundary is not alone on its line");
    }
    return 0;
}

static ptrdiff_t feed_some(struct multipart *m, const char *data, size_t size, struct cg_error *err)
{
    switch (m->state) {
    case PREAMBLE:
    case DATA:
        return feed_data(m, data, size, err);
    case HEADER:
        return feed_header(m, *data, err) != 0 ? -1 : 1;
    case EPILOGUE:
        return (ptrdiff_t)size;
    case BROKEN:
        return cg_fail(err, CG_E_SYNTAX, "the form was broken before");
    default:
        return feed_after(m, *data, err) != 0 ? -1 : 1;
    }
}

int multipart_feed(struct multipart *multipart, const char *data, size_t size, struct cg_error *err)
{
    while (size > 0) {
        ptrdiff_t taken = feed_some(multipart, data, size, err);
        if (taken < 0) {
            multipart->state = BROKEN;
            return -1;
        }
        data += taken;
        size -= (size_t)taken;
    }
    return 0;
}

int multipart_finish(struct multipart *multipart, struct cg_error *err)
{
    if (multipart->state == EPILOGUE)
        return 0;
    return cg_fail(err, CG_E_SYNTAX, "the form ends without its closing boundary");
}

void multipart_destroy(struct multipart *multipart)
{
    if (!multipart)
        return;
    cg_bytes_finish(&multipart->header);
    free(multipart);
}
