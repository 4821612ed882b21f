/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/config_tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char default_name[] = "DEFAULT";

/* --- filling ------------------------------------------------------------------------------------------------------ */

/* `array` with room for one more element of `size` bytes, or NULL with the error recorded and the array unchanged. */
static void *grow(void *array, size_t count, size_t size, struct cg_error *err)
{
    void *grown = realloc(array, (count + 1) * size);
    if (!grown)
        cg_fail_memory(err);
    return grown;
}

static char lower(char c)
{
    if (c < 'A' || c > 'Z')
        return c;
    return (char)(c + ('a' - 'A'));
}

int config_tree_add_file(struct config_parser *parser, const char *name, struct cg_error *err)
{
    char **files = grow(parser->files, parser->file_count, sizeof *files, err);
    if (!files)
        return -1;
    parser->files = files;
    files[parser->file_count] = strdup(name);
    if (!files[parser->file_count])
        return cg_fail_memory(err);
    parser->file_count++;
    return 0;
}

size_t config_tree_find_section(const struct config_parser *parser, const char *name, size_t size)
{
    size_t i = 0;
    while (i < parser->section_count &&
           (strlen(parser->sections[i].name) != size || memcmp(parser->sections[i].name, name, size) != 0))
        i++;
    return i;
}

int config_tree_add_section(struct config_parser *parser, const char *name, size_t size, struct cg_error *err)
{
    struct config_section *sections = grow(parser->sections, parser->section_count, sizeof *sections, err);
    if (!sections)
        return -1;
    parser->sections = sections;
    struct config_section *section = &sections[parser->section_count];
    *section = (struct config_section){.name = strndup(name, size)};
    if (!section->name)
        return cg_fail_memory(err);
    section->is_default = strcmp(section->name, default_name) == 0;
    parser->section_count++;
    return 0;
}

size_t config_tree_find_option(const struct config_section *section, const char *name, size_t size)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const char *known = section->options[i].name;
        size_t same = 0;
        while (same < size && known[same] == lower(name[same]))
            same++;
        if (same == size && known[same] == '\0')
            return i;
    }
    return section->option_count;
}

int config_tree_add_option(struct config_section *section, const char *name, size_t size, struct cg_error *err)
{
    struct config_option *options = grow(section->options, section->option_count, sizeof *options, err);
    if (!options)
        return -1;
    section->options = options;
    struct config_option *option = &options[section->option_count];
    *option = (struct config_option){.name = strndup(name, size)};
    if (!option->name)
        return cg_fail_memory(err);
    for (char *c = option->name; *c; c++)
        *c = lower(*c);
    section->option_count++;
    return 0;
}

static void trim_value(struct cg_bytes *value)
{
    while (value->size > 0 && config_is_space(value->data[value->size - 1]))
        value->data[--value->size] = '\0';
}

void config_tree_trim(struct config_parser *parser)
{
    for (size_t s = 0; s < parser->section_count; s++)
        for (size_t i = 0; i < parser->sections[s].option_count; i++)
            trim_value(&parser->sections[s].options[i].value);
}

struct config_parser *config_parser_create(struct cg_error *err)
{
    struct config_parser *parser = calloc(1, sizeof *parser);
    if (!parser) {
        cg_fail_memory(err);
        return NULL;
    }
    if (config_tree_add_section(parser, default_name, sizeof default_name - 1, err) != 0) {
        config_parser_destroy(parser);
        return NULL;
    }
    return parser;
}

/* --- answering ---------------------------------------------------------------------------------------------------- */

const char *config_parser_section(const struct config_parser *parser, size_t index)
{
    return index + 1 < parser->section_count ? parser->sections[index + 1].name : NULL;
}

bool config_parser_has_section(const struct config_parser *parser, const char *section)
{
    size_t index = config_tree_find_section(parser, section, strlen(section));
    return index > 0 && index < parser->section_count;
}

struct config_place config_parser_section_place(const struct config_parser *parser, const char *section)
{
    size_t index = config_tree_find_section(parser, section, strlen(section));
    if (index == 0 || index >= parser->section_count)
        return (struct config_place){0};
    const struct config_section *found = &parser->sections[index];
    return (struct config_place){.file = parser->files[found->file], .line = found->line};
}

const char *config_parser_option(const struct config_parser *parser, const char *section, size_t index,
                                 struct config_place *place)
{
    size_t at = config_tree_find_section(parser, section, strlen(section));
    if (at >= parser->section_count || index >= parser->sections[at].option_count)
        return NULL;
    const struct config_option *option = &parser->sections[at].options[index];
    if (place)
        *place = (struct config_place){.file = parser->files[option->file], .line = option->line};
    return option->name;
}

