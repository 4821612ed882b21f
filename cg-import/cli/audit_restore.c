/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit restore: put back into an older database what the published log has more. */
#include "audit.h"
#include "database.h"
#include "output.h"
#include "service_options.h"

#include "audit/restore.h"

#include <inttypes.h>

static int restore(const struct service_options *given, uint64_t *restored, struct cg_error *err)
{
    AUTO_CONFIG struct config *config = service_options_config(given, err);
    AUTO_DATABASE struct database database = {0};
    if (!config || database_open(&database, config, DATABASE_VISIT, NULL, err) < 0)
        return -1;
    const struct config_audit *audit = &config->audit;
    const struct restore_options options = {.store = database.store,
                                            .directory = audit->directory,
                                            .last_signed = audit->last_signed,
                                            .keys = {.origin = audit->origin,
                                                     .key_file = audit->key_file,
                                                     .second_key_file = audit->second_key_file,
                                                     .trusted_keys = (const char *const *)audit->trusted_keys}};
    return audit_restore(&options, restored, err);
}

static int run(int argc, char **argv)
{
    struct service_options given = {0};
    struct cg_error err = {0};
    uint64_t restored = 0;
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_audit_restore, argc, argv, service_options_take, &given, &first, &status) == VERBS_STOP)
        return status;
    if (first < argc) {
        cg_fail(&err, CG_E_USAGE, "audit restore takes no arguments, and there is \"%s\"", argv[first]);
        return verbs_refuse(&verb_audit_restore, argv, &err);
    }
    if (restore(&given, &restored, &err) == 0)
        printf("%" PRIu64 " %s put back\n", restored, restored == 1 ? "entry" : "entries");
    return audit_end(&verb_audit_restore, false, &err);
}

static const char *const usage[] = {"[--config FILE]", NULL};
static const struct option_group groups[] = {{"Service", service_options_rows}, {NULL, NULL}};

const struct verb verb_audit_restore = {
    .name = "audit restore",
    .summary = "put back into an older database what the published log has more",
    .usage = usage,
    .description =
        "For a service whose database was restored from a backup that is older than the published log: reads "
        "the entries that are missing from the published files and puts them into the database, under the "
        "signature they have. Signs nothing, and refuses a database whose log is not a part of the "
        "published one.",
    .exit_statuses = "  0   put back, or nothing was missing\n"
                     "  2   wrong usage or configuration\n"
                     "  3   temporary: the database is not reached, or a service signs the log\n"
                     "  10  a published file is not in the form of a tile or a checkpoint\n"
                     "  11  no key of the log signed the checkpoint, or a known key's signature is wrong\n"
                     "  13  a proof does not lead to the signed root\n"
                     "  14  the database's log is not a part of the published one\n"
                     "  16  a published file is missing\n",
    .groups = groups,
    .run = run,
};
