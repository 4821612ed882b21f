/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "number.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Puts this thread into the locale "C". Returns the locale to go back to, or 0 when out of memory. */
static locale_t enter_c_locale(locale_t *c_locale)
{
    *c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return *c_locale ? uselocale(*c_locale) : (locale_t)0;
}

static void leave_c_locale(locale_t c_locale, locale_t previous)
{
    uselocale(previous);
    freelocale(c_locale);
}

int cg_number_parse(const char *text, double *value, struct cg_error *err)
{
    locale_t c_locale, previous = enter_c_locale(&c_locale);
    if (!previous)
        return cg_fail_memory(err);
    *value = strtod(text, NULL);
    leave_c_locale(c_locale, previous);
    return 0;
}

/* Raises the last digit of "D.DDDe+XX" by one. False if that would make it longer. */
static bool raise_digits(char *text)
{
    char *digit = strchr(text, 'e') - 1;
    while (digit > text && (*digit == '9' || *digit == '.')) {
        if (*digit == '9')
            *digit = '0';
        digit--;
    }
    if (*digit == '9')
        return false;
    (*digit)++;
    return true;
}

int cg_number_shortest(double value, char text[CG_NUMBER_TEXT_SIZE], struct cg_error *err)
{
    /* Seventeen significant digits always read back as the same double (IEEE 754-2019, 5.12.2). */
    enum { MOST_DIGITS = 17 };
    locale_t c_locale, previous = enter_c_locale(&c_locale);
    if (!previous)
        return cg_fail_memory(err);
    for (int digits = 1; digits <= MOST_DIGITS; digits++) {
        snprintf(text, CG_NUMBER_TEXT_SIZE, "%.*e", digits - 1, value);
        if (digits == MOST_DIGITS || strtod(text, NULL) == value)
            break;
        /* At a power of two the doubles above lie twice as far apart as those below: there the digits next above can
           read back as the value when the nearest digits, which are below it, do not (2^122). */
        if (raise_digits(text) && strtod(text, NULL) == value)
            break;
    }
    leave_c_locale(c_locale, previous);
    return 0;
}
