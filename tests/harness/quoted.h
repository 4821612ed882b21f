/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_QUOTED_H
#define TESTS_QUOTED_H

/* JSON written with ' for ", so that it can be read in a C string. */

#include <jansson.h>

/* New reference; fails the test on a text that is no JSON. U+0000 is written \\u0000. */
json_t *quoted_json(const char *text);

#endif
