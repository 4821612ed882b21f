/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/schema.h"
#include "quoted.h"

#include <stdio.h>

static struct cg_schema *compile(const char *text)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = quoted_json(text);
    struct cg_schema *schema = cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_IGNORE, &err);
    assert_string_equal(err.message, "");
    return schema;
}

/* `levels` arrays, one in the other. */
static json_t *nested(size_t levels)
{
    json_t *value = json_array();
    for (size_t i = 1; i < levels; i++) {
        json_t *outer = json_array();
        json_array_append_new(outer, value);
        value = outer;
    }
    return value;
}

static void goes_so_deep_and_no_deeper(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_SCHEMA struct cg_schema *schema = compile("{'items': {'$ref': '#'}}");
    /* Two schemas, { $ref } and #, for each array but the outermost, which has one. */
    CG_AUTO_JSON json_t *fits = nested(CG_SCHEMA_DEPTH_MAX / 2);
    assert_int_equal(cg_schema_check(schema, fits, NULL, &err), 0);
    CG_AUTO_JSON json_t *deeper = nested(CG_SCHEMA_DEPTH_MAX / 2 + 1);
    assert_int_equal(cg_schema_check(schema, deeper, NULL, &err), -1);
    assert_error(&err, CG_E_LIMIT, "checking the document takes schemas nested deeper than 512");
    CG_AUTO_JSON json_t *deep = nested(100000);
    assert_int_equal(cg_schema_check(schema, deep, NULL, &err), -1);
    assert_error(&err, CG_E_LIMIT, "checking the document takes schemas nested deeper than 512");
}

/* Schemas that only end when the document does not ask for more are let in; the depth ends them. */
static void ends_conditional_loops(void **state)
{
    (void)state;
    static const char *const loops[] = {
        "{'if': true, 'then': {'$ref': '#'}}",
        "{'dependentSchemas': {'a': {'$ref': '#'}}}",
        "{'$dynamicAnchor': 'a', '$dynamicRef': '#a'}",
    };
    CG_AUTO_JSON json_t *instance = quoted_json("{'a': 1}");
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_SCHEMA struct cg_schema *schema = compile(loops[i]);
        assert_int_equal(cg_schema_check(schema, instance, NULL, &err), -1);
        assert_error(&err, CG_E_LIMIT, "checking the document takes schemas nested deeper than 512");
    }
}

static void refuses_schemas_nested_too_deep(void **state)
{
    (void)state;
    for (int levels = CG_SCHEMA_DEPTH_MAX - 2; levels <= CG_SCHEMA_DEPTH_MAX; levels++) {
        struct cg_error err = {0};
        CG_AUTO_JSON json_t *json = json_object();
        for (int i = 0; i < levels; i++)
            json = json_pack("{s:o}", "items", json);
        CG_AUTO_SCHEMA struct cg_schema *schema =
            cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_REFUSE, &err);
        if (levels < CG_SCHEMA_DEPTH_MAX)
            assert_non_null(schema);
        else
            assert_error(&err, CG_E_LIMIT, "the schema is nested deeper than 512");
    }
}

static void refuses_chains_of_references_that_are_too_long(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = json_pack("{s:{}}", "$defs");
    for (int i = 0; i <= CG_SCHEMA_DEPTH_MAX; i++) {
        char name[20], reference[40];
        snprintf(name, sizeof name, "%d", i);
        snprintf(reference, sizeof reference, "#/$defs/%d", i + 1);
        json_t *link = i < CG_SCHEMA_DEPTH_MAX ? json_pack("{s:s}", "$ref", reference) : json_true();
        json_object_set_new(json_object_get(json, "$defs"), name, link);
    }
    assert_null(cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_REFUSE, &err));
    assert_error(&err, CG_E_LIMIT, "more than 512 schemas refer to one another in a chain");
    json_object_set_new(json_object_get(json, "$defs"), "511", json_true());
    CG_AUTO_SCHEMA struct cg_schema *schema = cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_REFUSE, &err);
    assert_non_null(schema);
    assert_string_equal(err.message, "");
}

/* Every level doubles the work: 2^40 evaluations without a bound. */
static void gives_up_on_schemas_that_fan_out(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = json_pack("{s:{}, s:s}", "$defs", "$ref", "#/$defs/0");
    for (int i = 0; i < 40; i++) {
        char name[20], reference[40];
        snprintf(name, sizeof name, "%d", i);
        snprintf(reference, sizeof reference, "#/$defs/%d", i + 1);
        json_t *twice = json_pack("{s:[{s:s},{s:s}]}", "allOf", "$ref", reference, "$ref", reference);
        json_object_set_new(json_object_get(json, "$defs"), name, twice);
    }
    json_object_set_new(json_object_get(json, "$defs"), "40", json_pack("{s:s}", "type", "null"));
    CG_AUTO_SCHEMA struct cg_schema *schema = cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_REFUSE, &err);
    assert_non_null(schema);
    CG_AUTO_JSON json_t *instance = json_null();
    assert_int_equal(cg_schema_check(schema, instance, NULL, &err), -1);
    assert_error(&err, CG_E_LIMIT, "checking the document against the schema takes more than 50000000 steps");
}

