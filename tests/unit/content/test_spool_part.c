/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "scratch.h"

#include "content/hash_ring.h"
#include "content/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char hello[] = "hello, spool\n";

static struct spool *open_spool(void)
{
    struct cg_error err = {0};
    struct spool_options options = {.directory = scratch_path("spool")};
    struct spool *spool = spool_open(&options, &err);
    if (!spool)
        fail_msg("%s", err.message);
    return spool;
}

static int begin(void **state)
{
    scratch_clear();
    *state = open_spool();
    return 0;
}

static int end(void **state)
{
    spool_close(*state);
    return 0;
}

/* The digests of some bytes, made at once. */
static struct cg_digests digests_of(const void *data, size_t size)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    CG_AUTO_DIGEST struct cg_digest *digest =
        cg_digest_create(CG_DIGEST_MD5 | CG_DIGEST_SHA1 | CG_DIGEST_SHA256 | CG_DIGEST_ADLER32, &err);
    assert_int_equal(cg_digest_update(digest, data, size, &err), 0);
    assert_int_equal(cg_digest_read(digest, &digests, &err), 0);
    return digests;
}

static void assert_digests_equal(const struct cg_digests *got, const struct cg_digests *expected)
{
    assert_string_equal(got->md5, expected->md5);
    assert_string_equal(got->sha1, expected->sha1);
    assert_string_equal(got->sha256, expected->sha256);
    assert_string_equal(got->adler32, expected->adler32);
    assert_int_equal(got->size_bytes, expected->size_bytes);
}

static struct spool_part *open_part(struct spool *spool, const char *name, uint64_t expected_size)
{
    struct cg_error err = {0};
    uint64_t size;
    struct spool_part *part = spool_part_open(spool, name, &size, &err);
    if (!part)
        fail_msg("%s", err.message);
    assert_int_equal(size, expected_size);
    return part;
}

static void append(struct spool_part *part, const void *data, size_t size)
{
    struct cg_error err = {0};
    if (spool_part_append(part, data, size, &err) < 0)
        fail_msg("%s", err.message);
}

static struct cg_digests finish(struct spool_part *part)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    if (spool_part_finish(part, &digests, &err) < 0)
        fail_msg("%s", err.message);
    return digests;
}

static void assert_content(struct spool *spool, const char *sha256, const void *data, size_t size)
{
    struct cg_error err = {0};
    uint64_t size_bytes;
    CG_AUTO_FD int fd = spool_content_open(spool, sha256, &size_bytes, &err);
    assert_true(fd >= 0);
    assert_int_equal(size_bytes, size);
    CG_AUTO_FREE char *got = malloc(size + 1);
    assert_int_equal(read(fd, got, size + 1), size);
    assert_memory_equal(got, data, size);
}

static void becomes_a_content(void **state)
{
    struct spool *spool = *state;
    struct spool_part *part = open_part(spool, "upload-1", 0);
    append(part, "hello, ", 7);
    append(part, "spool\n", 6);
    struct cg_digests digests = finish(part);
    struct cg_digests expected = digests_of(hello, 13);
    assert_digests_equal(&digests, &expected);
    assert_content(spool, digests.sha256, hello, 13);

    struct cg_error err = {0};
    uint64_t size = 99;
    assert_int_equal(spool_part_size(spool, "upload-1", &size, &err), 0);
    assert_int_equal(size, 0);
}

static void an_empty_part_is_a_content(void **state)
{
    struct cg_digests digests = finish(open_part(*state, "nothing", 0));
    assert_string_equal(digests.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_content(*state, digests.sha256, "", 0);
}

static void a_content_is_read_only(void **state)
{
    struct spool_part *part = open_part(*state, "a", 0);
    append(part, hello, 13);
    struct cg_digests digests = finish(part);
    char name[128];
    struct stat status;
    snprintf(name, sizeof name, "spool/contents/%.2s/%s", digests.sha256, digests.sha256 + 2);
    assert_int_equal(stat(scratch_path(name), &status), 0);
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
        struct cg_digests expected = digests_of(data, sizes[i]);
        struct spool_part *part = open_part(*state, "once", 0);
        append(part, data, sizes[i]);
        struct cg_digests digests = finish(part);
        assert_digests_equal(&digests, &expected);

        part = open_part(*state, "pieces", 0);
        for (size_t done = 0, piece = 70001; done < sizes[i]; done += piece) {
            piece = piece < sizes[i] - done ? piece : sizes[i] - done;
            append(part, data + done, piece);
        }
        digests = finish(part);
        assert_digests_equal(&digests, &expected);

        part = open_part(*state, "again", 0);
        append(part, data, sizes[i] / 2);
        spool_part_close(part);
        part = open_part(*state, "again", sizes[i] / 2);
        append(part, data + sizes[i] / 2, sizes[i] - sizes[i] / 2);
        digests = finish(part);
        assert_digests_equal(&digests, &expected);
        assert_content(*state, digests.sha256, data, sizes[i]);
    }
}

