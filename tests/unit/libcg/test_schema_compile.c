/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cg/schema.h"
#include "quoted.h"

#include <stdio.h>

static void assert_refused(const char *text, enum cg_schema_unknown unknown, const char *message)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = quoted_json(text);
    CG_AUTO_SCHEMA struct cg_schema *schema = cg_schema_compile(json, NULL, NULL, 0, unknown, &err);
    assert_null(schema);
    assert_error(&err, CG_E_SCHEMA, message);
    assert_null(cg_schema_compile(json, NULL, NULL, 0, unknown, NULL));
}

struct mistake {
    const char *schema;
    const char *message;
};

static void assert_mistakes(const struct mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_refused(mistakes[i].schema, CG_SCHEMA_UNKNOWN_IGNORE, mistakes[i].message);
}

#define ASSERT_MISTAKES(mistakes) assert_mistakes(mistakes, sizeof(mistakes) / sizeof(mistakes)[0])

static void refuses_values_of_another_form(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"[]", "schema #: must be a schema (an object, true or false)"},
        {"{'$ref': 1}", "schema #/$ref: must be a string"},
        {"{'$id': 1}", "schema #/$id: must be a string"},
        {"{'$anchor': '1a'}", "schema #/$anchor: must be a name: a letter or _, then letters, digits, - . or _"},
        {"{'$dynamicAnchor': 'a b'}",
         "schema #/$dynamicAnchor: must be a name: a letter or _, then letters, digits, - . or _"},
        {"{'$vocabulary': {'x:y': 1}}", "schema #/$vocabulary: must be an object whose values are true or false"},
        {"{'$defs': {'a': 1}}", "schema #/$defs: must be an object whose values are schemas"},
        {"{'properties': []}", "schema #/properties: must be an object whose values are schemas"},
        {"{'properties': {'a/b': {'items': []}}}",
         "schema #/properties/a~1b/items: must be a schema (an object, true or false)"},
        {"{'allOf': []}", "schema #/allOf: must be an array of at least one schema"},
        {"{'anyOf': [1]}", "schema #/anyOf: must be an array of at least one schema"},
        {"{'type': 'text'}",
         "schema #/type: must be null, boolean, object, array, number, string or integer, or an array of these"},
        {"{'type': []}",
         "schema #/type: must be null, boolean, object, array, number, string or integer, or an array of these"},
        {"{'type': ['null', 'null']}",
         "schema #/type: must be null, boolean, object, array, number, string or integer, or an array of these"},
        {"{'enum': 1}", "schema #/enum: must be an array"},
        {"{'required': ['a', 'a']}", "schema #/required: must be an array of distinct strings"},
        {"{'required': [1]}", "schema #/required: must be an array of distinct strings"},
        {"{'dependentRequired': {'a': 'b'}}",
         "schema #/dependentRequired: must be an object whose values are arrays of distinct strings"},
        {"{'minLength': -1}", "schema #/minLength: must be an integer of at least 0"},
        {"{'maxItems': 1.5}", "schema #/maxItems: must be an integer of at least 0"},
        {"{'maximum': '1'}", "schema #/maximum: must be a number"},
        {"{'multipleOf': 0}", "schema #/multipleOf: must be a number above 0"},
        {"{'uniqueItems': 1}", "schema #/uniqueItems: must be true or false"},
    };
    ASSERT_MISTAKES(mistakes);
}

static void refuses_references_that_lead_nowhere(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"{'$ref': 'https://example.com/other'}",
         "schema #/$ref: \"https://example.com/other\" names no schema that is at hand"},
        {"{'items': {'$ref': '#/$defs/a'}}", "schema #/items/$ref: \"#/$defs/a\" names no schema in that document"},
        {"{'$ref': '#a'}", "schema #/$ref: \"#a\" names no schema in that document"},
        {"{'$ref': '#/enum/0', 'enum': [1]}", "schema #/$ref: \"#/enum/0\" names no schema in that document"},
        {"{'$ref': '#%zz'}", "schema #/$ref: \"#%zz\" names no schema that is at hand"},
        {"{'$dynamicRef': '#a'}", "schema #/$dynamicRef: \"#a\" names no schema in that document"},
        {"{'$ref': '#'}", "schema #: refers to itself without going down in the document, so it would never end"},
        {"{'$defs': {'a': {'allOf': [{'not': {'$ref': '#/$defs/a'}}]}}}",
         "schema #/$defs/a: refers to itself without going down in the document, so it would never end"},
        {"{'$id': 'x:a#b'}", "schema #/$id: \"x:a#b\" must not have a fragment"},
        {"{'$defs': {'a': {'$id': 'x:a'}, 'b': {'$id': 'x:a'}}}",
         "schema #/$defs/b/$id: \"x:a\" is also the URI of the schema at #/$defs/a"},
        {"{'$defs': {'a': {'$anchor': 'n'}, 'b': {'$dynamicAnchor': 'n'}}}",
         "schema #/$defs/b/$dynamicAnchor: \"n\" names the schema at #/$defs/a already"},
        {"{'$schema': 'http://json-schema.org/draft-07/schema#'}",
         "schema #/$schema: \"http://json-schema.org/draft-07/schema#\" is neither draft 2020-12 nor the URI of a "
         "document given"},
    };
    ASSERT_MISTAKES(mistakes);
}

