/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/config_parser.h"

#include "cg/bytes.h"
#include "koji/config_tree.h"
#include "koji/utf8_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

/* One file being read. The names are configparser.py's (RawConfigParser._read). */
struct reader {
    struct config_parser *parser;
    size_t file;                    /* index of its name */
    const char *name;               /* borrowed from the tree */
    size_t line;                    /* counted from 1 */
    struct config_section *section; /* cursect */
    struct config_option *option;   /* optname: what continuation lines belong to */
    size_t indent;                  /* indent_level */
    struct cg_error *err;
};

/* A part of a line. */
struct span {
    const char *start;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct reader *reader, const char *format, ...)
{
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return cg_fail(reader->err, CG_E_CONFIG, "%s:%zu: %s", reader->name, reader->line, what);
}

static struct span strip(struct span span)
{
    while (span.size > 0 && config_is_space(span.start[span.size - 1]))
        span.size--;
    while (span.size > 0 && config_is_space(span.start[0])) {
        span.start++;
        span.size--;
    }
    return span;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* "[header]": the name up to the last bracket of the line, which must not be empty. */
static bool is_header(struct span line, struct span *header)
{
    if (line.size < 3 || line.start[0] != '[')
        return false;
    size_t close = line.size - 1;
    while (close > 1 && line.start[close] != ']')
        close--;
    *header = (struct span){line.start + 1, close - 1};
    return close > 1;
}

static int begin_section(struct reader *reader, struct span header)
{
    struct config_parser *parser = reader->parser;
    reader->option = NULL;
    size_t index = config_tree_find_section(parser, header.start, header.size);
    if (index == parser->section_count && config_tree_add_section(parser, header.start, header.size, reader->err) != 0)
        return -1;
    struct config_section *section = &parser->sections[index];
    if (!section->is_default && section->line > 0 && section->file == reader->file)
        return refuse(reader, "section \"%s\" is there already, from line %zu", section->name, section->line);
    section->file = reader->file;
    section->line = reader->line;
    reader->section = section;
    return 0;
}

/* The option that a line sets: a new one, or one of an earlier file. NULL with the error recorded. */
static struct config_option *take_option(struct reader *reader, struct span name)
{
    struct config_section *section = reader->section;
    size_t index = config_tree_find_option(section, name.start, name.size);
    if (index == section->option_count && config_tree_add_option(section, name.start, name.size, reader->err) != 0)
        return NULL;
    struct config_option *option = &section->options[index];
    if (option->line > 0 && option->file == reader->file) {
        refuse(reader, "option \"%s\" in section \"%s\" is there already, from line %zu", option->name, section->name,
               option->line);
        return NULL;
    }
    cg_bytes_clear(&option->value);
    option->file = reader->file;
    option->line = reader->line;
    return option;
}

/* "name = value" or "name: value", at whichever sign comes first. */
static int set_option(struct reader *reader, struct span line)
{
    size_t sign = 0;
    while (sign < line.size && line.start[sign] != '=' && line.start[sign] != ':')
        sign++;
    struct span name = strip((struct span){line.start, sign});
    if (sign == line.size || name.size == 0)
        return refuse(reader, "\"%.*s\" is no option; expected NAME = VALUE", (int)(line.size > 80 ? 80 : line.size),
                      line.start);
    reader->option = take_option(reader, name);
    if (!reader->option)
        return -1;
    struct span value = strip((struct span){line.start + sign + 1, line.size - sign - 1});
    return cg_bytes_append(&reader->option->value, value.start, value.size, reader->err);
}

static int continue_value(const struct reader *reader, struct span line)
{
    if (cg_bytes_append_text(&reader->option->value, "\n", reader->err) != 0)
        return -1;
    return cg_bytes_append(&reader->option->value, line.start, line.size, reader->err);
}

static int read_line(struct reader *reader, struct span whole)
{
    struct span line = strip(whole);
    if (line.size > 0 && (line.start[0] == '#' || line.start[0] == ';'))
        return 0;
    /* An empty line belongs to the value before it; those at the value's end are taken off in the end. */
    if (line.size == 0)
        return reader->option ? continue_value(reader, line) : 0;
    size_t indent = (size_t)(line.start - whole.start);
    if (reader->option && indent > reader->indent)
        return continue_value(reader, line);
    reader->indent = indent;
    struct span header;
    if (is_header(line, &header))
        return begin_section(reader, header);
    if (!reader->section)
        return refuse(reader, "\"%.*s\" stands before any section; expected [NAME]",
                      (int)(line.size > 80 ? 80 : line.size), line.start);
    return set_option(reader, line);
}

/* Ends at LF, CR LF or CR, as Python's text files do. */
static struct span take_line(const char **at, const char *end)
{
    struct span line = {*at, 0};
    while (*at < end && **at != '\n' && **at != '\r')
        ++*at;
    line.size = (size_t)(*at - line.start);
    if (*at + 1 < end && (*at)[0] == '\r' && (*at)[1] == '\n')
        ++*at;
    if (*at < end)
        ++*at;
    return line;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static int check_text(const struct reader *reader, const char *text, size_t size)
{
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        return cg_fail(reader->err, CG_E_CONFIG, "%s begins with a byte order mark, which koji cannot read",
                       reader->name);
    if (memchr(text, '\0', size))
        return cg_fail(reader->err, CG_E_CONFIG, "%s has a NUL byte", reader->name);
    size_t valid = utf8_text_valid(text, size);
    if (valid == size)
        return 0;
    return cg_fail(reader->err, CG_E_CONFIG, "%s is not UTF-8 at byte %zu", reader->name, valid);
}

int config_parser_read_text(struct config_parser *parser, const char *name, const char *text, size_t size,
                            struct cg_error *err)
{
    struct reader reader = {.parser = parser, .err = err};
    if (config_tree_add_file(parser, name, err) != 0)
        return -1;
    reader.file = parser->file_count - 1;
    reader.name = parser->files[reader.file];
    if (check_text(&reader, text, size) != 0)
        return -1;
    const char *end = text + size;
    while (text < end) {
        reader.line++;
        if (read_line(&reader, take_line(&text, end)) != 0)
            return -1;
    }
    config_tree_trim(parser);
    return 0;
}

static int read_file(int fd, const char *path, struct cg_bytes *text, struct cg_error *err)
{
    for (;;) {
        if (cg_bytes_reserve(text, 65536, err) != 0)
            return -1;
        ssize_t got = read(fd, text->data + text->size, 65536);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cg_fail_errno(err, "read", path);
        if (got == 0)
            return 0;
        text->size += (size_t)got;
        if (text->size > CONFIG_FILE_MAX)
            return cg_fail(err, CG_E_LIMIT, "%s is larger than %u bytes", path, CONFIG_FILE_MAX);
    }
}

int config_parser_read(struct config_parser *parser, const char *path, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    CG_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return cg_fail_errno(err, "open", path);
    if (read_file(fd, path, &text, err) != 0)
        return -1;
    return config_parser_read_text(parser, path, cg_bytes_text(&text), text.size, err);
}
