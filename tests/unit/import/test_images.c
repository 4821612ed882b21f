/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When images are looked into, and which facts are kept. The reader is this very program. */
#include "image_tar.h"
#include "metadata_document.h"
#include "scratch.h"
#include "unit.h"

#include "cg/check.h"
#include "content/image_reader.h"
#include "import/images.h"

#include <signal.h>

/* A build of one image, a keeper, and what they were asked. */
struct fixture {
    struct cg_metadata *metadata;
    struct import_images images;
    struct import_image_keeper keeper;
    json_t *kept; /* what the keeper has */
    unsigned keeps, notes;
};

static json_t *find(void *context, const char *path)
{
    const struct fixture *f = context;
    assert_string_equal(path, "image.tar.gz");
    return json_incref(f->kept);
}

static void keep(void *context, const char *path, const json_t *facts)
{
    struct fixture *f = context;
    assert_string_equal(path, "image.tar.gz");
    json_decref(f->kept);
    f->kept = json_deep_copy(facts);
    f->keeps++;
}

static void noted(void *context, const char *line)
{
    struct fixture *f = context;
    assert_non_null(strstr(line, "is a placeholder"));
    f->notes++;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = NULL;
    scratch_clear();
    scratch_make_directory("files");
    assert_int_equal(
        cg_check(metadata_document_text, strlen(metadata_document_text), NULL, &report, &f->metadata, &err), 0);
    f->keeper = (struct import_image_keeper){.find = find, .keep = keep, .context = f};
    f->images.levels = cg_image_levels_default();
    f->images.reader.directory = scratch_path("");
    f->images.keeper = &f->keeper;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    cg_metadata_destroy(f->metadata);
    json_decref(f->kept);
    free(f);
    return 0;
}

/* Looks; the rule of the first finding, "" for none. */
static const char *look(struct fixture *f, int expected)
{
    static char rule[64];
    struct cg_error err = {0};
    const struct import_images_watch watch = {.note = noted, .context = f};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    assert_int_equal(import_images_check(f->metadata, scratch_path("files"), &f->images, &watch, report, &err),
                     expected);
    assert_string_equal(err.message, "");
    snprintf(rule, sizeof rule, "%s", cg_report_size(report) > 0 ? cg_report_get(report, 0)->rule : "");
    return rule;
}

static void write_image(const char *instead)
{
    CG_AUTO_BYTES struct cg_bytes archive = {0};
    CG_AUTO_BYTES struct cg_bytes layer = {0};
    char id[72];
    image_tar_end(&layer);
    image_tar_docker(&archive, &layer, id);
    if (instead)
        scratch_write("files/image.tar.gz", instead);
    else
        scratch_write_bytes("files/image.tar.gz", archive.data, archive.size, 0600);
}

static void an_image_is_looked_into_and_the_facts_are_kept(void **state)
{
    struct fixture *f = *state;
    write_image(NULL);
    assert_string_equal(look(f, 1), "image.config-digest");
    assert_int_equal(f->keeps, 1);
    /* Known now: the file is not needed any more, and nothing is kept anew. */
    write_image("die");
    assert_string_equal(look(f, 1), "image.config-digest");
    assert_int_equal(f->keeps, 1);
}

static void facts_that_may_change_are_not_kept(void **state)
{
    struct fixture *f = *state;
    write_image("die");
    assert_string_equal(look(f, 1), "image.unread");
    assert_int_equal(f->keeps, 0);
    write_image("no archive");
    assert_string_equal(look(f, 1), "image.none");
    assert_int_equal(f->keeps, 1);
}

static void without_a_keeper_it_is_looked_every_time(void **state)
{
    struct fixture *f = *state;
    f->images.keeper = NULL;
    write_image(NULL);
    assert_string_equal(look(f, 1), "image.config-digest");
    write_image("die");
    assert_string_equal(look(f, 1), "image.unread");
}

static void a_file_that_is_not_there_is_stepped_over(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(look(f, 0), "");
    scratch_make_directory("files/image.tar.gz");
    assert_string_equal(look(f, 0), "");
    assert_int_equal(f->keeps, 0);
}

static void a_placeholder_is_noted(void **state)
{
    struct fixture *f = *state;
    f->kept = json_pack("{s:s, s:[], s:[]}", "form", "placeholder", "faults", "images");
    assert_string_equal(look(f, 0), "");
    assert_int_equal(f->notes, 1);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], IMAGE_READER_VERB) == 0) {
        char word[4] = "";
        if (pread(IMAGE_READER_ARCHIVE, word, 3, 0) == 3 && strcmp(word, "die") == 0)
            raise(SIGKILL);
        return image_reader_main(argc - 1, argv + 1);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_image_is_looked_into_and_the_facts_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(facts_that_may_change_are_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_keeper_it_is_looked_every_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_there_is_stepped_over, setup, teardown),
        cmocka_unit_test_setup_teardown(a_placeholder_is_noted, setup, teardown),
    };
    return cmocka_run_group_tests_name("images", tests, scratch_create, scratch_remove);
}
