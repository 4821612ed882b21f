/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "allocation.h"
#include "metadata_document.h"
#include "unit.h"

#include "cg/check.h"
#include "cg/image.h"

#define DOCKER                                                                                                         \
    "{'id': 'sha256:1', 'layer_sizes': [{'diff_id': 'sha256:a', 'size': 1}, {'diff_id': 'sha256:b', 'size': 9}],"      \
    " 'config': {'config': {'Labels': {'name': 'x'}}}, 'digests': {'type/a': 'sha256:m'}}"
#define RPM(name, version)                                                                                             \
    "{'name': '" name "', 'epoch': null, 'version': '" version "', 'release': '1', 'arch': 'noarch', 'sigmd5': 'd'}"
#define IMAGE                                                                                                          \
    "{'config_digest': 'sha256:1', 'manifest_digest': 'sha256:m', 'manifest_type': 'type/a', 'architecture': 'amd64'," \
    " 'labels': {'name': 'x'}, 'diff_ids': ['sha256:a', 'sha256:b'],"                                                  \
    " 'layers': [{'digest': 'sha256:p', 'diff_id': 'sha256:a'}, {'digest': 'sha256:q', 'diff_id': 'sha256:b'}],"       \
    " 'rpmdb': {'path': 'p', 'backend': 'sqlite', 'rpms': [" RPM("bash", "1") "]}}"
#define FACTS "{'form': 'docker-archive', 'compression': 'gzip', 'faults': [], 'images': [" IMAGE "]}"

/* One output, which is an image as stated, and facts on it. */
struct fixture {
    json_t *document;
    struct cg_metadata metadata;
    struct cg_output output;
    json_t *facts;
    struct cg_image_levels levels;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->document = metadata_document_value("{'type': 'docker-image', 'arch': 'x86_64', 'filename': 'i.tar',"
                                          " 'components': [{'type': 'rpm', 'name': 'bash', 'version': '1',"
                                          " 'release': '1', 'arch': 'noarch', 'epoch': null, 'sigmd5': 'd'}],"
                                          " 'extra': {'image': {'arch': 'x86_64'}, 'docker': " DOCKER "}}");
    f->output =
        (struct cg_output){.kind = CG_OUTPUT_ARCHIVE, .type = "docker-image", .filename = "i.tar", .json = f->document};
    f->metadata = (struct cg_metadata){.outputs = &f->output, .output_count = 1};
    f->facts = metadata_document_value(FACTS);
    f->levels = cg_image_levels_default();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    json_decref(f->document);
    json_decref(f->facts);
    free(f);
    return 0;
}

/* "RULE POINTER: MESSAGE\n" of all findings; to be freed. */
static char *judge(struct fixture *f, int expected)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    struct cg_bytes text = {0};
    char *note = NULL;
    assert_int_equal(cg_image_check(&f->metadata, 0, f->facts, &f->levels, report, &note, &err), expected);
    assert_null(note);
    for (size_t i = 0; i < cg_report_size(report); i++) {
        const struct cg_finding *finding = cg_report_get(report, i);
        cg_bytes_printf(&text, NULL, "%s %s: %s\n", finding->rule, finding->pointer, finding->message);
    }
    char *told = cg_bytes_steal(&text);
    return told ? told : strdup("");
}

static void expect(struct fixture *f, const char *findings)
{
    CG_AUTO_FREE char *told = judge(f, findings[0] != '\0');
    assert_string_equal(told, findings);
}

static void an_image_as_stated_has_no_findings(void **state)
{
    expect(*state, "");
}

