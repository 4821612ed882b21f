/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attest_dump DIRECTORY FILE...: what is told of the builds of metadata documents, written into the directory as
 * NAME.statement.json, NAME.POSITION.spdx.json, NAME.POSITION.cdx15.json and NAME.POSITION.cdx16.json, NAME being the
 * number of the document on the command line. For tests/conformance/test_attestations.py.
 */
#include "cg/attestation.h"
#include "cg/json.h"
#include "cg/provenance.h"

#include <stdio.h>

static int save(const char *directory, int number, const char *rest, json_t *stolen, struct cg_error *err)
{
    CG_AUTO_JSON json_t *document = stolen;
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (!document || cg_bytes_printf(&path, err, "%s/%d.%s.json", directory, number, rest) != 0)
        return -1;
    return json_dump_file(document, cg_bytes_text(&path), 0) == 0 ? 0 : cg_fail_errno(err, "write", path.data);
}

static int dump_bills(const char *directory, int number, const struct cg_attested *build, struct cg_error *err)
{
    static const struct {
        const char *name;
        enum cg_sbom form;
    } forms[] = {{"spdx", CG_SBOM_SPDX_2_3}, {"cdx15", CG_SBOM_CYCLONEDX_1_5}, {"cdx16", CG_SBOM_CYCLONEDX_1_6}};
    size_t i;
    const json_t *output;
    json_array_foreach(json_object_get(build->facts, "outputs"), i, output)
    {
        if (json_array_size(json_object_get(output, "components")) == 0 && !json_object_get(output, "image"))
            continue;
        for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
            char rest[64];
            snprintf(rest, sizeof rest, "%zu.%s", i, forms[f].name);
            if (save(directory, number, rest, cg_sbom_make(forms[f].form, build, i, err), err) != 0)
                return -1;
        }
    }
    return 0;
}

static int dump(const char *directory, int number, const char *file, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_json_load_file(file, &text, err) != 0)
        return -1;
    CG_AUTO_JSON json_t *document = cg_json_read(cg_bytes_text(&text), text.size, NULL, err);
    CG_AUTO_JSON json_t *facts = document ? cg_provenance_facts(document, err) : NULL;
    CG_AUTO_JSON json_t *log = json_pack("{s:i}", "index", 5);
    if (!facts)
        return -1;
    struct cg_attested build = {.facts = facts,
                                .hub = "koji",
                                .build_id = 12,
                                .import_id = "018bc2b5-6f2e-7c31-9c5e-2f1f8f6c6a01",
                                .imported_at = "2026-11-23T17:00:00.000Z",
                                .metadata_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                                .facts_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                                .log = log};
    if (save(directory, number, "statement", cg_attestation_statement(&build, err), err) != 0)
        return -1;
    return dump_bills(directory, number, &build, err);
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        struct cg_error err = {0};
        if (dump(argv[1], i - 2, argv[i], &err) != 0) {
            fprintf(stderr, "%s: %s\n", argv[i], err.message);
            return 1;
        }
    }
    return 0;
}
