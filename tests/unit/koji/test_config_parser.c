/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/auto.h"
#include "koji/config_parser.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

/* Reads one text; NULL with the error when it is refused. */
static struct config_parser *parse(const char *text, struct cg_error *err)
{
    AUTO_CONFIG_PARSER struct config_parser *parser = config_parser_create(err);
    if (!parser || config_parser_read_text(parser, "f", text, strlen(text), err) != 0)
        return NULL;
    return CG_STEAL(parser);
}

/* The option `o` of section `s` in that text is this. */
static void check(const char *text, const char *expected)
{
    struct cg_error err = {0};
    struct config_place place;
    CG_AUTO_FREE char *value = NULL;
    AUTO_CONFIG_PARSER struct config_parser *parser = parse(text, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(config_parser_get(parser, "s", "o", &value, &place, &err), 1);
    assert_string_equal(value, expected);
}

static void reads_options(void **state)
{
    (void)state;
    check("[s]\no = v\n", "v");
    check("[s]\no=v", "v");
    check("[s]\no: v", "v");
    check("[s]\no : a = b", "a = b");
    check("[s]\no = a : b", "a : b");
    check("[s]\nO = v", "v");
    check("[s]\no =", "");
    check("[s]\r\no = v\r\n", "v");
    check("[s]\ro = v\r", "v");
    check("  [s]\n  o = v", "v");
    check("[s] ; not a name\no = v", "v");
    check("# comment\n; comment\n[s]\n  # comment\no = v # not a comment\n", "v # not a comment");
    check("[DEFAULT]\no = d\n[s]\nx = 1\n", "d");
    check("[DEFAULT]\no = d\n[s]\no = v\n", "v");
    check("[s]\no = v\n[DEFAULT]\no = d\n[DEFAULT]\np = d\n", "v");
    check("[s]\no = caf\xC3\xA9\n", "caf\xC3\xA9");
}

static void reads_continued_values(void **state)
{
    (void)state;
    check("[s]\no = a\n b\n\tc\n", "a\nb\nc");
    check("[s]\no =\n  a\n", "\na");
    check("[s]\no = a\n\n b\n", "a\n\nb");
    check("[s]\no = a\n\n\n[t]\n", "a");
    check("[s]\no = a\n # comment\n b\n", "a\nb");
    check("[s]\no = a\n [t]\n", "a\n[t]");
    check("[s]\n  o = a\n  p = b\n", "a");
    check("[s]\n  o = a\n    b\n", "a\nb");
    check("[s]\n  p = a\no = c\n", "c");
}

static void fills_in_references(void **state)
{
    (void)state;
    check("[s]\nhost = h\no = https://%(host)s/x\n", "https://h/x");
    check("[s]\nhost = h\no = %(HOST)s%(host)s\n", "hh");
    check("[DEFAULT]\nhost = d\n[s]\no = %(host)s\n", "d");
    check("[DEFAULT]\nhost = d\no = %(host)s\n[s]\nhost = h\n", "h");
    check("[s]\na = %(b)s\nb = c\no = %(a)s\n", "c");
    check("[s]\no = 100%%\n", "100%");
    check("[s]\na = 5%%\no = %(a)s (x)\n", "5% (x)");
}

static void refuses_bad_references(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"[s]\no = 100%\n", "f:2: option \"o\" in section \"s\" has a lone percent sign, expected %% or %(NAME)s: %"},
        {"[s]\no = a%b\n", "f:2: option \"o\" in section \"s\" has a lone percent sign, expected %% or %(NAME)s: %b"},
        {"[s]\no = %(a\n", "f:2: option \"o\" in section \"s\" has a bad reference, expected %(NAME)s: %(a"},
        {"[s]\no = %()s\n", "f:2: option \"o\" in section \"s\" has a bad reference, expected %(NAME)s: %()s"},
        {"[s]\no = %(a)d\n", "f:2: option \"o\" in section \"s\" has a bad reference, expected %(NAME)s: %(a)d"},
        {"[s]\no = %(none)s\n", "f:2: option \"o\" in section \"s\" refers to an option that is not there: none"},
        {"[t]\na = 1\n[s]\n\no = %(a)s\n",
         "f:5: option \"o\" in section \"s\" refers to an option that is not there: a"},
        {"[s]\no = %(o)s\n", "f:2: option \"o\" in section \"s\" has references inside each other, too deep"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct config_place place;
        char *value = NULL;
        AUTO_CONFIG_PARSER struct config_parser *parser = parse(cases[i][0], &err);
        assert_int_equal(config_parser_get(parser, "s", "o", &value, &place, &err), -1);
        assert_null(value);
        assert_error(&err, CG_E_CONFIG, cases[i][1]);
        assert_int_equal(config_parser_check(parser, "s", &err), -1);
        assert_error(&err, CG_E_CONFIG, cases[i][1]);
    }
}

