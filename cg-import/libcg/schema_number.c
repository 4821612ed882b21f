/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_number.h"
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 2^63, the first double above every int64_t. */
#define INTEGER_END 9223372036854775808.0

static int compare_integers(int64_t left, int64_t right)
{
    return (left > right) - (left < right);
}

static int compare_reals(double left, double right)
{
    return (left > right) - (left < right);
}

/* Exact: the integer part of the double is compared as an integer, then its fraction decides. */
static int compare_mixed(int64_t left, double right)
{
    if (right >= INTEGER_END)
        return -1;
    if (right < -INTEGER_END)
        return 1;
    double whole = trunc(right);
    int order = compare_integers(left, (int64_t)whole);
    return order != 0 ? order : compare_reals(whole, right);
}

int cg_schema_number_compare_integer(const json_t *left, json_int_t right)
{
    if (json_is_integer(left))
        return compare_integers(json_integer_value(left), right);
    return -compare_mixed(right, json_real_value(left));
}

int cg_schema_number_compare(const json_t *left, const json_t *right)
{
    if (json_is_integer(right))
        return cg_schema_number_compare_integer(left, json_integer_value(right));
    if (json_is_integer(left))
        return compare_mixed(json_integer_value(left), json_real_value(right));
    return compare_reals(json_real_value(left), json_real_value(right));
}

bool cg_schema_number_is_integer(double real, int64_t *integer)
{
    if (!(real >= -INTEGER_END && real < INTEGER_END) || trunc(real) != real)
        return false;
    *integer = (int64_t)real;
    return true;
}

/* digits * 10^exponent, the sign dropped; digits do not end in 0 unless they are 0. */
struct decimal {
    uint64_t digits;
    int exponent;
};

static struct decimal without_zeros(struct decimal number)
{
    while (number.digits != 0 && number.digits % 10 == 0) {
        number.digits /= 10;
        number.exponent++;
    }
    return number;
}

static int decimal_of_real(double real, struct decimal *number, struct cg_error *err)
{
    char text[CG_NUMBER_TEXT_SIZE];
    if (cg_number_shortest(fabs(real), text, err) < 0)
        return -1;
    const char *exponent = strchr(text, 'e'), *point = strchr(text, '.');
    *number = (struct decimal){0, exponent ? (int)strtol(exponent + 1, NULL, 10) : 0};
    for (const char *p = text; *p && p != exponent; p++) {
        if (p == point)
            continue;
        number->digits = number->digits * 10 + (uint64_t)(*p - '0');
        number->exponent -= point && p > point;
    }
    *number = without_zeros(*number);
    return 0;
}

static int decimal_of(const json_t *json, struct decimal *number, struct cg_error *err)
{
    if (json_is_real(json))
        return decimal_of_real(json_real_value(json), number, err);
    json_int_t integer = json_integer_value(json);
    uint64_t magnitude = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    *number = without_zeros((struct decimal){magnitude, 0});
    return 0;
}

/* value * 10 modulo `modulus`, which is at most 2^63, so that no doubling overflows. */
static uint64_t times_ten(uint64_t value, uint64_t modulus)
{
    uint64_t twice = value * 2 % modulus;
    uint64_t eight = twice * 2 % modulus * 2 % modulus;
    return (eight + twice) % modulus;
}

int cg_schema_number_is_multiple(const json_t *number, const json_t *divisor, struct cg_error *err)
{
    struct decimal dividend, by;
    if (decimal_of(number, &dividend, err) < 0 || decimal_of(divisor, &by, err) < 0)
        return -1;
    if (dividend.digits == 0)
        return 1;
    if (dividend.exponent < by.exponent)
        return 0; /* a quotient would make the digits end in 0 */
    uint64_t rest = dividend.digits % by.digits;
    for (int shift = dividend.exponent - by.exponent; shift > 0 && rest != 0; shift--)
        rest = times_ten(rest, by.digits);
    return rest == 0;
}
