/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "koji/value.h"

#include <stdio.h>
#include <xmlrpc-c/base.h>

/* The <value> of the only parameter that `json` becomes, without line ends. */
static void encode_one(const char *json, struct cg_bytes *xml)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *params = json_array();
    json_array_append_new(params, json_loads(json, JSON_DECODE_ANY, NULL));
    assert_int_equal(koji_value_encode_call("f", params, xml, &err), 0);
    char *start = strstr(xml->data, "<value>");
    char *end = strstr(xml->data, "</param>");
    assert_non_null(start);
    assert_non_null(end);
    size_t size = 0;
    for (const char *c = start; c < end; c++)
        if (*c != '\r' && *c != '\n')
            xml->data[size++] = *c;
    xml->data[size] = '\0';
}

static void writes_a_call(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    CG_AUTO_JSON json_t *params = json_pack("[si]", "a-1-1", 7);
    assert_int_equal(koji_value_encode_call("getBuild", params, &xml, &err), 0);
    assert_string_equal(xml.data, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<methodCall>\r\n"
                                  "<methodName>getBuild</methodName>\r\n<params>\r\n"
                                  "<param><value><string>a-1-1</string></value></param>\r\n"
                                  "<param><value><i4>7</i4></value></param>\r\n"
                                  "</params>\r\n</methodCall>\r\n");
}

static void writes_every_type(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"null", "<value><nil/></value>"},
        {"true", "<value><boolean>1</boolean></value>"},
        {"false", "<value><boolean>0</boolean></value>"},
        {"0", "<value><i4>0</i4></value>"},
        {"2147483646", "<value><i4>2147483646</i4></value>"},
        {"2147483647", "<value><i4>2147483647</i4></value>"},
        {"2147483648", "<value><i8>2147483648</i8></value>"},
        {"-2147483647", "<value><i4>-2147483647</i4></value>"},
        {"-2147483648", "<value><i4>-2147483648</i4></value>"},
        {"-2147483649", "<value><i8>-2147483649</i8></value>"},
        {"9223372036854775807", "<value><i8>9223372036854775807</i8></value>"},
        {"1.5", "<value><double>1.5</double></value>"},
        {"\"\"", "<value><string></string></value>"},
        {"\"a < b & c > d\"", "<value><string>a &lt; b &amp; c &gt; d</string></value>"},
        {"\"]]>\"", "<value><string>]]&gt;</string></value>"},
        {"\"caf\\u00e9 \\u2603\"", "<value><string>caf\xC3\xA9 \xE2\x98\x83</string></value>"},
        {"\"\\ud83d\\ude00\"", "<value><string>\xF0\x9F\x98\x80</string></value>"},
        {"\"\\uf8ff\"", "<value><string>\xEF\xA3\xBF</string></value>"},
        {"\"\\t\\u007f\"", "<value><string>\t\x7f</string></value>"},
        {"\"a\\r\\nb\"", "<value><string>a&#x0d;b</string></value>"},
        {"[]", "<value><array><data></data></array></value>"},
        {"[1,[]]", "<value><array><data><value><i4>1</i4></value><value><array><data></data></array></value>"
                   "</data></array></value>"},
        {"{}", "<value><struct></struct></value>"},
        {"{\"__starstar\":true}",
         "<value><struct><member><name>__starstar</name><value><boolean>1</boolean></value></member></struct></value>"},
        {"{\"<\\ud83d\\ude00\":null}",
         "<value><struct><member><name>&lt;\xF0\x9F\x98\x80</name><value><nil/></value></member></struct></value>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CG_AUTO_BYTES struct cg_bytes xml = {0};
        encode_one(cases[i][0], &xml);
        assert_string_equal(xml.data, cases[i][1]);
    }
}

static void refuses_what_xml_cannot_carry(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"[\"a\\u0001\"]", "parameter /0 has the control character 0x01 at byte 1, which XML cannot carry"},
        {"[1,{\"a/b\":[{\"c~\":\"\\u001b\"}]}]",
         "parameter /1/a~1b/0/c~0 has the control character 0x1b at byte 0, which XML cannot carry"},
        {"[{\"x\\u0008\":1}]",
         "parameter /0/x\\u0008 has the control character 0x08 at byte 1, which XML cannot carry"},
        {"[\"\\u001f\"]", "parameter /0 has the control character 0x1f at byte 0, which XML cannot carry"},
        {"[\"\\u0000\"]", "parameter /0 has the control character 0x00 at byte 0, which XML cannot carry"},
        {"[\"ab\\uffff\"]", "parameter /0 has the noncharacter U+FFFE or U+FFFF at byte 2, which XML cannot carry"},
        {"[\"\\ufffe\"]", "parameter /0 has the noncharacter U+FFFE or U+FFFF at byte 0, which XML cannot carry"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes xml = {0};
        CG_AUTO_JSON json_t *params = json_loads(cases[i][0], JSON_ALLOW_NUL, NULL);
        assert_non_null(params);
        assert_int_equal(koji_value_encode_call("f", params, &xml, &err), -1);
        assert_int_equal(xml.size, 0);
        assert_error(&err, CG_E_USAGE, cases[i][1]);
    }
}

static void refuses_parameters_that_are_no_array(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    CG_AUTO_JSON json_t *params = json_object();
    assert_int_equal(koji_value_encode_call("f", params, &xml, &err), -1);
    assert_error(&err, CG_E_USAGE, "the parameters of f are no array");
}

static void appends_to_what_is_there(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    CG_AUTO_JSON json_t *params = json_array();
    cg_bytes_append_text(&xml, "before", &err);
    assert_int_equal(koji_value_encode_call("f", params, &xml, &err), 0);
    assert_int_equal(strncmp(xml.data, "before<?xml", 11), 0);
}

/* xmlrpc-c 1.59 releases a memory pool that it could not allocate, and dies of it. */
static bool library_survives(void)
{
    unsigned major, minor, point;
    xmlrpc_version(&major, &minor, &point);
    return major == 1 && minor <= 33;
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    if (!library_survives()) {
        print_message("skipped: this xmlrpc-c is not known to survive a failed allocation\n");
        skip();
    }
    CG_AUTO_JSON json_t *params = json_pack("[s{s:[iIbfn]}]", "text", "key", 1, (json_int_t)1 << 40, 1, 1.5);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes xml = {0};
        allocation_fail_at(n);
        int result = koji_value_encode_call("f", params, &xml, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 0);
            assert_true(n > 20 || !allocation_can_fail());
            return;
        }
        if (result != 0)
            assert_int_equal(err.code, CG_E_MEMORY);
        else
            assert_non_null(strstr(xml.data, "</methodCall>"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_call),
        cmocka_unit_test(writes_every_type),
        cmocka_unit_test(refuses_what_xml_cannot_carry),
        cmocka_unit_test(refuses_parameters_that_are_no_array),
        cmocka_unit_test(appends_to_what_is_there),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("value_call", tests, NULL, NULL);
}