static void gives_up_on_patterns_that_backtrack_without_end(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_SCHEMA struct cg_schema *schema = compile("{'pattern': '^(a+)+$'}");
    CG_AUTO_JSON json_t *good = quoted_json("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'");
    assert_int_equal(cg_schema_check(schema, good, NULL, &err), 0);
    CG_AUTO_JSON json_t *evil = quoted_json("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'");
    assert_int_equal(cg_schema_check(schema, evil, NULL, &err), -1);
    assert_error(&err, CG_E_LIMIT, "the pattern ^(a+)+$ takes more than 100000 steps on a text of 32 bytes");
}

/* 100,000 items, compared pairwise, would be 5 * 10^9 comparisons. */
static void tells_many_items_apart(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_SCHEMA struct cg_schema *schema = compile("{'uniqueItems': true}");
    CG_AUTO_JSON json_t *items = json_array();
    for (int i = 0; i < 100000; i++)
        json_array_append_new(items, json_pack("{s:i, s:[i]}", "a", i, "b", i / 2));
    assert_int_equal(cg_schema_check(schema, items, NULL, &err), 0);

    json_array_append_new(items, json_pack("{s:[f], s:i}", "b", 3.0, "a", 7));
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    assert_int_equal(cg_schema_check(schema, items, report, &err), 1);
    assert_int_equal(cg_report_size(report), 1);
    assert_string_equal(cg_report_get(report, 0)->pointer, "/100000");
    assert_string_equal(cg_report_get(report, 0)->message, "is the same as item 7");
}

/* Values that differ below the depth that is hashed all collide. */
static void gives_up_on_items_made_to_collide(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_SCHEMA struct cg_schema *schema = compile("{'uniqueItems': true}");
    CG_AUTO_JSON json_t *items = json_array();
    for (int i = 0; i < 12000; i++) {
        json_t *value = json_integer(i);
        for (int level = 0; level < 17; level++)
            value = json_pack("[o]", value);
        json_array_append_new(items, value);
    }
    assert_int_equal(cg_schema_check(schema, items, NULL, &err), -1);
    assert_error(&err, CG_E_LIMIT, "checking the document against the schema takes more than 50000000 steps");

    CG_AUTO_SCHEMA struct cg_schema *constant = compile("{'uniqueItems': true}");
    CG_AUTO_JSON json_t *deep = json_array();
    json_array_append_new(deep, nested(CG_SCHEMA_DEPTH_MAX + 2));
    json_array_append_new(deep, nested(CG_SCHEMA_DEPTH_MAX + 2));
    assert_int_equal(cg_schema_check(constant, deep, NULL, &err), -1);
    assert_error(&err, CG_E_LIMIT, "a value is nested deeper than 512");
}

static void counts_what_it_does_not_keep(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{'items': {'type': 'string'}}",
        "{'anyOf': [{'items': {'type': 'string'}}, {'type': 'null'}]}",
        "{'oneOf': [{'anyOf': [{'items': {'type': 'string'}}, {'type': 'null'}]}, {'type': 'null'}]}",
    };
    CG_AUTO_JSON json_t *items = json_array();
    for (int i = 0; i < CG_REPORT_MAX + 50; i++)
        json_array_append_new(items, json_integer(i));
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_SCHEMA struct cg_schema *schema = compile(schemas[i]);
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        assert_int_equal(cg_schema_check(schema, items, report, &err), 1);
        assert_int_equal(cg_report_size(report), CG_REPORT_MAX);
        assert_int_equal(cg_report_count(report, CG_LEVEL_ERROR), CG_REPORT_MAX + 50);
        assert_string_equal(cg_report_get(report, 0)->pointer, "/0");
        assert_string_equal(cg_report_get(report, CG_REPORT_MAX - 1)->pointer, "/99");
    }
}

