/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cg/schema.h"
#include "quoted.h"

#include <pthread.h>
#include <stdio.h>

static struct cg_schema *compile(const char *text)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = quoted_json(text);
    struct cg_schema *schema = cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_IGNORE, &err);
    if (!schema)
        fail_msg("%s: %s", text, err.message);
    return schema;
}

/* The findings of an instance, one a line: RULE POINTER SCHEMA-POINTER: MESSAGE. */
static void assert_findings(const char *schema_text, const char *instance_text, const char *expected)
{
    struct cg_error err = {0};
    CG_AUTO_SCHEMA struct cg_schema *schema = compile(schema_text);
    CG_AUTO_JSON json_t *instance = quoted_json(instance_text);
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    int result = cg_schema_check(schema, instance, report, &err);
    assert_string_equal(err.message, "");
    for (size_t i = 0; i < cg_report_size(report); i++) {
        const struct cg_finding *finding = cg_report_get(report, i);
        assert_int_equal(finding->level, CG_LEVEL_ERROR);
        cg_bytes_printf(&text, &err, "%s %s %s: %s\n", finding->rule, finding->pointer, finding->schema_pointer,
                        finding->message);
    }
    assert_string_equal(cg_bytes_text(&text), expected);
    assert_int_equal(result, *expected ? 1 : 0);
    assert_int_equal(cg_schema_check(schema, instance, NULL, &err), result);
}

static void reports_every_violation_with_both_places(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *text =
        quoted_json("{'type': 'object', 'required': ['name', 'source'], 'properties': {"
                    "'name': {'type': 'string', 'pattern': '^[a-z]+$'},"
                    "'source': {'description': 'the SCM URL with the commit', 'type': 'string'}}}");
    CG_AUTO_SCHEMA struct cg_schema *schema =
        cg_schema_compile(text, "https://example.com/build", NULL, 0, CG_SCHEMA_UNKNOWN_REFUSE, &err);
    assert_non_null(schema);
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_JSON json_t *good = quoted_json("{'name': 'koji', 'source': 'https://example.com/koji#1234'}");
    assert_int_equal(cg_schema_check(schema, good, report, &err), 0);
    assert_int_equal(cg_report_size(report), 0);

    CG_AUTO_JSON json_t *bad = quoted_json("{'name': 'Koji'}");
    assert_int_equal(cg_schema_check(schema, bad, report, &err), 1);
    assert_int_equal(cg_report_size(report), 2);
    const struct cg_finding *finding = cg_report_get(report, 0);
    assert_string_equal(finding->rule, "schema.required");
    assert_string_equal(finding->pointer, "");
    assert_string_equal(finding->schema_pointer, "/required");
    assert_string_equal(finding->message, "\"source\" is missing");
    assert_string_equal(finding->expected, "the SCM URL with the commit");
    assert_string_equal(finding->got, "{\"name\":\"Koji\"}");
    finding = cg_report_get(report, 1);
    assert_string_equal(finding->rule, "schema.pattern");
    assert_string_equal(finding->pointer, "/name");
    assert_string_equal(finding->schema_pointer, "/properties/name/pattern");
    assert_string_equal(finding->message, "does not match ^[a-z]+$");
    assert_string_equal(finding->expected, "text that matches ^[a-z]+$");
    assert_string_equal(finding->got, "\"Koji\"");
}

struct example {
    const char *schema;
    const char *instance;
    const char *findings;
};

static void assert_examples(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_findings(examples[i].schema, examples[i].instance, examples[i].findings);
}

#define ASSERT_EXAMPLES(examples) assert_examples(examples, sizeof(examples) / sizeof(examples)[0])

