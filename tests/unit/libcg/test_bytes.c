/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/bytes.h"

#include <stdint.h>

static void appends_texts_bytes_and_formats(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    assert_string_equal(cg_bytes_text(&bytes), "");
    assert_int_equal(cg_bytes_append_text(&bytes, "build ", &err), 0);
    assert_int_equal(cg_bytes_printf(&bytes, &err, "%d of %s", 3, "7"), 0);
    assert_string_equal(cg_bytes_text(&bytes), "build 3 of 7");
    assert_int_equal(cg_bytes_append(&bytes, "\0x", 2, &err), 0);
    assert_int_equal(bytes.size, 14);
    assert_memory_equal(bytes.data, "build 3 of 7\0x", 15);
    assert_int_equal(cg_bytes_append(&bytes, NULL, 0, &err), 0);
    assert_int_equal(bytes.size, 14);
}

/* Every size around the first allocation and its doublings; a NUL follows always. */
static void grows_to_every_size(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    for (size_t size = 1; size <= 600; size++) {
        char byte = (char)(size & 0x7FU);
        assert_int_equal(cg_bytes_append(&bytes, &byte, 1, &err), 0);
        assert_int_equal(bytes.size, size);
        assert_true(bytes.capacity > size);
        assert_int_equal(bytes.data[size], 0);
        assert_int_equal(bytes.data[size - 1], byte);
        assert_int_equal(bytes.data[0], 1);
    }
    CG_AUTO_BYTES struct cg_bytes at_once = {0};
    assert_int_equal(cg_bytes_append(&at_once, bytes.data, bytes.size, &err), 0);
    assert_memory_equal(at_once.data, bytes.data, bytes.size + 1);
}

static void makes_room_beforehand(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    assert_int_equal(cg_bytes_reserve(&bytes, 1000, &err), 0);
    assert_true(bytes.capacity > 1000);
    assert_int_equal(bytes.size, 0);
    assert_string_equal(cg_bytes_text(&bytes), "");
    const char *data = bytes.data;
    char piece[1000];
    memset(piece, 'x', sizeof piece);
    assert_int_equal(cg_bytes_append(&bytes, piece, sizeof piece, &err), 0);
    assert_ptr_equal(bytes.data, data);
}

static void refuses_a_size_that_overflows(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    assert_int_equal(cg_bytes_append_text(&bytes, "abc", &err), 0);
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 3, SIZE_MAX / 2, SIZE_MAX / 2 - 2};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(cg_bytes_reserve(&bytes, sizes[i], &err), -1);
        assert_error(&err, CG_E_MEMORY, "out of memory");
        assert_string_equal(bytes.data, "abc");
    }
}

static void hands_its_data_over(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    assert_null(cg_bytes_steal(&bytes));
    assert_int_equal(cg_bytes_append_text(&bytes, "abc", &err), 0);
    CG_AUTO_FREE char *text = cg_bytes_steal(&bytes);
    assert_string_equal(text, "abc");
    assert_null(bytes.data);
    assert_int_equal(bytes.size, 0);
    assert_int_equal(bytes.capacity, 0);
}

static void empties_and_may_be_used_again(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    cg_bytes_clear(&bytes);
    assert_int_equal(cg_bytes_append_text(&bytes, "abc", &err), 0);
    size_t capacity = bytes.capacity;
    cg_bytes_clear(&bytes);
    assert_string_equal(bytes.data, "");
    assert_int_equal(bytes.size, 0);
    assert_int_equal(bytes.capacity, capacity);
    cg_bytes_finish(&bytes);
    assert_null(bytes.data);
    cg_bytes_finish(&bytes);
    assert_int_equal(cg_bytes_append_text(&bytes, "d", &err), 0);
    assert_string_equal(cg_bytes_text(&bytes), "d");
}

static void writes_hexadecimal(void **state)
{
    (void)state;
    char text[9] = "xxxxxxxx";
    cg_hex(text, (const unsigned char *)"\x00\x0f\xa5\xff", 4);
    assert_string_equal(text, "000fa5ff");
    cg_hex(text, NULL, 0);
    assert_string_equal(text, "");
}

static void stays_as_it_was_when_an_allocation_fails(void **state)
{
    (void)state;
    if (!allocation_can_fail())
        return;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    char piece[300];
    memset(piece, 'x', sizeof piece);
    piece[sizeof piece - 1] = '\0';
    for (int used = 0; used < 2; used++) {
        const char *before = used ? "abc" : "";
        if (used)
            assert_int_equal(cg_bytes_append_text(&bytes, before, &err), 0);
        allocation_fail_at(1);
        int appended = cg_bytes_append_text(&bytes, piece, &err);
        allocation_fail_at(1);
        int printed = cg_bytes_printf(&bytes, &err, "%s", piece);
        allocation_fail_at(0);
        assert_int_equal(appended, -1);
        assert_int_equal(printed, -1);
        assert_error(&err, CG_E_MEMORY, "out of memory");
        assert_string_equal(cg_bytes_text(&bytes), before);
        assert_int_equal(bytes.size, strlen(before));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_texts_bytes_and_formats),
        cmocka_unit_test(grows_to_every_size),
        cmocka_unit_test(makes_room_beforehand),
        cmocka_unit_test(refuses_a_size_that_overflows),
        cmocka_unit_test(hands_its_data_over),
        cmocka_unit_test(empties_and_may_be_used_again),
        cmocka_unit_test(writes_hexadecimal),
        cmocka_unit_test(stays_as_it_was_when_an_allocation_fails),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
