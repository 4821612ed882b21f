/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "scratch.h"

#include "cg/auto.h"
#include "logic/seal.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Sizes around the borders of segments. */
static const size_t sizes[] = {0, 1, SEAL_SEGMENT - 1, SEAL_SEGMENT, SEAL_SEGMENT + 1, 2 * SEAL_SEGMENT + 12345};

static unsigned char *bytes_of(size_t size)
{
    unsigned char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 4096 + i / SEAL_SEGMENT);
    return bytes;
}

static struct seal seal_of(const unsigned char *bytes, size_t size, size_t step)
{
    struct cg_error err = {0};
    struct seal seal;
    AUTO_SEAL_MAKER struct seal_maker *maker = seal_maker_create(&err);
    assert_non_null(maker);
    for (size_t done = 0; done < size; done += step)
        assert_int_equal(seal_maker_update(maker, bytes + done, size - done < step ? size - done : step, &err), 0);
    assert_int_equal(seal_maker_finish(maker, &seal, &err), 0);
    return seal;
}

static int holds(const char *name, size_t size, const struct seal *seal, unsigned threads)
{
    struct cg_error err = {0};
    CG_AUTO_FD int fd = open(scratch_path(name), O_RDONLY | O_CLOEXEC);
    int held = seal_holds(fd, name, size, seal, threads, &err);
    assert_string_equal(err.message, "");
    return held;
}

static void a_file_has_the_seal_of_its_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CG_AUTO_FREE unsigned char *bytes = bytes_of(sizes[i]);
        scratch_write_bytes("file", bytes, sizes[i], 0600);
        struct seal seal = seal_of(bytes, sizes[i], 1000003);
        for (unsigned threads = 1; threads <= SEAL_THREADS_MAX + 1; threads += 2)
            assert_int_equal(holds("file", sizes[i], &seal, threads), 1);
    }
}

/* One bit anywhere, one byte more or less. */
static void another_file_has_not(void **state)
{
    (void)state;
    size_t size = SEAL_SEGMENT + 100;
    CG_AUTO_FREE unsigned char *bytes = bytes_of(size);
    struct seal seal = seal_of(bytes, size, size);
    static const size_t places[] = {0, SEAL_SEGMENT - 1, SEAL_SEGMENT, SEAL_SEGMENT + 99};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        bytes[places[i]] ^= 1;
        scratch_write_bytes("file", bytes, size, 0600);
        assert_int_equal(holds("file", size, &seal, 2), 0);
        bytes[places[i]] ^= 1;
    }
    scratch_write_bytes("file", bytes, size - 1, 0600);
    assert_int_equal(holds("file", size, &seal, 2), 0);
    assert_int_equal(holds("file", size - 1, &seal, 2), 0);
}

/* Segments that change places give another tag, since each has its number in it. */
static void the_order_of_segments_counts(void **state)
{
    (void)state;
    size_t size = 2 * SEAL_SEGMENT;
    CG_AUTO_FREE unsigned char *bytes = bytes_of(size);
    struct seal seal = seal_of(bytes, size, size);
    CG_AUTO_FREE unsigned char *swapped = malloc(size);
    assert_non_null(swapped);
    memcpy(swapped, bytes + SEAL_SEGMENT, SEAL_SEGMENT);
    memcpy(swapped + SEAL_SEGMENT, bytes, SEAL_SEGMENT);
    scratch_write_bytes("file", swapped, size, 0600);
    assert_int_equal(holds("file", size, &seal, 2), 0);
}

/* Two seals of one content differ, and neither is good with the other's key. */
static void each_seal_has_its_own_key(void **state)
{
    (void)state;
    struct seal first = seal_of((const unsigned char *)"content", 7, 7);
    struct seal second = seal_of((const unsigned char *)"content", 7, 7);
    assert_memory_not_equal(first.key, second.key, SEAL_KEY_SIZE);
    assert_memory_not_equal(first.tag, second.tag, SEAL_TAG_SIZE);
    scratch_write("file", "content");
    memcpy(first.key, second.key, SEAL_KEY_SIZE);
    assert_int_equal(holds("file", 7, &first, 1), 0);
    assert_int_equal(holds("file", 7, &second, 1), 1);
}

static void a_seal_is_kept_as_text(void **state)
{
    (void)state;
    struct seal seal = seal_of((const unsigned char *)"content", 7, 7);
    struct seal read;
    struct seal_text text;
    seal_write(&seal, &text);
    assert_int_equal(strlen(text.key), 32);
    assert_int_equal(strlen(text.tag), 64);
    assert_int_equal(seal_read(text.key, text.tag, &read), 1);
    assert_memory_equal(&read, &seal, sizeof seal);
    assert_int_equal(seal_read(NULL, text.tag, &read), 0);
    assert_int_equal(seal_read(text.key, NULL, &read), 0);
    assert_int_equal(seal_read(text.key, text.key, &read), 0);
    text.key[5] = 'G';
    assert_int_equal(seal_read(text.key, text.tag, &read), 0);
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct seal seal = seal_of((const unsigned char *)"x", 1, 1);
    assert_int_equal(seal_holds(-1, "the file", 1, &seal, 1, &err), -1);
    assert_error(&err, CG_E_IO, "cannot read the file: Bad file descriptor");
}

static void memory_that_is_short_is_told(void **state)
{
    (void)state;
    struct seal seal = seal_of((const unsigned char *)"content", 7, 7);
    scratch_write("file", "content");
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_FD int fd = open(scratch_path("file"), O_RDONLY | O_CLOEXEC);
        allocation_fail_at(n);
        int held = seal_holds(fd, "file", 7, &seal, 1, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(held, 1);
            return;
        }
        if (held < 0 && err.code != CG_E_INTERNAL) /* OpenSSL does not tell why */
            assert_int_equal(err.code, CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_the_seal_of_its_bytes), cmocka_unit_test(another_file_has_not),
        cmocka_unit_test(the_order_of_segments_counts),     cmocka_unit_test(each_seal_has_its_own_key),
        cmocka_unit_test(a_seal_is_kept_as_text),           cmocka_unit_test(a_file_that_cannot_be_read_is_told),
        cmocka_unit_test(memory_that_is_short_is_told),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