static void each_difference_is_a_finding(void **state)
{
    static const struct {
        const char *pointer, *value; /* of the facts */
        const char *finding;
    } cases[] = {
        {"/images/0/config_digest", "\"sha256:2\"",
         "image.config-digest /output/0/extra/docker/id: the image in the archive has another id, which is the digest "
         "of its "
         "configuration\n"},
        {"/images/0/diff_ids/1", "\"sha256:c\"",
         "image.layers /output/0/filename: layer 1 (from 0) in the archive is another than the image's configuration "
         "names\n"},
        {"/images/0/diff_ids/1", NULL,
         "image.layers /output/0/filename: the image's configuration names 1 layers, the archive has 2\n"},
        {"/images/0/diff_ids", NULL, "image.layers /output/0/filename: the image's configuration names no layers\n"},
        {"/images/0/manifest_digest", "\"sha256:n\"",
         "image.manifest-digest /output/0/extra/docker/digests: the manifest in the archive (type/a) is another than "
         "stated\n"},
        {"/images/0/manifest_type", "\"type/b\"", ""},
        {"/images/0/architecture", "\"arm64\"",
         "image.architecture /output/0/extra/image/arch: the image in the archive is for another machine than "
         "x86_64\n"},
        {"/images/0/architecture", NULL, ""},
        {"/images/0/labels", NULL,
         "image.labels /output/0/extra/docker/config: 1 label is not the same in the image's configuration: name\n"},
        {"/images/0/rpmdb", NULL, ""},
        {"/images/0/rpmdb", "null",
         "image.rpm-database /output/0/components: the image has no rpm database, and 1 rpm is among the components\n"},
        {"/images/0/rpmdb", "{\"path\": \"p\", \"backend\": \"ndb\", \"fault\": \"why\"}",
         "image.rpm-database /output/0/components: the rpm database p of the image (ndb) cannot be read: why\n"},
        {"/images/0/rpmdb/rpms/0/version", "\"2\"",
         "image.rpm-differs /output/0/components: 1 rpm is in the image in another build than stated: bash-2-1.noarch "
         "(stated bash-1-1.noarch)\n"},
        {"/images/0/rpmdb/rpms/0/sigmd5", "\"e\"",
         "image.rpm-differs /output/0/components: 1 rpm is in the image in another build than stated: bash-1-1.noarch "
         "(sigmd5 e, stated d)\n"},
        {"/images/0/rpmdb/rpms/0/sigmd5", "null", ""},
        {"/images/0/rpmdb/rpms/0/epoch", "0", ""},
        {"/images/0/rpmdb/rpms/0/epoch", "2",
         "image.rpm-differs /output/0/components: 1 rpm is in the image in another build than stated: "
         "bash-2:1-1.noarch "
         "(stated bash-1-1.noarch)\n"},
        {"/images/0/rpmdb/rpms/0", NULL,
         "image.rpm-missing /output/0/components: 1 rpm is not in the image, though among the components: "
         "bash-1-1.noarch\n"},
        {"/images/0/rpmdb/rpms/0/arch", "\"x\"",
         "image.rpm-missing /output/0/components: 1 rpm is not in the image, though among the components: "
         "bash-1-1.noarch\n"
         "image.rpm-extra /output/0/components: 1 rpm is in the image, though not among the components: bash-1-1.x\n"},
        {"/images/0", NULL, "image.none /output/0/filename: the file is no image archive\n"},
        {"/faults/-", "{\"kind\": \"broken\", \"text\": \"cut\"}",
         "image.broken /output/0/filename: the image archive is broken: cut\n"},
        {"/faults/-", "{\"kind\": \"unread\", \"text\": \"died\"}",
         "image.unread /output/0/filename: could not judge the image archive: died\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture *f = *state;
        json_decref(f->facts);
        f->facts = metadata_document_value(FACTS);
        metadata_document_edit(f->facts, cases[i].pointer, cases[i].value);
        expect(f, cases[i].finding);
    }
}

static void what_the_metadata_does_not_say_is_not_compared(void **state)
{
    struct fixture *f = *state;
    static const char *const gone[] = {"/extra/docker", "/extra/image", "/components"};
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        metadata_document_edit(f->document, gone[i], NULL);
    metadata_document_edit(f->document, "/arch", "\"noarch\"");
    expect(f, "");
    metadata_document_edit(f->document, "/components", "\"\"");
    expect(f, "");
    metadata_document_edit(f->document, "/components", "[]");
    expect(f, "image.rpm-extra /output/0/components: 1 rpm is in the image, though not among the components: "
              "bash-1-1.noarch\n");
}

static void faults_are_counted_in_one_finding_and_end_the_comparison(void **state)
{
    struct fixture *f = *state;
    metadata_document_edit(f->facts, "/images/0/config_digest", "\"sha256:2\"");
    for (int i = 0; i < 3; i++)
        metadata_document_edit(f->facts, "/faults/-", "{\"kind\": \"broken\", \"text\": \"cut\"}");
    expect(f, "image.broken /output/0/filename: the image archive is broken: cut (and 2 more)\n");
}

static void a_list_names_ten_and_counts_the_rest(void **state)
{
    struct fixture *f = *state;
    for (int more = 9; more <= 10; more++) {
        json_t *rpms = json_array();
        for (int i = 0; i <= more; i++)
            json_array_append_new(rpms, json_pack("{s:o, s:s, s:s, s:s}", "name", json_sprintf("p%02d", i), "version",
                                                  "1", "release", "1", "arch", "a"));
        json_object_set_new(json_object_get(json_array_get(json_object_get(f->facts, "images"), 0), "rpmdb"), "rpms",
                            rpms);
        metadata_document_edit(f->document, "/components", "[]");
        CG_AUTO_FREE char *told = judge(f, 1);
        const char *end = more == 9 ? "p08-1-1.a, p09-1-1.a\n" : "p09-1-1.a and 1 more\n";
        assert_string_equal(told + strlen(told) - strlen(end), end);
    }
}

static void of_several_images_the_stated_one_counts(void **state)
{
    struct fixture *f = *state;
    metadata_document_edit(f->facts, "/images/-", "{\"config_digest\": \"sha256:9\", \"layers\": []}");
    expect(f, "");
    metadata_document_edit(f->document, "/extra/docker", "{\"id\": \"sha256:9\"}");
    expect(f, "image.layers /output/0/filename: the image's configuration names no layers\n");
}

static void a_placeholder_is_a_note(void **state)
{
    struct fixture *f = *state;
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    CG_AUTO_FREE char *note = NULL;
    json_decref(f->facts);
    f->facts = metadata_document_value("{'form': 'placeholder', 'note': 'see elsewhere', 'faults': [], 'images': []}");
    assert_int_equal(cg_image_check(&f->metadata, 0, f->facts, &f->levels, report, &note, &err), 0);
    assert_string_equal(note, "i.tar is a placeholder, not an image, so nothing of it was compared: see elsewhere");
    assert_int_equal(cg_report_size(report), 0);
    assert_int_equal(cg_image_check(&f->metadata, 0, f->facts, &f->levels, report, NULL, &err), 0);
}

static void facts_of_any_form_are_survived(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "7",
        "{'form': 3, 'faults': 1, 'images': 'x'}",
        "{'faults': [1, {}], 'images': [[], 2]}",
        "{'faults': [], 'images': [{'layers': [1], 'diff_ids': [2], 'config_digest': 4}]}",
        "{'faults': [], 'images': [{'labels': 3, 'rpmdb': {'rpms': [4, {}, {'name': 3, 'epoch': 'x'}]}}]}"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        json_decref(f->facts);
        f->facts = metadata_document_value(texts[i]);
        assert_true(cg_image_check(&f->metadata, 0, f->facts, &f->levels, report, NULL, &err) >= 0);
    }
}

