/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_ROUTER_H
#define INTAKE_ROUTER_H

/*
 * Finds the route of a request: the method and the pattern that its path fits.
 *
 * Patterns are literal segments and {name}, which takes one non-empty segment. Segments are split before they are
 * percent-decoded, so an encoded slash is part of a value and never separates. Literal segments win over {name}.
 */

#include "intake/request.h"

#define ROUTER_VALUES_MAX 5 /* {name} of one pattern */
#define ROUTER_TABLES_MAX 3
#define ROUTER_METHODS_SIZE 128 /* of an Allow header */

/* Tables that are searched in this order. */
struct router_table {
    const struct intake_route *routes;
    size_t count;
};

struct router {
    struct router_table tables[ROUTER_TABLES_MAX];
    size_t count;
};

struct router_match {
    const struct intake_route *route;
    struct router_value {
        char *name, *value; /* owned; value decoded */
    } values[ROUTER_VALUES_MAX];
    size_t value_count;
    char allow[ROUTER_METHODS_SIZE]; /* "GET, HEAD, POST" of the path; filled also where the method is not among them */
};

enum router_found {
    ROUTER_FOUND,
    ROUTER_NO_PATH,   /* 404 */
    ROUTER_NO_METHOD, /* 405; match->allow says which there are */
};

/* `path` is as sent, without the query. 0 and *found; -1 with CG_E_USAGE for a path that is not well encoded (400),
 * CG_E_MEMORY. Release the match with router_match_finish in any case. */
int router_find(const struct router *router, const char *method, const char *path, struct router_match *match,
                enum router_found *found, struct cg_error *err);

void router_match_finish(struct router_match *match);

/* A new text with %XX decoded, and '+' as blank where `plus` says so. NULL with CG_E_USAGE for a bad or NUL escape and
 * for what is no UTF-8, or CG_E_MEMORY. */
enum router_plus { ROUTER_PLUS_IS_PLUS, ROUTER_PLUS_IS_BLANK };
char *router_decode(const char *text, size_t size, enum router_plus plus, struct cg_error *err);

#endif
