/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

enum { ALL_KINDS = CG_DIGEST_MD5 | CG_DIGEST_SHA1 | CG_DIGEST_SHA256 | CG_DIGEST_ADLER32 };

/* RFC 1321 appendix A.5, FIPS 180-4 examples, zlib's adler32; each text `times` over. */
static const struct {
    const char *text;
    size_t times;
    const char *md5, *sha1, *sha256, *adler32;
} vectors[] = {
    {"", 0, "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "00000001"},
    {"abc", 1, "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "024d0127"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "8215ef0796a20bcaaae116d3876c664a",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
     "807416f9"},
    {"a", 1000000, "7707d6ae4e027c70eea2a935c2296f21", "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "15d870f9"},
};

static void makes_all_kinds_in_one_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct cg_error err = {0};
        struct cg_digests made;
        CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(ALL_KINDS, &err);
        assert_non_null(digest);
        for (size_t n = 0; n < vectors[i].times; n++)
            assert_int_equal(cg_digest_update(digest, vectors[i].text, strlen(vectors[i].text), &err), 0);
        assert_int_equal(cg_digest_read(digest, &made, &err), 0);
        assert_int_equal(made.size_bytes, strlen(vectors[i].text) * vectors[i].times);
        assert_string_equal(made.md5, vectors[i].md5);
        assert_string_equal(made.sha1, vectors[i].sha1);
        assert_string_equal(made.sha256, vectors[i].sha256);
        assert_string_equal(made.adler32, vectors[i].adler32);
    }
}

static void makes_only_the_kinds_asked_for(void **state)
{
    (void)state;
    for (unsigned kinds = 0; kinds <= ALL_KINDS; kinds++) {
        struct cg_error err = {0};
        struct cg_digests made;
        CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(kinds, &err);
        assert_int_equal(cg_digest_update(digest, "abc", 3, &err), 0);
        assert_int_equal(cg_digest_read(digest, &made, &err), 0);
        assert_string_equal(made.md5, kinds & CG_DIGEST_MD5 ? vectors[1].md5 : "");
        assert_string_equal(made.sha1, kinds & CG_DIGEST_SHA1 ? vectors[1].sha1 : "");
        assert_string_equal(made.sha256, kinds & CG_DIGEST_SHA256 ? vectors[1].sha256 : "");
        assert_string_equal(made.adler32, kinds & CG_DIGEST_ADLER32 ? vectors[1].adler32 : "");
        assert_int_equal(made.size_bytes, 3);
    }
}

static void may_be_read_in_between(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_digests made;
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(ALL_KINDS, &err);
    assert_int_equal(cg_digest_read(digest, &made, &err), 0);
    assert_string_equal(made.sha256, vectors[0].sha256);
    assert_int_equal(cg_digest_update(digest, "a", 1, &err), 0);
    assert_int_equal(cg_digest_read(digest, &made, &err), 0);
    assert_int_equal(cg_digest_update(digest, "bc", 2, &err), 0);
    assert_int_equal(cg_digest_read(digest, &made, &err), 0);
    assert_string_equal(made.md5, vectors[1].md5);
    assert_string_equal(made.adler32, vectors[1].adler32);
}

