/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/multipart.h"

#include "allocation.h"
#include "cg/bytes.h"
#include "unit.h"

#define TYPE "multipart/form-data; boundary=B"

/* What was told, one line an event: "+name|filename", the data, "-". */
struct told {
    struct cg_bytes text;
    unsigned fail_at; /* the event that fails, from 1; 0: none */
    unsigned events;
};

static int fails(struct told *told, struct cg_error *err)
{
    return ++told->events == told->fail_at ? cg_fail(err, CG_E_LIMIT, "enough") : 0;
}

static int on_begin(void *context, const struct multipart_part *part, struct cg_error *err)
{
    struct told *told = context;
    if (fails(told, err) != 0)
        return -1;
    return cg_bytes_printf(&told->text, err, "+%s|%s\n", part->name, part->filename ? part->filename : "NONE");
}

static int on_data(void *context, const char *data, size_t size, struct cg_error *err)
{
    struct told *told = context;
    assert_int_not_equal(size, 0);
    return cg_bytes_append(&told->text, data, size, err);
}

static int on_end(void *context, struct cg_error *err)
{
    struct told *told = context;
    return fails(told, err) != 0 ? -1 : cg_bytes_append_text(&told->text, "-\n", err);
}

static const struct multipart_events events = {on_begin, on_data, on_end};

/* Feeds `body` in two pieces, cut at `cut`. */
static int read_form(const char *type, const char *body, size_t size, size_t cut, struct told *told,
                     struct cg_error *err)
{
    MULTIPART_AUTO struct multipart *multipart = multipart_create(type, &events, told, err);
    if (!multipart)
        return -1;
    if (multipart_feed(multipart, body, cut, err) != 0)
        return -1;
    if (multipart_feed(multipart, body + cut, size - cut, err) != 0)
        return -1;
    return multipart_finish(multipart, err);
}

static void assert_form(const char *type, const char *body, const char *expected)
{
    size_t size = strlen(body);
    for (size_t cut = 0; cut <= size; cut++) {
        struct told told = {0};
        struct cg_error err = {0};
        if (read_form(type, body, size, cut, &told, &err) != 0)
            fail_msg("cut at %zu: %s", cut, err.message);
        assert_string_equal(cg_bytes_text(&told.text), expected);
        cg_bytes_finish(&told.text);
    }
}

static void assert_refused(const char *body, enum cg_code code, const char *message)
{
    size_t size = strlen(body);
    for (size_t cut = 0; cut <= size; cut++) {
        struct told told = {0};
        struct cg_error err = {0};
        assert_int_equal(read_form(TYPE, body, size, cut, &told, &err), -1);
        assert_error(&err, code, message);
        cg_bytes_finish(&told.text);
    }
}

static void test_a_form_cut_at_every_byte(void **state)
{
    (void)state;
    assert_form(TYPE,
                "--B\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{}\r\n"
                "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a/b.tar\"\r\n"
                "Content-Type: application/octet-stream\r\n\r\nline\r\nline\r\n--B--\r\n",
                "+metadata|NONE\n{}-\n+file|a/b.tar\nline\r\nline-\n");
}

static void test_data_that_looks_like_a_boundary(void **state)
{
    (void)state;
    assert_form(TYPE,
                "--B\r\nContent-Disposition: form-data; name=f\r\n\r\n"
                "\r\r\n\r\n-\r\n--\r\n--A\r\n\r\n--b--B\r\n--B--",
                "+f|NONE\n\r\r\n\r\n-\r\n--\r\n--A\r\n\r\n--b--B-\n");
}

static void test_empty_parts_preamble_epilogue_and_blanks(void **state)
{
    (void)state;
    assert_form(
        "Multipart/Form-Data; charset=utf-8; boundary=\"a b\"",
        "before --a b\r\n\r\n--a b \t\r\ncontent-disposition:form-data;name=x\r\n\r\n\r\n--a b--\r\nafter --a b\r\n",
        "+x|NONE\n-\n");
    assert_form(TYPE, "--B--", "");
    assert_form(TYPE, "\r\n--B--", "");
}