/* Numbers at the edges of what integers and doubles hold. */
static void compares_numbers_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        const char *instance;
        int result;
    } cases[] = {
        {"{'maximum': 9007199254740992}", "9007199254740993", 1},
        {"{'maximum': 9007199254740992.0}", "9007199254740993", 1},
        {"{'const': 9007199254740992.0}", "9007199254740993", 1},
        {"{'const': 9007199254740992.0}", "9007199254740992", 0},
        {"{'exclusiveMaximum': 9223372036854775808.0}", "9223372036854775807", 0},
        {"{'minimum': 9223372036854775807}", "9223372036854775808.0", 0},
        {"{'maximum': 9223372036854775807}", "9223372036854775808.0", 1},
        {"{'minimum': -9223372036854775808}", "-1e300", 1},
        {"{'exclusiveMinimum': 1}", "1.0000000000000002", 0},
        {"{'exclusiveMinimum': -1.5}", "-1", 0},
        {"{'exclusiveMinimum': -1}", "-1.5", 1},
        {"{'multipleOf': 0.1}", "1.1", 0},
        {"{'multipleOf': 3}", "9223372036854775806", 0},
        {"{'multipleOf': 9223372036854775807}", "-9223372036854775807", 0},
        {"{'multipleOf': 9223372036854775806}", "1e300", 1},
        {"{'multipleOf': 7}", "7e300", 0},
        {"{'multipleOf': 5e-324}", "1.7976931348623157e308", 0},
        {"{'multipleOf': 1e-300}", "1.5", 0},
        {"{'multipleOf': 1e300}", "1.5", 1},
        {"{'multipleOf': 100}", "50", 1},
        {"{'multipleOf': 0.3}", "0.1", 1},
        {"{'type': 'integer'}", "1e308", 0},
        {"{'maxLength': 1e300}", "'a'", 0},
        {"{'minLength': 1e300}", "'a'", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_SCHEMA struct cg_schema *schema = compile(cases[i].schema);
        CG_AUTO_JSON json_t *instance = quoted_json(cases[i].instance);
        if (cg_schema_check(schema, instance, NULL, &err) != cases[i].result)
            fail_msg("%s on %s is not %d", cases[i].schema, cases[i].instance, cases[i].result);
    }
}

/* Everything that allocates: resources, anchors, patterns, branches, sets of evaluated members, findings. */
static void survives_every_failed_allocation(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *root = quoted_json(
        "{'$id': 'https://example.com/root', '$schema': 'x:meta', 'allOf': [{'$ref': 'x:other#/stray'}],"
        "'properties': {'a': {'$ref': '#t'}, 'b': {'pattern': '^\\\\d+$', 'enum': ['1', '2']}, 'c': false},"
        "'patternProperties': {'^x': {'not': {'type': 'null'}}}, 'propertyNames': {'maxLength': 3},"
        "'oneOf': [{'properties': {'k': {'const': 1}}}, {'required': ['d'], 'contains': true}],"
        "'dependentSchemas': {'a': {'minProperties': 9}}, 'unevaluatedProperties': false,"
        "'$defs': {'t': {'$anchor': 't', 'prefixItems': [{'uniqueItems': true}], 'contains': {'const': 5}}}}");
    CG_AUTO_JSON json_t *other =
        quoted_json("{'stray': {'$dynamicRef': '#d'}, '$defs': {'d': {'$dynamicAnchor': 'd'}}}");
    CG_AUTO_JSON json_t *meta = quoted_json("{'$id': 'x:meta'}");
    const struct cg_schema_resource given[] = {{"x:other", other}, {"x:meta", meta}};
    CG_AUTO_JSON json_t *instance =
        quoted_json("{'a': [[1, 1], 2], 'b': 'x', 'c': 1, 'x': null, 'k': 2, 'long': 1, 'm': {}}");
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        allocation_fail_at(n);
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        CG_AUTO_SCHEMA struct cg_schema *schema =
            report ? cg_schema_compile(root, NULL, given, 2, CG_SCHEMA_UNKNOWN_IGNORE, &err) : NULL;
        int result = schema ? cg_schema_check(schema, instance, report, &err) : -1;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_string_equal(err.message, "");
            assert_int_equal(result, 1);
            assert_int_equal(cg_report_size(report), 12);
            assert_true(n > 100 || !allocation_can_fail());
            return;
        }
        if (result != -1 || err.code != CG_E_MEMORY)
            fail_msg("allocation %lu: %d, %s", n, result, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_so_deep_and_no_deeper),
        cmocka_unit_test(ends_conditional_loops),
        cmocka_unit_test(refuses_schemas_nested_too_deep),
        cmocka_unit_test(refuses_chains_of_references_that_are_too_long),
        cmocka_unit_test(gives_up_on_schemas_that_fan_out),
        cmocka_unit_test(gives_up_on_patterns_that_backtrack_without_end),
        cmocka_unit_test(tells_many_items_apart),
        cmocka_unit_test(gives_up_on_items_made_to_collide),
        cmocka_unit_test(counts_what_it_does_not_keep),
        cmocka_unit_test(compares_numbers_exactly),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("schema: limits", tests, NULL, NULL);
}
