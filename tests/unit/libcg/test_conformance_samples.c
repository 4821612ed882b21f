/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Documents of real content generators with a hub's verdict on each, when the shared samples are there. */
#include "unit.h"

#include "metadata_document.h"

#include "cg/check.h"
#include "cg/json.h"

#include <stdio.h>

/* Where the fault of a rejected sample is: one of our errors stands there. NULL: the hub accepts it. */
static const struct {
    const char *sample, *pointer;
} faults[] = {
    {"koji/docs-example.json", "/output/0/extra"},
    {"koji/cg_importer-default.json", "/output/0/extra"},
    {"atomic-reactor/example-koji-metadata-x86_64.json", "/build"},
    {"misoctl/ceph-deb.json", "/output/0/filename"},
    {"negative/01-metadata-version-1.json", "/metadata_version"},
    {"negative/03-no-source.json", "/build"},
    {"negative/04-no-extra.json", "/build"},
    {"negative/05-version-dash.json", "/build/version"},
    {"negative/06-start-time-text.json", "/build/start_time"},
    {"negative/08-typeinfo-duplicate.json", "/build/extra/typeinfo/image"},
    {"negative/09-task-id-mismatch.json", "/build/task_id"},
    {"negative/10-owner-int.json", "/build/owner"},
    {"negative/11-buildroot-unused.json", "/buildroots/1/id"},
    {"negative/12-buildroot-duplicate.json", "/buildroots/1/id"},
    {"negative/13-buildroot-missing.json", "/output/1/buildroot_id"},
    {"negative/14-two-generators.json", "/buildroots/1/content_generator/name"},
    {"negative/15-no-tools.json", "/buildroots/0"},
    {"negative/16-tools-duplicate.json", "/buildroots/0/tools/1/name"},
    {"negative/17-tool-version-null.json", "/buildroots/0/tools/0/version"},
    {"negative/18-cg-version-null.json", "/buildroots/0/content_generator/version"},
    {"negative/19-component-type.json", "/buildroots/0/components/0/type"},
    {"negative/20-component-rpm-location.json", "/buildroots/0/components/0/location"},
    {"negative/21-component-rpm-id.json", "/buildroots/0/components/0/id"},
    {"negative/22-kojifile-no-nvr.json", "/output/0/components/0"},
    {"negative/23-no-typeinfo.json", "/output/0/extra"},
    {"negative/24-output-two-types.json", "/output/0/extra/typeinfo/icm"},
    {"negative/25-output-type-not-in-build.json", "/output/0/extra/typeinfo/icm"},
    {"negative/26-btype-unknown.json", "/build/extra/typeinfo/nosuchtype"},
    {"negative/27-subdir-legacy.json", "/output/0/subdir"},
    {"negative/28-relpath-escape.json", "/output/1/relpath"},
    {"negative/29-filename-absolute.json", "/output/1/filename"},
    {"negative/30-checksum-sha1.json", "/output/0/checksum_type"},
    {"negative/31-checksum-adler32-archive.json", "/output/0/checksum_type"},
    {"negative/33-checksum-uppercase.json", "/output/0/checksum"},
    {"negative/34-extension-unknown.json", "/output/0/filename"},
    {"negative/35-image-arch-missing.json", "/output/0/extra/image"},
    {"negative/36-image-arch-long.json", "/output/0/extra/image/arch"},
    {"negative/37-filename-twice.json", "/output/2/filename"},
    {"negative/38-log-twice.json", "/output/2/filename"},
    {"negative/39-rpm-subdir.json", "/output/2/subdir"},
    {"negative/40-metadata-only.json", "/output/0/metadata_only"},
    {"negative/41-draft-archive.json", "/build/draft"},
    /* A fragment read back from a hub, which adds the legacy type to typeinfo when it imports. */
    {"kojiji/build-extra-ose-4.14.json", "/build/extra/typeinfo/image"},
    {NULL, NULL},
};

static const char *fault_of(const char *sample)
{
    size_t i = 0;
    while (faults[i].sample && strcmp(faults[i].sample, sample) != 0)
        i++;
    return faults[i].pointer;
}

static bool has_error_at(const struct cg_report *report, const char *pointer)
{
    for (size_t i = 0; i < cg_report_size(report); i++)
        if (cg_report_get(report, i)->level == CG_LEVEL_ERROR &&
            strcmp(cg_report_get(report, i)->pointer, pointer) == 0)
            return true;
    return false;
}

/* A fragment is the extra of a build; it is judged in a good document. */
static char *embedded(const char *fragment, size_t size)
{
    CG_AUTO_JSON json_t *document = metadata_document_good();
    json_t *extra = json_loadb(fragment, size, 0, NULL);
    assert_non_null(extra);
    assert_int_equal(json_object_set_new(json_object_get(document, "build"), "extra", extra), 0);
    return json_dumps(document, 0);
}

static void judge(const char *shared, const char *sample, const char *verdict)
{
    struct cg_error err = {0};
    char path[4096];
    CG_AUTO_BYTES struct cg_bytes text = {0};
    snprintf(path, sizeof path, "%s/samples/%s", shared, sample);
    assert_int_equal(cg_json_load_file(path, &text, &err), 0);
    bool fragment = strncmp(verdict, "not a document", 14) == 0;
    CG_AUTO_FREE char *document = fragment ? embedded(text.data, text.size) : strdup(cg_bytes_text(&text));
    CG_AUTO_REPORT struct cg_report *report = NULL;
    int result = cg_check(document, strlen(document), NULL, &report, NULL, &err);
    const char *fault = fault_of(sample);
    bool expected = strncmp(verdict, "accepts", 7) == 0 ? fault == NULL : fragment || fault != NULL;
    if (!expected)
        fail_msg("%s: the samples say %s, and this test knows of %s", sample, verdict, fault ? fault : "no fault");
    CG_AUTO_BYTES struct cg_bytes shown = {0};
    cg_report_text(report, &shown, &err);
    if (result != (fault != NULL) || (fault && !has_error_at(report, fault)))
        fail_msg("%s: the hub %s; our verdict is %d:\n%s", sample, verdict, result, cg_bytes_text(&shown));
}

/* The table of samples/README.md: | file | kind | verdict | ... */
static void judges_as_a_hub_does(void **state)
{
    (void)state;
    const char *shared = getenv("CG_SHARED") ? getenv("CG_SHARED") : "../shared";
    char path[4096];
    snprintf(path, sizeof path, "%s/samples/README.md", shared);
    CG_AUTO_FILE FILE *file = fopen(path, "r");
    if (!file) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    size_t count = 0, capacity = 0;
    CG_AUTO_FREE char *line = NULL;
    while (getline(&line, &capacity, file) > 0) {
        char sample[256], verdict[32];
        if (sscanf(line, "| %255[^ |] | %*[^|] | %31[^|]", sample, verdict) != 2 || !strstr(sample, ".json"))
            continue;
        judge(shared, sample, verdict);
        count++;
    }
    print_message("%zu samples\n", count);
    assert_true(count >= sizeof faults / sizeof faults[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges_as_a_hub_does)};
    return cmocka_run_group_tests_name("conformance_samples", tests, NULL, NULL);
}
