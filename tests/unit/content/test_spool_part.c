/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spooled.h"

#include "allocation.h"

#include "content/hash_ring.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char hello[] = "hello, spool\n";

static void assert_digests_equal(const struct cg_digests *got, const struct cg_digests *expected)
{
    assert_string_equal(got->md5, expected->md5);
    assert_string_equal(got->sha256, expected->sha256);
    assert_string_equal(got->adler32, expected->adler32);
    assert_int_equal(got->size_bytes, expected->size_bytes);
}

static void becomes_a_content(void **state)
{
    struct spool *spool = *state;
    struct spool_part *part = spooled_part(spool, "upload-1", 0);
    spooled_append(part, "hello, ", 7);
    spooled_append(part, "spool\n", 6);
    struct cg_digests digests = spooled_finish(part);
    struct cg_digests expected = spooled_digests(hello, 13);
    assert_digests_equal(&digests, &expected);
    assert_spooled(spool, digests.sha256, hello, 13);

    struct cg_error err = {0};
    uint64_t size = 99;
    assert_int_equal(spool_part_size(spool, "upload-1", &size, &err), 0);
    assert_int_equal(size, 0);
}

static void an_empty_part_is_a_content(void **state)
{
    struct cg_digests digests = spooled_finish(spooled_part(*state, "nothing", 0));
    assert_string_equal(digests.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_spooled(*state, digests.sha256, "", 0);
}

static void a_content_is_read_only(void **state)
{
    struct spool_part *part = spooled_part(*state, "a", 0);
    spooled_append(part, hello, 13);
    struct cg_digests digests = spooled_finish(part);
    struct stat status;
    assert_int_equal(stat(spooled_content_path(digests.sha256), &status), 0);
    assert_int_equal(status.st_mode & 07777U, 0440);
}

/* Around the sizes where threads begin and blocks fill, in one append, in odd pieces, and opened again midway. */
static void digests_are_right_at_every_size(void **state)
{
    static const size_t sizes[] = {1,
                                   HASH_RING_BLOCK - 1,
                                   HASH_RING_THREADS_FROM - 1,
                                   HASH_RING_THREADS_FROM,
                                   HASH_RING_THREADS_FROM + 1,
                                   HASH_RING_THREADS_FROM + HASH_RING_BLOCK,
                                   HASH_RING_THREADS_FROM * 9 + 12345};
    size_t most = HASH_RING_THREADS_FROM * 9 + 12345;
    CG_AUTO_FREE char *data = malloc(most);
    for (size_t i = 0; i < most; i++)
        data[i] = (char)((i * 2654435761U) >> 13U);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct cg_digests expected = spooled_digests(data, sizes[i]);
        struct spool_part *part = spooled_part(*state, "once", 0);
        spooled_append(part, data, sizes[i]);
        struct cg_digests digests = spooled_finish(part);
        assert_digests_equal(&digests, &expected);

        part = spooled_part(*state, "pieces", 0);
        for (size_t done = 0, piece = 70001; done < sizes[i]; done += piece) {
            piece = piece < sizes[i] - done ? piece : sizes[i] - done;
            spooled_append(part, data + done, piece);
        }
        digests = spooled_finish(part);
        assert_digests_equal(&digests, &expected);

        part = spooled_part(*state, "again", 0);
        spooled_append(part, data, sizes[i] / 2);
        spool_part_close(part);
        part = spooled_part(*state, "again", sizes[i] / 2);
        spooled_append(part, data + sizes[i] / 2, sizes[i] - sizes[i] / 2);
        digests = spooled_finish(part);
        assert_digests_equal(&digests, &expected);
        assert_spooled(*state, digests.sha256, data, sizes[i]);
    }
}

static void outlives_its_spool(void **state)
{
    struct cg_error err = {0};
    struct spool_part *part = spooled_part(*state, "kept", 0);
    spooled_append(part, "hello, ", 7);
    assert_int_equal(spool_part_sync(part, &err), 0);
    spool_part_close(part);
    spool_close(*state);
    *state = spooled_open();
    uint64_t size;
    assert_int_equal(spool_part_size(*state, "kept", &size, &err), 0);
    assert_int_equal(size, 7);
    part = spooled_part(*state, "kept", 7);
    spooled_append(part, "spool\n", 6);
    struct cg_digests digests = spooled_finish(part);
    assert_spooled(*state, digests.sha256, hello, 13);
}

static void one_writer_at_a_time(void **state)
{
    struct cg_error err = {0};
    uint64_t size;
    struct spool *other = spooled_open();
    struct spool_part *part = spooled_part(*state, "a", 0);
    assert_null(spool_part_open(other, "a", &size, &err));
    assert_error(&err, CG_E_BUSY, "the part a is being written by another");
    assert_null(spool_part_open(*state, "a", &size, &err));
    assert_error(&err, CG_E_BUSY, "the part a is being written by another");
    assert_int_equal(spool_part_size(other, "a", &size, &err), -1);
    assert_error(&err, CG_E_BUSY, "the part a is being written by another");
    assert_int_equal(spool_part_remove(other, "a", &err), -1);
    assert_error(&err, CG_E_BUSY, "the part a is being written by another");
    spool_part_close(part);
    spool_part_discard(spooled_part(other, "a", 0));
    spool_close(other);
}

