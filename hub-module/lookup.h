/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_LOOKUP_H
#define CG_HUB_LOOKUP_H

/*
 * Fetching rpms and archives for many components at once, as dicts like those of kojihub get_rpm and list_archives.
 *
 * The tables and columns are Koji's (schemas/schema.sql of 1.33 to master). Whether the dicts are what this hub would
 * give is for the caller to find out (components.c).
 */

#include "plugin.h"

/* Components of one query. */
#define LOOKUP_BATCH 1000
/* Values that a key has at most. */
#define LOOKUP_FIELDS_MAX 4

struct lookup_field {
    const char *name; /* in the component; NULL ends the list */
    const char *type; /* in SQL: "text" or "bigint" */
};

struct lookup_column {
    const char *sql; /* NULL ends the list */
    const char *name;
};

/* A kind of look-up: its key is a tuple of the values that a component has in `fields`. */
struct lookup {
    const char *component; /* the component's type, "rpm" */
    struct lookup_field fields[LOOKUP_FIELDS_MAX + 1];
    const struct lookup_column *columns;
    const char *from; /* what is joined with the wanted keys, want.k0, want.k1 ... */
};

extern const struct lookup lookup_rpm;
extern const struct lookup lookup_rpm_before_drafts; /* up to 1.33, whose rpms have no column `draft` */
extern const struct lookup lookup_file;

/*
 * The key of a component: a tuple; None when it is out of the ordinary, so that SQL might read it otherwise than in the
 * hub's own query. New reference, or NULL.
 */
PyObject *lookup_key(const struct lookup *lookup, PyObject *component);

/*
 * {key: list of dicts} for every component of the kind that has a key; an empty list for what the hub does not know.
 * `fix` is called with each dict, as the hub does with its rows. New reference, or NULL with an exception.
 */
PyObject *lookup_fetch(const struct lookup *lookup, PyObject *components, PyObject *fix);

#endif
