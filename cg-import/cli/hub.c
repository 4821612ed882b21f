/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hub: who we are on a hub and what it can do. */
#include "connection.h"
#include "hub_facts.h"
#include "output.h"
#include "signals.h"
#include "verbs.h"

#include "koji/session.h"

enum hub_option { OPTION_JSON = OPTION_OF_VERB };

static const struct option_row rows[] = {
    {OPTION_JSON, "json", NULL, "print one JSON object"},
    {OPTION_NOAUTH, "noauth", NULL, "do not log in"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {
    {"What", rows}, {"Hub", connection_hub_rows}, {"Login", connection_login_rows}, {NULL, NULL}};

struct hub {
    struct connection connection;
    bool json;
    struct stop stop;
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct hub *hub = context;
    if (id == OPTION_JSON) {
        hub->json = true;
        return 0;
    }
    return connection_take(&hub->connection, id, value, err) < 0 ? -1 : 0;
}

static void note(void *context, const char *line)
{
    (void)context;
    fputs("cg-import: ", stderr);
    output_text(stderr, 0, line);
}

static void told_to_stop(void *context, enum stop_level level)
{
    (void)context;
    if (level == STOP_SOON)
        fputs("cg-import: stopping\n", stderr);
}

/* --- showing -------------------------------------------------------------------------------------------------------
 */

/* Column at which what is told begins. */
#define TOLD_COLUMN 20

static void show(const char *label, const char *text)
{
    printf("%-*s", TOLD_COLUMN, label);
    output_text(stdout, TOLD_COLUMN, text);
}

/* "atomic-reactor, osbuild", "none" for an empty list. */
static int show_names(const char *label, const json_t *names, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    for (size_t i = 0; i < json_array_size(names); i++)
        if (cg_bytes_printf(&text, err, "%s%s", i > 0 ? ", " : "", json_string_value(json_array_get(names, i))) < 0)
            return -1;
    show(label, text.size > 0 ? cg_bytes_text(&text) : "none");
    return 0;
}

static int show_text(const struct hub_facts *facts, struct cg_error *err)
{
    show("hub", facts->url);
    show("version", facts->version[0] ? facts->version : "not told");
    if (facts->user) {
        CG_AUTO_BYTES struct cg_bytes user = {0};
        if (cg_bytes_printf(&user, err, "%s (by %s)", facts->user, facts->authtype) < 0)
            return -1;
        show("user", cg_bytes_text(&user));
        show("session", facts->header_session ? "in headers" : "in the address (an old hub)");
    } else {
        show("user", "not logged in");
    }
    show("cg-import plugin", facts->plugin ? "present" : "not present");
    show("promotes drafts", facts->promotes ? "yes" : "no");
    if (facts->user && show_names("may import as", facts->my_generators, err) < 0)
        return -1;
    if (show_names("content generators", facts->generators, err) < 0)
        return -1;
    return show_names("build types", facts->btypes, err);
}

static int show_json(const struct hub_facts *facts, struct cg_error *err)
{
    CG_AUTO_JSON json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:O, s:O, s:O, s:O}", "hub", output_string(facts->url), "version",
        output_string(facts->version), "user", output_string(facts->user), "authtype",
        output_string(facts->user ? facts->authtype : NULL), "header_session",
        facts->user ? json_boolean(facts->header_session) : json_null(), "plugin", facts->plugin, "promotes_drafts",
        facts->promotes, "my_content_generators", facts->my_generators, "content_generators", facts->generators,
        "btypes", facts->btypes, "archive_extensions", facts->extensions);
    return output_json(stdout, object, err);
}

/* --- running -------------------------------------------------------------------------------------------------------
 */

static int ask_and_show(struct hub *hub, struct cg_error *err)
{
    AUTO_KOJI_PROFILE struct koji_profile *profile = connection_profile(&hub->connection, err);
    if (!profile)
        return -1;
    struct koji_session_options options = {.stop = &hub->stop, .note = note};
    AUTO_KOJI_SESSION struct koji_session *session = koji_session_create(profile, &options, err);
    if (!session || koji_session_login(session, err) < 0)
        return -1;

    CG_AUTO(hub_facts_finish) struct hub_facts facts = {0};
    int result = hub_facts_read(session, &facts, err);
    if (result == 0)
        result = hub->json ? show_json(&facts, err) : show_text(&facts, err);
    /* All is answered: that the hub keeps a session until it expires is no failure of this. */
    koji_session_logout(session, NULL);
    return result;
}

static int run(int argc, char **argv)
{
    struct hub hub = {0};
    struct cg_error err = {0};
    struct signals signals;
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_hub, argc, argv, take, &hub, &first, &status) == VERBS_STOP)
        return status;
    if (first < argc) {
        cg_fail(&err, CG_E_USAGE, "hub takes no arguments, and there is \"%s\"", argv[first]);
        cg_hint(&err, "a hub is named by --profile or --hub");
        return verbs_refuse(&verb_hub, argv, &err);
    }
    if (stop_init(&hub.stop, &err) < 0)
        return EXIT_LOCAL;
    if (signals_begin(&signals, &hub.stop, told_to_stop, NULL, &err) == 0) {
        ask_and_show(&hub, &err);
        signals_end(&signals);
    }
    stop_finish(&hub.stop);
    if (err.code == CG_OK)
        return EXIT_DONE;
    status = cg_code_info(err.code)->exit_status;
    output_error(stderr, "hub", &err);
    if (hub.json) {
        CG_AUTO_JSON json_t *object = json_pack("{s:o}", "error", output_error_json(&err, status));
        output_json(stdout, object, NULL);
    }
    return status;
}

static const char *const usage[] = {"[OPTION]...", NULL};

const struct verb verb_hub = {
    .name = "hub",
    .summary = "who am I on a hub, and what can it do",
    .usage = usage,
    .description =
        "Logs in to the hub of a profile and tells who the hub says you are, its version, what it can do and "
        "the content generators you may import for.",
    .exit_statuses = "  0  told\n"
                     "  1  the hub refuses the login or an answer\n"
                     "  2  wrong usage or configuration\n"
                     "  3  temporary: hub not reached, offline or busy\n",
    .groups = groups,
    .run = run,
};
