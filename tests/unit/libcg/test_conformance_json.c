/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public JSON parsing suite (nst/JSONTestSuite), when the shared vectors are there. */
#include "unit.h"

#include "cg/json.h"

#include <openssl/evp.h>
#include <stdio.h>

/* The bytes of a line of the suite; the caller frees them. */
static unsigned char *decoded(const char *base64, size_t *size)
{
    size_t length = strlen(base64);
    unsigned char *bytes = malloc(length + 1);
    assert_non_null(bytes);
    int decoded_size = EVP_DecodeBlock(bytes, (const unsigned char *)base64, (int)length);
    assert_true(decoded_size >= 0);
    *size = (size_t)decoded_size;
    while (length > 0 && base64[--length] == '=')
        (*size)--;
    return bytes;
}

/* Is the text read? Counts the findings about it. The exact size is handed over, so that a read beyond it is seen. */
static bool accepts(const unsigned char *bytes, size_t size, size_t *findings)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_FREE char *text = malloc(size > 0 ? size : 1);
    assert_non_null(text);
    memcpy(text, bytes, size);
    CG_AUTO_JSON json_t *value = cg_json_read(text, size, report, &err);
    *findings = cg_report_size(report);
    if (value) {
        assert_int_equal(err.code, CG_OK);
        return true;
    }
    assert_int_equal(*findings, 1);
    assert_true(cg_report_get(report, 0)->line > 0);
    assert_true(err.code == CG_E_SYNTAX || err.code == CG_E_LIMIT);
    return false;
}

static void judges_every_text_as_the_suite_does(void **state)
{
    (void)state;
    const char *shared = getenv("CG_SHARED");
    char path[4096];
    snprintf(path, sizeof path, "%s/vectors/json-parsing/parsing.jsonl", shared ? shared : "../shared");
    CG_AUTO_FILE FILE *file = fopen(path, "r");
    if (!file) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    unsigned counts[2] = {0, 0};
    CG_AUTO_FREE char *line = NULL;
    size_t capacity = 0;
    for (ssize_t length; (length = getline(&line, &capacity, file)) > 0;) {
        struct cg_error err = {0};
        CG_AUTO_JSON json_t *entry = cg_json_read(line, (size_t)length, NULL, &err);
        const char *name = json_string_value(json_object_get(entry, "file"));
        const char *expected = json_string_value(json_object_get(entry, "expect"));
        size_t size;
        CG_AUTO_FREE unsigned char *bytes = decoded(json_string_value(json_object_get(entry, "bytes_b64")), &size);
        size_t findings;
        bool accepted = accepts(bytes, size, &findings);
        counts[accepted]++;
        if (strcmp(expected, "either") == 0)
            continue;
        if (accepted != (strcmp(expected, "accept") == 0))
            fail_msg("%s: the suite says %s", name, expected);
        /* A name twice is good JSON to the suite; to us it is, but worth a finding. */
        if (accepted)
            assert_int_equal(findings, strstr(name, "duplicated_key") ? 1 : 0);
    }
    print_message("%u accepted, %u refused\n", counts[true], counts[false]);
    assert_true(counts[true] > 50 && counts[false] > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges_every_text_as_the_suite_does)};
    return cmocka_run_group_tests_name("conformance_json", tests, NULL, NULL);
}
