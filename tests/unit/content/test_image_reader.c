/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading an archive in this process: what the facts are, the amounts it may take, and what breaks on the way. */
#include "allocation.h"
#include "image_tar.h"
#include "scratch.h"
#include "unit.h"

#include "content/image_describe.h"
#include "content/image_reader.h"

#include <fcntl.h>

/* librpm leaves a database open that it cannot read; the process that reads for the program does not live on. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libsqlite3";
}

/* Bytes handed out in pieces; after `fail_at` of them the source fails. */
struct memory {
    const struct cg_bytes *bytes;
    size_t done, fail_at;
};

static ssize_t pull(void *context, const void **data, struct cg_error *err)
{
    struct memory *memory = context;
    size_t left = memory->bytes->size - memory->done, piece = left < 1000 ? left : 1000;
    if (memory->done >= memory->fail_at)
        return cg_fail(err, CG_E_IO, "the disk broke");
    *data = memory->bytes->data + memory->done;
    memory->done += piece;
    return (ssize_t)piece;
}

static json_t *read_with(const struct cg_bytes *archive, struct image_budget budget, size_t fail_at,
                         struct cg_error *err)
{
    struct memory memory = {.bytes = archive, .fail_at = fail_at};
    struct image_source source = {.pull = pull, .context = &memory};
    CG_AUTO_FD int directory = open(scratch_path(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(directory >= 0);
    return image_read(source, budget, directory, scratch_path(""), err);
}

/* The text of the first fault, "" if there is none; valid until the facts go. */
static const char *fault_of(const json_t *facts)
{
    const char *text = json_string_value(json_object_get(json_array_get(json_object_get(facts, "faults"), 0), "text"));
    return text ? text : "";
}

static const char *kind_of(const json_t *facts)
{
    return json_string_value(json_object_get(json_array_get(json_object_get(facts, "faults"), 0), "kind"));
}

static void make_archive(struct cg_bytes *archive, char id[72])
{
    CG_AUTO_BYTES struct cg_bytes layer = {0};
    char motd[3000];
    memset(motd, 'm', sizeof motd);
    image_tar_add(&layer, "etc/motd", '0', NULL, motd, sizeof motd);
    image_tar_add(&layer, "var/lib/rpm/rpmdb.sqlite", '0', NULL, "no database", 11);
    image_tar_end(&layer);
    image_tar_docker(archive, &layer, id);
}

static int begin(void **state)
{
    (void)state;
    scratch_clear();
    return 0;
}

static void tells_what_an_image_is(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes archive = {0};
    char id[72];
    struct cg_error err = {0};
    make_archive(&archive, id);
    CG_AUTO_JSON json_t *facts = read_with(&archive, IMAGE_BUDGET, SIZE_MAX, &err);
    const char *form = NULL, *config = NULL, *arch = NULL, *diff_id = NULL, *stated = NULL, *path = NULL,
               *backend = NULL, *fault = NULL, *label = NULL;
    assert_int_equal(json_unpack(facts, "{s:s, s:[{s:s, s:s, s:{s:s}, s:[{s:s}], s:[s], s:{s:s, s:s, s:s}}]}", "form",
                                 &form, "images", "config_digest", &config, "architecture", &arch, "labels", "name",
                                 &label, "layers", "diff_id", &diff_id, "diff_ids", &stated, "rpmdb", "path", &path,
                                 "backend", &backend, "fault", &fault),
                     0);
    assert_string_equal(form, "docker-archive");
    assert_string_equal(config, id);
    assert_string_equal(arch, "amd64");
    assert_string_equal(label, "x");
    assert_string_equal(diff_id, stated);
    assert_string_equal(path, "var/lib/rpm/rpmdb.sqlite");
    assert_string_equal(backend, "sqlite");
    assert_non_null(strstr(fault, "librpm"));
    assert_string_equal(fault_of(facts), "");
}

static void a_source_that_fails_is_said(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes archive = {0};
    char id[72];
    make_archive(&archive, id);
    for (size_t at = 0; at < archive.size; at += 500) {
        struct cg_error err = {0};
        CG_AUTO_JSON json_t *facts = read_with(&archive, IMAGE_BUDGET, at, &err);
        assert_string_equal(fault_of(facts), "the disk broke");
        assert_string_equal(kind_of(facts), "unread");
    }
}

/* Just enough is enough, and one less is not. */
static void each_amount_is_bounded(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes archive = {0};
    char id[72];
    make_archive(&archive, id);
    static const struct {
        size_t offset;
        const char *fault;
    } amounts[] = {
        {offsetof(struct image_budget, unpacked_bytes), "more than is looked at: decompressed bytes"},
        {offsetof(struct image_budget, entries), "more than is looked at: entries"},
        {offsetof(struct image_budget, kept_bytes), "more than is looked at: bytes of rpm databases"},
        {offsetof(struct image_budget, json_bytes), "more than is looked at: bytes of configurations"},
    };
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        uint64_t low = 0, high = 1 << 20;
        while (low < high) {
            struct image_budget budget = IMAGE_BUDGET;
            uint64_t middle = (low + high) / 2;
            struct cg_error err = {0};
            memcpy((char *)&budget + amounts[i].offset, &middle, sizeof middle);
            scratch_clear();
            CG_AUTO_JSON json_t *facts = read_with(&archive, budget, SIZE_MAX, &err);
            if (fault_of(facts)[0] == '\0') {
                high = middle;
                continue;
            }
            assert_string_equal(fault_of(facts), amounts[i].fault);
            assert_string_equal(kind_of(facts), "unread");
            low = middle + 1;
        }
        if (i == 1)
            assert_int_equal(high, 5);
        if (i == 2)
            assert_int_equal(high, 11);
        assert_true(high > 0 && high < 1 << 20);
    }
}

/* Reads an archive of one image in both forms, so that all of what describes it is gone through. */
static void read_members(struct image_archive *members, struct image_budget *budget, const char *index)
{
    CG_AUTO_BYTES struct cg_bytes archive = {0};
    CG_AUTO_BYTES struct cg_bytes layer = {0};
    struct cg_error err = {0};
    char id[72];
    image_tar_add(&layer, "etc/.wh.motd", '0', NULL, "", 0);
    image_tar_end(&layer);
    if (index) {
        image_tar_add(&archive, "oci-layout", '0', NULL, "{}", 2);
        image_tar_add(&archive, "index.json", '0', NULL, index, strlen(index));
    }
    image_tar_add(&archive, "alias", '2', "manifest.json", NULL, 0);
    image_tar_docker(&archive, &layer, id);
    struct memory memory = {.bytes = &archive, .fail_at = SIZE_MAX};
    *members = (struct image_archive){.budget = budget, .directory_fd = -1};
    assert_int_equal(image_archive_read(members, (struct image_source){pull, &memory}, &err), 1);
}

/* libarchive crashes without memory, and is left out: in the reader that is a death like others. */
static void describing_survives_failed_allocations(void **state)
{
    (void)state;
    static const char *const indexes[] = {NULL, "{\"manifests\": [{\"digest\": \"sha256:12\"}, 7]}"};
    for (size_t i = 0; i < 2; i++) {
        CG_AUTO(image_archive_finish) struct image_archive members;
        struct image_budget budget = IMAGE_BUDGET;
        read_members(&members, &budget, indexes[i]);
        CG_AUTO_JSON json_t *whole = NULL;
        for (unsigned long n = 0;; n++) {
            struct cg_error err = {0};
            CG_AUTO_JSON json_t *facts = json_pack("{s:[], s:[]}", "faults", "images");
            allocation_fail_at(n);
            int described = image_describe(&members, "/nowhere", facts, &err);
            bool failed = allocation_failed();
            allocation_fail_at(0);
            assert_int_equal(described, failed ? -1 : 0);
            if (n == 0)
                whole = json_incref(facts);
            if (failed)
                assert_int_equal(err.code, CG_E_MEMORY);
            else
                assert_true(json_equal(facts, whole));
            if (n > 0 && !failed)
                break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tells_what_an_image_is, begin),
        cmocka_unit_test_setup(a_source_that_fails_is_said, begin),
        cmocka_unit_test_setup(each_amount_is_bounded, begin),
        cmocka_unit_test_setup(describing_survives_failed_allocations, begin),
    };
    return cmocka_run_group_tests_name("image_reader", tests, scratch_create, scratch_remove);
}
