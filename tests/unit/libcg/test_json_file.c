/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cg/json.h"

#include <stdio.h>

static void loads_a_file(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char path[64], expected[128];
    CG_AUTO_FILE FILE *file = tmpfile();
    assert_non_null(file);
    int fd = fileno(file);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    char content[200001];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (char)('0' + i % 10);
    content[200000] = '\0';
    assert_int_equal(write(fd, content, 200000), 200000);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    assert_int_equal(cg_json_load_file(path, &text, &err), 0);
    assert_int_equal(text.size, 200000);
    assert_string_equal(text.data, content);

    assert_int_equal(ftruncate(fd, (off_t)CG_JSON_SIZE_MAX), 0);
    cg_bytes_finish(&text);
    assert_int_equal(cg_json_load_file(path, &text, &err), 0);
    assert_int_equal(text.size, CG_JSON_SIZE_MAX);
    assert_int_equal(ftruncate(fd, (off_t)CG_JSON_SIZE_MAX + 1), 0);
    cg_bytes_finish(&text);
    assert_int_equal(cg_json_load_file(path, &text, &err), -1);
    snprintf(expected, sizeof expected, "%s is larger than 67108864 bytes, the most a document may have", path);
    assert_error(&err, CG_E_LIMIT, expected);

    assert_int_equal(cg_json_load_file("no/such/file", &text, &err), -1);
    assert_error(&err, CG_E_IO, "cannot open no/such/file: No such file or directory");
    assert_int_equal(cg_json_load_file("/", &text, &err), -1);
    assert_error(&err, CG_E_IO, "cannot read /: Is a directory");
}

static void loads_standard_input(void **state)
{
    (void)state;
    struct cg_error err = {0};
    int ends[2];
    CG_AUTO_FD int saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "{}", 2), 2);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    int result = cg_json_load_file("-", &text, &err);
    dup2(saved, STDIN_FILENO);
    assert_int_equal(result, 0);
    assert_string_equal(cg_bytes_text(&text), "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(loads_a_file), cmocka_unit_test(loads_standard_input)};
    return cmocka_run_group_tests_name("json_file", tests, NULL, NULL);
}
