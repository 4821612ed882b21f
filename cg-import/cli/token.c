/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* token: who may call the service by bearer token. */
#include "database.h"
#include "output.h"
#include "service_options.h"
#include "verbs.h"

#include "base/clock.h"
#include "cg/printable.h"
#include "store/callers.h"

#include <string.h>
#include <time.h>

/* Globs of one caller, at most. */
#define GLOBS_MOST 64
/* Bytes of a caller's name. */
#define NAME_MOST 100
#define DAY_S 86400.0

enum token_option {
    OPTION_ROLE = OPTION_OF_SERVICE_VERB,
    OPTION_CONTENT_GENERATOR,
    OPTION_PACKAGE,
    OPTION_EXPIRES,
    OPTION_JSON,
};

static const struct option_row create_rows[] = {
    {OPTION_ROLE, "role", "ROLE", "submitter, operator or auditor; may be given again (default: submitter)"},
    {OPTION_CONTENT_GENERATOR, "content-generator", "GLOB",
     "only imports of these content generators; may be given again (default: all)"},
    {OPTION_PACKAGE, "package", "GLOB", "only imports of these packages; may be given again (default: all)"},
    {OPTION_EXPIRES, "expires", "DAYS", "the token ends after so many days (default: never)"},
    {0, NULL, NULL, NULL},
};
static const struct option_row list_rows[] = {
    {OPTION_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {
    {"Create", create_rows}, {"List", list_rows}, {"Service", service_options_rows}, {NULL, NULL}};

struct token {
    struct service_options service;
    unsigned roles;
    char *content_generators[GLOBS_MOST + 1]; /* borrowed from the command line; NULL-terminated */
    char *packages[GLOBS_MOST + 1];
    int64_t expires_days;
    bool for_create; /* was an option of create given? */
    bool json;
};

/* --- options -------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    enum store_role role;
} roles[] = {{"submitter", STORE_ROLE_SUBMITTER}, {"operator", STORE_ROLE_OPERATOR}, {"auditor", STORE_ROLE_AUDITOR}};
#define ROLE_COUNT (sizeof roles / sizeof roles[0])

static int take_role(struct token *token, const char *name, struct cg_error *err)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (strcmp(roles[i].name, name) == 0) {
            token->roles |= roles[i].role;
            return 0;
        }
    return cg_fail(err, CG_E_USAGE, "--role %s is not known; it may be submitter, operator or auditor", name);
}

static int take_glob(char **globs, const char *option, const char *glob, struct cg_error *err)
{
    size_t count = 0;
    while (globs[count])
        count++;
    if (count == GLOBS_MOST)
        return cg_fail(err, CG_E_USAGE, "--%s is given more than %d times", option, GLOBS_MOST);
    globs[count] = (char *)(uintptr_t)glob;
    return 0;
}

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct token *token = context;
    if (service_options_take_one(&token->service, id, value))
        return 0;
    token->for_create = token->for_create || id != OPTION_JSON;
    switch ((enum token_option)id) {
    case OPTION_ROLE:
        return take_role(token, value, err);
    case OPTION_CONTENT_GENERATOR:
        return take_glob(token->content_generators, "content-generator", value, err);
    case OPTION_PACKAGE:
        return take_glob(token->packages, "package", value, err);
    case OPTION_EXPIRES:
        return options_number("expires", value, 1, 36500, &token->expires_days, err);
    case OPTION_JSON:
        token->json = true;
        return 0;
    }
    return 0;
}

/* --- create and revoke ---------------------------------------------------------------------------------------------
 */

static int create(struct store *store, struct token *token, const char *name, struct cg_error *err)
{
    struct store_caller wanted = {.name = (char *)(uintptr_t)name,
                                  .roles = token->roles ? token->roles : (unsigned)STORE_ROLE_SUBMITTER,
                                  .content_generators = token->content_generators[0] ? token->content_generators : NULL,
                                  .packages = token->packages[0] ? token->packages : NULL};
    if (token->expires_days > 0)
        wanted.expires_at = clock_epoch_seconds() + (double)token->expires_days * DAY_S;
    AUTO_SECRET struct secret made = {0};
    if (store_caller_create(store, &wanted, &made, err) < 0)
        return -1;
    /* It is shown this once: only its digest is kept. */
    printf("%s\n", secret_reveal(&made));
    return 0;
}

static int revoke(struct store *store, const char *name, struct cg_error *err)
{
    int revoked = store_caller_revoke(store, name, err);
    if (revoked > 0)
        printf("%s revoked\n", name);
    return revoked != 0 ? (revoked < 0 ? -1 : 0)
                        : cg_fail(err, CG_E_USAGE, "there is no caller %s whose token is in force", name);
}

/* --- list ----------------------------------------------------------------------------------------------------------
 */

#define TIME_SIZE 24

static const char *time_text(double at, char text[TIME_SIZE])
{
    time_t seconds = (time_t)at;
    struct tm parts;
    if (at <= 0 || !gmtime_r(&seconds, &parts) || strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return NULL;
    return text;
}

static json_t *json_list(char *const *globs)
{
    json_t *list = globs ? json_array() : json_null();
    for (; globs && *globs; globs++)
        json_array_append_new(list, output_string(*globs));
    return list;
}

static json_t *json_roles(unsigned bits)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (bits & roles[i].role)
            json_array_append_new(list, json_string(roles[i].name));
    return list;
}

static json_t *json_caller(const struct store_caller *caller)
{
    char created[TIME_SIZE], expires[TIME_SIZE], revoked[TIME_SIZE];
    return json_pack("{s:o, s:o, s:o, s:o, s:s?, s:s?, s:s?}", "name", output_string(caller->name), "roles",
                     json_roles(caller->roles), "content_generators", json_list(caller->content_generators), "packages",
                     json_list(caller->packages), "created_at", time_text(caller->created_at, created), "expires_at",
                     time_text(caller->expires_at, expires), "revoked_at", time_text(caller->revoked_at, revoked));
}

static int list_json(const struct store_caller *callers, size_t count, struct cg_error *err)
{
    CG_AUTO_JSON json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, json_caller(&callers[i])) < 0)
            return cg_fail_memory(err);
    CG_AUTO_JSON json_t *object = json_pack("{s:O}", "callers", list);
    return output_json(stdout, object, err);
}

