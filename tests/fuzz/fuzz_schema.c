/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first line is a schema, the rest an instance: no crash, one verdict, findings exactly for what is not valid. */
#include "cg/json.h"
#include "cg/schema.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static json_t *read_value(const uint8_t *data, size_t size)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *ignored = cg_report_create(&err);
    return ignored ? cg_json_read((const char *)data, size, ignored, &err) : NULL;
}

static void require_findings(const struct cg_report *report, const json_t *instance)
{
    for (size_t i = 0; i < cg_report_size(report); i++) {
        const struct cg_finding *finding = cg_report_get(report, i);
        require(strncmp(finding->rule, "schema.", 7) == 0 && finding->schema_pointer && finding->got);
        /* A pointer that was cut, or that has a name with U+0000 or a byte that is shown otherwise, leads nowhere. */
        bool plain = strlen(finding->pointer) < 200 && !strstr(finding->pointer, "\\u0000");
        require(!plain || cg_pointer_get(instance, finding->pointer));
    }
}

static void check(const struct cg_schema *schema, const json_t *instance)
{
    struct cg_error err = {0}, quiet = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    require(report != NULL);
    int result = cg_schema_check(schema, instance, report, &err);
    int verdict = cg_schema_check(schema, instance, NULL, &quiet);
    require((result == -1) == (err.code == CG_E_LIMIT) && err.code != CG_E_MEMORY);
    if (result == -1)
        return;
    require(result == verdict);
    require((cg_report_count(report, CG_LEVEL_ERROR) > 0) == (result == 1));
    require_findings(report, instance);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    if (!end)
        return 0;
    CG_AUTO_JSON json_t *root = read_value(data, (size_t)(end - data));
    CG_AUTO_JSON json_t *instance = read_value(end + 1, size - (size_t)(end - data) - 1);
    if (!root || !instance)
        return 0;
    struct cg_error err = {0};
    CG_AUTO_SCHEMA struct cg_schema *schema =
        cg_schema_compile(root, "https://example.com/s", NULL, 0, CG_SCHEMA_UNKNOWN_IGNORE, &err);
    require((schema == NULL) == (err.code != CG_OK));
    require(schema || err.code == CG_E_SCHEMA || err.code == CG_E_LIMIT);
    if (schema)
        check(schema, instance);
    return 0;
}
