/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/json.h"
#include "json_scan.h"
#include "number.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* One step from a container to what is being read in it. */
struct step {
    enum { STEP_NONE, STEP_NAME, STEP_INDEX } kind; /* none: between the members, the place is the container */
    struct cg_scan_string name;
    size_t index;
};

struct reader {
    struct cg_scan scan;
    struct cg_report *report; /* NULL: the first finding is a failure */
    struct cg_error *err;
    struct cg_bytes scratch; /* a decoded string, or a number with its NUL */
    size_t value_count;
    size_t depth; /* containers that are open, steps in `path` */
    struct step path[CG_JSON_DEPTH_MAX];
};

struct position {
    size_t line, column;
};

static struct position here(const struct reader *reader)
{
    return (struct position){reader->scan.line, cg_scan_column(&reader->scan)};
}

/* --- findings ------------------------------------------------------------------------------------------------------
 */

/* The pointer of what is being read, as far as a report keeps it. */
static int path_pointer(const struct reader *reader, struct cg_bytes *pointer)
{
    for (size_t i = 0; i < reader->depth && pointer->size <= CG_REPORT_TEXT_MAX; i++) {
        const struct step *step = &reader->path[i];
        CG_AUTO_BYTES struct cg_bytes name = {0};
        if (step->kind == STEP_INDEX && cg_pointer_push_index(pointer, step->index, reader->err) < 0)
            return -1;
        if (step->kind == STEP_NAME &&
            (cg_scan_decode(&step->name, CG_REPORT_TEXT_MAX + 1, &name, reader->err) < 0 ||
             cg_pointer_push_name(pointer, cg_bytes_text(&name), name.size, reader->err) < 0))
            return -1;
    }
    return 0;
}

/* Adds an error at `position`; only counts it, at no cost, when the report is full of errors. */
static int add_finding(struct reader *reader, struct position position, struct cg_finding finding)
{
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    bool kept = cg_report_count(reader->report, CG_LEVEL_ERROR) < CG_REPORT_MAX;
    if (kept && path_pointer(reader, &pointer) < 0)
        return -1;
    finding.level = CG_LEVEL_ERROR;
    finding.pointer = cg_bytes_text(&pointer);
    finding.line = position.line;
    finding.column = position.column;
    return cg_report_add(reader->report, &finding, reader->err);
}

/* Adds `finding` and fails with `code`. Returns NULL. */
static json_t *fail_at(struct reader *reader, struct position position, enum cg_code code, struct cg_finding finding)
{
    if (reader->report && add_finding(reader, position, finding) < 0)
        return NULL;
    cg_fail(reader->err, code, "line %zu, column %zu: %s%s%s", position.line, position.column, finding.message,
            finding.expected ? ", expected " : "", finding.expected ? finding.expected : "");
    return NULL;
}

/* What the scanner met is no JSON. Returns NULL. */
static json_t *fail_syntax(struct reader *reader)
{
    struct cg_finding finding = {
        .rule = "json.syntax", .message = reader->scan.problem, .expected = reader->scan.expected};
    return fail_at(reader, here(reader), CG_E_SYNTAX, finding);
}

static json_t *fail_unexpected(struct reader *reader, const char *expected)
{
    cg_scan_unexpected(&reader->scan, expected);
    return fail_syntax(reader);
}

static json_t *fail_limit(struct reader *reader, const char *message, const char *expected)
{
    struct cg_finding finding = {.rule = "json.limit", .message = message, .expected = expected};
    return fail_at(reader, here(reader), CG_E_LIMIT, finding);
}

/* Something that can be read, but in more than one way: goes on unless there is no report. 0 or -1. */
static int ambiguous(struct reader *reader, struct position position, struct cg_finding finding)
{
    if (reader->report)
        return add_finding(reader, position, finding);
    fail_at(reader, position, CG_E_SYNTAX, finding);
    return -1;
}

/* --- scalars -------------------------------------------------------------------------------------------------------
 */

/* `value` as new reference, or NULL with CG_E_MEMORY if it is NULL. */
static json_t *made(struct reader *reader, json_t *value)
{
    if (!value)
        cg_fail_memory(reader->err);
    return value;
}

/* The value of a scanned string: in the text itself or, if it has escapes, in the scratch. */
static int string_value(struct reader *reader, const struct cg_scan_string *string, const char **value, size_t *size)
{
    *value = string->raw;
    *size = string->size;
    if (!string->has_escapes)
        return 0;
    cg_bytes_clear(&reader->scratch);
    if (cg_scan_decode(string, string->size, &reader->scratch, reader->err) < 0)
        return -1;
    *value = cg_bytes_text(&reader->scratch);
    *size = reader->scratch.size;
    return 0;
}