/* A value nine references deep is read, one that is ten deep as Python counts is the last. */
static void bounds_the_depth_of_references(void **state)
{
    (void)state;
    for (int depth = CONFIG_INTERPOLATION_DEPTH_MAX - 1; depth <= CONFIG_INTERPOLATION_DEPTH_MAX + 1; depth++) {
        struct cg_error err = {0};
        char text[600];
        size_t size = (size_t)snprintf(text, sizeof text, "[s]\nv1 = end%%%%\n");
        for (int i = 2; i < depth; i++)
            size += (size_t)snprintf(text + size, sizeof text - size, "v%d = %%(v%d)s\n", i, i - 1);
        snprintf(text + size, sizeof text - size, "o = %%(v%d)s\n", depth - 1);
        AUTO_CONFIG_PARSER struct config_parser *parser = parse(text, &err);
        int result = config_parser_check(parser, "s", &err);
        assert_int_equal(result, depth <= CONFIG_INTERPOLATION_DEPTH_MAX ? 0 : -1);
    }
}

static void bounds_what_references_grow_to(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char text[2000];
    size_t size = (size_t)snprintf(text, sizeof text, "[s]\na = %0100d\n", 0);
    for (char name = 'b'; name <= 'h'; name++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%c = ", name);
        for (int i = 0; i < 20; i++)
            size += (size_t)snprintf(text + size, sizeof text - size, "%%(%c)s", name - 1);
        size += (size_t)snprintf(text + size, sizeof text - size, "\n");
    }
    AUTO_CONFIG_PARSER struct config_parser *parser = parse(text, &err);
    assert_int_equal(config_parser_check(parser, "s", &err), -1);
    assert_error_has(&err, CG_E_CONFIG, "grows too long by its references");
}

static void refuses_what_is_no_configuration(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"o = v\n", "f:1: \"o = v\" stands before any section; expected [NAME]"},
        {"\n\n[]\n", "f:3: \"[]\" stands before any section; expected [NAME]"},
        {"[s\n", "f:1: \"[s\" stands before any section; expected [NAME]"},
        {"[s]\nserver\n", "f:2: \"server\" is no option; expected NAME = VALUE"},
        {"[s]\n= v\n", "f:2: \"= v\" is no option; expected NAME = VALUE"},
        {"[s]\no = 1\n[s]\n", "f:3: section \"s\" is there already, from line 1"},
        {"[s]\no = 1\n\nO: 2\n", "f:4: option \"o\" in section \"s\" is there already, from line 2"},
        {"[DEFAULT]\no = 1\n[DEFAULT]\no = 2\n",
         "f:4: option \"o\" in section \"DEFAULT\" is there already, from line 2"},
        {"\xEF\xBB\xBF[s]\n", "f begins with a byte order mark, which koji cannot read"},
        {"[s]\no = \xFF\n", "f is not UTF-8 at byte 8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        assert_null(parse(cases[i][0], &err));
        assert_error(&err, CG_E_CONFIG, cases[i][1]);
    }
    struct cg_error err = {0};
    AUTO_CONFIG_PARSER struct config_parser *parser = config_parser_create(&err);
    assert_int_equal(config_parser_read_text(parser, "f", "[s]\0", 4, &err), -1);
    assert_error(&err, CG_E_CONFIG, "f has a NUL byte");
}

static void lets_a_later_file_override(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct config_place place;
    CG_AUTO_FREE char *first = NULL;
    CG_AUTO_FREE char *second = NULL;
    AUTO_CONFIG_PARSER struct config_parser *parser = config_parser_create(&err);
    static const char one[] = "[s]\no = 1\np = %(o)s\n[t]\n";
    static const char two[] = "\n[u]\n[s]\no = 2\n";
    assert_int_equal(config_parser_read_text(parser, "one", one, sizeof one - 1, &err), 0);
    assert_int_equal(config_parser_read_text(parser, "two", two, sizeof two - 1, &err), 0);
    assert_int_equal(config_parser_get(parser, "s", "o", &first, &place, &err), 1);
    assert_string_equal(first, "2");
    assert_string_equal(place.file, "two");
    assert_int_equal(place.line, 4);
    assert_int_equal(config_parser_get(parser, "s", "p", &second, &place, &err), 1);
    assert_string_equal(second, "2");
    assert_string_equal(place.file, "one");
    assert_int_equal(place.line, 3);
}

