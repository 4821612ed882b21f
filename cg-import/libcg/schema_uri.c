/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_uri.h"

#include <stdbool.h>
#include <string.h>

/* A run of characters in somebody's text; `text` NULL is "undefined" in the words of RFC 3986 section 5.2.2. */
struct part {
    const char *text;
    size_t size;
};

struct uri {
    struct part scheme;    /* without ":" */
    struct part authority; /* without "//" */
    struct part path;      /* always defined */
    struct part query;     /* without "?" */
};

static bool is_scheme(const char *text, size_t size)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
    return size > 0 && !strchr("0123456789+-.", text[0]) && strspn(text, characters) == size;
}

/* RFC 3986 appendix B, the expression there written out; text[0..size) has no fragment. */
static struct uri split(const char *text, size_t size)
{
    struct uri uri = {0};
    size_t scheme = strcspn(text, ":/?#");
    if (scheme < size && text[scheme] == ':' && is_scheme(text, scheme)) {
        uri.scheme = (struct part){text, scheme};
        text += scheme + 1;
        size -= scheme + 1;
    }
    if (size >= 2 && text[0] == '/' && text[1] == '/') {
        text += 2;
        size -= 2;
        size_t authority = strcspn(text, "/?#");
        uri.authority = (struct part){text, authority < size ? authority : size};
        text += uri.authority.size;
        size -= uri.authority.size;
    }
    const char *query = memchr(text, '?', size);
    uri.path = (struct part){text, query ? (size_t)(query - text) : size};
    if (query)
        uri.query = (struct part){query + 1, size - uri.path.size - 1};
    return uri;
}

/* Cuts the last segment and its slash off what was appended since `start`. */
static void drop_segment(struct cg_bytes *out, size_t start)
{
    while (out->size > start && out->data[--out->size] != '/')
        continue;
    out->data[out->size] = '\0';
}

/* RFC 3986 section 5.2.4: appends `path` without "." and ".." segments. */
static int append_without_dots(struct cg_bytes *out, struct part path, struct cg_error *err)
{
    size_t start = out->size;
    if (cg_bytes_reserve(out, path.size, err) < 0)
        return -1;
    const char *p = path.text, *end = path.text + path.size;
    while (p < end) {
        const char *segment = *p == '/' ? p + 1 : p;
        const char *slash = memchr(segment, '/', (size_t)(end - segment));
        const char *stop = slash ? slash : end;
        size_t size = (size_t)(stop - segment);
        bool dot = size == 1 && segment[0] == '.';
        bool dots = size == 2 && segment[0] == '.' && segment[1] == '.';
        if (dots)
            drop_segment(out, start);
        if (!dot && !dots && cg_bytes_append(out, p, (size_t)(stop - p), err) < 0)
            return -1;
        if ((dot || dots) && !slash && *p == '/' && cg_bytes_append(out, "/", 1, err) < 0)
            return -1;
        bool leading = (dot || dots) && slash && *p != '/';
        p = leading ? stop + 1 : stop;
    }
    return 0;
}

/* RFC 3986 section 5.2.3 */
static int append_merged(struct cg_bytes *out, const struct uri *base, struct part path, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes merged = {0};
    if (base->authority.text && base->path.size == 0) {
        if (cg_bytes_append(&merged, "/", 1, err) < 0)
            return -1;
    } else {
        size_t kept = base->path.size;
        while (kept > 0 && base->path.text[kept - 1] != '/')
            kept--;
        if (cg_bytes_append(&merged, base->path.text, kept, err) < 0)
            return -1;
    }
    if (cg_bytes_append(&merged, path.text, path.size, err) < 0)
        return -1;
    return append_without_dots(out, (struct part){merged.data, merged.size}, err);
}

static int append_path(struct cg_bytes *out, const struct uri *base, const struct uri *reference, struct cg_error *err)
{
    if (reference->scheme.text || reference->authority.text ||
        (reference->path.size > 0 && reference->path.text[0] == '/'))
        return append_without_dots(out, reference->path, err);
    if (reference->path.size == 0)
        return cg_bytes_append(out, base->path.text, base->path.size, err);
    return append_merged(out, base, reference->path, err);
}

static int append_part(struct cg_bytes *out, const char *before, struct part part, const char *after,
                       struct cg_error *err)
{
    if (!part.text)
        return 0;
    if (cg_bytes_append_text(out, before, err) < 0 || cg_bytes_append(out, part.text, part.size, err) < 0)
        return -1;
    return cg_bytes_append_text(out, after, err);
}

/* RFC 3986 sections 5.2.2 and 5.3 */
static int append_resolved(struct cg_bytes *out, const struct uri *base, const struct uri *reference,
                           struct cg_error *err)
{
    bool own_scheme = reference->scheme.text != NULL;
    bool own_authority = own_scheme || reference->authority.text;
    bool own_query = own_authority || reference->path.size > 0 || reference->query.text;
    if (append_part(out, "", own_scheme ? reference->scheme : base->scheme, ":", err) < 0 ||
        append_part(out, "//", own_authority ? reference->authority : base->authority, "", err) < 0 ||
        append_path(out, base, reference, err) < 0)
        return -1;
    return append_part(out, "?", own_query ? reference->query : base->query, "", err);
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)((found - digits) % 16) : -1;
}

/* Decodes in place; false for a bad escape or a NUL. */
static bool decode_percent(char *text)
{
    char *out = text;
    for (const char *p = text; *p; p++) {
        if (*p != '%') {
            *out++ = *p;
            continue;
        }
        int high = hex_value(p[1]), low = high < 0 ? -1 : hex_value(p[2]);
        if (low < 0 || high + low == 0)
            return false;
        *out++ = (char)(high * 16 + low);
        p += 2;
    }
    *out = '\0';
    return true;
}

int cg_schema_uri_resolve(const char *base, const char *reference, char **uri, char **fragment, struct cg_error *err)
{
    size_t size = strcspn(reference, "#");
    CG_AUTO_FREE char *tail = strdup(reference[size] ? reference + size + 1 : "");
    if (!tail)
        return cg_fail_memory(err);
    if (!decode_percent(tail))
        return 1;
    struct uri from = split(base, strcspn(base, "#")), to = split(reference, size);
    CG_AUTO_BYTES struct cg_bytes resolved = {0};
    if (cg_bytes_reserve(&resolved, 1, err) < 0 || append_resolved(&resolved, &from, &to, err) < 0)
        return -1;
    *uri = cg_bytes_steal(&resolved);
    *fragment = CG_STEAL(tail);
    return 0;
}
