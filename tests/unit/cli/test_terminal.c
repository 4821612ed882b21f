/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cli/terminal.h"

#include <stdlib.h>

static void assert_wrapped(const char *text, unsigned indent, unsigned width, const char *expected)
{
    char *made = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&made, &size);
    assert_non_null(stream);
    terminal_wrap(stream, text, indent, width);
    fclose(stream);
    assert_string_equal(made, expected);
    free(made);
}

static void breaks_at_blanks(void **state)
{
    (void)state;
    assert_wrapped("one two three", 0, 13, "one two three\n");
    assert_wrapped("one two three", 0, 12, "one two\nthree\n");
    assert_wrapped("one two three", 0, 7, "one two\nthree\n");
    assert_wrapped("one two three", 0, 6, "one\ntwo\nthree\n");
}

static void indents_the_lines_after_the_first(void **state)
{
    (void)state;
    assert_wrapped("one two three", 4, 11, "one two\n    three\n");
    assert_wrapped("one two three", 4, 10, "one\n    two\n    three\n");
}

static void leaves_long_words_whole(void **state)
{
    (void)state;
    assert_wrapped("a sha256:0123456789abcdef b", 0, 8, "a\nsha256:0123456789abcdef\nb\n");
    assert_wrapped("0123456789", 2, 4, "0123456789\n");
}

static void breaks_nothing_where_there_is_no_width(void **state)
{
    (void)state;
    assert_wrapped("one two three", 4, TERMINAL_WIDTH_ENDLESS, "one two three\n");
    assert_wrapped("", 0, 10, "\n");
}

static void counts_characters_not_bytes(void **state)
{
    (void)state;
    assert_wrapped("\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9", 0, 5, "\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9\n");
    assert_wrapped("\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9", 0, 4, "\xc3\xa9\xc3\xa9\n\xc3\xa9\xc3\xa9\n");
}

static void knows_that_a_file_is_no_terminal(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    setenv("TERM", "xterm", 1);
    assert_int_equal(terminal_width(file), TERMINAL_WIDTH_ENDLESS);
    assert_int_equal(terminal_page_width(file), TERMINAL_WIDTH_DEFAULT);
    assert_false(terminal_repaints(file));
    assert_false(terminal_colours(file));
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breaks_at_blanks),
        cmocka_unit_test(indents_the_lines_after_the_first),
        cmocka_unit_test(leaves_long_words_whole),
        cmocka_unit_test(breaks_nothing_where_there_is_no_width),
        cmocka_unit_test(counts_characters_not_bytes),
        cmocka_unit_test(knows_that_a_file_is_no_terminal),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
