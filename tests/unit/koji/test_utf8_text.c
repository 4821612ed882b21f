/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "koji/utf8_text.h"

/* The character as UTF-8, by the book's table and not by the code under test; its length. */
static size_t encode(uint32_t character, char bytes[4])
{
    if (character < 0x80) {
        bytes[0] = (char)character;
        return 1;
    }
    size_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, character >>= 6)
        bytes[i] = (char)(0x80U | (character & 0x3FU));
    static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    bytes[0] = (char)(first[length] | character);
    return length;
}

/* Property: of all numbers up to 21 bits exactly the characters are taken, and none when its last byte is cut off. */
static void takes_every_character_and_nothing_else(void **state)
{
    (void)state;
    for (uint32_t character = 0; character < 0x200000; character++) {
        char bytes[4] = {0};
        size_t size = encode(character, bytes);
        bool good = character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF);
        if (utf8_text_valid(bytes, size) != (good ? size : 0))
            fail_msg("U+%04X", (unsigned)character);
        if (size > 1 && utf8_text_valid(bytes, size - 1) != 0)
            fail_msg("U+%04X cut", (unsigned)character);
    }
}

static void says_where_it_ends(void **state)
{
    (void)state;
    assert_int_equal(utf8_text_valid("", 0), 0);
    assert_int_equal(utf8_text_valid("ab\xC3\xA9z", 5), 5);
    assert_int_equal(utf8_text_valid("ab\xC3z", 4), 2);
    assert_int_equal(utf8_text_valid("ab\xC0\x80", 4), 2);
    assert_int_equal(utf8_text_valid("\xE0\x80\x80", 3), 0);
    assert_int_equal(utf8_text_valid("\xF0\x80\x80\x80", 4), 0);
    assert_int_equal(utf8_text_valid("a\x80", 2), 1);
    assert_int_equal(utf8_text_valid("\xF8\x88\x80\x80\x80", 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_character_and_nothing_else),
        cmocka_unit_test(says_where_it_ends),
    };
    return cmocka_run_group_tests_name("utf8_text", tests, NULL, NULL);
}
