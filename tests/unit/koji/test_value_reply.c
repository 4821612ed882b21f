/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "koji/reply_gate.h"
#include "koji/value.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int decode(const char *value, struct koji_reply *reply, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    assert_int_equal(cg_bytes_printf(&xml, err,
                                     "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n%s\n</param>\n"
                                     "</params>\n</methodResponse>\n",
                                     value),
                     0);
    return koji_value_decode_reply(xml.data, xml.size, reply, err);
}

static void reads_every_type(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"<value><nil/></value>", "null"},
        {"<value><nil></nil></value>", "null"},
        {"<value><boolean>1</boolean></value>", "true"},
        {"<value><boolean>0</boolean></value>", "false"},
        {"<value><int>-2147483648</int></value>", "-2147483648"},
        {"<value><i4>2147483647</i4></value>", "2147483647"},
        {"<value><i8>2147483648</i8></value>", "2147483648"},
        {"<value><i8>-9223372036854775808</i8></value>", "-9223372036854775808"},
        {"<value><double>1.5</double></value>", "1.5"},
        {"<value><double>1e+22</double></value>", "1e22"},
        {"<value><string></string></value>", "\"\""},
        {"<value>bare</value>", "\"bare\""},
        {"<value></value>", "\"\""},
        {"<value><string>a &lt;&amp;&gt; \xE2\x98\x83 b</string></value>", "\"a <&> \xE2\x98\x83 b\""},
        {"<value><string>\xF0\x9F\x98\x80\xEF\xA3\xBF</string></value>", "\"\xF0\x9F\x98\x80\xEF\xA3\xBF\""},
        {"<value><string>a\nb\tc</string></value>", "\"a\\nb\\tc\""},
        {"<value><dateTime.iso8601>20260101T00:00:00</dateTime.iso8601></value>", "\"20260101T00:00:00\""},
        {"<value><base64>\nAAECAwQF\nBgc=\n</base64></value>", "\"AAECAwQFBgc=\""},
        {"<value><base64></base64></value>", "\"\""},
        {"<value><base64>/w==</base64></value>", "\"/w==\""},
        {"<value><base64>//8=</base64></value>", "\"//8=\""},
        {"<value><base64>+/+/</base64></value>", "\"+/+/\""},
        {"<value><array><data></data></array></value>", "[]"},
        {"<value><array><data><value><int>1</int></value><value><nil/></value></data></array></value>", "[1,null]"},
        {"<value><struct></struct></value>", "{}"},
        {"<value><struct>\n<member>\n<name>b</name>\n<value><int>1</int></value>\n</member>\n"
         "<member>\n<name>a\xF0\x9F\x98\x80</name>\n<value><struct></struct></value>\n</member>\n</struct></value>",
         "{\"b\":1,\"a\xF0\x9F\x98\x80\":{}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        AUTO_KOJI_REPLY struct koji_reply reply = {0};
        int result = decode(cases[i][0], &reply, &err);
        assert_string_equal(err.message, "");
        assert_int_equal(result, 0);
        CG_AUTO_FREE char *json = json_dumps(reply.value, JSON_ENCODE_ANY | JSON_COMPACT);
        assert_string_equal(json, cases[i][1]);
        assert_null(reply.text);
        assert_int_equal(reply.fault, 0);
    }
}

static const char fault_format[] = "<?xml version='1.0'?><methodResponse><fault><value><struct>"
                                   "<member><name>faultCode</name><value><int>%d</int></value></member>"
                                   "<member><name>faultString</name><value><string>%s</string></value></member>"
                                   "</struct></value></fault></methodResponse>";

static void reads_a_fault(void **state)
{
    (void)state;
    static const char *const texts[] = {"No such build: 'a'", "", "caf\xC3\xA9 \xF0\x9F\x98\x80\nline"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cg_error err = {0};
        char xml[600];
        AUTO_KOJI_REPLY struct koji_reply reply = {0};
        int size = snprintf(xml, sizeof xml, fault_format, 1000, texts[i]);
        assert_int_equal(koji_value_decode_reply(xml, (size_t)size, &reply, &err), 0);
        assert_int_equal(reply.fault, 1000);
        assert_string_equal(reply.text, texts[i]);
        assert_null(reply.value);
    }
}

static void refuses_what_is_no_reply(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "<value><int>2147483648</int></value>",
        "<value><int>x</int></value>",
        "<value><boolean>2</boolean></value>",
        "<value><struct><member/></struct></value>",
        "<value><unknown/></value>",
        "<value><string>&#1;</string></value>",
        "<value><string>&bomb;</string></value>",
        "<value><array/></value>",
        "<value><double>x</double></value>",
        "<value><dateTime.iso8601>yesterday</dateTime.iso8601></value>",
        "<value/></param><param><value/>",
        "",
        "<value><double>1e999</double></value>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cg_error err = {0};
        AUTO_KOJI_REPLY struct koji_reply reply = {0};
        int result = decode(bad[i], &reply, &err);
        if (result == 0)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_null(reply.value);
        assert_error_has(&err, CG_E_HUB_REPLY, "the reply is no XML-RPC: ");
    }
}

