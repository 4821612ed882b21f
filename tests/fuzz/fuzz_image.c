/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader of image archives, less librpm, which has no directory to find a database in: whatever the bytes are,
 * there are facts, and these are data that the rules can judge. However the bytes are cut, the facts are the same.
 */
#include "content/image_reader.h"

#include "cg/image.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
    const uint8_t *data;
    size_t size, piece;
};

static ssize_t pull(void *context, const void **data, struct cg_error *err)
{
    struct memory *memory = context;
    (void)err;
    size_t size = memory->size < memory->piece ? memory->size : memory->piece;
    *data = memory->data;
    memory->data += size;
    memory->size -= size;
    return (ssize_t)size;
}

static json_t *facts_of(const uint8_t *data, size_t size, size_t piece)
{
    struct memory memory = {.data = data, .size = size, .piece = piece};
    const struct image_budget budget = {
        .unpacked_bytes = 16U << 20, .entries = 10000, .kept_bytes = 0, .json_bytes = 4U << 20};
    struct cg_error err = {0};
    json_t *facts = image_read((struct image_source){pull, &memory}, budget, -1, "/nonexistent", &err);
    assert(facts);
    return facts;
}

static void judge(const json_t *facts)
{
    CG_AUTO_JSON json_t *document =
        json_pack("{s:s, s:[], s:{s:{s:s, s:{s:{s:{s:s}}}}}}", "arch", "x86_64", "components", "extra", "docker", "id",
                  "x", "config", "config", "Labels", "a", "b");
    struct cg_output output = {.kind = CG_OUTPUT_ARCHIVE, .type = "docker-image", .filename = "i", .json = document};
    const struct cg_metadata metadata = {.outputs = &output, .output_count = 1};
    const struct cg_image_levels levels = cg_image_levels_default();
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(NULL);
    CG_AUTO_FREE char *note = NULL;
    assert(document && report && cg_image_check(&metadata, 0, facts, &levels, report, &note, NULL) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CG_AUTO_JSON json_t *whole = facts_of(data, size, SIZE_MAX);
    CG_AUTO_JSON json_t *pieces = facts_of(data, size, 600);
    assert(json_is_array(json_object_get(whole, "faults")) && json_is_array(json_object_get(whole, "images")));
    judge(whole);
    /* A sentence of libarchive may tell how far it came. */
    assert(json_equal(json_object_get(whole, "images"), json_object_get(pieces, "images")));
    return 0;
}
