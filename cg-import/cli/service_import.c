/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service_import.h"
#include "output.h"
#include "service_events.h"

#include "store/store.h"

#include <inttypes.h>
#include <string.h>

/* Column at which what is told begins. */
#define TOLD_COLUMN 20

const char *service_import_text(const json_t *import, const char *member)
{
    const char *text = json_string_value(json_object_get(import, member));
    return text ? text : "";
}

const char *service_import_place(const json_t *finding)
{
    const char *pointer = service_import_text(finding, "pointer");
    return pointer[0] ? pointer : "the top of the document";
}

/* --- finding -------------------------------------------------------------------------------------------------------
 */

static json_t *get_import(struct service_client *client, const char *id, struct cg_error *err)
{
    char path[64];
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    snprintf(path, sizeof path, "/v1/imports/%s", id);
    if (service_client_get(client, path, &reply, err) < 0)
        return NULL;
    return json_incref(reply.json);
}

json_t *service_import_find(struct service_client *client, const char *id_or_nvr, struct cg_error *err)
{
    if (store_is_id(id_or_nvr))
        return get_import(client, id_or_nvr, err);
    CG_AUTO_BYTES struct cg_bytes path = {0};
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    if (cg_bytes_append_text(&path, "/v1/imports?limit=1&nvr=", err) < 0 ||
        service_client_escape(&path, id_or_nvr, err) < 0 ||
        service_client_get(client, cg_bytes_text(&path), &reply, err) < 0)
        return NULL;
    const json_t *found = json_array_get(json_object_get(reply.json, "imports"), 0);
    if (!found) {
        cg_fail(err, CG_E_USAGE, "the service has no import of %s that you may see", id_or_nvr);
        return NULL;
    }
    return get_import(client, service_import_text(found, "id"), err);
}

/* --- telling -------------------------------------------------------------------------------------------------------
 */

static void show(FILE *out, const char *label, const char *text)
{
    if (!text || !text[0])
        return;
    fprintf(out, "%-*s", TOLD_COLUMN, label);
    output_text(out, TOLD_COLUMN, text);
}

static bool is_over(const json_t *import)
{
    const char *state = service_import_text(import, "state");
    return strcmp(state, "imported") == 0 || strcmp(state, "rejected") == 0 || strcmp(state, "canceled") == 0;
}

static int show_state(FILE *out, const json_t *import, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    const char *held = service_import_text(import, "held"), *step = service_import_text(import, "step");
    int result = cg_bytes_append_text(&text, service_import_text(import, "state"), err);
    if (result == 0 && held[0])
        result = cg_bytes_printf(&text, err, ": %s", held);
    if (result == 0 && step[0] && !is_over(import))
        result = cg_bytes_printf(&text, err, ", at step %s", step);
    if (result == 0)
        show(out, "state", cg_bytes_text(&text));
    return result;
}

static int show_error(FILE *out, const json_t *import, struct cg_error *err)
{
    const json_t *error = json_object_get(import, "error");
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (!json_is_object(error))
        return 0;
    if (cg_bytes_printf(&text, err, "%s [%s]", service_import_text(error, "message"),
                        service_import_text(error, "code")) < 0)
        return -1;
    show(out, "error", cg_bytes_text(&text));
    show(out, "what to do", service_import_text(error, "hint"));
    return 0;
}

/* "error at /build/version: ...": the findings that the service kept. */
static int show_findings(FILE *out, const json_t *import, struct cg_error *err)
{
    size_t i;
    json_t *finding;
    json_array_foreach(json_object_get(json_object_get(import, "report"), "findings"), i, finding)
    {
        CG_AUTO_BYTES struct cg_bytes text = {0};
        if (cg_bytes_printf(&text, err, "%s at %s: %s [%s]", service_import_text(finding, "level"),
                            service_import_place(finding), service_import_text(finding, "message"),
                            service_import_text(finding, "rule")) < 0)
            return -1;
        show(out, "finding", cg_bytes_text(&text));
    }
    return 0;
}

static int show_outputs(FILE *out, const json_t *import, struct cg_error *err)
{
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(import, "outputs"), i, output)
    {
        CG_AUTO_BYTES struct cg_bytes text = {0};
        json_int_t size = json_integer_value(json_object_get(output, "size_bytes"));
        json_int_t here = json_integer_value(json_object_get(output, "received_bytes"));
        int result = cg_bytes_printf(&text, err, "%s, ", service_import_text(output, "path"));
        if (result == 0 && json_is_true(json_object_get(output, "complete")))
            result = cg_bytes_printf(&text, err, "%" JSON_INTEGER_FORMAT " bytes", size);
        else if (result == 0)
            result =
                cg_bytes_printf(&text, err, "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " bytes", here, size);
        if (result < 0)
            return -1;
        show(out, "output", cg_bytes_text(&text));
    }
    return 0;
}

