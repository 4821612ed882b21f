/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cli/suggest.h"

static void counts_slips_of_the_finger(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("check", "check"), 0);
    assert_int_equal(suggest_distance("chekc", "check"), 1); /* swapped */
    assert_int_equal(suggest_distance("chck", "check"), 1);  /* left out */
    assert_int_equal(suggest_distance("cheeck", "check"), 1);
    assert_int_equal(suggest_distance("chexk", "check"), 1);
    assert_int_equal(suggest_distance("", "check"), 5);
    assert_int_equal(suggest_distance("kcehc", "check"), 3);
}

static void compares_no_long_names(void **state)
{
    (void)state;
    char name[SUGGEST_LENGTH_MAX + 2];
    memset(name, 'a', sizeof name);
    name[SUGGEST_LENGTH_MAX] = '\0';
    assert_int_equal(suggest_distance(name, name), 0);
    name[SUGGEST_LENGTH_MAX] = 'a';
    name[SUGGEST_LENGTH_MAX + 1] = '\0';
    assert_int_equal(suggest_distance(name, "a"), SUGGEST_LENGTH_MAX);
    assert_int_equal(suggest_distance("a", name), SUGGEST_LENGTH_MAX);
}

static const char *suggested(const char *typed)
{
    static const char *const names[] = {"strict", "state-dir", "tag", "token", "token-file", "json"};
    struct suggestion suggestion = {.typed = typed};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        suggest_consider(&suggestion, names[i]);
    return suggestion.name;
}

static void suggests_the_nearest(void **state)
{
    (void)state;
    assert_string_equal(suggested("strit"), "strict");
    assert_string_equal(suggested("toekn"), "token");
    assert_string_equal(suggested("tga"), "tag");
    assert_string_equal(suggested("token-fiel"), "token-file");
    assert_string_equal(suggested("state"), "state-dir"); /* a beginning, however short of the whole */
}

static void suggests_nothing_for_another_word(void **state)
{
    (void)state;
    assert_null(suggested("frobnicate"));
    assert_null(suggested("xy"));
    assert_null(suggested("jxyn"));
    assert_null(suggested(""));
}

/* Property: a distance is the same both ways and 0 only for equal names. */
static void measures_both_ways_alike(void **state)
{
    (void)state;
    static const char *const words[] = {"", "a", "ab", "ba", "abc", "cab", "acb", "check", "chekc", "import"};
    enum { COUNT = sizeof words / sizeof words[0] };
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            assert_int_equal(suggest_distance(words[i], words[j]), suggest_distance(words[j], words[i]));
            assert_int_equal(suggest_distance(words[i], words[j]) == 0, i == j);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_slips_of_the_finger), cmocka_unit_test(compares_no_long_names),
        cmocka_unit_test(suggests_the_nearest),       cmocka_unit_test(suggests_nothing_for_another_word),
        cmocka_unit_test(measures_both_ways_alike),
    };
    return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