static void levels_are_chosen(void **state)
{
    struct fixture *f = *state;
    struct cg_error err = {0};
    metadata_document_edit(f->facts, "/images/0/config_digest", "\"sha256:2\"");
    static const struct {
        const char *text;
        size_t errors, warnings;
    } cases[] = {{"config-digest=error", 1, 0},
                 {"image.config-digest=warning", 0, 1},
                 {"off", 0, 0},
                 {"warning", 0, 1},
                 {"labels=error", 0, 1},
                 {"error", 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        assert_int_equal(cg_image_levels_set(&f->levels, cases[i].text, &err), 0);
        assert_int_equal(cg_image_check(&f->metadata, 0, f->facts, &f->levels, report, NULL, &err),
                         cases[i].errors + cases[i].warnings);
        assert_int_equal(cg_report_count(report, CG_LEVEL_ERROR), cases[i].errors);
        assert_int_equal(cg_report_count(report, CG_LEVEL_WARNING), cases[i].warnings);
    }
    assert_int_equal(cg_image_levels_set(&f->levels, "labels=loud", &err), -1);
    assert_error(&err, CG_E_USAGE, "a level of image findings is off, warning or error, not \"loud\"");
    assert_int_equal(cg_image_levels_set(&f->levels, "image.label=off", &err), -1);
    assert_error(&err, CG_E_USAGE, "there is no rule image.label");
    assert_true(cg_image_has_rule("image.rpm-extra"));
    assert_false(cg_image_has_rule("image.arch"));
}

static void what_claims_to_be_an_image(void **state)
{
    struct fixture *f = *state;
    assert_true(cg_image_is_claimed(&f->output));
    f->output.type = "tar";
    assert_true(cg_image_is_claimed(&f->output));
    metadata_document_edit(f->document, "/extra/docker", NULL);
    assert_false(cg_image_is_claimed(&f->output));
    f->output.type = "ociarchive";
    assert_true(cg_image_is_claimed(&f->output));
    f->output.kind = CG_OUTPUT_LOG;
    assert_false(cg_image_is_claimed(&f->output));
}

static void survives_failed_allocations(void **state)
{
    struct fixture *f = *state;
    metadata_document_edit(f->facts, "/images/0/config_digest", "\"sha256:2\"");
    metadata_document_edit(f->facts, "/images/0/labels", "{\"other\": \"y\"}");
    metadata_document_edit(f->facts, "/images/0/rpmdb/rpms/0/version", "\"2\"");
    metadata_document_edit(f->facts, "/images/0/rpmdb/rpms/-", "{\"name\": \"more\"}");
    int result = -1;
    for (unsigned long n = 1; result < 0; n++) {
        struct cg_error err = {0};
        CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
        allocation_fail_at(n);
        result = cg_image_check(&f->metadata, 0, f->facts, &f->levels, report, NULL, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (result < 0) {
            assert_true(failed);
            assert_int_equal(err.code, CG_E_MEMORY);
        }
    }
    assert_int_equal(result, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_image_as_stated_has_no_findings, setup, teardown),
        cmocka_unit_test_setup_teardown(each_difference_is_a_finding, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_metadata_does_not_say_is_not_compared, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_are_counted_in_one_finding_and_end_the_comparison, setup, teardown),
        cmocka_unit_test_setup_teardown(a_list_names_ten_and_counts_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(of_several_images_the_stated_one_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_placeholder_is_a_note, setup, teardown),
        cmocka_unit_test_setup_teardown(facts_of_any_form_are_survived, setup, teardown),
        cmocka_unit_test_setup_teardown(levels_are_chosen, setup, teardown),
        cmocka_unit_test_setup_teardown(what_claims_to_be_an_image, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_failed_allocations, setup, teardown),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