static void test_names_are_unescaped(void **state)
{
    (void)state;
    assert_form(TYPE,
                "--B\r\nContent-Disposition: form-data; name=\"a\\\"b\"; filename=\"%22\\\\x\\y;z\"\r\n\r\n\r\n--B--",
                "+a\"b|\"\\x\\y;z\n-\n");
}

static void test_what_is_no_form(void **state)
{
    (void)state;
#define BROKEN(header, message) assert_refused("--B\r\n" header "\r\n\r\nx\r\n--B--", CG_E_SYNTAX, message)
    BROKEN("X: y", "part 1 has no Content-Disposition: form-data");
    BROKEN("Content-Disposition: attachment; name=x", "part 1 has no Content-Disposition: form-data");
    BROKEN("Content-Disposition: form-data", "part 1 has no name");
    BROKEN("Content-Disposition: form-data; name=a; name=b", "a header has the parameter name twice");
    BROKEN("Content-Disposition: form-data; name=\"a", "a quoted string in a header does not end");
    BROKEN("Content-Disposition: form-data; name=", "a parameter in a header has no value");
    BROKEN("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
           "part 1 has two Content-Disposition");
    BROKEN("Content-Disposition: form-data; name=a\r\nno colon", "part 1 has a header line that is no name: value");
    BROKEN("Content-Disposition : form-data; name=a", "part 1 has a header line that is no name: value");
    BROKEN("Content-Disposition: form-data; name=\"\xff\"", "the name of a part is not valid UTF-8");
    BROKEN("Content-Disposition: form-data; name=a; filename=\"\xc0\xaf\"",
           "the file name of a part is not valid UTF-8");
    BROKEN("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64",
           "part 1 is encoded as base64, expected it as it is");
    assert_refused("--Bx\r\n", CG_E_SYNTAX, "a boundary is not alone on its line");
    assert_refused("--B-x", CG_E_SYNTAX, "a boundary is not alone on its line");
    assert_refused("--B\rx", CG_E_SYNTAX, "a boundary is not alone on its line");
    assert_refused("", CG_E_SYNTAX, "the form ends without its closing boundary");
    assert_refused("--B\r\nContent-Disposition: form-data; name=a\r\n\r\ndata\r\n--B", CG_E_SYNTAX,
                   "the form ends without its closing boundary");
}

static void test_a_nul_in_a_header(void **state)
{
    (void)state;
    static const char body[] = "--B\r\nContent-Disposition: form-data; name=a\0b\r\n\r\n";
    struct told told = {0};
    struct cg_error err = {0};
    assert_int_equal(read_form(TYPE, body, sizeof body - 1, 3, &told, &err), -1);
    assert_error(&err, CG_E_SYNTAX, "part 1 has a NUL in its header");
    cg_bytes_finish(&told.text);
}

static void test_boundaries(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char type[200];
    snprintf(type, sizeof type, "multipart/form-data; boundary=%070d", 0);
    MULTIPART_AUTO struct multipart *longest = multipart_create(type, &events, NULL, &err);
    assert_non_null(longest);
    snprintf(type, sizeof type, "multipart/form-data; boundary=%071d", 0);
    assert_null(multipart_create(type, &events, NULL, &err));
    assert_error(&err, CG_E_SYNTAX, "the boundary has 71 characters, expected 1 to 70");
    assert_null(multipart_create("multipart/form-data; boundary=\"\"", &events, NULL, &err));
    assert_error(&err, CG_E_SYNTAX, "the boundary has 0 characters, expected 1 to 70");
    assert_null(multipart_create("multipart/form-data", &events, NULL, &err));
    assert_error(&err, CG_E_SYNTAX, "multipart/form-data without a boundary");
    assert_null(multipart_create("multipart/form-data; boundary=\"a \"", &events, NULL, &err));
    assert_error(&err, CG_E_SYNTAX, "the boundary has characters that RFC 2046 does not allow");
    assert_true(multipart_is("multipart/form-data;boundary=x"));
    assert_false(multipart_is("multipart/form-database"));
    assert_false(multipart_is("application/json"));
    assert_false(multipart_is(NULL));
}

