/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_number.h"

#include <math.h>
#include <stdio.h>
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

int cg_number_compare_integer(const json_t *left, json_int_t right)
{
    if (json_is_integer(left))
        return compare_integers(json_integer_value(left), right);
    return -compare_mixed(right, json_real_value(left));
}

int cg_number_compare(const json_t *left, const json_t *right)
{
    if (json_is_integer(right))
        return cg_number_compare_integer(left, json_integer_value(right));
    if (json_is_integer(left))
        return compare_mixed(json_integer_value(left), json_real_value(right));
    return compare_reals(json_real_value(left), json_real_value(right));
}

bool cg_number_is_integer(double real, int64_t *integer)
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

/* The fewest digits that read back as the same double; 17 are always enough. */
static struct decimal shortest(double real)
{
    char text[40];
    for (int precision = 0; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, fabs(real));
        if (strtod(text, NULL) == fabs(real))
            break;
    }
    struct decimal number = {0, 0};
    const char *p = text;
    for (int after_point = 0; *p && *p != 'e'; p++) {
        if (*p < '0' || *p > '9') {
            after_point = 1; /* the point, whatever the locale calls it */
            continue;
        }
        number.digits = number.digits * 10 + (uint64_t)(*p - '0');
        number.exponent -= after_point;
    }
    number.exponent += *p == 'e' ? atoi(p + 1) : 0;
    return without_zeros(number);
}

static struct decimal decimal_of(const json_t *number)
{
    if (json_is_real(number))
        return shortest(json_real_value(number));
    json_int_t integer = json_integer_value(number);
    uint64_t magnitude = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    return without_zeros((struct decimal){magnitude, 0});
}

/* value * 10 modulo `modulus`, which is at most 2^63, so that no doubling overflows. */
static uint64_t times_ten(uint64_t value, uint64_t modulus)
{
    uint64_t twice = value * 2 % modulus;
    uint64_t eight = twice * 2 % modulus * 2 % modulus;
    return (eight + twice) % modulus;
}

bool cg_number_is_multiple(const json_t *number, const json_t *divisor)
{
    struct decimal dividend = decimal_of(number), by = decimal_of(divisor);
    if (dividend.digits == 0)
        return true;
    if (dividend.exponent < by.exponent)
        return false; /* a quotient would make the digits end in 0 */
    uint64_t rest = dividend.digits % by.digits;
    for (int shift = dividend.exponent - by.exponent; shift > 0 && rest != 0; shift--)
        rest = times_ten(rest, by.digits);
    return rest == 0;
}