static void says_what_is_wrong_with_a_value(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"{'type': 'string'}", "7", "schema.type  /type: must be a string, not an integer\n"},
        {"{'type': ['string', 'null']}", "{}", "schema.type  /type: must be a string or null, not an object\n"},
        {"{'type': ['array', 'number', 'boolean']}", "null",
         "schema.type  /type: must be an array, a number or true or false, not null\n"},
        {"{'type': 'integer'}", "1.5", "schema.type  /type: must be an integer, not a fraction\n"},
        {"{'type': 'integer'}", "1.0", ""},
        {"{'type': 'string'}", "1.5", "schema.type  /type: must be a string, not a number\n"},
        {"{'const': {'a': [1]}}", "{'a': [1.0]}", ""},
        {"{'const': 0}", "false", "schema.const  /const: must be 0\n"},
        {"{'enum': ['rpm', 'file', 'kojifile']}", "'npm'",
         "schema.enum  /enum: must be one of \"rpm\", \"file\" or \"kojifile\"\n"},
        {"{'enum': [0, null]}", "1", "schema.enum  /enum: must be 0 or null\n"},
        {"{'enum': []}", "1", "schema.enum  /enum: must be no value at all\n"},
        {"{'multipleOf': 0.01}", "0.075", "schema.multipleOf  /multipleOf: must be a multiple of 0.01\n"},
        {"{'multipleOf': 0.01}", "4.35", ""},
        {"{'maximum': 5}", "5.5", "schema.maximum  /maximum: must be at most 5\n"},
        {"{'exclusiveMaximum': 5}", "5", "schema.exclusiveMaximum  /exclusiveMaximum: must be less than 5\n"},
        {"{'minimum': 0}", "-1", "schema.minimum  /minimum: must be at least 0\n"},
        {"{'exclusiveMinimum': 0}", "0", "schema.exclusiveMinimum  /exclusiveMinimum: must be more than 0\n"},
        {"{'maxLength': 2}", "'\xc3\xa4\xc3\xb6\xc3\xbc'",
         "schema.maxLength  /maxLength: has 3 characters, must have at most 2 characters\n"},
        {"{'minLength': 1}", "''", "schema.minLength  /minLength: is empty, must have at least 1 character\n"},
        {"{'pattern': '^[a-f]+$', 'title': 'digest'}", "'g'",
         "schema.pattern  /pattern: is no digest: it does not match ^[a-f]+$\n"},
    };
    ASSERT_EXAMPLES(examples);
}

static void says_what_is_wrong_in_objects(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"{'required': ['a', 'b', 'c']}", "{'b': 1}",
         "schema.required  /required: \"a\" is missing\nschema.required  /required: \"c\" is missing\n"},
        {"{'dependentRequired': {'a': ['b']}}", "{'a': 1}",
         "schema.dependentRequired  /dependentRequired: \"b\" is missing, which \"a\" asks for\n"},
        {"{'dependentSchemas': {'a': {'minProperties': 2}}}", "{'a': 1}",
         "schema.minProperties  /dependentSchemas/a/minProperties: has 1 member, must have at least 2 members\n"},
        {"{'maxProperties': 0}", "{'a': 1}",
         "schema.maxProperties  /maxProperties: has 1 member, must have at most 0 members\n"},
        {"{'properties': {'a/b~c': {'type': 'null'}}}", "{'a/b~c': 1}",
         "schema.type /a~1b~0c /properties/a~1b~0c/type: must be null, not an integer\n"},
        {"{'properties': {'a': false}}", "{'a': 1}", "schema.properties /a /properties/a: \"a\" is not allowed\n"},
        {"{'properties': {'a': true}, 'additionalProperties': false}", "{'a': 1, 'b': 2, 'c': 3}",
         "schema.additionalProperties /b /additionalProperties: \"b\" is not allowed\n"
         "schema.additionalProperties /c /additionalProperties: \"c\" is not allowed\n"},
        {"{'patternProperties': {'^x-': {'type': 'string'}, '^y-': false}}", "{'x-a': 1, 'y-b': 1, 'z': 1}",
         "schema.type /x-a /patternProperties/^x-/type: must be a string, not an integer\n"
         "schema.patternProperties /y-b /patternProperties/^y-: \"y-b\" is not allowed\n"},
        {"{'propertyNames': {'maxLength': 1}}", "{'ab': 1}",
         "schema.maxLength /ab /propertyNames/maxLength: the name has 2 characters, must have at most 1 character\n"},
        {"{'allOf': [{'properties': {'a': true}}], 'unevaluatedProperties': false}", "{'a': 1, 'b': 1}",
         "schema.unevaluatedProperties /b /unevaluatedProperties: \"b\" is not allowed\n"},
        {"{'properties': {'a': true, 'b': true}, 'unevaluatedProperties': {'type': 'null'}}",
         "{'a': 1, 'b': 1, 'c': 1, 'd': null, 'e': null, 'f': null}",
         "schema.type /c /unevaluatedProperties/type: must be null, not an integer\n"},
        {"{'properties': {'a': {'type': 'null'}}, 'unevaluatedProperties': false}", "{'a': 1}",
         "schema.type /a /properties/a/type: must be null, not an integer\n"},
    };
    ASSERT_EXAMPLES(examples);
}

