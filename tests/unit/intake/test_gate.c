/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Heads in the form that gate.h describes; test_gate_wire sends them through a socket. */
#include "unit.h"

#include "intake/gate.h"

#include <stdio.h>
#include <stdlib.h>

#define BYTES(text) text, sizeof(text) - 1

/* Reads a copy that ends where its bytes end, so that the address sanitizer sees a byte too many being read. */
static int read_copy(const char *bytes, size_t size, struct gate_head *head, unsigned *status, char **copy,
                     struct cg_error *err)
{
    *copy = malloc(size ? size : 1);
    memcpy(*copy, bytes, size);
    return gate_read(*copy, size, head, status, err);
}

static void reads_a_head(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct gate_head head;
    unsigned status = 0;
    char *copy;
    assert_int_equal(read_copy(BYTES("POST\0/v1/imports?a=b\0HTTP/1.1\0\0Host\0  localhost:80 \0\0"
                                     "content-length\0\t12\0\0X-Twice\0one\0\0x-twice\0two\0\0\0\0"),
                               &head, &status, &copy, &err),
                     0);
    assert_string_equal(head.method, "POST");
    assert_string_equal(head.target, "/v1/imports?a=b");
    assert_int_equal(head.count, 4);
    assert_int_equal(head.framing, GATE_LENGTH);
    assert_int_equal(head.length, 12);
    assert_string_equal(gate_field(&head, "HOST"), "localhost:80");
    assert_string_equal(gate_field(&head, "X-Twice"), "one");
    assert_int_equal(gate_count(&head, "X-Twice"), 2);
    assert_null(gate_field(&head, "X"));
    free(copy);
}

static void knows_three_framings(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct gate_head head;
    unsigned status = 0;
    char *copy;
    assert_int_equal(read_copy(BYTES("GET\0/\0HTTP/1.0\0\0Host\0a\0\0\0\0"), &head, &status, &copy, &err), 0);
    assert_int_equal(head.framing, GATE_NO_BODY);
    free(copy);
    assert_int_equal(read_copy(BYTES("PUT\0/\0HTTP/1.1\0\0Host\0a\0\0Transfer-Encoding\0CHUNKED\0\0\0\0"), &head,
                               &status, &copy, &err),
                     0);
    assert_int_equal(head.framing, GATE_CHUNKED);
    free(copy);
    assert_int_equal(read_copy(BYTES("PUT\0/\0HTTP/1.1\0\0Host\0a\0\0Content-Length\0999999999999999999\0\0\0\0"),
                               &head, &status, &copy, &err),
                     0);
    assert_int_equal(head.framing, GATE_LENGTH);
    assert_true(head.length == UINT64_C(999999999999999999));
    free(copy);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        unsigned status;
        const char *message;
    } cases[] = {
        {BYTES(""), 400, "malformed request: the request line is not METHOD SP TARGET SP VERSION CR LF"},
        {BYTES("GET\0/\0HTTP/1.1\0Host\0a\0\0\0\0"), 400,
         "malformed request: the request line is not METHOD SP TARGET SP VERSION CR LF"},
        {BYTES("\0/\0HTTP/1.1\0\0Host\0a\0\0\0\0"), 400, "malformed request: the method is no token"},
        {BYTES("GET\0/\0HTTP/3.0\0\0Host\0a\0\0\0\0"), 505,
         "malformed request: the version is neither HTTP/1.1 nor HTTP/1.0"},
        {BYTES("GET\0/\0HTTP/1.10\0\0Host\0a\0\0\0\0"), 400,
         "malformed request: the version is neither HTTP/1.1 nor HTTP/1.0"},
        {BYTES("GET\0x\0HTTP/1.1\0\0Host\0a\0\0\0\0"), 400,
         "malformed request: the target does not begin with a slash"},
        {BYTES("GET\0/ \0HTTP/1.1\0\0Host\0a\0\0\0\0"), 400,
         "malformed request: the target has a character that must be percent-encoded"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0X\0b\0\0\0\0"), 400,
         "malformed request: a header line is not NAME: VALUE CR LF"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0X"), 400, "malformed request: a header line is not NAME: VALUE CR LF"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0X\0b"), 400,
         "malformed request: a header line is not NAME: VALUE CR LF"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0X\0b\0"), 400,
         "malformed request: a header line is not NAME: VALUE CR LF"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0 X\0b\0\0\0\0"), 400, "malformed request: a folded header line"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0X \0b\0\0\0\0"), 400,
         "malformed request: a header name is no token (a blank before the colon?)"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0X\0b\rc\0\0\0\0"), 400,
         "malformed request: a control character in a header value"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0"), 400, "malformed request: the head does not end in CR LF CR LF"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0\0"), 400, "malformed request: the head does not end in CR LF CR LF"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0\0\0\0"), 400,
         "malformed request: the head does not end in CR LF CR LF"},
        {BYTES("GET\0/\0HTTP/1.1\0\0\0\0"), 400, "malformed request: not exactly one Host that names a host"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0Host\0a\0\0\0\0"), 400,
         "malformed request: not exactly one Host that names a host"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a,b\0\0\0\0"), 400,
         "malformed request: not exactly one Host that names a host"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0Content-Length\00001\0\0Content-Length\0001\0\0\0\0"), 400,
         "malformed request: more than one of Content-Length and Transfer-Encoding"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0Content-Length\0 \0\0\0\0"), 400,
         "malformed request: Content-Length is no number of at most 18 digits"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0Content-Length\0"
               "1000000000000000000\0\0\0\0"),
         400, "malformed request: Content-Length is no number of at most 18 digits"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0Transfer-Encoding\0gzip\0\0\0\0"), 400,
         "malformed request: Transfer-Encoding is not \"chunked\" in HTTP/1.1"},
        {BYTES("GET\0/\0HTTP/1.0\0\0Host\0a\0\0Transfer-Encoding\0chunked\0\0\0\0"), 400,
         "malformed request: Transfer-Encoding is not \"chunked\" in HTTP/1.1"},
        {BYTES("GET\0/\0HTTP/1.1\0\0Host\0a\0\0Expect\0x\0\0\0\0"), 417,
         "malformed request: Expect is not \"100-continue\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct gate_head head;
        unsigned status = 0;
        char *copy;
        assert_int_equal(read_copy(cases[i].bytes, cases[i].size, &head, &status, &copy, &err), -1);
        assert_int_equal(status, cases[i].status);
        assert_error(&err, CG_E_USAGE, cases[i].message);
        free(copy);
    }
}