static void refuses_patterns_only_other_dialects_have(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"{'pattern': '('}", "schema #/pattern: \"(\" is no regular expression: missing closing parenthesis"},
        {"{'patternProperties': {'[': true}}",
         "schema #/patternProperties: \"[\" is no regular expression: missing terminating ] for character class"},
        {"{'pattern': '^a\\\\Z'}", "schema #/pattern: \"^a\\Z\" is no regular expression of ECMA-262: an escape that "
                                   "only other dialects have at byte 2"},
        {"{'pattern': '(?i)a'}", "schema #/pattern: \"(?i)a\" is no regular expression of ECMA-262: a group that only "
                                 "other dialects have at byte 0"},
        {"{'pattern': '(*UCP)a'}",
         "schema #/pattern: \"(*UCP)a\" is no regular expression of ECMA-262: nothing to repeat at byte 0"},
        {"{'pattern': 'a\\\\'}",
         "schema #/pattern: \"a\\\" is no regular expression of ECMA-262: a backslash at the end at byte 1"},
        {"{'pattern': '\\\\u12'}", "schema #/pattern: \"\\u12\" is no regular expression of ECMA-262: \\u without four "
                                   "hexadecimal digits at byte 0"},
        {"{'pattern': '\\\\u{110000}'}", "schema #/pattern: \"\\u{110000}\" is no regular expression of ECMA-262: "
                                         "\\u{ without a character's number and } at byte 0"},
        {"{'pattern': '\\\\x1'}", "schema #/pattern: \"\\x1\" is no regular expression of ECMA-262: \\x without two "
                                  "hexadecimal digits at byte 0"},
        {"{'pattern': '\\\\c1'}",
         "schema #/pattern: \"\\c1\" is no regular expression of ECMA-262: \\c without a letter at byte 0"},
        {"{'pattern': '\\\\pL'}",
         "schema #/pattern: \"\\pL\" is no regular expression of ECMA-262: \\p without {NAME} at byte 0"},
    };
    ASSERT_MISTAKES(mistakes);
}

static void reads_patterns_as_ecma_262_does(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        int result;
    } cases[] = {
        {"^a$", "a\\n", 1},
        {"b", "abc", 0},
        {"^.$", "\\u2028", 1},
        {"^.$", "\\u0085", 0},
        {"^\\\\s$", "\\ufeff", 0},
        {"^\\\\S$", "\\u00a0", 1},
        {"^[\\\\s]$", "\\u3000", 0},
        {"^[\\\\S]$", "\\u3000", 1},
        {"^[^\\\\S]$", "\\u3000", 0},
        {"^[\\\\Sx ]$", " ", 0},
        {"^\\\\d$", "\\u0661", 1},
        {"^\\\\w$", "\\u00e9", 1},
        {"^\\\\v$", "\\u000b", 0},
        {"^\\\\v$", "\\n", 1},
        {"^\\\\u00e9$", "\\u00e9", 0},
        {"^\\\\u{1f600}$", "\\ud83d\\ude00", 0},
        {"^\\\\ud83d\\\\ude00$", "\\ud83d\\ude00", 0},
        {"^\\\\x41$", "A", 0},
        {"^\\\\cA$", "\\u0001", 0},
        {"^[[:alpha:]]$", "a]", 0},
        {"^[^]$", "\\n", 0},
        {"[]", "a", 1},
        {"^\\\\p{Lu}\\\\p{Uppercase_Letter}\\\\p{gc=Letter}\\\\P{General_Category=Digit}$", "ABCD", -1},
        {"^\\\\p{Lu}\\\\p{Uppercase_Letter}\\\\p{gc=Letter}\\\\P{General_Category=Nd}$", "ABCD", 0},
        {"^\\\\p{Script=Greek}$", "\\u03b1", 0},
        {"^(?<n>a)\\\\k<n>$", "aa", 0},
        {"^(?:(a)|b)\\\\1$", "b", 0},
        {"^(?=a)(?!b)a(?<=a)(?<!b)$", "a", 0},
        {"^a\\\\u0000b$", "a\\u0000b", 0},
        {"^a\\u0000b$", "a\\u0000b", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        char text[200];
        snprintf(text, sizeof text, "{'pattern': '%s'}", cases[i].pattern);
        CG_AUTO_JSON json_t *json = quoted_json(text);
        snprintf(text, sizeof text, "'%s'", cases[i].text);
        CG_AUTO_JSON json_t *instance = quoted_json(text);
        CG_AUTO_SCHEMA struct cg_schema *schema =
            cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_IGNORE, &err);
        int result = schema ? cg_schema_check(schema, instance, NULL, &err) : -1;
        if (result != cases[i].result)
            fail_msg("%s on %s: %d %s", cases[i].pattern, cases[i].text, result, err.message);
    }
}