static void refuses_doubles_that_are_not_finite(void **state)
{
    (void)state;
    static const char *const bad[] = {"<value><double>nan</double></value>",
                                      "<value><array><data><value><double>inf</double></value></data></array></value>"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cg_error err = {0};
        AUTO_KOJI_REPLY struct koji_reply reply = {0};
        assert_int_equal(decode(bad[i], &reply, &err), -1);
        /* xmlrpc-c 1.59 finds it before us and has its own words. */
        assert_error_has(&err, CG_E_HUB_REPLY, "finite");
    }
}

static void says_where_words_quote_the_reply(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_KOJI_REPLY struct koji_reply reply = {0};
    assert_int_equal(koji_value_decode_reply("<a>\x1b[31m", 8, &reply, &err), -1);
    assert_null(strchr(err.message, '\x1b'));
    assert_error_has(&err, CG_E_HUB_REPLY, "the reply is no XML-RPC: ");
}

/* A reply of the largest size the gate lets pass is read, not only one of xmlrpc-c's default of half a megabyte. */
static void reads_large_replies(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_KOJI_REPLY struct koji_reply reply = {0};
    size_t size = 4U * 1024U * 1024U;
    CG_AUTO_FREE char *value = calloc(1, size + 100);
    memcpy(value, "<value><string>", 15);
    memset(value + 15, 'a', size);
    memcpy(value + 15 + size, "</string></value>", 17);
    assert_int_equal(decode(value, &reply, &err), 0);
    assert_int_equal(json_string_length(reply.value), size);
}

/* Returns NULL when all was well, else its argument. */
static void *decode_in_thread(void *failure)
{
    struct cg_error err = {0};
    AUTO_KOJI_REPLY struct koji_reply reply = {0};
    if (decode("<value><int>5</int></value>", &reply, &err) != 0 || json_integer_value(reply.value) != 5)
        return failure;
    return NULL;
}

static void serves_several_threads(void **state)
{
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, decode_in_thread, state), 0);
    for (size_t i = 0; i < 8; i++) {
        void *failure = NULL;
        pthread_join(threads[i], &failure);
        assert_null(failure);
    }
}

/* As deep as the gate lets pass is read and given back. */
static void reads_to_the_gates_depth(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    AUTO_KOJI_REPLY struct koji_reply reply = {0};
    cg_bytes_append_text(&xml, "<methodResponse><params><param>", &err);
    for (int i = 0; i < 20; i++)
        cg_bytes_append_text(&xml, "<value><array><data>", &err);
    cg_bytes_append_text(&xml, "<value/>", &err);
    for (int i = 0; i < 20; i++)
        cg_bytes_append_text(&xml, "</data></array></value>", &err);
    cg_bytes_append_text(&xml, "</param></params></methodResponse>", &err);
    assert_int_equal(koji_reply_gate(xml.data, xml.size, &err), 0);
    assert_int_equal(koji_value_decode_reply(xml.data, xml.size, &reply, &err), 0);
}

static const char sample[] = "<methodResponse><params><param><value><struct><member><name>a</name><value><array><data>"
                             "<value>s</value><value><i8>1</i8></value><value><double>1</double></value>"
                             "<value><base64>AA==</base64></value><value><boolean>1</boolean></value></data></array>"
                             "</value></member></struct></value></param></params></methodResponse>";

/* Decodes the sample with the n-th allocation failing; true if it came to that. */
static bool fails_at(unsigned long n, int *result, struct cg_error *err)
{
    AUTO_KOJI_REPLY struct koji_reply reply = {0};
    allocation_fail_at(n);
    *result = koji_value_decode_reply(sample, sizeof sample - 1, &reply, err);
    bool failed = allocation_failed();
    allocation_fail_at(0);
    return failed;
}

/*
 * Only the last allocations, those made after the parser: xmlrpc-c 1.33's own XML parser frees twice when memory is
 * short (lib/expat, xml_element_free), which nothing here can mend.
 */
static void survives_failed_allocations_after_the_parser(void **state)
{
    (void)state;
    int result = -1;
    struct cg_error err = {0};
    unsigned long last = 5000;
    assert_false(fails_at(last, &result, &err));
    assert_int_equal(result, 0);
    if (!allocation_can_fail())
        return;
    while (!fails_at(last, &result, &err))
        last--;
    for (unsigned long n = last; n > last - 10; n--) {
        cg_error_clear(&err);
        assert_true(fails_at(n, &result, &err));
        assert_int_equal(result, -1);
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(reads_a_fault),
        cmocka_unit_test(refuses_what_is_no_reply),
        cmocka_unit_test(refuses_doubles_that_are_not_finite),
        cmocka_unit_test(says_where_words_quote_the_reply),
        cmocka_unit_test(reads_large_replies),
        cmocka_unit_test(serves_several_threads),
        cmocka_unit_test(reads_to_the_gates_depth),
        cmocka_unit_test(survives_failed_allocations_after_the_parser),
    };
    return cmocka_run_group_tests_name("value_reply", tests, NULL, NULL);
}
