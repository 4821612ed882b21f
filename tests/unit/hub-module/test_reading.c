/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "scratch.h"

#include "cg/auto.h"
#include "logic/reading.h"

#include <fcntl.h>

/* sha256sum, sha1sum, md5sum and adler32 of "content". */
#define SHA256 "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
static const struct content_id contents[] = {
    {CG_DIGEST_SHA256, SHA256, 7},
    {CG_DIGEST_SHA1, "040f06fd774092478d450774f5ba30c5da78acc8", 7},
    {CG_DIGEST_MD5, "9a0364b9e99bb480dd25e1f0284c8555", 7},
    {CG_DIGEST_ADLER32, "0bcb02fc", 7},
};

static int digest(const struct content_id *content, struct content_seal *seal, struct cg_digests *digests)
{
    struct cg_error err = {0};
    CG_AUTO_FD int fd = open(scratch_path("file"), O_RDONLY | O_CLOEXEC);
    int done = reading_digest(fd, "file", content, seal, 2, digests, &err);
    assert_string_equal(err.message, "");
    return done;
}

static int verify(const struct content_id *content, struct content_seal *seal)
{
    struct cg_error err = {0};
    CG_AUTO_FD int fd = open(scratch_path("file"), O_RDONLY | O_CLOEXEC);
    int same = reading_verify(fd, "file", content, seal, 2, &err);
    assert_string_equal(err.message, "");
    return same;
}

/* By its digest first, by the seal that this made then: the answer is the same for every kind. */
static void a_digest_is_read_and_sealed(void **state)
{
    (void)state;
    scratch_write("file", "content");
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct content_seal seal = {.standing = SEAL_UNKNOWN};
        struct cg_digests digests;
        assert_int_equal(digest(&contents[i], &seal, &digests), 0);
        assert_string_equal(cg_digests_get(&digests, contents[i].kind), contents[i].checksum);
        assert_int_equal(seal.standing, SEAL_MADE);
        seal.standing = SEAL_KNOWN;
        memset(&digests, 'x', sizeof digests);
        assert_int_equal(digest(&contents[i], &seal, &digests), 0);
        assert_string_equal(cg_digests_get(&digests, contents[i].kind), contents[i].checksum);
        assert_int_equal(digests.size_bytes, 7);
        assert_int_equal(verify(&contents[i], &seal), 1);
        assert_int_equal(verify(&contents[i], NULL), 1);
    }
}

static void another_file_has_its_own_digest(void **state)
{
    (void)state;
    struct content_seal seal = {.standing = SEAL_UNKNOWN};
    struct content_seal none = {.standing = SEAL_UNKNOWN};
    struct cg_digests digests;
    scratch_write("file", "content");
    assert_int_equal(verify(&contents[0], &seal), 1);
    seal.standing = SEAL_KNOWN;
    static const char *const others[] = {"conteNt", "contents"};
    for (size_t i = 0; i < 2; i++) {
        scratch_write("file", others[i]);
        assert_int_equal(digest(&contents[0], &seal, &digests), 0);
        assert_string_not_equal(digests.sha256, SHA256);
        assert_int_equal(strlen(digests.sha256), 64);
        assert_int_equal(verify(&contents[0], &seal), 0);
        assert_int_equal(verify(&contents[0], NULL), 0);
        assert_int_equal(verify(&contents[0], &none), 0);
        assert_int_equal(none.standing, SEAL_UNKNOWN);
    }
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_digests digests;
    assert_int_equal(reading_verify(-1, "file", &contents[0], NULL, 1, &err), -1);
    assert_error(&err, CG_E_IO, "cannot look at file: Bad file descriptor");
    assert_int_equal(reading_digest(-1, "file", &contents[0], NULL, 1, &digests, &err), -1);
    assert_error(&err, CG_E_IO, "cannot read file: Bad file descriptor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digest_is_read_and_sealed),
        cmocka_unit_test(another_file_has_its_own_digest),
        cmocka_unit_test(a_file_that_cannot_be_read_is_told),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
