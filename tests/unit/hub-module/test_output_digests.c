/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "logic/output_digests.h"
#include "logic/read_ahead.h"
#include "scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Bytes that differ from block to block. */
static void write_file(const char *name, size_t size)
{
    unsigned char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i ^ (i >> 8) ^ (i >> 20));
    scratch_write_bytes(name, bytes, size, 0644);
    free(bytes);
}

static const char *plain(const char *path, unsigned kind)
{
    static struct cg_digests digests;
    struct cg_error err = {0};
    int fd = open(path, O_RDONLY);
    assert_int_equal(cg_digest_fd(fd, path, kind, &digests, &err), 0);
    close(fd);
    return cg_digests_get(&digests, (enum cg_digest_kind)kind);
}

static void every_file_has_its_own_digest(void **state)
{
    (void)state;
    static const unsigned kinds[] = {CG_DIGEST_MD5, CG_DIGEST_SHA256, CG_DIGEST_ADLER32};
    struct output_digest files[20] = {0};
    char paths[20][512];
    for (unsigned threads = 0; threads <= 16; threads += 4) {
        for (size_t i = 0; i < 20; i++) {
            char name[16];
            snprintf(name, sizeof name, "f%zu", i);
            write_file(name, i * 1000);
            snprintf(paths[i], sizeof paths[i], "%s", scratch_path(name));
            files[i] = (struct output_digest){.path = paths[i], .kind = kinds[i % 3]};
        }
        output_digests_make(files, 20, threads);
        for (size_t i = 0; i < 20; i++) {
            assert_true(files[i].made);
            assert_int_equal(files[i].digests.size_bytes, i * 1000);
            assert_string_equal(cg_digests_get(&files[i].digests, (enum cg_digest_kind)files[i].kind),
                                plain(paths[i], files[i].kind));
        }
    }
}

static void what_is_no_file_has_none(void **state)
{
    (void)state;
    char directory[512];
    char missing[512];
    char fifo[512];
    scratch_make_directory("d");
    snprintf(directory, sizeof directory, "%s", scratch_path("d"));
    snprintf(missing, sizeof missing, "%s", scratch_path("missing"));
    snprintf(fifo, sizeof fifo, "/dev/null");
    struct output_digest files[] = {{.path = directory, .kind = CG_DIGEST_MD5},
                                    {.path = missing, .kind = CG_DIGEST_MD5},
                                    {.path = fifo, .kind = CG_DIGEST_MD5}};
    output_digests_make(files, 3, 2);
    for (size_t i = 0; i < 3; i++)
        assert_false(files[i].made);
    output_digests_make(NULL, 0, 4);
}

static void what_is_not_wanted_is_not_read(void **state)
{
    (void)state;
    write_file("unwanted", 10);
    struct output_digest file = {.path = scratch_path("unwanted"), .kind = 0};
    output_digests_make(&file, 1, 1);
    assert_false(file.made);
}

static void large_files_are_read_ahead(void **state)
{
    (void)state;
    static const size_t sizes[] = {READ_AHEAD_FROM - 1, READ_AHEAD_FROM, READ_AHEAD_FROM + 1,
                                   READ_AHEAD_FROM + READ_AHEAD_BLOCK - 1, 2 * READ_AHEAD_FROM + 12345};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char path[512];
        write_file("large", sizes[i]);
        snprintf(path, sizeof path, "%s", scratch_path("large"));
        struct output_digest file = {.path = path, .kind = CG_DIGEST_SHA256};
        output_digests_make(&file, 1, 1);
        assert_true(file.made);
        assert_int_equal(file.digests.size_bytes, sizes[i]);
        assert_string_equal(file.digests.sha256, plain(path, CG_DIGEST_SHA256));
    }
}

static void reading_ahead_works_from_nothing_on(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, READ_AHEAD_BLOCK, READ_AHEAD_BLOCK + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct cg_error err = {0};
        struct cg_digests digests = {0};
        write_file("small", sizes[i]);
        int fd = open(scratch_path("small"), O_RDONLY);
        assert_int_equal(read_ahead_digest(fd, "small", CG_DIGEST_MD5, NULL, &digests, &err), 0);
        assert_string_equal(digests.md5, plain(scratch_path("small"), CG_DIGEST_MD5));
        close(fd);
    }
}

static void a_read_that_fails_is_told(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_digests digests = {0};
    scratch_make_directory("e");
    int fd = open(scratch_path("e"), O_RDONLY);
    assert_int_equal(read_ahead_digest(fd, "e", CG_DIGEST_MD5, NULL, &digests, &err), -1);
    assert_error(&err, CG_E_IO, "cannot read e: Is a directory");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_has_its_own_digest),       cmocka_unit_test(what_is_no_file_has_none),
        cmocka_unit_test(what_is_not_wanted_is_not_read),      cmocka_unit_test(large_files_are_read_ahead),
        cmocka_unit_test(reading_ahead_works_from_nothing_on), cmocka_unit_test(a_read_that_fails_is_told),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