static int append_globs(struct cg_bytes *line, const char *before, char *const *globs, struct cg_error *err)
{
    if (cg_bytes_append_text(line, before, err) < 0)
        return -1;
    if (!globs)
        return cg_bytes_append_text(line, "all", err);
    for (const char *between = ""; *globs; globs++, between = " ")
        if (cg_bytes_printf(line, err, "%s%s", between, *globs) < 0)
            return -1;
    return 0;
}

/* "osbs: submitter; generators all; packages web-*; until 2027-01-01T00:00:00Z" */
static int list_line(const struct store_caller *caller, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes line = {0};
    char at[TIME_SIZE];
    const char *between = ": ";
    if (cg_bytes_append_text(&line, caller->name, err) < 0)
        return -1;
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (caller->roles & roles[i].role) {
            if (cg_bytes_printf(&line, err, "%s%s", between, roles[i].name) < 0)
                return -1;
            between = ", ";
        }
    if (append_globs(&line, "; content generators ", caller->content_generators, err) < 0 ||
        append_globs(&line, "; packages ", caller->packages, err) < 0)
        return -1;
    if (time_text(caller->expires_at, at) && cg_bytes_printf(&line, err, "; until %s", at) < 0)
        return -1;
    if (time_text(caller->revoked_at, at) && cg_bytes_printf(&line, err, "; revoked %s", at) < 0)
        return -1;
    output_text(stdout, 4, cg_bytes_text(&line));
    return 0;
}

static int list(struct store *store, const struct token *token, struct cg_error *err)
{
    struct store_caller *callers = NULL;
    size_t count = 0;
    if (store_caller_list(store, &callers, &count, err) < 0)
        return -1;
    int result = token->json ? list_json(callers, count, err) : 0;
    for (size_t i = 0; i < count && !token->json && result == 0; i++)
        result = list_line(&callers[i], err);
    store_callers_free(callers, count);
    return result;
}

