/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client_verb.h"
#include "output.h"
#include "service_import.h"

int client_verb_take(struct client_verb *verb, int id, const char *value)
{
    if (id == OPTION_CLIENT_JSON) {
        verb->json = true;
        return 1;
    }
    return service_access_take(&verb->access, id, value);
}

int client_verb_take_all(void *context, int id, const char *value, struct cg_error *err)
{
    struct client_verb *verb = context;
    (void)err;
    if (!client_verb_take(verb, id, value))
        verb->own = value;
    return 0;
}

static void told_to_stop(void *context, enum stop_level level)
{
    (void)context;
    if (level == STOP_SOON)
        fputs("cg-import: stopping; the service goes on\n", stderr);
}

int client_verb_begin(struct client_verb *verb, struct cg_error *err)
{
    if (service_access_resolve(&verb->access, err) < 0 || stop_init(&verb->stop, err) < 0)
        return -1;
    verb->client = service_client_create(&verb->access, &verb->stop, err);
    if (verb->client && signals_begin(&verb->signals, &verb->stop, told_to_stop, NULL, err) == 0)
        return 0;
    service_client_destroy(verb->client);
    verb->client = NULL;
    stop_finish(&verb->stop);
    return -1;
}

void client_verb_keep_findings(struct client_verb *verb, const struct service_reply *reply)
{
    json_decref(verb->findings);
    verb->findings = json_incref(reply->report);
}

static void print_findings(const json_t *report)
{
    size_t i;
    json_t *finding;
    json_array_foreach(json_object_get(report, "findings"), i, finding)
    {
        CG_AUTO_BYTES struct cg_bytes text = {0};
        const char *expected = service_import_text(finding, "expected");
        cg_bytes_printf(&text, NULL, "%s at %s: %s%s%s [%s]", service_import_text(finding, "level"),
                        service_import_place(finding), service_import_text(finding, "message"),
                        expected[0] ? "; expected " : "", expected, service_import_text(finding, "rule"));
        output_paragraph(stderr, 4, cg_bytes_text(&text));
    }
}

static void print_json(struct client_verb *verb, const struct cg_error *err, int status)
{
    CG_AUTO_JSON json_t *object =
        json_pack("{s:o, s:O*}", "error", output_error_json(err, status), "report", verb->findings);
    output_json(stdout, object, NULL);
}

int client_verb_end(struct client_verb *verb, const struct cg_error *err)
{
    int status = err->code == CG_OK ? EXIT_DONE : cg_code_info(err->code)->exit_status;
    if (verb->client) {
        signals_end(&verb->signals);
        service_client_destroy(verb->client);
        stop_finish(&verb->stop);
    }
    service_access_finish(&verb->access);
    if (err->code != CG_OK) {
        output_error(stderr, verb->verb->name, err);
        print_findings(verb->findings);
        if (verb->json)
            print_json(verb, err, status);
    }
    json_decref(verb->findings);
    return status;
}

int client_verb_run_about_one(void *context, const struct client_verb_about_one *what, int argc, char **argv)
{
    struct client_verb *verb = context;
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(verb->verb, argc, argv, what->take, context, &first, &status) == VERBS_STOP)
        return status;
    if (argc - first != 1)
        cg_fail(&err, CG_E_USAGE, "%s", what->wanted);
    else if (what->judge)
        what->judge(context, argv[first], &err);
    if (err.code != CG_OK)
        return verbs_refuse(verb->verb, argv, &err);
    if (client_verb_begin(verb, &err) == 0)
        what->act(context, argv[first], &err);
    return client_verb_end(verb, &err);
}
