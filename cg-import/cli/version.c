/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "version.h"
#include "output.h"

#include "cg/check.h"
#include "cg/digest.h"
#include "cg/json.h"
#include "cg/version.h"
#include "koji/version.h"

#include <string.h>

/* The schema's $id, and the sha256 of its text as it is in the repository. */
static int print_schema(FILE *out, struct cg_error *err)
{
    const char *text = cg_check_schema_text();
    CG_AUTO_JSON json_t *schema = cg_json_read(text, strlen(text), NULL, err);
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    struct cg_digests digests;
    if (!schema || !digest || cg_digest_update(digest, text, strlen(text), err) < 0 ||
        cg_digest_read(digest, &digests, err) < 0)
        return -1;
    const char *id = json_string_value(json_object_get(schema, "$id"));
    fprintf(out, "schema    %s\n          sha256 %s\n", id ? id : "without id", digests.sha256);
    return 0;
}

int version_print(FILE *out)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes libraries = {0};
    fprintf(out, "cg-import %s\nlibcg     %s, built in\n", CG_VERSION, cg_version());
    if (print_schema(out, &err) < 0 || cg_version_libraries(&libraries, &err) < 0) {
        output_error(stderr, "version", &err);
        return cg_code_info(err.code)->exit_status;
    }
    fprintf(out, "libraries %s\n          %s\n", cg_bytes_text(&libraries), koji_version_libraries());
    return EXIT_DONE;
}