static void knows_kojis_names(void **state)
{
    (void)state;
    static const struct {
        enum cg_digest_kind kind;
        const char *name, *digest;
    } kinds[] = {{CG_DIGEST_MD5, "md5", "900150983cd24fb0d6963f7d28e17f72"},
                 {CG_DIGEST_SHA1, "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
                 {CG_DIGEST_SHA256, "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                 {CG_DIGEST_ADLER32, "adler32", "024d0127"}};
    struct cg_error err = {0};
    struct cg_digests made;
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(ALL_KINDS, &err);
    assert_int_equal(cg_digest_update(digest, "abc", 3, &err), 0);
    assert_int_equal(cg_digest_read(digest, &made, &err), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(cg_digest_kind(kinds[i].name), kinds[i].kind);
        assert_string_equal(cg_digest_name(kinds[i].kind), kinds[i].name);
        assert_int_equal(cg_digest_length(kinds[i].kind), strlen(kinds[i].digest));
        assert_string_equal(cg_digests_get(&made, kinds[i].kind), kinds[i].digest);
    }
    static const char *const others[] = {"", "MD5", "md5 ", "sha", "sha512", "sha-256", "crc32"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(cg_digest_kind(others[i]), 0);
    assert_int_equal(cg_digest_kind(NULL), 0);
}

/* Property: a file gives the digests of its bytes, whatever its size is to the size of a read. */
static void reads_files_of_every_size_around_a_read(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,
                                   1,
                                   CG_DIGEST_READ_SIZE - 1,
                                   CG_DIGEST_READ_SIZE,
                                   CG_DIGEST_READ_SIZE + 1,
                                   2 * CG_DIGEST_READ_SIZE,
                                   2 * CG_DIGEST_READ_SIZE + 1};
    CG_AUTO_FREE char *content = malloc(2 * CG_DIGEST_READ_SIZE + 1);
    assert_non_null(content);
    for (size_t i = 0; i <= 2 * CG_DIGEST_READ_SIZE; i++)
        content[i] = (char)(i * 7 % 251);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct cg_error err = {0};
        struct cg_digests of_file, of_bytes;
        CG_AUTO_FILE FILE *file = tmpfile();
        assert_non_null(file);
        assert_int_equal(write(fileno(file), content, sizes[i]), sizes[i]);
        assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
        assert_int_equal(cg_digest_fd(fileno(file), "file", ALL_KINDS, &of_file, &err), 0);

        CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(ALL_KINDS, &err);
        assert_int_equal(cg_digest_update(digest, content, sizes[i], &err), 0);
        assert_int_equal(cg_digest_read(digest, &of_bytes, &err), 0);
        assert_int_equal(of_file.size_bytes, sizes[i]);
        assert_string_equal(of_file.md5, of_bytes.md5);
        assert_string_equal(of_file.sha1, of_bytes.sha1);
        assert_string_equal(of_file.sha256, of_bytes.sha256);
        assert_string_equal(of_file.adler32, of_bytes.adler32);
    }
}

static void reads_from_where_a_file_stands(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_digests made;
    CG_AUTO_FILE FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(write(fileno(file), "xyzabc", 6), 6);
    assert_int_equal(lseek(fileno(file), 3, SEEK_SET), 3);
    assert_int_equal(cg_digest_fd(fileno(file), "file", CG_DIGEST_MD5, &made, &err), 0);
    assert_string_equal(made.md5, vectors[1].md5);
}

/* Counts what was read, and ends the reading at `most`. */
struct eyes {
    size_t calls;
    size_t bytes;
    size_t most;
};

static int look(void *context, size_t bytes, struct cg_error *err)
{
    struct eyes *eyes = context;
    eyes->calls++;
    eyes->bytes += bytes;
    return eyes->bytes < eyes->most ? 0 : cg_fail(err, CG_E_INTERRUPTED, "seen enough");
}

static void reads_before_somebodys_eyes(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_digests made = {.size_bytes = 77};
    size_t size = 2 * CG_DIGEST_READ_SIZE + 1;
    CG_AUTO_FILE FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
    struct eyes eyes = {.most = CG_DIGEST_READ_SIZE};
    const struct cg_digest_watch watch = {.read = look, .context = &eyes};
    assert_int_equal(cg_digest_fd_watched(fileno(file), "file", CG_DIGEST_MD5, &watch, &made, &err), -1);
    assert_error(&err, CG_E_INTERRUPTED, "seen enough");
    assert_int_equal(eyes.calls, 1);
    assert_int_equal(made.size_bytes, 77);

    cg_error_clear(&err);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    eyes = (struct eyes){.most = size + 1};
    assert_int_equal(cg_digest_fd_watched(fileno(file), "file", CG_DIGEST_MD5, &watch, &made, &err), 0);
    assert_int_equal(eyes.calls, 3);
    assert_int_equal(eyes.bytes, size);
    assert_int_equal(made.size_bytes, size);
}

static void says_what_it_cannot_read(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_digests made = {.size_bytes = 77};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(cg_digest_fd(ends[1], "image.tar", CG_DIGEST_MD5, &made, &err), -1);
    assert_error(&err, CG_E_IO, "cannot read image.tar: Bad file descriptor");
    assert_int_equal(made.size_bytes, 77);
    close(ends[0]);
    close(ends[1]);
}

static void says_when_openssl_refuses_a_kind(void **state)
{
    (void)state;
    struct cg_error err = {0};
    assert_int_equal(EVP_set_default_properties(NULL, "fips=yes"), 1);
    struct cg_digest *digest = cg_digest_create(CG_DIGEST_MD5, &err);
    assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
    assert_null(digest);
    assert_string_equal(err.hint, "a system in FIPS mode has no md5: use sha256 in the metadata");
    assert_error(&err, CG_E_IO, "OpenSSL refuses md5 on this machine");
    assert_int_equal(ERR_peek_error(), 0);
}

static int late_writer = -1;

static void write_late(int number)
{
    (void)number;
    ssize_t ignored = write(late_writer, "abc", 3);
    (void)ignored;
    close(late_writer);
}

/* A signal that comes during a read, as it does when a terminal is resized, is no failure. */
static void goes_on_after_a_signal(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_digests made;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    late_writer = ends[1];
    struct sigaction action = {.sa_handler = write_late}, previous;
    sigaction(SIGALRM, &action, &previous);
    struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    int result = cg_digest_fd(ends[0], "pipe", CG_DIGEST_SHA256, &made, &err);
    sigaction(SIGALRM, &previous, NULL);
    close(ends[0]);
    assert_string_equal(err.message, "");
    assert_int_equal(result, 0);
    assert_string_equal(made.sha256, vectors[1].sha256);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct cg_digests made;
        CG_AUTO_FILE FILE *file = tmpfile();
        assert_non_null(file);
        allocation_fail_at(n);
        int result = cg_digest_fd(fileno(file), "file", ALL_KINDS, &made, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(result, 0);
            assert_true(n > 5 || !allocation_can_fail());
            return;
        }
        if (result == 0) /* OpenSSL can do without some allocations */
            assert_string_equal(made.md5, vectors[0].md5);
        else
            assert_int_equal(err.code, CG_E_MEMORY);
    }
}

static void destroys_nothing(void **state)
{
    (void)state;
    cg_digest_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_all_kinds_in_one_pass),
        cmocka_unit_test(makes_only_the_kinds_asked_for),
        cmocka_unit_test(may_be_read_in_between),
        cmocka_unit_test(knows_kojis_names),
        cmocka_unit_test(reads_files_of_every_size_around_a_read),
        cmocka_unit_test(reads_from_where_a_file_stands),
        cmocka_unit_test(reads_before_somebodys_eyes),
        cmocka_unit_test(says_what_it_cannot_read),
        cmocka_unit_test(says_when_openssl_refuses_a_kind),
        cmocka_unit_test(goes_on_after_a_signal),
        cmocka_unit_test(survives_every_failed_allocation),
        cmocka_unit_test(destroys_nothing),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
