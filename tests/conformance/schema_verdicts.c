/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The schema layer alone, for comparing it with another validator: reads one JSON document a line and writes "valid"
 * or "invalid" for each, by the schema that is built in.
 */
#include "cg/check.h"
#include "cg/json.h"
#include "cg/schema.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *root = cg_json_read(cg_check_schema_text(), strlen(cg_check_schema_text()), NULL, &err);
    CG_AUTO_SCHEMA struct cg_schema *schema =
        root ? cg_schema_compile(root, NULL, NULL, 0, CG_SCHEMA_UNKNOWN_REFUSE, &err) : NULL;
    CG_AUTO_FREE char *line = NULL;
    size_t capacity = 0;
    for (ssize_t length; schema && (length = getline(&line, &capacity, stdin)) > 0;) {
        CG_AUTO_JSON json_t *document = cg_json_read(line, (size_t)length, NULL, &err);
        int result = document ? cg_schema_check(schema, document, NULL, &err) : -1;
        if (result < 0)
            break;
        puts(result == 0 ? "valid" : "invalid");
    }
    if (err.code != CG_OK)
        fprintf(stderr, "schema_verdicts: %s\n", err.message);
    return err.code == CG_OK ? 0 : 1;
}
