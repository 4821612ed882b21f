/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_CONFIG_VALUE_H
#define CLI_CONFIG_VALUE_H

/* One value of the configuration: from its text, into its place in a structure, and back to text. */

#include "base/secret.h"
#include "cg/bytes.h"

#include <stddef.h>
#include <stdint.h>

enum config_type {
    CONFIG_TEXT,        /* char *: anything but nothing */
    CONFIG_PATH,        /* char *: absolute path */
    CONFIG_READABLE,    /* char *: absolute path of a file that is there and can be read */
    CONFIG_LIST,        /* char **: words between blanks, NULL-terminated */
    CONFIG_SWITCH,      /* bool: yes or no */
    CONFIG_COUNT,       /* uint64_t: a whole number */
    CONFIG_SIZE,        /* uint64_t: bytes, "10 GiB" */
    CONFIG_DURATION,    /* uint64_t: milliseconds, "30 s" */
    CONFIG_MODE,        /* uint64_t: octal permission bits */
    CONFIG_CHOICE,      /* uint64_t: index of a word */
    CONFIG_WORD,        /* char *: one of some words */
    CONFIG_ROLES,       /* uint64_t: one bit for each of some words */
    CONFIG_SECRET,      /* struct secret: the text itself */
    CONFIG_SECRET_FILE, /* struct secret: first line of a file; the same place as its CONFIG_SECRET */
};

/* A key of a section; a table ends with one whose name is NULL. */
struct config_key {
    const char *name;
    enum config_type type;
    size_t offset;
    const char *fallback;     /* as it would be written; NULL: not set */
    uint64_t least, most;     /* of CONFIG_COUNT, CONFIG_SIZE, CONFIG_DURATION */
    const char *const *words; /* of CONFIG_CHOICE, CONFIG_WORD, CONFIG_ROLES; NULL-terminated */
};

/* Reads `text` into its place in `structure`, freeing what was there. 0, or -1 with CG_E_CONFIG, CG_E_MEMORY. */
int config_value_read(const struct config_key *key, void *structure, const char *text, struct cg_error *err);

/* Appends the value as it would be written, secrets as "(hidden)". 1, 0 if it is not set, -1 with CG_E_MEMORY. */
int config_value_show(const struct config_key *key, const void *structure, struct cg_bytes *text, struct cg_error *err);

/* Gives back what the value owns. */
void config_value_finish(const struct config_key *key, void *structure);

#endif
