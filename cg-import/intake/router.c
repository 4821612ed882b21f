/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/router.h"

#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) % 16 : -1;
}

/* json_string() takes well-formed UTF-8 only. */
static bool is_utf8(const char *text)
{
    CG_AUTO_JSON json_t *string = json_string(text);
    return string != NULL;
}

char *router_decode(const char *text, size_t size, enum router_plus plus, struct cg_error *err)
{
    CG_AUTO_FREE char *decoded = malloc(size + 1);
    if (!decoded) {
        cg_fail_memory(err);
        return NULL;
    }
    char *to = decoded;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '%') {
            *to++ = text[i] == '+' && plus == ROUTER_PLUS_IS_BLANK ? ' ' : text[i];
            continue;
        }
        int high = i + 2 < size ? hex_digit(text[i + 1]) : -1, low = high < 0 ? -1 : hex_digit(text[i + 2]);
        if (low < 0 || high * 16 + low == 0) {
            cg_fail(err, CG_E_USAGE, "the URL has a bad percent-encoding: \"%.3s\"", text + i);
            return NULL;
        }
        *to++ = (char)(high * 16 + low);
        i += 2;
    }
    *to = '\0';
    if (!is_utf8(decoded)) {
        cg_fail(err, CG_E_USAGE, "the URL is not UTF-8 once decoded");
        return NULL;
    }
    return CG_STEAL(decoded);
}

/* Length of the segment at `text`, which is behind a slash. */
static size_t segment_length(const char *text)
{
    return strcspn(text, "/");
}

enum fit { FIT_NONE, FIT_PATTERN, FIT_LITERAL };

static enum fit fit_segment(const char *pattern, size_t pattern_size, const char *segment, size_t size)
{
    if (pattern_size > 2 && pattern[0] == '{')
        return size > 0 ? FIT_PATTERN : FIT_NONE;
    return pattern_size == size && memcmp(pattern, segment, size) == 0 ? FIT_LITERAL : FIT_NONE;
}

/* How well a path fits a pattern: 0 not at all; else more for literal segments, the leftmost counting most. */
static unsigned fit_path(const char *pattern, const char *path)
{
    unsigned score = 1;
    while (*pattern == '/' && *path == '/') {
        size_t pattern_size = segment_length(++pattern), size = segment_length(++path);
        enum fit fit = fit_segment(pattern, pattern_size, path, size);
        if (fit == FIT_NONE)
            return 0;
        score = score * 2 + (fit == FIT_LITERAL);
        pattern += pattern_size;
        path += size;
    }
    return *pattern == '\0' && *path == '\0' ? score : 0;
}

/* Takes the values of {name} out of a path that fits. */
static int take_values(struct router_match *match, const char *path, struct cg_error *err)
{
    const char *pattern = match->route->pattern;
    while (*pattern == '/') {
        size_t pattern_size = segment_length(++pattern), size = segment_length(++path);
        if (pattern[0] == '{' && match->value_count < ROUTER_VALUES_MAX) {
            struct router_value *value = &match->values[match->value_count++];
            value->name = strndup(pattern + 1, pattern_size - 2);
            value->value = router_decode(path, size, ROUTER_PLUS_IS_PLUS, err);
            if (!value->name)
                return cg_fail_memory(err);
            if (!value->value)
                return -1;
        }
        pattern += pattern_size;
        path += size;
    }
    return 0;
}

/* Is `method` among "GET, HEAD"? */
static bool is_allowed(const char *allow, const char *method)
{
    size_t length = strlen(method);
    for (const char *p = allow; *p; p += strspn(p, ", ")) {
        size_t word = strcspn(p, ",");
        if (word == length && memcmp(p, method, word) == 0)
            return true;
        p += word;
    }
    return false;
}

static void allow(struct router_match *match, const char *method)
{
    size_t used = strlen(match->allow);
    if (is_allowed(match->allow, method) || used + strlen(method) + 3 > sizeof match->allow)
        return;
    snprintf(match->allow + used, sizeof match->allow - used, "%s%s", used ? ", " : "", method);
}

/* Walks all routes: the best one of the path for `method`, and in match->allow what the path's best pattern has. */
static void walk(const struct router *router, const char *method, const char *path, struct router_match *match)
{
    unsigned best = 0, best_for_method = 0;
    for (size_t t = 0; t < router->count; t++)
        for (size_t i = 0; i < router->tables[t].count; i++) {
            const struct intake_route *route = &router->tables[t].routes[i];
            unsigned score = fit_path(route->pattern, path);
            if (score == 0 || score < best)
                continue;
            if (score > best) {
                best = score;
                match->allow[0] = '\0';
                match->route = NULL;
                best_for_method = 0;
            }
            allow(match, route->method);
            if (strcmp(route->method, "GET") == 0)
                allow(match, "HEAD");
            bool exact = strcmp(route->method, method) == 0;
            bool head = strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0;
            unsigned fit = exact ? 2 : head ? 1 : 0;
            if (fit > best_for_method) {
                best_for_method = fit;
                match->route = route;
            }
        }
}

int router_find(const struct router *router, const char *method, const char *path, struct router_match *match,
                enum router_found *found, struct cg_error *err)
{
    *match = (struct router_match){0};
    walk(router, method, path, match);
    *found = match->route ? ROUTER_FOUND : match->allow[0] ? ROUTER_NO_METHOD : ROUTER_NO_PATH;
    return match->route ? take_values(match, path, err) : 0;
}

void router_match_finish(struct router_match *match)
{
    for (size_t i = 0; i < match->value_count; i++) {
        free(match->values[i].name);
        free(match->values[i].value);
    }
    *match = (struct router_match){0};
}
