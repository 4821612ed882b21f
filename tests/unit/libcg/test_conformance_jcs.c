/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public vectors of RFC 8785 (cyberphone/json-canonicalization), when the shared vectors are there. */
#include "unit.h"

#include "cg/canon.h"
#include "cg/json.h"

#include <stdio.h>

/* The path of a file of the vectors; skips the test, aloud, when it is not there. */
static void vector_path(char *path, size_t size, const char *name)
{
    const char *shared = getenv("CG_SHARED");
    snprintf(path, size, "%s/vectors/jcs-rfc8785/%s", shared ? shared : "../shared", name);
    if (access(path, R_OK) == 0)
        return;
    print_message("skipped: no %s\n", path);
    skip();
}

static void load(const char *name, struct cg_bytes *text)
{
    struct cg_error err = {0};
    char path[4096];
    vector_path(path, sizeof path, name);
    assert_int_equal(cg_json_load_file(path, text, &err), 0);
}

static void makes_the_documents_canonical(void **state)
{
    (void)state;
    static const char *const names[] = {"arrays", "french", "structures", "unicode"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct cg_error err = {0};
        char name[64];
        CG_AUTO_BYTES struct cg_bytes input = {0}, expected = {0}, canonical = {0};
        snprintf(name, sizeof name, "input/%s.json", names[i]);
        load(name, &input);
        snprintf(name, sizeof name, "output/%s.json", names[i]);
        load(name, &expected);
        CG_AUTO_JSON json_t *value = cg_json_read(input.data, input.size, NULL, &err);
        assert_non_null(value);
        assert_int_equal(cg_canon(value, &canonical, &err), 0);
        assert_string_equal(cg_bytes_text(&canonical), cg_bytes_text(&expected));
    }
}

static void writes_numbers_as_ecmascript_does(void **state)
{
    (void)state;
    char path[4096], line[128], text[CG_CANON_NUMBER_SIZE];
    vector_path(path, sizeof path, "es6-numbers-1-4000.csv");
    CG_AUTO_FILE FILE *file = fopen(path, "r");
    assert_non_null(file);
    unsigned count = 0;
    for (; fgets(line, sizeof line, file); count++) {
        struct cg_error err = {0};
        uint64_t bits = strtoull(strtok(line, ","), NULL, 16);
        double number;
        memcpy(&number, &bits, sizeof number);
        assert_int_equal(cg_canon_number(number, text, &err), 0);
        assert_string_equal(text, strtok(NULL, "\n"));
    }
    assert_int_equal(count, 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(makes_the_documents_canonical),
                                       cmocka_unit_test(writes_numbers_as_ecmascript_does)};
    return cmocka_run_group_tests_name("conformance_jcs", tests, NULL, NULL);
}