static json_t *read_string(struct reader *reader)
{
    struct cg_scan_string string;
    const char *value;
    size_t size;
    if (cg_scan_string(&reader->scan, &string) < 0)
        return fail_syntax(reader);
    if (string_value(reader, &string, &value, &size) < 0)
        return NULL;
    return made(reader, json_stringn_nocheck(value, size));
}

/* Adds a finding about a number, with as much of it as a report shows. */
static int ambiguous_number(struct reader *reader, struct position position, const struct cg_scan_number *number,
                            struct cg_finding finding)
{
    char got[CG_REPORT_GOT_MAX + 2] = "";
    memcpy(got, number->raw, number->size < sizeof got - 1 ? number->size : sizeof got - 1);
    finding.got = got;
    return ambiguous(reader, position, finding);
}

static json_t *integer(struct reader *reader, struct position position, const struct cg_scan_number *number)
{
    /* Every integer of up to 18 digits is within json_int_t; a longer one is outside the allowed range anyway. */
    enum { SAFE_DIGITS = 18 };
    size_t sign = *number->raw == '-', digits = number->size - sign;
    json_int_t value = 0;
    for (size_t i = 0; i < digits && digits <= SAFE_DIGITS; i++)
        value = value * 10 + (number->raw[sign + i] - '0');
    if (digits > SAFE_DIGITS)
        value = INT64_MAX;
    if (value > CG_JSON_INTEGER_MAX) {
        struct cg_finding finding = {.rule = "json.integer-range",
                                     .message = "an integer that not every reader keeps exactly",
                                     .expected = "-9007199254740991 to 9007199254740991"};
        if (ambiguous_number(reader, position, number, finding) < 0)
            return NULL;
    }
    return made(reader, json_integer(sign ? -value : value));
}

static json_t *real(struct reader *reader, struct position position, const struct cg_scan_number *number)
{
    double value;
    cg_bytes_clear(&reader->scratch);
    if (cg_bytes_append(&reader->scratch, number->raw, number->size, reader->err) < 0 ||
        cg_number_parse(cg_bytes_text(&reader->scratch), &value, reader->err) < 0)
        return NULL;
    bool too_large = !isfinite(value), too_small = value == 0 && !number->is_zero;
    if (too_large || too_small) {
        struct cg_finding finding = {.rule = "json.number-range",
                                     .message = too_large ? "a number larger than any double"
                                                          : "a number smaller than any double but 0",
                                     .expected = "0, or a magnitude from 5e-324 to 1.7976931348623157e+308"};
        if (ambiguous_number(reader, position, number, finding) < 0)
            return NULL;
        if (too_large)
            value = copysign(DBL_MAX, value);
    }
    return made(reader, json_real(value));
}

static json_t *read_number(struct reader *reader)
{
    struct position position = here(reader);
    struct cg_scan_number number;
    if (cg_scan_number(&reader->scan, &number) < 0)
        return fail_syntax(reader);
    return number.is_integer ? integer(reader, position, &number) : real(reader, position, &number);
}

static json_t *read_word(struct reader *reader, const char *word, json_t *value)
{
    return cg_scan_word(&reader->scan, word) < 0 ? fail_syntax(reader) : value;
}

/* --- containers ----------------------------------------------------------------------------------------------------
 */

static json_t *read_value(struct reader *reader);

/* Moves into a container whose bracket is next. Returns its step, NULL when that is too deep. */
static struct step *enter(struct reader *reader)
{
    if (reader->depth == CG_JSON_DEPTH_MAX) {
        fail_limit(reader, "nested too deep", "at most 128 levels");
        return NULL;
    }
    struct step *step = &reader->path[reader->depth++];
    step->kind = STEP_NONE;
    reader->scan.at++;
    return step;
}

static json_t *leave(struct reader *reader, json_t *container)
{
    reader->depth--;
    reader->scan.at++;
    return container;
}