static void refuses_unknown_keywords_when_asked(void **state)
{
    (void)state;
    static const char text[] = "{'items': {'minlength': 1}}";
    assert_refused(text, CG_SCHEMA_UNKNOWN_REFUSE, "schema #/items/minlength: is no keyword of this schema");
    assert_refused("{'definitions': {}}", CG_SCHEMA_UNKNOWN_REFUSE,
                   "schema #/definitions: is no keyword of this schema");

    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = quoted_json(text);
    CG_AUTO_SCHEMA struct cg_schema *schema = cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_IGNORE, &err);
    assert_non_null(schema);

    CG_AUTO_JSON json_t *meta = quoted_json("{'$ref': 'https://json-schema.org/draft/2020-12/schema'}");
    CG_AUTO_SCHEMA struct cg_schema *compiled = cg_schema_compile(meta, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_REFUSE, &err);
    assert_string_equal(err.message, "");
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_JSON json_t *wrong = quoted_json("{'properties': {'a': {'minLength': -1}}}");
    assert_int_equal(cg_schema_check(compiled, wrong, report, &err), 1);
    assert_string_equal(cg_report_get(report, 0)->pointer, "/properties/a/minLength");
    assert_string_equal(cg_report_get(report, 0)->schema_pointer,
                        "https://json-schema.org/draft/2020-12/meta/validation#/$defs/nonNegativeInteger/minimum");
}

static void knows_the_vocabularies_of_a_given_meta_schema(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *few = quoted_json(
        "{'$vocabulary': {'https://json-schema.org/draft/2020-12/vocab/applicator': true, 'x:unknown': false}}");
    CG_AUTO_JSON json_t *strange = quoted_json("{'$vocabulary': {'x:unknown': true}}");
    const struct cg_schema_resource given[] = {{"x:few", few}, {"x:strange", strange}};

    CG_AUTO_JSON json_t *json = quoted_json("{'$schema': 'x:few', 'items': false, 'type': 'no type at all'}");
    CG_AUTO_SCHEMA struct cg_schema *schema = cg_schema_compile(json, NULL, given, 2, CG_SCHEMA_UNKNOWN_IGNORE, &err);
    assert_non_null(schema);
    CG_AUTO_JSON json_t *instance = quoted_json("[1]");
    assert_int_equal(cg_schema_check(schema, instance, NULL, &err), 1);
    assert_null(cg_schema_compile(json, NULL, given, 2, CG_SCHEMA_UNKNOWN_REFUSE, &err));
    assert_error(&err, CG_E_SCHEMA, "schema #/type: is no keyword of this schema");

    CG_AUTO_JSON json_t *asks = quoted_json("{'$schema': 'x:strange'}");
    assert_null(cg_schema_compile(asks, NULL, given, 2, CG_SCHEMA_UNKNOWN_IGNORE, &err));
    assert_error(&err, CG_E_SCHEMA, "schema #/$schema: asks for the vocabulary \"x:unknown\", which is not supported");
}

static void refuses_names_with_nul(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *json = quoted_json("{'properties': {}}");
    json_object_setn_new(json_object_get(json, "properties"), "a\0b", 3, json_true());
    assert_null(cg_schema_compile(json, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_IGNORE, &err));
    assert_error(&err, CG_E_SCHEMA, "schema #/properties: a name with U+0000 in it is not supported");
}

/* A mistake in a document beside the root is placed there. */
static void names_the_document_of_a_mistake(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *root = quoted_json("{'$ref': 'x:other'}");
    CG_AUTO_JSON json_t *other = quoted_json("{'items': {'type': 1}}");
    const struct cg_schema_resource given[] = {{"x:other", other}};
    assert_null(cg_schema_compile(root, NULL, given, 1, CG_SCHEMA_UNKNOWN_IGNORE, &err));
    assert_error(&err, CG_E_SCHEMA,
                 "schema x:other#/items/type: must be null, boolean, object, array, number, string or integer, or an "
                 "array of these");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_values_of_another_form),
        cmocka_unit_test(refuses_references_that_lead_nowhere),
        cmocka_unit_test(refuses_patterns_only_other_dialects_have),
        cmocka_unit_test(reads_patterns_as_ecma_262_does),
        cmocka_unit_test(refuses_unknown_keywords_when_asked),
        cmocka_unit_test(knows_the_vocabularies_of_a_given_meta_schema),
        cmocka_unit_test(refuses_names_with_nul),
        cmocka_unit_test(names_the_document_of_a_mistake),
    };
    return cmocka_run_group_tests_name("schema: compiling", tests, NULL, NULL);
}