static void says_what_is_wrong_in_arrays(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"{'items': {'type': 'string'}}", "['a', 1, null]",
         "schema.type /1 /items/type: must be a string, not an integer\n"
         "schema.type /2 /items/type: must be a string, not null\n"},
        {"{'prefixItems': [true, {'const': 2}], 'items': false}", "[1, 1, 3]",
         "schema.const /1 /prefixItems/1/const: must be 2\n"
         "schema.items /2 /items: item 2 is not allowed\n"},
        {"{'maxItems': 1}", "[1, 2]", "schema.maxItems  /maxItems: has 2 items, must have at most 1 item\n"},
        {"{'minItems': 1}", "[]", "schema.minItems  /minItems: is empty, must have at least 1 item\n"},
        {"{'uniqueItems': true}", "[1, {'a': 1, 'b': 2}, 1.0, {'b': 2.0, 'a': 1}]",
         "schema.uniqueItems /2 /uniqueItems: is the same as item 0\n"
         "schema.uniqueItems /3 /uniqueItems: is the same as item 1\n"},
        {"{'uniqueItems': false}", "[1, 1]", ""},
        {"{'contains': {'const': 1}}", "[2]", "schema.contains  /contains: has no item that is 1\n"},
        {"{'contains': {'const': 1}, 'minContains': 2}", "[1]",
         "schema.minContains  /minContains: has 1 item that is 1, must have at least 2\n"},
        {"{'contains': {'type': 'string'}, 'maxContains': 1}", "['a', 'b']",
         "schema.maxContains  /maxContains: has 2 items that are each a string, must have at most 1\n"},
        {"{'contains': {'const': 1}, 'unevaluatedItems': false}", "[1, 2]",
         "schema.unevaluatedItems /1 /unevaluatedItems: item 1 is not allowed\n"},
    };
    ASSERT_EXAMPLES(examples);
}

/* Of several alternatives, the one that was meant speaks. */
static void tells_which_alternative_was_meant(void **state)
{
    (void)state;
    static const char components[] =
        "{'oneOf': [{'properties': {'type': {'const': 'rpm'}, 'name': {'type': 'string'}}, 'required': ['name']},"
        "{'properties': {'type': {'const': 'file'}, 'filesize': {'type': 'integer'}}, 'required': ['filesize']}]}";
    const struct example examples[] = {
        {components, "{'type': 'file', 'filesize': '1'}",
         "schema.type /filesize /oneOf/1/properties/filesize/type: must be an integer, not a string\n"},
        {components, "{'type': 'file', 'name': 'x', 'filesize': '1'}",
         "schema.type /filesize /oneOf/1/properties/filesize/type: must be an integer, not a string\n"},
        {components, "{'type': 'rpm'}", "schema.required  /oneOf/0/required: \"name\" is missing\n"},
        {"{'anyOf': [{'type': 'string'}, {'type': 'object', 'required': ['a']}]}", "{}",
         "schema.required  /anyOf/1/required: \"a\" is missing\n"},
        {"{'anyOf': [{'type': 'string'}, {'type': 'null'}]}", "1",
         "schema.anyOf  /anyOf: is none of: a string or null\n"},
        {"{'anyOf': [{'required': ['a', 'b']}, {'required': ['c']}]}", "{}",
         "schema.required  /anyOf/1/required: \"c\" is missing\n"},
        {"{'anyOf': [{'required': ['a']}, {'required': ['b']}]}", "{}",
         "schema.anyOf  /anyOf: is none of: an object with \"a\" or an object with \"b\"\n"},
        {"{'anyOf': [{'description': 'a date'}, {'$ref': '#/$defs/n'}], '$defs': {'n': {'title': 'a number'}}}", "1",
         ""},
        {"{'anyOf': [{'const': 1, 'description': 'one'}, {'$ref': '#/$defs/n'}], '$defs': {'n': {'enum': [2, 3]}}}",
         "4", "schema.anyOf  /anyOf: is none of: one or 2 or 3\n"},
        {"{'oneOf': [{'minimum': 1}, {'type': 'string'}, {'minimum': 2}]}", "3",
         "schema.oneOf  /oneOf: fits the alternatives 0 and 2, must fit exactly one\n"},
        {"{'not': {'const': 'latest'}}", "'latest'", "schema.not  /not: must not be \"latest\"\n"},
        {"{'not': {'required': ['a', 'b']}}", "{'a': 1, 'b': 2}",
         "schema.not  /not: must not be an object with \"a\" and \"b\"\n"},
        {"{'if': {'type': 'string'}, 'then': {'minLength': 1}, 'else': {'type': 'null'}}", "''",
         "schema.minLength  /then/minLength: is empty, must have at least 1 character\n"},
        {"{'if': {'type': 'string'}, 'then': {'minLength': 1}, 'else': {'type': 'null'}}", "1",
         "schema.type  /else/type: must be null, not an integer\n"},
        {"{'allOf': [{'type': 'string'}, false]}", "1",
         "schema.type  /allOf/0/type: must be a string, not an integer\n"
         "schema.false  /allOf/1: nothing is allowed here\n"},
    };
    ASSERT_EXAMPLES(examples);
}

