/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The JSON reader against jansson's: what we accept without a finding, jansson reads as the same value, and what
 * jansson accepts, we accept or say why not. Then the report of it in both forms.
 */
#include "cg/json.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_findings(const struct cg_report *report, const json_t *value)
{
    for (size_t i = 0; i < cg_report_size(report); i++) {
        const struct cg_finding *finding = cg_report_get(report, i);
        assert(finding->line > 0 && finding->column > 0);
        bool is_whole = strlen(finding->pointer) < CG_REPORT_TEXT_MAX && !strstr(finding->pointer, "\\u0000");
        /* Of two members the last is kept, so a place in the first may be gone. */
        if (value && is_whole && cg_report_size(report) == 1)
            assert(cg_pointer_get(value, finding->pointer));
    }
}

static void check_forms(struct cg_report *report, const json_t *value)
{
    struct cg_error err = {0};
    cg_report_sort(report, value);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    assert(cg_report_text(report, &text, &err) == 0);
    for (size_t i = 0; i < text.size; i++)
        assert(text.data[i] == '\n' || (unsigned char)text.data[i] >= 0x20);
    CG_AUTO_JSON json_t *json = cg_report_json(report, &err);
    assert(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cg_error err = {0}, strict = {0};
    const char *text = (const char *)data;
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_JSON json_t *value = cg_json_read(text, size, report, &err);
    size_t findings = cg_report_size(report);
    assert(value ? err.code == CG_OK : (err.code == CG_E_SYNTAX || err.code == CG_E_LIMIT) && findings > 0);
    check_findings(report, value);

    json_error_t ignored;
    CG_AUTO_JSON json_t *by_jansson =
        json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &ignored);
    if (value && findings == 0 && json_error_code(&ignored) != json_error_null_byte_in_key)
        assert(json_equal(value, by_jansson));
    /* jansson 2.14 takes a NUL byte for the end of the text. */
    if (by_jansson && !memchr(text, '\0', size))
        assert(value || err.code == CG_E_LIMIT);
    CG_AUTO_JSON json_t *without_report = cg_json_read(text, size, NULL, &strict);
    assert((without_report != NULL) == (value && findings == 0));
    check_forms(report, value);
    return 0;
}
