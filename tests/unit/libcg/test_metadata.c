/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "metadata_document.h"

#include "cg/check.h"
#include "cg/metadata.h"

static struct cg_metadata *view(json_t *document)
{
    struct cg_error err = {0};
    struct cg_metadata *metadata = cg_metadata_create(document, &err);
    if (!metadata)
        fail_msg("%s", err.message);
    return metadata;
}

static void shows_the_build(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *document = metadata_document_good();
    CG_AUTO_METADATA struct cg_metadata *metadata = view(document);
    assert_string_equal(metadata->name, "test-container");
    assert_string_equal(metadata->version, "1.0");
    assert_string_equal(metadata->release, "1");
    assert_string_equal(metadata->nvr, "test-container-1.0-1");
    assert_string_equal(metadata->content_generator, "atomic-reactor");
    assert_false(metadata->has_epoch);
    assert_false(metadata->draft);
    assert_int_equal(metadata->build_id, 0);
    assert_ptr_equal(metadata->document, document);
}

static void shows_what_is_optional(void **state)
{
    (void)state;
    static const struct {
        const char *epoch, *build_id, *draft;
        bool has_epoch, is_draft;
        int64_t expected_epoch, expected_id;
    } builds[] = {
        {"3", "12", "true", true, true, 3, 12},
        {"0", "0", "false", true, false, 0, 0},
        {"null", "null", "null", false, false, 0, 0},
        {"2.0", "1", "true", true, true, 2, 1},
    };
    for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
        CG_AUTO_JSON json_t *document = metadata_document_good();
        metadata_document_edit(document, "/build/epoch", builds[i].epoch);
        metadata_document_edit(document, "/build/build_id", builds[i].build_id);
        metadata_document_edit(document, "/build/draft", builds[i].draft);
        CG_AUTO_METADATA struct cg_metadata *metadata = view(document);
        assert_int_equal(metadata->has_epoch, builds[i].has_epoch);
        assert_int_equal(metadata->epoch, builds[i].expected_epoch);
        assert_int_equal(metadata->build_id, builds[i].expected_id);
        assert_int_equal(metadata->draft, builds[i].is_draft);
    }
}

static void shows_each_output(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *document = metadata_document_good();
    metadata_document_edit(document, "/output/0/extra", "{'typeinfo': {'icm': {}}}");
    metadata_document_edit(document, "/output/0/subdir", "'a/b'");
    metadata_document_edit(document, "/output/0/checksum_type", "'sha256'");
    metadata_document_edit(document, "/output/0/filesize", "9007199254740991");
    metadata_document_edit(document, "/output/1/relpath", "'logs'");
    metadata_document_edit(document, "/output/1/subdir", "''");
    metadata_document_edit(document, "/output/1/filesize", "8.0");
    metadata_document_edit(document, "/output/-",
                           "{'type': 'rpm', 'filename': 'd/a.rpm', 'filesize': 0, 'checksum': 'ab', "
                           "'checksum_type': 'adler32'}");
    CG_AUTO_METADATA struct cg_metadata *metadata = view(document);
    assert_int_equal(metadata->output_count, 3);

    const struct cg_output *archive = &metadata->outputs[0], *log = &metadata->outputs[1], *rpm = &metadata->outputs[2];
    assert_int_equal(archive->kind, CG_OUTPUT_ARCHIVE);
    assert_string_equal(archive->type, "docker-image");
    assert_string_equal(archive->btype, "icm");
    assert_string_equal(archive->filename, "image.tar.gz");
    assert_string_equal(archive->relpath, "");
    assert_string_equal(archive->subdir, "a/b");
    assert_int_equal(archive->size_bytes, 9007199254740991);
    assert_int_equal(archive->checksum_kind, CG_DIGEST_SHA256);
    assert_ptr_equal(archive->json, json_array_get(json_object_get(document, "output"), 0));

    assert_int_equal(log->kind, CG_OUTPUT_LOG);
    assert_null(log->btype);
    assert_null(log->subdir);
    assert_string_equal(log->relpath, "logs");
    assert_string_equal(log->checksum, "0123456789abcdef0123456789abcdef");
    assert_int_equal(log->size_bytes, 8);
    assert_int_equal(log->checksum_kind, CG_DIGEST_MD5);

    assert_int_equal(rpm->kind, CG_OUTPUT_RPM);
    assert_null(rpm->btype);
    assert_int_equal(rpm->checksum_kind, CG_DIGEST_ADLER32);
    assert_int_equal(rpm->size_bytes, 0);
}

static void joins_the_path_below_the_upload_directory(void **state)
{
    (void)state;
    static const struct {
        struct cg_output output;
        const char *path;
    } outputs[] = {
        {{.relpath = "", .filename = "a.log"}, "a.log"},
        {{.relpath = "x/y", .filename = "d/a.log"}, "x/y/d/a.log"},
    };
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes path = {0};
        assert_int_equal(cg_output_path(&outputs[i].output, &path, &err), 0);
        assert_string_equal(cg_bytes_text(&path), outputs[i].path);
    }
}

static void refuses_what_no_check_let_pass(void **state)
{
    (void)state;
    static const struct {
        const char *pointer, *value, *message;
    } broken[] = {
        {"/build/name", NULL, "/build of the metadata is not what the rules let pass"},
        {"/buildroots/0/content_generator/name", "7",
         "/buildroots/0/content_generator of the metadata is not what the rules let pass"},
        {"/output/0/filesize", "-1", "an output of the metadata is not what the rules let pass"},
        {"/output/0/filesize", "'8'", "an output of the metadata is not what the rules let pass"},
        {"/output/0/checksum_type", "'crc'", "an output of the metadata is not what the rules let pass"},
        {"/output/0/extra", "{}", "an output of the metadata is not what the rules let pass"},
        {"/output/1", "7", "an output of the metadata is not what the rules let pass"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_JSON json_t *document = metadata_document_good();
        metadata_document_edit(document, broken[i].pointer, broken[i].value);
        assert_null(cg_metadata_create(document, &err));
        assert_error(&err, CG_E_INTERNAL, broken[i].message);
    }
    cg_metadata_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_the_build),
        cmocka_unit_test(shows_what_is_optional),
        cmocka_unit_test(shows_each_output),
        cmocka_unit_test(joins_the_path_below_the_upload_directory),
        cmocka_unit_test(refuses_what_no_check_let_pass),
    };
    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