/* The option in the section or else in DEFAULT; NULL if there is none. */
static const struct config_option *find_option(const struct config_parser *parser, const struct config_section *section,
                                               const char *name, size_t size)
{
    size_t own = config_tree_find_option(section, name, size);
    if (own < section->option_count)
        return &section->options[own];
    const struct config_section *defaults = &parser->sections[0];
    size_t inherited = config_tree_find_option(defaults, name, size);
    return inherited < defaults->option_count ? &defaults->options[inherited] : NULL;
}

/* One value being filled in: configparser.py's BasicInterpolation._interpolate_some. */
struct filling {
    const struct config_parser *parser;
    const struct config_section *section;
    const struct config_option *option; /* the one asked for, for messages */
    struct cg_bytes *value;
    struct cg_error *err;
};

static int refuse(const struct filling *filling, const char *what, const char *name, size_t size)
{
    return cg_fail(filling->err, CG_E_CONFIG, "%s:%zu: option \"%s\" in section \"%s\" %s%.*s",
                   filling->parser->files[filling->option->file], filling->option->line, filling->option->name,
                   filling->section->name, what, (int)(size > 100 ? 100 : size), name);
}

static int fill(const struct filling *filling, const char *text, unsigned depth);

/* "%(name)s" at `text`: appends what it stands for and sets *size to its length. */
static int fill_reference(const struct filling *filling, const char *text, unsigned depth, size_t *size)
{
    const char *name = text + 2;
    size_t length = strcspn(name, ")");
    if (length == 0 || name[length] != ')' || name[length + 1] != 's')
        return refuse(filling, "has a bad reference, expected %(NAME)s: ", text, strlen(text));
    const struct config_option *option = find_option(filling->parser, filling->section, name, length);
    if (!option)
        return refuse(filling, "refers to an option that is not there: ", name, length);
    *size = length + 4;
    return fill(filling, cg_bytes_text(&option->value), depth + 1);
}

static int fill(const struct filling *filling, const char *text, unsigned depth)
{
    if (depth > CONFIG_INTERPOLATION_DEPTH_MAX)
        return refuse(filling, "has references inside each other, too deep", "", 0);
    if (filling->value->size > CONFIG_FILE_MAX)
        return refuse(filling, "grows too long by its references", "", 0);
    while (*text) {
        size_t plain = strcspn(text, "%");
        if (cg_bytes_append(filling->value, text, plain, filling->err) != 0)
            return -1;
        text += plain;
        if (*text == '\0')
            break;
        size_t size = 2;
        int result = text[1] == '(' ? fill_reference(filling, text, depth, &size)
                     : text[1] == '%'
                         ? cg_bytes_append(filling->value, "%", 1, filling->err)
                         : refuse(filling, "has a lone percent sign, expected %% or %(NAME)s: ", text, strlen(text));
        if (result != 0)
            return -1;
        text += size;
    }
    return 0;
}

int config_parser_get(const struct config_parser *parser, const char *section, const char *option, char **value,
                      struct config_place *place, struct cg_error *err)
{
    size_t index = config_tree_find_section(parser, section, strlen(section));
    assert(index < parser->section_count);
    const struct config_option *found = find_option(parser, &parser->sections[index], option, strlen(option));
    if (!found)
        return 0;
    CG_AUTO_BYTES struct cg_bytes filled = {0};
    struct filling filling = {parser, &parser->sections[index], found, &filled, err};
    if (fill(&filling, cg_bytes_text(&found->value), 1) != 0 || cg_bytes_reserve(&filled, 1, err) != 0)
        return -1;
    *value = cg_bytes_steal(&filled);
    *place = (struct config_place){parser->files[found->file], found->line};
    return 1;
}

static int check_options(const struct config_parser *parser, const struct config_section *section,
                         const struct config_section *options, struct cg_error *err)
{
    for (size_t i = 0; i < options->option_count; i++) {
        CG_AUTO_FREE char *value = NULL;
        struct config_place place;
        if (config_parser_get(parser, section->name, options->options[i].name, &value, &place, err) < 0)
            return -1;
    }
    return 0;
}

int config_parser_check(const struct config_parser *parser, const char *section, struct cg_error *err)
{
    size_t index = config_tree_find_section(parser, section, strlen(section));
    assert(index < parser->section_count);
    if (check_options(parser, &parser->sections[index], &parser->sections[0], err) != 0)
        return -1;
    return check_options(parser, &parser->sections[index], &parser->sections[index], err);
}

static void section_finish(struct config_section *section)
{
    for (size_t i = 0; i < section->option_count; i++) {
        free(section->options[i].name);
        cg_bytes_finish(&section->options[i].value);
    }
    free(section->options);
    free(section->name);
}

void config_parser_destroy(struct config_parser *parser)
{
    if (!parser)
        return;
    for (size_t i = 0; i < parser->section_count; i++)
        section_finish(&parser->sections[i]);
    for (size_t i = 0; i < parser->file_count; i++)
        free(parser->files[i]);
    free(parser->sections);
    free(parser->files);
    free(parser);
}