static void expects_in_the_words_of_the_schema(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        const char *instance;
        const char *expected;
    } cases[] = {
        {"{'type': 'string', 'description': 'the name of the package'}", "1", "the name of the package"},
        {"{'type': 'string'}", "1", "a string"},
        {"{'enum': [1, 2, 3]}", "4", "one of 1, 2 or 3"},
        {"{'minimum': 2}", "1", "at least 2"},
        {"{'maxItems': 1}", "[1, 2]", "at most 1 item"},
        {"{'required': ['a']}", "{}", "a value"},
        {"{'required': ['a'], 'properties': {'a': {'type': 'integer'}}}", "{}", "an integer"},
        {"{'required': ['a'], 'properties': {'a': {'$ref': '#/$defs/a'}}, '$defs': {'a': {'title': 'an A'}}}", "{}",
         "an A"},
        {"{'properties': {'name': true, 'nvr': true}, 'additionalProperties': false, 'description': 'build'}",
         "{'nmae': 1}", "one of \"name\", \"nvr\""},
        {"{'properties': {'a': false}, 'description': 'the hub knows it'}", "{'a': 1}", "the hub knows it"},
        {"{'not': {'type': 'null'}}", "null", "anything but null"},
        {"{'anyOf': [{'type': 'string'}, {'type': 'null'}], 'description': 'text, if any'}", "1", "text, if any"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_SCHEMA struct cg_schema *schema = compile(cases[i].schema);
        CG_AUTO_JSON json_t *instance = quoted_json(cases[i].instance);
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        assert_int_equal(cg_schema_check(schema, instance, report, &err), 1);
        assert_string_equal(cg_report_get(report, 0)->expected, cases[i].expected);
    }
}

static void cuts_long_lists_of_values(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = json_pack("{s:[]}", "enum");
    for (int i = 0; i < 1000; i++)
        json_array_append_new(json_object_get(json, "enum"), json_integer(i));
    CG_AUTO_SCHEMA struct cg_schema *schema = cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_REFUSE, &err);
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    assert_int_equal(cg_schema_check(schema, json, report, &err), 1);
    const char *expected = cg_report_get(report, 0)->expected;
    assert_true(strlen(expected) < 450);
    assert_string_equal(strrchr(expected, ','), ", ... (1000 in all)");
}

static void follows_references_to_documents_at_hand(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *root = quoted_json("{'items': {'$ref': 'types.json#/$defs/text'}}");
    CG_AUTO_JSON json_t *types = quoted_json("{'$defs': {'text': {'type': 'string'}}}");
    const struct cg_schema_resource resources[] = {{"https://example.com/types.json", types}};
    CG_AUTO_SCHEMA struct cg_schema *schema =
        cg_schema_compile(root, "https://example.com/root.json", resources, 1, CG_SCHEMA_UNKNOWN_REFUSE, &err);
    assert_non_null(schema);
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_JSON json_t *instance = quoted_json("['a', 1]");
    assert_int_equal(cg_schema_check(schema, instance, report, &err), 1);
    assert_string_equal(cg_report_get(report, 0)->pointer, "/1");
    assert_string_equal(cg_report_get(report, 0)->schema_pointer, "https://example.com/types.json#/$defs/text/type");
}