/* Reads the name, the colon and the value of one member. */
static int read_member(struct reader *reader, struct step *step, json_t *object)
{
    struct position position = here(reader);
    if (cg_scan_string(&reader->scan, &step->name) < 0) {
        fail_syntax(reader);
        return -1;
    }
    step->kind = STEP_NAME;
    if (cg_scan_next(&reader->scan) != ':') {
        fail_unexpected(reader, "\":\"");
        return -1;
    }
    reader->scan.at++;
    json_t *value = read_value(reader);
    if (!value)
        return -1;

    const char *name;
    size_t size, members = json_object_size(object);
    if (string_value(reader, &step->name, &name, &size) < 0) {
        json_decref(value);
        return -1;
    }
    if (json_object_setn_new_nocheck(object, name, size, value) < 0)
        return cg_fail_memory(reader->err);
    if (json_object_size(object) > members)
        return 0;
    struct cg_finding finding = {.rule = "json.duplicate-name",
                                 .message = "a name that stands twice in one object",
                                 .expected = "each name once"};
    return ambiguous(reader, position, finding);
}

static json_t *read_object(struct reader *reader)
{
    struct step *step = enter(reader);
    CG_AUTO_JSON json_t *object = step ? made(reader, json_object()) : NULL;
    if (!object)
        return NULL;
    int next = cg_scan_next(&reader->scan);
    if (next == '}')
        return leave(reader, CG_STEAL(object));
    for (;; next = cg_scan_next(&reader->scan)) {
        step->kind = STEP_NONE;
        if (next != '"')
            return fail_unexpected(reader, "a name in double quotes");
        if (read_member(reader, step, object) < 0)
            return NULL;
        next = cg_scan_next(&reader->scan);
        if (next == '}')
            return leave(reader, CG_STEAL(object));
        if (next != ',')
            return fail_unexpected(reader, "\",\" or \"}\"");
        reader->scan.at++;
    }
}

static json_t *read_array(struct reader *reader)
{
    struct step *step = enter(reader);
    CG_AUTO_JSON json_t *array = step ? made(reader, json_array()) : NULL;
    if (!array)
        return NULL;
    if (cg_scan_next(&reader->scan) == ']')
        return leave(reader, CG_STEAL(array));
    step->kind = STEP_INDEX;
    for (step->index = 0;; step->index++) {
        json_t *value = read_value(reader);
        if (!value)
            return NULL;
        if (json_array_append_new(array, value) < 0)
            return made(reader, NULL);
        int next = cg_scan_next(&reader->scan);
        if (next == ']')
            return leave(reader, CG_STEAL(array));
        if (next != ',')
            return fail_unexpected(reader, "\",\" or \"]\"");
        reader->scan.at++;
    }
}

static json_t *read_value(struct reader *reader)
{
    int next = cg_scan_next(&reader->scan);
    if (reader->value_count++ == CG_JSON_VALUES_MAX)
        return fail_limit(reader, "too many values", "at most 2000000 values");
    switch (next) {
    case '{':
        return read_object(reader);
    case '[':
        return read_array(reader);
    case '"':
        return read_string(reader);
    case 't':
        return read_word(reader, "true", json_true());
    case 'f':
        return read_word(reader, "false", json_false());
    case 'n':
        return read_word(reader, "null", json_null());
    case 'N':
    case 'I':
        return fail_unexpected(reader, "a value; JSON has no NaN and no Infinity");
    default:
        if (next == '-' || (next >= '0' && next <= '9'))
            return read_number(reader);
        return fail_unexpected(reader, "a value");
    }
}

/* --- whole texts ---------------------------------------------------------------------------------------------------
 */

/* What a text in another encoding begins with, as far as it is worth a word of its own. */
static const char *foreign_encoding(const char *text, size_t size)
{
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        return "a byte order mark";
    if (size >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return "the byte order mark of UTF-16";
    return NULL;
}

static json_t *read_text(struct reader *reader, const char *text, size_t size)
{
    if (size > CG_JSON_SIZE_MAX)
        return fail_limit(reader, "the text is too large", "at most 67108864 bytes");
    const char *encoding = foreign_encoding(text, size);
    if (encoding) {
        struct cg_finding finding = {.rule = "json.syntax", .message = encoding, .expected = "UTF-8 without one"};
        return fail_at(reader, here(reader), CG_E_SYNTAX, finding);
    }
    CG_AUTO_JSON json_t *value = read_value(reader);
    if (!value)
        return NULL;
    if (cg_scan_next(&reader->scan) >= 0)
        return fail_unexpected(reader, "the end of the text");
    return CG_STEAL(value);
}

json_t *cg_json_read(const char *text, size_t size, struct cg_report *report, struct cg_error *err)
{
    struct reader reader;
    reader.report = report;
    reader.err = err;
    reader.scratch = (struct cg_bytes){0};
    reader.value_count = 0;
    reader.depth = 0;
    cg_scan_begin(&reader.scan, text, size);
    json_t *value = read_text(&reader, text, size);
    cg_bytes_finish(&reader.scratch);
    return value;
}