int service_import_show(FILE *out, const json_t *import, struct cg_error *err)
{
    char number[32] = "";
    const json_t *build = json_object_get(import, "build_id");
    if (json_is_integer(build))
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(build));
    show(out, "import", service_import_text(import, "id"));
    show(out, "build", service_import_text(import, "nvr"));
    if (show_state(out, import, err) < 0 || show_error(out, import, err) < 0 || show_findings(out, import, err) < 0)
        return -1;
    show(out, "hub", service_import_text(import, "hub"));
    show(out, "build id", number);
    show(out, "address", service_import_text(import, "build_url"));
    show(out, "content generator", service_import_text(import, "content_generator"));
    show(out, "posted by", service_import_text(import, "caller"));
    show(out, "posted at", service_import_text(import, "created_at"));
    show(out, "over since", service_import_text(import, "finished_at"));
    show(out, "next attempt", service_import_text(import, "next_attempt_at"));
    show(out, "replaces", service_import_text(import, "replaces"));
    show(out, "replaced by", service_import_text(import, "replaced_by"));
    show(out, "metadata sha256", service_import_text(json_object_get(import, "metadata"), "sha256"));
    return show_outputs(out, import, err);
}

int service_import_show_event(FILE *out, const json_t *event, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    const json_t *detail = json_object_get(event, "detail");
    CG_AUTO_FREE char *more =
        json_is_object(detail) && json_object_size(detail) > 0 ? json_dumps(detail, JSON_COMPACT) : NULL;
    if (cg_bytes_printf(&text, err, "%s  %-10s  %s%s%s", service_import_text(event, "at"),
                        service_import_text(event, "type"), service_import_text(event, "actor"), more ? "  " : "",
                        more ? more : "") < 0)
        return -1;
    output_text(out, 4, cg_bytes_text(&text));
    fflush(out);
    return 0;
}

/* --- its end -------------------------------------------------------------------------------------------------------
 */

bool service_import_rests(const json_t *import)
{
    return is_over(import) || strcmp(service_import_text(import, "state"), "held") == 0;
}

/* A script must tell "a person decides" from "try again", whatever error led there; the message has that one's words.
 */
static enum cg_code code_of_held(const json_t *import)
{
    bool unknown = strcmp(service_import_text(import, "held"), "unknown-outcome") == 0;
    return unknown ? CG_E_UNKNOWN : CG_E_CONFLICT;
}

/* How one that is over can be tried again; posting the same bytes again changes nothing. */
static void hint_retry(const json_t *import, struct cg_error *err)
{
    const char *next = service_import_text(import, "replaced_by");
    if (next[0])
        cg_hint(err, "import %s came in its place", next);
    else
        cg_hint(err, "to have it tried again: cg-import retry %s, with --metadata FILE if that was corrected",
                service_import_text(import, "id"));
}

int service_import_outcome(const json_t *import, struct cg_error *err)
{
    const char *state = service_import_text(import, "state"), *nvr = service_import_text(import, "nvr");
    const json_t *error = json_object_get(import, "error");
    if (strcmp(state, "canceled") == 0) {
        cg_fail(err, CG_E_REFUSED, "import of %s was canceled", nvr);
        hint_retry(import, err);
        return EXIT_REFUSED;
    }
    bool held = strcmp(state, "held") == 0;
    if (!held && strcmp(state, "rejected") != 0)
        return EXIT_DONE;
    enum cg_code code = held ? code_of_held(import) : service_client_code(service_import_text(error, "code"));
    if (code == CG_OK)
        code = CG_E_REFUSED;
    const char *message = service_import_text(error, "message");
    cg_fail(err, code, "import of %s is %s%s%s%s%s", nvr, state, held ? ": " : "",
            held ? service_import_text(import, "held") : "", message[0] ? ": " : "", message);
    if (held)
        cg_hint(err, "somebody must decide: cg-import show %s tells more", service_import_text(import, "id"));
    else if (service_import_text(error, "hint")[0])
        cg_hint(err, "%s", service_import_text(error, "hint"));
    hint_retry(import, err);
    int status = cg_code_info(code)->exit_status;
    return status == EXIT_DONE ? EXIT_REFUSED : status;
}

/* --- following -----------------------------------------------------------------------------------------------------
 */

struct following {
    enum service_import_until until;
    FILE *out;
};

/* Is what happens for a reader who is gone? Standard error is not read for it alone. */
static bool is_unheard(const struct following *following)
{
    return following->out == stdout && ferror(stdout);
}

static int told(void *context, const json_t *event)
{
    const struct following *following = context;
    const char *type = service_import_text(event, "type");
    if (following->out)
        service_import_show_event(following->out, event, NULL);
    /* The import itself tells whether it is so still: a held one may have been released in the meantime. */
    return is_unheard(following) || (following->until == UNTIL_RESTS && strcmp(type, "held") == 0);
}

json_t *service_import_follow(struct service_client *client, const struct stop *stop, const char *id,
                              enum service_import_until until, FILE *out, struct cg_error *err)
{
    struct following following = {.until = until, .out = out};
    for (int64_t after = 0;;) {
        if (service_events_watch(client, stop, id, &after, told, &following, err) < 0)
            return NULL;
        if (is_unheard(&following)) {
            cg_fail(err, CG_E_IO, "what happens cannot be told: nobody reads it any more");
            return NULL;
        }
        CG_AUTO_JSON json_t *import = get_import(client, id, err);
        if (!import || is_over(import) || (until == UNTIL_RESTS && service_import_rests(import)))
            return CG_STEAL(import);
    }
}