/* A head with `fields` fields of which one is Host. */
static int read_fields(unsigned fields, unsigned *status, struct cg_error *err)
{
    char bytes[4096] = "GET\0/\0HTTP/1.1\0\0Host\0a\0";
    size_t size = sizeof "GET\0/\0HTTP/1.1\0\0Host\0a\0";
    for (unsigned i = 1; i < fields; i++) {
        memcpy(bytes + size, "X\0b\0", 5);
        size += 5;
    }
    struct gate_head head;
    return gate_read(bytes, size + 2, &head, status, err);
}

static void limits_fields_and_target(void **state)
{
    (void)state;
    struct cg_error err = {0};
    unsigned status = 0;
    assert_int_equal(read_fields(GATE_FIELDS_MAX - 1, &status, &err), 0);
    assert_int_equal(read_fields(GATE_FIELDS_MAX, &status, &err), 0);
    assert_int_equal(read_fields(GATE_FIELDS_MAX + 1, &status, &err), -1);
    assert_int_equal(status, 431);
    assert_error(&err, CG_E_LIMIT, "the request has more than 64 header fields");
    for (size_t length = GATE_TARGET_MAX - 1; length <= GATE_TARGET_MAX + 1; length++) {
        char bytes[GATE_HEAD_MAX] = "GET";
        struct gate_head head;
        memset(bytes + 4, '/', length);
        static const char rest[] = "\0HTTP/1.1\0\0Host\0a\0\0\0";
        memcpy(bytes + 4 + length, rest, sizeof rest);
        int result = gate_read(bytes, 4 + length + sizeof rest, &head, &status, &err);
        assert_int_equal(result, length <= GATE_TARGET_MAX ? 0 : -1);
    }
    assert_int_equal(status, 414);
    assert_error(&err, CG_E_LIMIT, "the request target has 8193 bytes; at most 8192 are read");
}

/* Whatever is cut off or changed by a byte is refused or read without leaving its bytes. */
static void every_cut_is_refused(void **state)
{
    (void)state;
    static const char good[] = "PUT\0/a\0HTTP/1.1\0\0Host\0a\0\0Content-Length\0003\0\0\0";
    for (size_t size = 0; size < sizeof good; size++) {
        struct cg_error err = {0};
        struct gate_head head;
        unsigned status;
        char *copy;
        assert_int_equal(read_copy(good, size, &head, &status, &copy, &err), -1);
        free(copy);
    }
    for (size_t at = 0; at < sizeof good; at++)
        for (int byte = 0; byte < 256; byte++) {
            struct gate_head head;
            unsigned status;
            char changed[sizeof good], *copy;
            memcpy(changed, good, sizeof good);
            changed[at] = (char)byte;
            read_copy(changed, sizeof good, &head, &status, &copy, NULL);
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_head),         cmocka_unit_test(knows_three_framings),
        cmocka_unit_test(says_what_is_wrong),   cmocka_unit_test(limits_fields_and_target),
        cmocka_unit_test(every_cut_is_refused),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
