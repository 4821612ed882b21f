/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "import/hashing.h"
#include "scratch.h"

#include <fcntl.h>
#include <string.h>

#define FILES 9
/* Two reads and a bit. */
#define BIG (2 * CG_DIGEST_READ_SIZE + 1)

struct seen {
    uint64_t done_bytes, total_bytes;
    unsigned calls;
    struct stop *stop; /* requested at the first call; NULL: not at all */
};

static void look(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct seen *seen = context;
    assert_true(done_bytes > seen->done_bytes);
    seen->done_bytes = done_bytes;
    seen->total_bytes = total_bytes;
    if (seen->calls++ == 0 && seen->stop)
        stop_request(seen->stop);
}

static int open_scratch(void)
{
    int fd = open(scratch_path(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* The i-th of the files 0 to 8: i times the letter, the last one BIG. */
static void write_files(struct import_hashing files[FILES])
{
    static char big[BIG + 1];
    static char names[FILES][2];
    memset(big, 'x', BIG);
    for (size_t i = 0; i < FILES; i++) {
        names[i][0] = (char)('0' + i);
        scratch_write(names[i], i == FILES - 1 ? big : big + BIG - i);
        files[i] = (struct import_hashing){.path = names[i],
                                           .kind = i % 2 == 0 ? CG_DIGEST_MD5 : CG_DIGEST_ADLER32,
                                           .size_bytes = i == FILES - 1 ? BIG : i};
    }
}

static void every_file_gets_its_own_checksum(void **state)
{
    (void)state;
    struct import_hashing files[FILES];
    struct cg_error err = {0};
    struct seen seen = {0};
    const struct import_hashing_watch watch = {.progress = look, .context = &seen};
    write_files(files);
    CG_AUTO_FD int directory = open_scratch();
    assert_int_equal(import_hash(files, FILES, directory, &watch, &err), 0);
    for (size_t i = 0; i < FILES; i++) {
        CG_AUTO_FD int fd = openat(directory, files[i].path, O_RDONLY | O_CLOEXEC);
        struct cg_digests alone;
        assert_int_equal(cg_digest_fd(fd, "file", (unsigned)files[i].kind, &alone, &err), 0);
        assert_string_equal(files[i].digests.md5, alone.md5);
        assert_string_equal(files[i].digests.adler32, alone.adler32);
        assert_int_equal(files[i].digests.size_bytes, files[i].size_bytes);
    }
    assert_string_equal(files[2].digests.md5, "9336ebf25087d91c818ee6e9ec29f8c1");
    assert_int_equal(seen.total_bytes, BIG + 28);
    assert_int_equal(seen.done_bytes, seen.total_bytes);
    assert_int_equal(seen.calls, 7 + 3);
}

static void nothing_to_read_is_fine(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_FD int directory = open_scratch();
    assert_int_equal(import_hash(NULL, 0, directory, NULL, &err), 0);
    assert_int_equal(err.code, CG_OK);
}

static void a_file_that_went_away_is_a_failure(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct import_hashing files[FILES];
    write_files(files);
    files[4].path = "gone";
    CG_AUTO_FD int directory = open_scratch();
    assert_int_equal(import_hash(files, FILES, directory, NULL, &err), -1);
    assert_error(&err, CG_E_IO, "cannot open gone: No such file or directory");
    files[4].path = ".";
    err = (struct cg_error){0};
    assert_int_equal(import_hash(files, FILES, directory, NULL, &err), -1);
    assert_error(&err, CG_E_IO, "cannot read .: Is a directory");
}

static void a_stop_ends_it(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct import_hashing files[FILES];
    struct stop stop;
    assert_int_equal(stop_init(&stop, &err), 0);
    struct seen seen = {.stop = &stop};
    const struct import_hashing_watch watch = {.progress = look, .context = &seen, .stop = &stop};
    write_files(files);
    CG_AUTO_FD int directory = open_scratch();
    assert_int_equal(import_hash(&files[FILES - 1], 1, directory, &watch, &err), -1);
    assert_error(&err, CG_E_INTERRUPTED, "interrupted while reading 8");
    assert_int_equal(seen.done_bytes, CG_DIGEST_READ_SIZE);
    stop_finish(&stop);
}

int main(void)
{
#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_create, scratch_remove)
    const struct CMUnitTest tests[] = {
        in_scratch(every_file_gets_its_own_checksum),
        in_scratch(nothing_to_read_is_fine),
        in_scratch(a_file_that_went_away_is_a_failure),
        in_scratch(a_stop_ends_it),
    };
    return cmocka_run_group_tests_name("hashing", tests, NULL, NULL);
}
