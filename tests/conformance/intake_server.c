/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service without its workers, for tests of the HTTP face: what was accepted stays where it is.
 *
 *     intake_server CONNINFO SPOOL ROOT [RESERVE_BYTES [METADATA_MAX [OUTPUT_MAX [IMPORTS_MAX [RATE_SECONDS]]]]]
 *
 * Migrates the database, makes the callers below, and writes one JSON line {"port", "tokens": {name: token}}. Knows the
 * hub "sandbox", which is the default. ROOT is the reference root "builds". The audit log is signed and published
 * beside SPOOL, in SPOOL.audit. Ends when its standard input does.
 */
#include "audit/sequencer.h"
#include "base/secret.h"
#include "intake/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *const one_generator[] = {"osbs", NULL};
static const char *const some_packages[] = {"demo*", "minimal", "webserver", NULL};
static const char *const other_generator[] = {"other", NULL};

static const struct test_caller {
    const char *name;
    unsigned roles;
    const char *const *content_generators;
    const char *const *packages;
} callers[] = {
    {"submitter", STORE_ROLE_SUBMITTER, NULL, NULL},
    {"narrow", STORE_ROLE_SUBMITTER, one_generator, some_packages},
    {"stranger", STORE_ROLE_SUBMITTER | STORE_ROLE_OPERATOR, other_generator, NULL},
    {"operator", STORE_ROLE_OPERATOR, NULL, NULL},
    {"auditor", STORE_ROLE_AUDITOR, other_generator, NULL},
};

static int end(const struct cg_error *err)
{
    fprintf(stderr, "intake_server: %s: %s\n", cg_code_info(err->code)->name, err->message);
    return 1;
}

static int make_callers(struct store *store, json_t *tokens, struct cg_error *err)
{
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        struct secret token = {0};
        char name[64];
        struct store_caller wanted = {.name = name,
                                      .roles = callers[i].roles,
                                      .content_generators = (char **)callers[i].content_generators,
                                      .packages = (char **)callers[i].packages};
        snprintf(name, sizeof name, "%s", callers[i].name);
        if (store_caller_create(store, &wanted, &token, err) != 0)
            return -1;
        json_object_set_new(tokens, name, json_string(secret_reveal(&token)));
        secret_finish(&token);
    }
    return 0;
}

static const struct cg_hub_facts *sandbox_facts(void *context, const char *hub)
{
    static const struct cg_hub_facts nothing_known = {0};
    (void)context;
    return strcmp(hub, "sandbox") == 0 ? &nothing_known : NULL;
}

static uint64_t number(int argc, char **argv, int i)
{
    return argc > i ? strtoull(argv[i], NULL, 10) : 0;
}

static int serve(const struct intake_options *options, json_t *tokens)
{
    struct cg_error err = {0};
    struct intake *intake = intake_start(options, &err);
    if (!intake)
        return end(&err);
    CG_AUTO_JSON json_t *line = json_pack("{s:i, s:O}", "port", (int)intake_port(intake), "tokens", tokens);
    CG_AUTO_FREE char *text = json_dumps(line, JSON_COMPACT);
    puts(text);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    intake_stop(intake, 2);
    return 0;
}

int main(int argc, char **argv)
{
    struct cg_error err = {0};
    unsigned applied;
    if (argc < 4)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    const struct store_options store_options = {.conninfo = argv[1]};
    const struct spool_options spool_options = {.directory = argv[2], .reserve_bytes = number(argc, argv, 4)};
    const struct reference_root root = {.name = "builds", .directory = argv[3]};
    CG_AUTO_JSON json_t *tokens = json_object();
    struct store *store = store_open(&store_options, &err);
    struct spool *spool = store ? spool_open(&spool_options, &err) : NULL;
    struct log *log = spool ? log_create(2, LOG_KEY_VALUE, LOG_INFO, &err) : NULL;
    if (!log || store_migrate(store, &applied, &err) != 0 || make_callers(store, tokens, &err) != 0)
        return end(&err);
    char published[512], last_signed[512], key[512];
    snprintf(published, sizeof published, "%s.audit/log", argv[2]);
    snprintf(last_signed, sizeof last_signed, "%s.audit/last-signed", argv[2]);
    snprintf(key, sizeof key, "%s.audit-key", argv[2]);
    const struct sequencer_options sequencer_options = {.store = store,
                                                        .log = log,
                                                        .replica = "intake",
                                                        .directory = published,
                                                        .last_signed = last_signed,
                                                        .keys = {.key_file = key, .origin = "test.example/log"}};
    struct sequencer *sequencer = sequencer_start(&sequencer_options, &err);
    if (!sequencer)
        return end(&err);
    const struct intake_hub hub = {.name = "sandbox", .web_url = "https://koji.example.com/koji"};
    const struct intake_options options = {
        .hubs = &hub,
        .hub_count = 1,
        .store = store,
        .audit_directory = published,
        .audit_wait_s = 300,
        .spool = spool,
        .log = log,
        .address = "127.0.0.1",
        .trust = {.tokens = true},
        .limits = {.metadata_bytes = number(argc, argv, 5),
                   .output_bytes = number(argc, argv, 6),
                   .imports_per_caller = (unsigned)number(argc, argv, 7),
                   .rate_seconds = (unsigned)number(argc, argv, 8)},
        .default_hub = "sandbox",
        .roots = &root,
        .root_count = 1,
        .hub_facts = sandbox_facts,
    };
    int status = serve(&options, tokens);
    sequencer_stop(sequencer);
    log_destroy(log);
    spool_close(spool);
    store_close(store);
    return status;
}
