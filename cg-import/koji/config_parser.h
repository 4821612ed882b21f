/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_CONFIG_PARSER_H
#define KOJI_CONFIG_PARSER_H

/*
 * Configuration files in the dialect of Python's configparser.ConfigParser with its defaults, which is what koji reads.
 *
 * Sections, "=" and ":", comment lines, continuation lines, the section DEFAULT, keys of any case, %(name)s and %%.
 * A later file overrides an earlier one; within one file a section or option given twice is an error. Differs from
 * Python in refusing a NUL or a byte order mark, and in reporting the first bad line only. Not a writer.
 */

#include "cg/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of one file; koji's own is two thousand. */
#define CONFIG_FILE_MAX (4U * 1024U * 1024U)
/* Values that may be inside each other, configparser.MAX_INTERPOLATION_DEPTH. */
#define CONFIG_INTERPOLATION_DEPTH_MAX 10

struct config_parser;

/* Where an option was read; borrowed from the parser. */
struct config_place {
    const char *file;
    size_t line;
};

#define AUTO_CONFIG_PARSER CG_AUTO(config_parser_auto)

/* NULL with CG_E_MEMORY. */
struct config_parser *config_parser_create(struct cg_error *err);

/* Reads a file. 0, or -1 with CG_E_CONFIG ("FILE:LINE: ..."), CG_E_IO, CG_E_LIMIT, CG_E_MEMORY. */
int config_parser_read(struct config_parser *parser, const char *path, struct cg_error *err);

/* Reads text as if it were the file `name`. 0, or -1 with CG_E_CONFIG, CG_E_MEMORY. */
int config_parser_read_text(struct config_parser *parser, const char *name, const char *text, size_t size,
                            struct cg_error *err);

/* The names of the sections in the order they came, without DEFAULT; NULL behind the last. Borrowed. */
const char *config_parser_section(const struct config_parser *parser, size_t index);
bool config_parser_has_section(const struct config_parser *parser, const char *section);

/* Where the last heading of a section was read; nothing is known of one that is not there: file NULL. */
struct config_place config_parser_section_place(const struct config_parser *parser, const char *section);

/* The names of the options of one section (which may be "DEFAULT") in the order they came; NULL behind the last.
 * Borrowed; *place may be NULL. */
const char *config_parser_option(const struct config_parser *parser, const char *section, size_t index,
                                 struct config_place *place);

/*
 * The value of `option` (lower case) in `section` or else in DEFAULT, with its references filled in. Returns 1 with
 * *value, to be freed, and *place; 0 if there is none; -1 with CG_E_CONFIG (a reference to what is not there, a lone
 * percent sign, references too deep), CG_E_MEMORY.
 */
int config_parser_get(const struct config_parser *parser, const char *section, const char *option, char **value,
                      struct config_place *place, struct cg_error *err);

/* Can every option of `section` and DEFAULT be filled in? Python's items() asks for that. 0 or -1 as above. */
int config_parser_check(const struct config_parser *parser, const char *section, struct cg_error *err);

/* NULL is allowed. */
void config_parser_destroy(struct config_parser *parser);

static inline void config_parser_auto(struct config_parser **parser)
{
    config_parser_destroy(*parser);
}

#endif
