/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "content/image_path.h"

static void names_are_read_as_when_unpacking(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"a/b", "a/b"},
                                           {"./a//b/", "a/b"},
                                           {"/a/b", "a/b"},
                                           {"a/../b", "b"},
                                           {"../../x", "x"},
                                           {"a/b/../../../c", "c"},
                                           {"..", ""},
                                           {"", ""},
                                           {"a/./b/.", "a/b"},
                                           {"...", "..."},
                                           {".wh..wh..opq", ".wh..wh..opq"},
                                           {"a/..b", "a/..b"}};
    CG_AUTO_BYTES struct cg_bytes path = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(image_path_clean(&path, cases[i][0], NULL), 0);
        assert_string_equal(cg_bytes_text(&path), cases[i][1]);
    }
    assert_int_equal(image_path_clean(&path, NULL, NULL), 0);
    assert_string_equal(cg_bytes_text(&path), "");
}

static void links_lead_from_where_they_are(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"a/b", "c", "a/c"}, {"a/b", "../c", "c"}, {"a/b", "/c", "c"}, {"b", "../../c", "c"}, {"a/b", "", "a"}};
    CG_AUTO_BYTES struct cg_bytes path = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(image_path_resolve(&path, cases[i][0], cases[i][1], NULL), 0);
        assert_string_equal(cg_bytes_text(&path), cases[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_as_when_unpacking),
        cmocka_unit_test(links_lead_from_where_they_are),
    };
    return cmocka_run_group_tests_name("image_path", tests, NULL, NULL);
}
