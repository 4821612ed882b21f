/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_CONFIG_TREE_H
#define KOJI_CONFIG_TREE_H

/*
 * What was read of configuration files: sections of options, and where each came from.
 *
 * The inside of struct config_parser, shared by config_parser.c, which fills it, and config_tree.c, which answers.
 */

#include "cg/bytes.h"
#include "koji/config_parser.h"

struct config_option {
    char *name;            /* lower case */
    struct cg_bytes value; /* as written, references and all */
    size_t file;           /* of its last setting: index into files */
    size_t line;
};

struct config_section {
    char *name;
    bool is_default; /* DEFAULT */
    size_t file;     /* of its last heading */
    size_t line;
    struct config_option *options;
    size_t option_count;
};

struct config_parser {
    char **files;
    size_t file_count;
    struct config_section *sections; /* the first is DEFAULT */
    size_t section_count;
};

/* Appends a file's name. 0, or -1 with CG_E_MEMORY. */
int config_tree_add_file(struct config_parser *parser, const char *name, struct cg_error *err);

/* The index of the section of that name, or section_count. */
size_t config_tree_find_section(const struct config_parser *parser, const char *name, size_t size);

/* Appends an empty section; pointers to sections are void then. 0, or -1 with CG_E_MEMORY. */
int config_tree_add_section(struct config_parser *parser, const char *name, size_t size, struct cg_error *err);

/* The index of the option of that name in any case, or option_count. */
size_t config_tree_find_option(const struct config_section *section, const char *name, size_t size);

/* Appends an empty option under the lower-case name; pointers to options are void then. 0, or -1 with CG_E_MEMORY. */
int config_tree_add_option(struct config_section *section, const char *name, size_t size, struct cg_error *err);

/* Takes the white space off the ends of all values, which empty lines behind them have left there. */
void config_tree_trim(struct config_parser *parser);

/* The ASCII characters of Python's str.isspace(). */
static inline bool config_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
}

#endif
