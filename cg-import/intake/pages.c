/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/pages.h"

#include "base/clock.h"
#include "cg/json.h"
#include "intake/request_private.h"

#include <string.h>

struct web_file {
    const char *name;
    const char *etag; /* with its quotes: digits of the content's sha256 */
    const unsigned char *bytes;
    size_t size;
};

/* static const struct web_file web_files[]: made of cg-import/web by the Makefile */
#include "web_files.h"

/* Which page is where. */
#define PAGES(PAGE)                                                                                                    \
    PAGE("/ui/", "overview.html")                                                                                      \
    PAGE("/ui/imports", "imports.html")                                                                                \
    PAGE("/ui/imports/{id}", "import.html")                                                                            \
    PAGE("/ui/builds/{build}", "build.html")                                                                           \
    PAGE("/ui/builds/{build}/graph", "graph.html")                                                                     \
    PAGE("/ui/builds/{build}/difference", "difference.html")                                                           \
    PAGE("/ui/search", "search.html")                                                                                  \
    PAGE("/ui/log", "log.html")                                                                                        \
    PAGE("/ui/log/{index}", "entry.html")                                                                              \
    PAGE("/ui/sign-in", "sign-in.html")

#define FILE_OF_PAGE(where, file) {where, file},
static const struct {
    const char *pattern, *file;
} pages[] = {PAGES(FILE_OF_PAGE)};

/* --- what browsers must not do ----------------------------------------------------------------------------------- */

static const struct {
    const char *name, *value;
} guards[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
     "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; report-uri /ui/reports"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

void pages_guard(struct intake_request *request)
{
    const char *target = request->head.target;
    if (strncmp(target, "/ui", 3) != 0 || (target[3] && !strchr("/?", target[3])))
        return;
    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++)
        intake_set_header(request, guards[i].name, guards[i].value);
}

/* --- files ------------------------------------------------------------------------------------------------------- */

static const char *content_type(const char *name)
{
    static const char *const types[][2] = {{".html", "text/html; charset=utf-8"},
                                           {".css", "text/css; charset=utf-8"},
                                           {".js", "text/javascript; charset=utf-8"},
                                           {".svg", "image/svg+xml"}};
    const char *suffix = strrchr(name, '.');
    for (size_t i = 0; suffix && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(suffix, types[i][0]) == 0)
            return types[i][1];
    return NULL;
}

static const struct web_file *find_file(const char *name)
{
    for (size_t i = 0; i < sizeof web_files / sizeof web_files[0]; i++)
        if (strcmp(web_files[i].name, name) == 0)
            return &web_files[i];
    return NULL;
}

/* RFC 9110 section 13.1.2: is the tag in the list? Weak ones count as strong here. */
static bool has_tag(const char *list, const char *etag)
{
    size_t size = strlen(etag);
    for (const char *at = list; at && *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " \t,");
        if (strncmp(at, "W/", 2) == 0)
            at += 2;
        if (*at == '*' || (strncmp(at, etag, size) == 0 && strchr(" \t,", at[size])))
            return true;
    }
    return false;
}

/* The browser asks each time whether it has changed: what it shows fits the program that answers it. */
static void answer_file(struct intake_request *request, const struct web_file *file)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes content = {0};
    intake_set_header(request, "ETag", file->etag);
    intake_set_header(request, "Cache-Control", "no-cache");
    if (has_tag(intake_header(request, "If-None-Match"), file->etag))
        intake_answer_empty(request, 304);
    else if (cg_bytes_append(&content, file->bytes, file->size, &err) != 0)
        intake_fail(request, &err, NULL);
    else
        intake_answer_bytes(request, 200, content_type(file->name), &content);
}

static void page_end(struct intake_request *request, void *state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strcmp(pages[i].pattern, request->match.route->pattern) == 0)
            answer_file(request, find_file(pages[i].file));
}

static const struct intake_handler page = {.end = page_end};

static void asset_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    const struct web_file *file = find_file(intake_path(request, "name"));
    if (file) {
        answer_file(request, file);
        return;
    }
    cg_fail(&err, CG_E_USAGE, "the pages have no such file");
    intake_fail_status(request, 404, &err, NULL);
}

static const struct intake_handler asset = {.end = asset_end};

static void home_end(struct intake_request *request, void *state)
{
    (void)state;
    intake_set_header(request, "Location", "/ui/");
    intake_answer_empty(request, 303);
}

static const struct intake_handler home = {.end = home_end};

/* --- reports of browsers ----------------------------------------------------------------------------------------- */

#define REPORT_MAX 65536
#define REPORT_TEXT_MAX 300 /* bytes of a member that go into the log */

static int report_begin(struct intake_request *request, void **state)
{
    return intake_make_state(request, sizeof(struct cg_bytes), state);
}

static int report_data(struct intake_request *request, void *state, const char *data, size_t size)
{
    struct cg_error err = {0};
    if (cg_bytes_append(state, data, size, &err) == 0)
        return 0;
    intake_fail(request, &err, NULL);
    return -1;
}

/* The member of the report by either of its names (CSP level 2 and 3), cut to what a log line bears. */
static const char *report_text(const json_t *report, const char *name, const char *other, char text[REPORT_TEXT_MAX])
{
    const char *value = json_string_value(json_object_get(report, name));
    if (!value)
        value = json_string_value(json_object_get(report, other));
    if (!value)
        return NULL;
    snprintf(text, REPORT_TEXT_MAX, "%s", value);
    return text;
}

/* {"csp-report": {...}} of report-uri, or the first of [{"body": {...}}] of report-to. */
static const json_t *report_body(const json_t *json)
{
    const json_t *old = json_object_get(json, "csp-report");
    return old ? old : json_object_get(json_array_get(json, 0), "body");
}

static void report_end(struct intake_request *request, void *state)
{
    const struct cg_bytes *body = state;
    struct request_server *server = request->server;
    uint64_t now_ms = clock_monotonic_ms();
    intake_count(request, INTAKE_PAGE_REPORTS, 1);
    /* Anyone may send these, so they are counted all and told some. */
    if (rate_admits(server->reports, "", now_ms)) {
        char page_text[REPORT_TEXT_MAX], rule[REPORT_TEXT_MAX], what[REPORT_TEXT_MAX];
        CG_AUTO_JSON json_t *json = cg_json_read(cg_bytes_text(body), body->size, NULL, NULL);
        const json_t *report = report_body(json);
        rate_count(server->reports, "", now_ms);
        log_line(server->options.log, LOG_WARNING, "a browser kept something from happening in a page", "page",
                 report_text(report, "document-uri", "documentURL", page_text), "rule",
                 report_text(report, "violated-directive", "effectiveDirective", rule), "what",
                 report_text(report, "blocked-uri", "blockedURL", what), "request", request->id, NULL);
    }
    intake_answer_empty(request, 204);
}

static void report_finish(void *state)
{
    if (state)
        cg_bytes_finish(state);
    free(state);
}

static const struct intake_handler report = {report_begin, report_data, report_end, report_finish};

/* --- routes ------------------------------------------------------------------------------------------------------ */

#define ROUTE_OF_PAGE(where, file) {"GET", where, 0, 0, &page},
static const struct intake_route routes[] = {
    PAGES(ROUTE_OF_PAGE){"GET", "/", 0, 0, &home},
    {"GET", "/ui", 0, 0, &home},
    {"GET", "/ui/assets/{name}", 0, 0, &asset},
    {"POST", "/ui/reports", 0, REPORT_MAX, &report},
};

const struct intake_route *routes_of_pages(size_t *count)
{
    *count = sizeof routes / sizeof routes[0];
    return routes;
}
