/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_CONFIG_TABLE_H
#define CLI_CONFIG_TABLE_H

/* Which sections and keys cg-import.conf has. docs/man/cg-import.conf.5 and koji-config/cg-import.conf say the same. */

#include "config.h"
#include "config_value.h"

/* One section, or as many as there are names: [hub NAME]. The list of them ends with one whose name is NULL. */
struct config_section_kind {
    const char *name;
    const struct config_key *keys;
    size_t offset;       /* in struct config: the structure, or the pointer to the array of them */
    size_t count_offset; /* of the count of that array; 0: there is one section without a name */
    size_t size;         /* of one element, whose first member is its name */
};

extern const struct config_section_kind config_section_kinds[];

#endif
