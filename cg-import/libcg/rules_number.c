/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <string.h>

/* Exponents beyond this make infinity or zero of any number that has room in a document. */
#define EXPONENT_MAX 100000000

/* White space that float() and int() leave out at both ends (the part of str.isspace() that C text has). */
static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t\n\r\f\v");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The end of digits that may have single underscores between them; `text` itself if there are none. */
static const char *skip_digits(const char *text)
{
    const char *end = text;
    while (is_digit(*end) || (end > text && *end == '_' && is_digit(end[1])))
        end++;
    return end;
}

/* value * 10^exponent */
static double scale(double value, int64_t exponent)
{
    double power = 10;
    uint64_t left = (uint64_t)(exponent < 0 ? -exponent : exponent);
    while (left > 0 && value != 0) {
        if (left & 1U)
            value = exponent < 0 ? value / power : value * power;
        left >>= 1;
        power *= power;
    }
    return value;
}

/* Digits between two places appended to `value`; counts them in *count. Beyond a double's range it is infinity. */
static double add_digits(double value, const char *from, const char *to, int64_t *count)
{
    for (; from < to; from++)
        if (is_digit(*from)) {
            value = value * 10 + (*from - '0');
            ++*count;
        }
    return value;
}

static int64_t read_exponent(const char *from, const char *to, bool negative)
{
    int64_t exponent = 0;
    for (; from < to && exponent < EXPONENT_MAX; from++)
        if (is_digit(*from))
            exponent = exponent * 10 + (*from - '0');
    return negative ? -exponent : exponent;
}

bool rules_python_float(const char *text, double *value)
{
    const char *at = skip_space(text);
    bool negative = *at == '-';
    at += *at == '-' || *at == '+';

    /* Digits before and after the point; one side may be empty. */
    int64_t digits = 0, decimals = 0;
    const char *end = skip_digits(at);
    double number = add_digits(0, at, end, &digits);
    if (*end == '.') {
        at = end + 1;
        end = skip_digits(at);
        number = add_digits(number, at, end, &decimals);
    }
    if (digits + decimals == 0)
        return false;

    int64_t exponent = 0;
    if (*end == 'e' || *end == 'E') {
        const char *sign = end + 1;
        at = sign + (*sign == '-' || *sign == '+');
        end = skip_digits(at);
        if (end == at)
            return false;
        exponent = read_exponent(at, end, *sign == '-');
    }
    if (*skip_space(end) != '\0')
        return false;
    number = scale(number, exponent - decimals);
    *value = negative ? -number : number;
    return true;
}

bool rules_python_int(const char *text, int64_t *value)
{
    const char *at = skip_space(text);
    bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    const char *end = skip_digits(at);
    if (end == at || *skip_space(end) != '\0')
        return false;
    int64_t number = 0;
    for (; at < end; at++)
        if (is_digit(*at))
            number = number > (INT64_MAX - 9) / 10 ? INT64_MAX - 9 : number * 10 + (*at - '0');
    *value = negative ? -number : number;
    return true;
}
