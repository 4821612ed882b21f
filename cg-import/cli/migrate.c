/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* migrate: bring the schema of the database up to date. */
#include "database.h"
#include "output.h"
#include "service_options.h"
#include "verbs.h"

static int migrate(const struct config *config, unsigned *applied, struct cg_error *err)
{
    AUTO_DATABASE struct database database = {0};
    if (database_connect(&database, config, DATABASE_VISIT, NULL, err) < 0)
        return -1;
    return store_migrate(database.store, applied, err);
}

static int run(int argc, char **argv)
{
    struct service_options options = {0};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_migrate, argc, argv, service_options_take, &options, &first, &status) == VERBS_STOP)
        return status;
    if (first < argc) {
        cg_fail(&err, CG_E_USAGE, "migrate takes no arguments, and there is \"%s\"", argv[first]);
        return verbs_refuse(&verb_migrate, argv, &err);
    }
    AUTO_CONFIG struct config *config = service_options_config(&options, &err);
    unsigned applied = 0;
    if (!config || migrate(config, &applied, &err) < 0) {
        output_error(stderr, "migrate", &err);
        return cg_code_info(err.code)->exit_status;
    }
    if (applied == 0)
        puts("the schema was up to date");
    else
        printf("%u %s applied, the schema is up to date\n", applied, applied == 1 ? "migration" : "migrations");
    return EXIT_DONE;
}

static const char *const usage[] = {"[OPTION]...", NULL};
static const struct option_group groups[] = {{"Service", service_options_rows}, {NULL, NULL}};

const struct verb verb_migrate = {
    .name = "migrate",
    .summary = "bring the service's database up to date",
    .usage = usage,
    .description = "Applies the migrations that the database of the service lacks, each in a transaction. Does nothing "
                   "to a database that is up to date, and refuses one of a newer program.",
    .exit_statuses = "  0  up to date\n"
                     "  2  wrong usage or configuration\n"
                     "  3  temporary: the database is not reached or in use\n",
    .groups = groups,
    .run = run,
};
