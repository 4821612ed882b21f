/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_RULES_IMAGE_H
#define LIBCG_RULES_IMAGE_H

/* What the two files of image rules share: one archive held against one output. */

#include "cg/image.h"

struct image_check {
    const struct cg_output *output;
    size_t index;
    const json_t *image; /* of the facts: the one that the output is about */
    const struct cg_image_levels *levels;
    struct cg_report *report;
    struct cg_error *err;
    bool found;
    bool failed; /* err says why; nothing more is recorded */
};

/*
 * Records a finding of `rule` at "/output/INDEX" and `place`, unless the site turned it off. `expected` and `got` may
 * be NULL.
 */
void image_find(struct image_check *check, enum cg_image_rule rule, const char *place, const char *expected,
                const char *got, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* "three, names, more" of a list of names that is too long: at most CG_IMAGE_NAMED_MOST. */
struct image_names {
    struct cg_bytes text;
    size_t count;
};

/* Adds one; format as printf. A failed allocation is remembered in `check`. */
void image_names_add(struct image_check *check, struct image_names *names, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The names, and " and N more" after them. Borrowed. */
const char *image_names_text(struct image_check *check, struct image_names *names);
void image_names_finish(struct image_names *names);

/* The rules over rpms (rules_image_rpms.c). */
void image_check_rpms(struct image_check *check);

#endif
