/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole check: any bytes get a verdict, and what is accepted has a view whose paths stay below their directory. */
#include "cg/check.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

static struct cg_checker *checker;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    struct cg_error err = {0};
    checker = cg_checker_create(&err);
    assert(checker);
    return 0;
}

static void check_view(const struct cg_metadata *metadata)
{
    struct cg_error err = {0};
    assert(!strchr(metadata->nvr, '/') && metadata->content_generator[0]);
    for (size_t i = 0; i < metadata->output_count; i++) {
        CG_AUTO_BYTES struct cg_bytes path = {0};
        assert(cg_output_path(&metadata->outputs[i], &path, &err) == 0);
        assert(path.data[0] != '/' && strncmp(path.data, "../", 3) != 0 && !strstr(path.data, "/../"));
        assert(metadata->outputs[i].kind != CG_OUTPUT_ARCHIVE || metadata->outputs[i].btype);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = NULL;
    CG_AUTO_METADATA struct cg_metadata *metadata = NULL;
    int verdict = cg_checker_check(checker, (const char *)data, size, NULL, &report, &metadata, &err);
    assert(verdict >= 0 || err.code == CG_E_LIMIT);
    if (verdict == 0)
        check_view(metadata);
    assert(verdict < 0 || (cg_report_count(report, CG_LEVEL_ERROR) > 0) == (verdict == 1));
    return 0;
}