/* --- running -------------------------------------------------------------------------------------------------------
 */

enum token_deed { TOKEN_CREATE, TOKEN_LIST, TOKEN_REVOKE };

/* It stands in lists, logs and the audit for ever. */
static int judge_name(const char *name, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes shown = {0};
    if (cg_printable_append(&shown, name, err) < 0)
        return -1;
    if (name[0] == '\0' || strlen(name) > NAME_MOST)
        return cg_fail(err, CG_E_USAGE, "the name of a caller has 1 to %d bytes, and this has %zu", NAME_MOST,
                       strlen(name));
    if (strcmp(name, cg_bytes_text(&shown)) != 0)
        return cg_fail(err, CG_E_USAGE, "the name of a caller is UTF-8 without control characters, not \"%s\"",
                       cg_bytes_text(&shown));
    return 0;
}

static int judge(const struct token *token, char **words, enum token_deed *deed, struct cg_error *err)
{
    static const char *const names[] = {"create", "list", "revoke", NULL};
    if (!words[0])
        return cg_fail(err, CG_E_USAGE, "what to do is missing: create, list or revoke");
    int i = 0;
    while (names[i] && strcmp(names[i], words[0]) != 0)
        i++;
    if (!names[i])
        return cg_fail(err, CG_E_USAGE, "token cannot %s: it can create, list or revoke", words[0]);
    *deed = (enum token_deed)i;
    if (*deed != TOKEN_LIST && !words[1])
        return cg_fail(err, CG_E_USAGE, "the name of the caller is missing");
    const char *many = *deed == TOKEN_LIST ? words[1] : words[2];
    if (many)
        return cg_fail(err, CG_E_USAGE, "token %s takes %s, and \"%s\" is too many", words[0],
                       *deed == TOKEN_LIST ? "no arguments" : "one name", many);
    if (token->for_create && *deed != TOKEN_CREATE)
        return cg_fail(err, CG_E_USAGE, "token %s takes no roles, globs or days: those are for create", words[0]);
    return *deed == TOKEN_CREATE ? judge_name(words[1], err) : 0;
}

static int act(struct token *token, enum token_deed deed, const char *name, struct cg_error *err)
{
    AUTO_CONFIG struct config *config = service_options_config(&token->service, err);
    AUTO_DATABASE struct database database = {0};
    if (!config || database_open(&database, config, DATABASE_VISIT, NULL, err) < 0)
        return -1;
    switch (deed) {
    case TOKEN_CREATE:
        return create(database.store, token, name, err);
    case TOKEN_LIST:
        return list(database.store, token, err);
    case TOKEN_REVOKE:
        return revoke(database.store, name, err);
    }
    return 0;
}

static int run(int argc, char **argv)
{
    struct token token = {0};
    struct cg_error err = {0};
    enum token_deed deed = TOKEN_LIST;
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_token, argc, argv, take, &token, &first, &status) == VERBS_STOP)
        return status;
    if (judge(&token, argv + first, &deed, &err) < 0)
        return verbs_refuse(&verb_token, argv, &err);
    if (act(&token, deed, argv[first + 1], &err) == 0)
        return EXIT_DONE;
    output_error(stderr, "token", &err);
    return cg_code_info(err.code)->exit_status;
}

static const char *const usage[] = {"create NAME [OPTION]...", "list [--json]", "revoke NAME", NULL};

const struct verb verb_token = {
    .name = "token",
    .summary = "make, list and revoke the tokens by which callers are known",
    .usage = usage,
    .description = "Works in the database of the service, on its own machine, whether it runs or not. A token is "
                   "printed once and kept only as its digest.",
    .exit_statuses = "  0  done\n"
                     "  2  wrong usage or configuration; there is no such caller\n"
                     "  3  temporary: the database is not reached\n"
                     "  4  the name is taken\n",
    .groups = groups,
    .run = run,
};
