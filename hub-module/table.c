/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include "hello.h"

static const struct export exports[] = {
    {.name = "hello",
     .alias = "cgimport.hello",
     .doc = "Tell the versions of the hub module and of libcg, the digest of the schema, and what the module can do.",
     .method = hello},
    {.name = NULL},
};

const struct export *table_of_exports(void)
{
    return exports;
}