/* A header of exactly `size` bytes, its empty line included. */
static int read_header_of(size_t size, struct cg_error *err)
{
    static const char field[] = "Content-Disposition: form-data; name=a\r\nX: ";
    struct told told = {0};
    CG_AUTO_BYTES struct cg_bytes body = {0};
    cg_bytes_append_text(&body, "--B\r\n", err);
    cg_bytes_append_text(&body, field, err);
    for (size_t i = strlen(field); i < size - 4; i++)
        cg_bytes_append_text(&body, "x", err);
    cg_bytes_append_text(&body, "\r\n\r\n\r\n--B--", err);
    int read = read_form(TYPE, body.data, body.size, body.size / 2, &told, err);
    cg_bytes_finish(&told.text);
    return read;
}

static void test_the_header_limit(void **state)
{
    (void)state;
    struct cg_error err = {0};
    assert_int_equal(read_header_of(MULTIPART_HEADER_MAX - 1, &err), 0);
    assert_int_equal(read_header_of(MULTIPART_HEADER_MAX, &err), 0);
    assert_int_equal(read_header_of(MULTIPART_HEADER_MAX + 1, &err), -1);
    assert_error(&err, CG_E_LIMIT, "the header of part 1 is over 8192 bytes");
}

static int read_parts(unsigned count, struct cg_error *err)
{
    static const char part[] = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    struct told told = {0};
    MULTIPART_AUTO struct multipart *multipart = multipart_create(TYPE, &events, &told, err);
    int read = 0;
    for (unsigned i = 0; i < count && read == 0; i++)
        read = multipart_feed(multipart, part, sizeof part - 1, err);
    if (read == 0)
        read = multipart_feed(multipart, "--B--", 5, err);
    cg_bytes_finish(&told.text);
    return read;
}

static void test_the_limit_of_parts(void **state)
{
    (void)state;
    struct cg_error err = {0};
    assert_int_equal(read_parts(MULTIPART_PARTS_MAX, &err), 0);
    assert_int_equal(read_parts(MULTIPART_PARTS_MAX + 1, &err), -1);
    assert_error(&err, CG_E_LIMIT, "more than 20000 parts");
}

static void test_a_failed_event_ends_the_reading(void **state)
{
    (void)state;
    static const char body[] = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B--";
    for (unsigned at = 1; at <= 2; at++) {
        struct cg_error err = {0};
        struct told told = {.fail_at = at};
        MULTIPART_AUTO struct multipart *multipart = multipart_create(TYPE, &events, &told, &err);
        assert_int_equal(multipart_feed(multipart, body, sizeof body - 1, &err), -1);
        assert_error(&err, CG_E_LIMIT, "enough");
        assert_int_equal(multipart_feed(multipart, body, sizeof body - 1, &err), -1);
        assert_error(&err, CG_E_SYNTAX, "the form was broken before");
        cg_bytes_finish(&told.text);
    }
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    static const char body[] = "--B\r\nContent-Disposition: form-data; name=a; filename=\"b\"\r\n\r\nx\r\n--B--";
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct told told = {0};
        allocation_fail_at(n);
        int read = read_form(TYPE, body, sizeof body - 1, 20, &told, &err);
        bool has_failed = allocation_failed();
        allocation_fail_at(0);
        cg_bytes_finish(&told.text);
        if (!has_failed) {
            assert_int_equal(read, 0);
            break;
        }
        /* A name that cannot be looked at for want of memory counts as no UTF-8: refused either way. */
        assert_int_equal(read, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_form_cut_at_every_byte),
        cmocka_unit_test(test_data_that_looks_like_a_boundary),
        cmocka_unit_test(test_empty_parts_preamble_epilogue_and_blanks),
        cmocka_unit_test(test_names_are_unescaped),
        cmocka_unit_test(test_what_is_no_form),
        cmocka_unit_test(test_a_nul_in_a_header),
        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_the_header_limit),
        cmocka_unit_test(test_the_limit_of_parts),
        cmocka_unit_test(test_a_failed_event_ends_the_reading),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