/* A reference seen from `base` names what has this $id. */
static void assert_resolves(const char *base, const char *reference, const char *uri)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *root = json_pack("{s:{s:s}}", "items", "$ref", reference);
    CG_AUTO_JSON json_t *target = quoted_json("{'type': 'array'}");
    const struct cg_schema_resource resources[] = {{uri, target}};
    CG_AUTO_SCHEMA struct cg_schema *schema =
        cg_schema_compile(root, base, resources, 1, CG_SCHEMA_UNKNOWN_IGNORE, &err);
    assert_string_equal(err.message, "");
    CG_AUTO_JSON json_t *numbers = quoted_json("[1]");
    assert_int_equal(cg_schema_check(schema, numbers, NULL, &err), 1);
}

/* RFC 3986 section 5.4, and references without a base. */
static void resolves_references_as_rfc_3986_does(void **state)
{
    (void)state;
    static const char base[] = "http://a/b/c/d;p?q";
    static const char *const cases[][3] = {
        {base, "g", "http://a/b/c/g"},
        {base, "./g", "http://a/b/c/g"},
        {base, "g/", "http://a/b/c/g/"},
        {base, "/g", "http://a/g"},
        {base, "//g", "http://g"},
        {base, "?y", "http://a/b/c/d;p?y"},
        {base, "g?y", "http://a/b/c/g?y"},
        {base, ";x", "http://a/b/c/;x"},
        {base, "g;x?y", "http://a/b/c/g;x?y"},
        {base, ".", "http://a/b/c/"},
        {base, "./", "http://a/b/c/"},
        {base, "..", "http://a/b/"},
        {base, "../g", "http://a/b/g"},
        {base, "../..", "http://a/"},
        {base, "../../g", "http://a/g"},
        {base, "../../../g", "http://a/g"},
        {base, "/./g", "http://a/g"},
        {base, "/../g", "http://a/g"},
        {base, "g.", "http://a/b/c/g."},
        {base, "..g", "http://a/b/c/..g"},
        {base, "./../g", "http://a/b/g"},
        {base, "./g/.", "http://a/b/c/g/"},
        {base, "g/../h", "http://a/b/c/h"},
        {base, "g;x=1/../y", "http://a/b/c/y"},
        {base, "g?y/../x", "http://a/b/c/g?y/../x"},
        {base, "http:g", "http:g"},
        {base, "urn:x:y", "urn:x:y"},
        {"http://a", "g", "http://a/g"},
        {"", "./g", "g"},
        {"", "../../g/h", "g/h"},
        {"", "g/../h", "/h"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_resolves(cases[i][0], cases[i][1], cases[i][2]);
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

static void *check_often(void *schema)
{
    CG_AUTO_JSON json_t *good = quoted_json("{'a': [1, 2, 'x']}");
    CG_AUTO_JSON json_t *bad = quoted_json("{'a': [1, 2, 'y']}");
    size_t wrong = 0;
    for (int i = 0; i < 500; i++) {
        struct cg_error err = {0};
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        wrong += cg_schema_check(schema, good, report, &err) != 0;
        wrong += cg_schema_check(schema, bad, report, &err) != 1 || cg_report_size(report) != 1;
    }
    return wrong == 0 ? schema : NULL;
}

static void serves_several_threads(void **state)
{
    (void)state;
    CG_AUTO_SCHEMA struct cg_schema *schema = compile(
        "{'properties': {'a': {'items': {'$dynamicRef': '#item'}}}, 'unevaluatedProperties': false, '$defs': {"
        "'item': {'$dynamicAnchor': 'item', 'anyOf': [{'type': 'integer'}, {'type': 'string', 'pattern': '^x+$'}]}}}");
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, check_often, schema), 0);
    for (size_t i = 0; i < 4; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, schema);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_every_violation_with_both_places),
        cmocka_unit_test(says_what_is_wrong_with_a_value),
        cmocka_unit_test(says_what_is_wrong_in_objects),
        cmocka_unit_test(says_what_is_wrong_in_arrays),
        cmocka_unit_test(tells_which_alternative_was_meant),
        cmocka_unit_test(expects_in_the_words_of_the_schema),
        cmocka_unit_test(cuts_long_lists_of_values),
        cmocka_unit_test(follows_references_to_documents_at_hand),
        cmocka_unit_test(resolves_references_as_rfc_3986_does),
        cmocka_unit_test(serves_several_threads),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