static void lists_sections(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct config_place place;
    char *value = NULL;
    AUTO_CONFIG_PARSER struct config_parser *parser = parse("[b]\n[DEFAULT]\no = 1\n[a]\n", &err);
    assert_string_equal(config_parser_section(parser, 0), "b");
    assert_string_equal(config_parser_section(parser, 1), "a");
    assert_null(config_parser_section(parser, 2));
    assert_true(config_parser_has_section(parser, "a"));
    assert_false(config_parser_has_section(parser, "A"));
    assert_false(config_parser_has_section(parser, "DEFAULT"));
    assert_int_equal(config_parser_get(parser, "a", "none", &value, &place, &err), 0);
    assert_null(value);
}

static void reads_files(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char expected[600];
    AUTO_CONFIG_PARSER struct config_parser *parser = config_parser_create(&err);
    scratch_write("good", "[s]\no = 1\n");
    assert_int_equal(config_parser_read(parser, scratch_path("good"), &err), 0);
    assert_true(config_parser_has_section(parser, "s"));
    assert_int_equal(config_parser_read(parser, scratch_path("none"), &err), -1);
    snprintf(expected, sizeof expected, "cannot open %s: No such file or directory", scratch_path("none"));
    assert_error(&err, CG_E_IO, expected);

    CG_AUTO_FREE char *large = malloc(CONFIG_FILE_MAX + 1);
    memset(large, '\n', CONFIG_FILE_MAX + 1);
    scratch_write_bytes("large", large, CONFIG_FILE_MAX, 0600);
    assert_int_equal(config_parser_read(parser, scratch_path("large"), &err), 0);
    scratch_write_bytes("large", large, CONFIG_FILE_MAX + 1, 0600);
    assert_int_equal(config_parser_read(parser, scratch_path("large"), &err), -1);
    snprintf(expected, sizeof expected, "%s is larger than 4194304 bytes", scratch_path("large"));
    assert_error(&err, CG_E_LIMIT, expected);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    static const char text[] = "[DEFAULT]\nhost = h\n[s]\no = %(host)s\n more\n[t]\n";
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct config_place place;
        CG_AUTO_FREE char *value = NULL;
        allocation_fail_at(n);
        AUTO_CONFIG_PARSER struct config_parser *parser = parse(text, &err);
        int result = parser ? config_parser_get(parser, "s", "o", &value, &place, &err) : -1;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_string_equal(value, "h\nmore");
            assert_true(n > 10 || !allocation_can_fail());
            return;
        }
        assert_int_equal(result, -1);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

/* For a reader that refuses what it does not know. */
static void lists_the_options_of_a_section(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct config_place place;
    AUTO_CONFIG_PARSER struct config_parser *parser = parse("[DEFAULT]\nd=1\n[s]\na=1\nB=2\n", &err);
    assert_non_null(parser);
    assert_string_equal(config_parser_option(parser, "s", 0, &place), "a");
    assert_int_equal(place.line, 4);
    assert_string_equal(place.file, "f");
    assert_string_equal(config_parser_option(parser, "s", 1, &place), "b");
    assert_null(config_parser_option(parser, "s", 2, NULL));
    assert_string_equal(config_parser_option(parser, "DEFAULT", 0, NULL), "d");
    assert_null(config_parser_option(parser, "nowhere", 0, NULL));
    assert_int_equal(config_parser_section_place(parser, "s").line, 3);
    assert_null(config_parser_section_place(parser, "nowhere").file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_options),
        cmocka_unit_test(lists_the_options_of_a_section),
        cmocka_unit_test(reads_continued_values),
        cmocka_unit_test(fills_in_references),
        cmocka_unit_test(refuses_bad_references),
        cmocka_unit_test(bounds_the_depth_of_references),
        cmocka_unit_test(bounds_what_references_grow_to),
        cmocka_unit_test(refuses_what_is_no_configuration),
        cmocka_unit_test(lets_a_later_file_override),
        cmocka_unit_test(lists_sections),
        cmocka_unit_test(reads_files),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("config_parser", tests, scratch_create, scratch_remove);
}
