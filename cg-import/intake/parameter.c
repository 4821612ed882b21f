/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/parameter.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool is_digits(const char *text, size_t count)
{
    return strspn(text, "0123456789") >= count;
}

int parameter_number(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *number,
                     struct cg_error *err)
{
    size_t size = strlen(text);
    bool is_number = size > 0 && size <= 20 && is_digits(text, size);
    uint64_t value = 0;
    for (const char *p = text; is_number && *p; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        is_number = value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    if (!is_number || value < least || value > most)
        return cg_fail(err, CG_E_USAGE, "%s is \"%.80s\", expected an integer from %" PRIu64 " to %" PRIu64, name, text,
                       least, most);
    *number = value;
    return 0;
}

int parameter_flag(const char *name, const char *text, bool *flag, struct cg_error *err)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return cg_fail(err, CG_E_USAGE, "%s is \"%.80s\", expected true or false", name, text);
    *flag = text[0] == 't';
    return 0;
}

/* Two or four digits at `text`, which has them. */
static unsigned digits(const char *text, size_t count)
{
    unsigned value = 0;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    return value;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    uint64_t days = day - 1;
    for (unsigned m = 1; m < month; m++)
        days += month_days(year, m);
    uint64_t before = year - 1;
    return days + before * 365 + before / 4 - before / 100 + before / 400 - 719162;
}

/* "Z", "+HH:MM", "-HH:MM": *seconds ahead of UTC. */
static bool read_offset(const char *text, double *seconds)
{
    *seconds = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    bool is_shaped = strlen(text) == 6 && strchr("+- ", text[0]) && is_digits(text + 1, 2) && text[3] == ':' &&
                     is_digits(text + 4, 2);
    if (!is_shaped || digits(text + 1, 2) > 23 || digits(text + 4, 2) > 59)
        return false;
    *seconds = digits(text + 1, 2) * 3600.0 + digits(text + 4, 2) * 60.0;
    if (text[0] == '-')
        *seconds = -*seconds;
    return true;
}

static bool read_time(const char *text, double *seconds)
{
    bool is_shaped = strlen(text) >= 20 && is_digits(text, 4) && text[4] == '-' && is_digits(text + 5, 2) &&
                     text[7] == '-' && is_digits(text + 8, 2) && strchr("Tt", text[10]) && is_digits(text + 11, 2) &&
                     text[13] == ':' && is_digits(text + 14, 2) && text[16] == ':' && is_digits(text + 17, 2);
    if (!is_shaped)
        return false;
    unsigned year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
    unsigned hour = digits(text + 11, 2), minute = digits(text + 14, 2), second = digits(text + 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    const char *rest = text + 19;
    double fraction = 0, scale = 0.1, offset;
    if (*rest == '.') {
        if (!is_digits(++rest, 1))
            return false;
        for (; is_digits(rest, 1); rest++) {
            fraction += (*rest - '0') * scale;
            scale /= 10;
        }
    }
    if (!read_offset(rest, &offset))
        return false;
    *seconds =
        (double)days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second + fraction - offset;
    return true;
}

int parameter_time(const char *name, const char *text, double *seconds, struct cg_error *err)
{
    if (!read_time(text, seconds))
        return cg_fail(err, CG_E_USAGE, "%s is \"%.80s\", expected a time like 2023-11-12T09:00:00Z", name, text);
    return 0;
}

void parameter_time_text(double seconds, char text[PARAMETER_TIME_SIZE])
{
    double whole = floor(seconds);
    unsigned milliseconds = (unsigned)((seconds - whole) * 1000);
    time_t at = (time_t)whole;
    struct tm utc = {0};
    char date[24];
    if (!gmtime_r(&at, &utc) || strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        date[0] = '\0';
    snprintf(text, PARAMETER_TIME_SIZE, "%s.%03uZ", date, milliseconds > 999 ? 999 : milliseconds);
}