static void removes_and_discards(void **state)
{
    struct cg_error err = {0};
    uint64_t size;
    struct spool_part *part = spooled_part(*state, "a", 0);
    spooled_append(part, "x", 1);
    spool_part_close(part);
    assert_int_equal(spool_part_remove(*state, "a", &err), 0);
    assert_int_equal(spool_part_remove(*state, "a", &err), 0);
    part = spooled_part(*state, "a", 0);
    spooled_append(part, "x", 1);
    spool_part_discard(part);
    assert_int_equal(spool_part_size(*state, "a", &size, &err), 0);
    assert_int_equal(size, 0);
    spool_part_close(NULL);
    spool_part_discard(NULL);
}

static void two_parts_of_one_content_meet(void **state)
{
    struct spool_part *first = spooled_part(*state, "a", 0);
    struct spool_part *second = spooled_part(*state, "b", 0);
    spooled_append(first, hello, 13);
    spooled_append(second, hello, 13);
    struct cg_digests digests = spooled_finish(first);
    struct cg_digests again = spooled_finish(second);
    assert_digests_equal(&again, &digests);
    assert_spooled(*state, digests.sha256, hello, 13);
    assert_int_equal(access(scratch_path("spool/parts/b"), F_OK), -1);
}

static void names_are_checked(void **state)
{
    struct cg_error err = {0};
    uint64_t size;
    static const char most[] = "1234567890123456789012345678901234567890123456789012345678901234";
    static const char *const wrong[] = {"", ".", "..", "a/b", "a.b", "a b", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(spool_part_open(*state, wrong[i], &size, &err));
        assert_error_has(&err, CG_E_USAGE, "is no name of a part, expected 1 to 64 letters, digits and dashes");
        assert_int_equal(spool_part_size(*state, wrong[i], &size, &err), -1);
        assert_error_has(&err, CG_E_USAGE, "is no name of a part");
        assert_int_equal(spool_part_remove(*state, wrong[i], &err), -1);
        assert_error_has(&err, CG_E_USAGE, "is no name of a part");
    }
    spool_part_discard(spooled_part(*state, most, 0));
    char longer[66];
    snprintf(longer, sizeof longer, "%s5", most);
    assert_null(spool_part_open(*state, longer, &size, &err));
    assert_error_has(&err, CG_E_USAGE, "is no name of a part");
}

static void a_symbolic_link_is_no_part(void **state)
{
    struct cg_error err = {0};
    uint64_t size;
    scratch_write("victim", "untouched");
    assert_int_equal(symlink(scratch_path("victim"), scratch_path("spool/parts/a")), 0);
    assert_null(spool_part_open(*state, "a", &size, &err));
    assert_error_has(&err, CG_E_IO, "cannot open the part a: ");
}

static void takes_a_file(void **state)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    scratch_write("elsewhere", hello);
    CG_AUTO_FD int fd = open(scratch_path("elsewhere"), O_RDONLY);
    assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
    assert_int_equal(spool_take(*state, fd, &digests, &err), 0);
    struct cg_digests expected = spooled_digests(hello, 13);
    assert_digests_equal(&digests, &expected);
    assert_spooled(*state, digests.sha256, hello, 13);

    CG_AUTO_FD int not_readable = open(scratch_path("elsewhere"), O_WRONLY);
    assert_int_equal(spool_take(*state, not_readable, &digests, &err), -1);
    assert_error_has(&err, CG_E_IO, "cannot read the file for the part take-");
    assert_int_equal(rmdir(scratch_path("spool/parts")), 0);
    assert_int_equal(mkdir(scratch_path("spool/parts"), 0750), 0);
}

/* A file cut behind the part's back is noticed when it is read again. */
static void a_shortened_part_is_noticed(void **state)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    struct spool_part *part = spooled_part(*state, "a", 0);
    spooled_append(part, hello, 13);
    spool_part_close(part);
    part = spooled_part(*state, "a", 13);
    assert_int_equal(truncate(scratch_path("spool/parts/a"), 4), 0);
    assert_int_equal(spool_part_finish(part, &digests, &err), -1);
    assert_error(&err, CG_E_IO, "the part a ends at 4 bytes, expected 13");
}

static void survives_failed_allocations(void **state)
{
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct cg_digests digests;
        uint64_t size;
        spool_part_remove(*state, "a", &err);
        allocation_fail_at(n);
        struct spool_part *part = spool_part_open(*state, "a", &size, &err);
        int result = part ? spool_part_append(part, hello, 13, &err) : -1;
        if (part && result == 0)
            result = spool_part_finish(part, &digests, &err);
        else
            spool_part_close(part);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        assert_true(result == 0 || err.code == CG_E_MEMORY);
        if (result == 0)
            assert_spooled(*state, digests.sha256, hello, 13);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(becomes_a_content, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(an_empty_part_is_a_content, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(a_content_is_read_only, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(digests_are_right_at_every_size, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(outlives_its_spool, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(one_writer_at_a_time, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(removes_and_discards, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(two_parts_of_one_content_meet, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(names_are_checked, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(a_symbolic_link_is_no_part, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(takes_a_file, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(a_shortened_part_is_noticed, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(survives_failed_allocations, spooled_begin, spooled_end),
    };
    return cmocka_run_group_tests_name("spool_part", tests, scratch_create, scratch_remove);
}
