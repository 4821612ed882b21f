/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vectors.h"

#include "unit.h"

#include "cg/base64.h"
#include "cg/json.h"

void vectors_load(const char *name, struct cg_bytes *content)
{
    char path[4096];
    const char *shared = getenv("CG_SHARED");
    snprintf(path, sizeof path, "%s/vectors/%s", shared ? shared : "../shared", name);
    if (access(path, R_OK) != 0) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    struct cg_error err = {0};
    if (cg_json_load_file(path, content, &err) < 0)
        fail_msg("%s", err.message);
}

json_t *vectors_json(const char *name)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    vectors_load(name, &text);
    if (!strstr(name, ".jsonl"))
        return json_loadb(text.data, text.size, 0, NULL);
    json_t *list = json_array();
    for (char *line = strtok(text.data, "\n"); line; line = strtok(NULL, "\n"))
        /* Sizes up to 2^64 - 1 stand in the vectors: jansson reads those beyond its integers as doubles. */
        json_array_append_new(list, json_loads(line, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL));
    return list;
}

bool vectors_base64(const json_t *text, void *data, size_t size)
{
    return cg_base64_decode_exactly(json_string_value(text), json_string_length(text), data, size, NULL) == 0;
}

bool vectors_proof(const json_t *list, struct cg_merkle_proof *proof)
{
    proof->count = json_array_size(list);
    assert_true(proof->count <= CG_MERKLE_PROOF_MAX);
    for (size_t i = 0; i < proof->count; i++)
        if (!vectors_base64(json_array_get(list, i), proof->hashes[i].bytes, CG_MERKLE_HASH_SIZE))
            return false;
    return true;
}