static void outlives_its_spool(void **state)
{
    struct cg_error err = {0};
    struct spool_part *part = open_part(*state, "kept", 0);
    append(part, "hello, ", 7);
    assert_int_equal(spool_part_sync(part, &err), 0);
    spool_part_close(part);
    spool_close(*state);
    *state = open_spool();
    uint64_t size;
    assert_int_equal(spool_part_size(*state, "kept", &size, &err), 0);
    assert_int_equal(size, 7);
    part = open_part(*state, "kept", 7);
    append(part, "spool\n", 6);
    struct cg_digests digests = finish(part);
    assert_content(*state, digests.sha256, hello, 13);
}

static void one_writer_at_a_time(void **state)
{
    struct cg_error err = {0};
    uint64_t size;
    struct spool *other = open_spool();
    struct spool_part *part = open_part(*state, "a", 0);
    assert_null(spool_part_open(other, "a", &size, &err));
    assert_error(&err, CG_E_BUSY, "the part a is being written by another");
    assert_null(spool_part_open(*state, "a", &size, &err));
    assert_error(&err, CG_E_BUSY, "the part a is being written by another");
    assert_int_equal(spool_part_size(other, "a", &size, &err), -1);
    assert_error(&err, CG_E_BUSY, "the part a is being written by another");
    assert_int_equal(spool_part_remove(other, "a", &err), -1);
    assert_error(&err, CG_E_BUSY, "the part a is being written by another");
    spool_part_close(part);
    spool_part_discard(open_part(other, "a", 0));
    spool_close(other);
}

static void removes_and_discards(void **state)
{
    struct cg_error err = {0};
    uint64_t size;
    struct spool_part *part = open_part(*state, "a", 0);
    append(part, "x", 1);
    spool_part_close(part);
    assert_int_equal(spool_part_remove(*state, "a", &err), 0);
    assert_int_equal(spool_part_remove(*state, "a", &err), 0);
    part = open_part(*state, "a", 0);
    append(part, "x", 1);
    spool_part_discard(part);
    assert_int_equal(spool_part_size(*state, "a", &size, &err), 0);
    assert_int_equal(size, 0);
    spool_part_close(NULL);
    spool_part_discard(NULL);
}

static void two_parts_of_one_content_meet(void **state)
{
    struct spool_part *first = open_part(*state, "a", 0);
    struct spool_part *second = open_part(*state, "b", 0);
    append(first, hello, 13);
    append(second, hello, 13);
    struct cg_digests digests = finish(first);
    struct cg_digests again = finish(second);
    assert_digests_equal(&again, &digests);
    assert_content(*state, digests.sha256, hello, 13);
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
    spool_part_discard(open_part(*state, most, 0));
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

static void sets_blocks_aside(void **state)
{
    struct cg_error err = {0};
    struct stat status;
    struct spool_part *part = open_part(*state, "a", 0);
    assert_int_equal(spool_part_expect(part, 1U << 20U, &err), 0);
    assert_int_equal(spool_part_expect(part, 0, &err), 0);
    append(part, hello, 13);
    assert_int_equal(stat(scratch_path("spool/parts/a"), &status), 0);
    assert_int_equal(status.st_size, 13);
    assert_int_equal(spool_part_expect(part, UINT64_MAX, &err), -1);
    assert_error(&err, CG_E_LIMIT, "cannot set disk blocks aside for the part a: the file would be too large");
    assert_int_equal(spool_part_expect(part, INT64_MAX, &err), -1);
    assert_error_has(&err, CG_E_LIMIT, "bytes are free, expected ");
    struct cg_digests digests = finish(part);
    assert_content(*state, digests.sha256, hello, 13);
}

static void takes_a_file(void **state)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    scratch_write("elsewhere", hello);
    CG_AUTO_FD int fd = open(scratch_path("elsewhere"), O_RDONLY);
    assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
    assert_int_equal(spool_take(*state, fd, &digests, &err), 0);
    struct cg_digests expected = digests_of(hello, 13);
    assert_digests_equal(&digests, &expected);
    assert_content(*state, digests.sha256, hello, 13);

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
    struct spool_part *part = open_part(*state, "a", 0);
    append(part, hello, 13);
    spool_part_close(part);
    part = open_part(*state, "a", 13);
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
            assert_content(*state, digests.sha256, hello, 13);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(becomes_a_content, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_part_is_a_content, begin, end),
        cmocka_unit_test_setup_teardown(a_content_is_read_only, begin, end),
        cmocka_unit_test_setup_teardown(digests_are_right_at_every_size, begin, end),
        cmocka_unit_test_setup_teardown(outlives_its_spool, begin, end),
        cmocka_unit_test_setup_teardown(one_writer_at_a_time, begin, end),
        cmocka_unit_test_setup_teardown(removes_and_discards, begin, end),
        cmocka_unit_test_setup_teardown(two_parts_of_one_content_meet, begin, end),
        cmocka_unit_test_setup_teardown(names_are_checked, begin, end),
        cmocka_unit_test_setup_teardown(a_symbolic_link_is_no_part, begin, end),
        cmocka_unit_test_setup_teardown(sets_blocks_aside, begin, end),
        cmocka_unit_test_setup_teardown(takes_a_file, begin, end),
        cmocka_unit_test_setup_teardown(a_shortened_part_is_noticed, begin, end),
        cmocka_unit_test_setup_teardown(survives_failed_allocations, begin, end),
    };
    return cmocka_run_group_tests_name("spool_part", tests, scratch_create, scratch_remove);
}
