/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quoted.h"

#include "unit.h"

#include <stdlib.h>

json_t *quoted_json(const char *text)
{
    json_error_t error;
    char *plain = strdup(text);
    assert_non_null(plain);
    for (char *p = plain; *p; p++)
        if (*p == '\'')
            *p = '"';
    json_t *json = json_loads(plain, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!json)
        fail_msg("%s: %s", plain, error.text);
    free(plain);
    return json;
}
