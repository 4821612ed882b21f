/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/pages.h"
#include "intake/resources.h"
#include "intake/routes.h"
#include "intake/server_private.h"

struct intake *intake_start(const struct intake_options *options, struct cg_error *err)
{
    struct router router = {.count = 3};
    router.tables[0].routes = routes_of_server(&router.tables[0].count);
    router.tables[1].routes = intake_resources(&router.tables[1].count);
    router.tables[2].routes = routes_of_pages(&router.tables[2].count);
    return server_start(options, &router, err);
}
