/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "koji/fault_pattern.h"
#include "koji/fault_table.h"

/* The message that `pattern` and `text` give, "no match" if they do not fit. */
static void fill(const char *pattern, const char *text, const char *message, struct cg_bytes *out)
{
    struct cg_error err = {0};
    struct fault_parts parts;
    cg_bytes_clear(out);
    if (!fault_pattern_match(pattern, text, &parts))
        cg_bytes_append_text(out, "no match", &err);
    else
        assert_int_equal(fault_pattern_fill(message, &parts, "CGImport", out, &err), 0);
}

static void takes_texts_apart(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"*", "", "<$1>", "<>"},
        {"*", "a b", "<$1>", "<a b>"},
        {"plain", "plain", "$m costs $$", "CGImport costs $"},
        {"plain", "plai", "", "no match"},
        {"plain", "plain!", "", "no match"},
        {"a*z", "abcz", "$1", "bc"},
        {"a*z", "az", "<$1>", "<>"},
        {"a*z", "abc", "", "no match"},
        {"a*a", "a", "", "no match"},
        {"* (id=*)", "a (b) (id=7)", "$2 $1", "7 a (b)"},
        {"*: *", "a: b: c", "$1|$2", "a|b: c"},
        {"*, *, *", "1, 2, 3", "$3$2$1", "321"},
        {"x*", "xyz", "$1", "yz"},
        {"*x", "xxx", "$1", "xx"},
    };
    CG_AUTO_BYTES struct cg_bytes out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fill(cases[i][0], cases[i][1], cases[i][2], &out);
        assert_string_equal(cg_bytes_text(&out), cases[i][3]);
    }
}

static void says_when_a_message_asks_too_much(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct fault_parts parts;
    CG_AUTO_BYTES struct cg_bytes out = {0};
    assert_true(fault_pattern_match("*", "a", &parts));
    assert_int_equal(fault_pattern_fill("$2", &parts, "m", &out, &err), -1);
    assert_error(&err, CG_E_INTERNAL, "a fault's message has no part 2");
}

static size_t count_stars(const char *pattern)
{
    size_t stars = 0;
    for (; *pattern; pattern++)
        stars += *pattern == '*';
    return stars;
}

/* Every row of the table: at most as many parts as there is room for, and no message that asks for more. */
static void fits_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < fault_table_size; i++) {
        const struct fault_row *row = &fault_table[i];
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes out = {0};
        struct fault_parts parts = {.count = count_stars(row->pattern)};
        assert_true(parts.count <= FAULT_PARTS_MAX);
        for (size_t p = 0; p < parts.count; p++)
            parts.start[p] = "";
        fault_pattern_fill(row->message, &parts, "m", &out, &err);
        if (row->hint)
            fault_pattern_fill(row->hint, &parts, "m", &out, &err);
        if (err.code != CG_OK)
            fail_msg("%s: %s", row->pattern, err.message);
    }
}

/* A row behind one that takes everything of its number would never be reached. */
static void hides_no_row_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < fault_table_size; i++)
        for (size_t j = i + 1; j < fault_table_size; j++)
            if (fault_table[i].fault == fault_table[j].fault && !fault_table[i].method &&
                strcmp(fault_table[i].pattern, "*") == 0)
                fail_msg("\"%s\" stands behind \"*\"", fault_table[j].pattern);
    assert_int_equal(fault_table[fault_table_size - 1].fault, FAULT_ANY);
    assert_string_equal(fault_table[fault_table_size - 1].pattern, "*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_texts_apart),
        cmocka_unit_test(says_when_a_message_asks_too_much),
        cmocka_unit_test(fits_the_table),
        cmocka_unit_test(hides_no_row_of_the_table),
    };
    return cmocka_run_group_tests_name("fault_pattern", tests, NULL, NULL);
}
