/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* provenance: what is in a build, where it came from, and which builds have something in them. */
#include "provenance.h"
#include "client_verb.h"
#include "output.h"

#include <inttypes.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define PAGE_MOST 500

enum provenance_option {
    OPTION_NVR = OPTION_OF_ONE_CLIENT_VERB,
    OPTION_ON_HUB,
    OPTION_BUILD_ID,
    OPTION_DIGEST,
    OPTION_PULLSPEC,
    OPTION_RPM,
    OPTION_BUILT_WITH,
    OPTION_COMPONENT,
    OPTION_SOURCE,
    OPTION_COMMIT,
    OPTION_PARENT,
    OPTION_GENERATOR,
    OPTION_TASK,
    OPTION_SUBMITTER,
    OPTION_SINCE,
    OPTION_UNTIL,
    OPTION_STATE,
    OPTION_LIMIT,
    OPTION_DEPTH,
    OPTION_COMPONENTS,
    OPTION_CSV,
    OPTION_KEY,
    OPTION_FORMAT,
    OPTION_OUTPUT,
};

static const struct option_row find_rows[] = {
    {OPTION_RPM, "rpm", "RPM", "contain this rpm: name, NVR, NVRA (with or without epoch) or sigmd5"},
    {OPTION_COMPONENT, "component", "TEXT", "contain this other component: file name, checksum, or NVR it is from"},
    {OPTION_BUILT_WITH, "built-with", "RPM", "had this rpm in a buildroot"},
    {OPTION_DIGEST, "digest", "DIGEST", "have this digest: of an image's manifest or config, of a file"},
    {OPTION_PULLSPEC, "pullspec", "SPEC", "are pulled as this"},
    {OPTION_NVR, "nvr", "GLOB", "have this NVR"},
    {OPTION_BUILD_ID, "build-id", "ID", "have this build id"},
    {OPTION_SOURCE, "source", "URL", "were made from this source, without commit"},
    {OPTION_COMMIT, "commit", "COMMIT", "were made from this commit, or one that begins so"},
    {OPTION_PARENT, "parent", "BUILD", "were made from this build: NVR, build id or pull spec"},
    {OPTION_GENERATOR, "content-generator", "NAME", "are of this content generator"},
    {OPTION_TASK, "task", "ID", "are of this task"},
    {OPTION_SUBMITTER, "submitter", "NAME", "were submitted, owned or posted by this one"},
    {OPTION_SINCE, "since", "TIME", "were imported then or later: 2026-11-23T00:00:00Z"},
    {OPTION_UNTIL, "until", "TIME", "were imported before then"},
    {OPTION_STATE, "state", "STATE", "imported (default), not-imported or any"},
    {OPTION_LIMIT, "limit", "N", "so many at most, last learned of first (default: 50)"},
    {0, NULL, NULL, NULL},
};
static const struct option_row rows[] = {
    {OPTION_ON_HUB, "hub", "NAME", "of this hub of the service"},
    {OPTION_DEPTH, "depth", "N", "ancestors, descendants: so many steps at most (default: 20)"},
    {OPTION_COMPONENTS, "components", NULL, "show: list all components, too"},
    {OPTION_KEY, "key", "FILE", "attest: sign with this key (cg-import audit keygen), not with the service's"},
    {OPTION_FORMAT, "format", "FORMAT", "sbom: spdx-2.3 (default), cyclonedx-1.6 or cyclonedx-1.5"},
    {OPTION_OUTPUT, "output", "OUTPUT", "sbom: of this output: its position or architecture"},
    {OPTION_CSV, "csv", NULL, "print comma-separated values"},
    {OPTION_CLIENT_JSON, "json", NULL, "print the answer as a JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {
    {"Find builds that", find_rows}, {"All", rows}, {"Service", service_access_rows}, {NULL, NULL}};

/* Parameters of a query, in the order of the options. */
static const char *const parameters[] = {
    "nvr",    "hub",    "build_id",          "digest",  "pullspec",  "rpm",   "built_with", "component", "source",
    "commit", "parent", "content_generator", "task_id", "submitter", "since", "until",      "state"};
#define PARAMETERS (sizeof parameters / sizeof parameters[0])
_Static_assert(PARAMETERS == OPTION_LIMIT - OPTION_NVR, "a parameter for each option");

struct provenance {
    struct client_verb verb;
    const char *asked[PARAMETERS]; /* by option */
    bool finds;                    /* was an option of find given? */
    int64_t limit, depth;
    enum provenance_form form;
    enum provenance_components components;
    const char *key, *format, *output;
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct provenance *p = context;
    if (client_verb_take(&p->verb, id, value))
        return 0;
    switch (id) {
    case OPTION_LIMIT:
        p->finds = true;
        return options_number("limit", value, 1, 1000000, &p->limit, err);
    case OPTION_DEPTH:
        return options_number("depth", value, 1, 20, &p->depth, err);
    case OPTION_COMPONENTS:
        p->components = PROVENANCE_LISTED;
        return 0;
    case OPTION_CSV:
        p->form = PROVENANCE_CSV;
        return 0;
    case OPTION_KEY:
        p->key = value;
        return 0;
    case OPTION_FORMAT:
        p->format = value;
        return 0;
    case OPTION_OUTPUT:
        p->output = value;
        return 0;
    default:
        p->finds = p->finds || id != OPTION_ON_HUB;
        p->asked[id - OPTION_NVR] = value;
        return 0;
    }
}

/* --- asking --------------------------------------------------------------------------------------------------------
 */

static int add_parameter(struct cg_bytes *path, const char *name, const char *value, struct cg_error *err)
{
    char separator = memchr(cg_bytes_text(path), '?', path->size) ? '&' : '?';
    if (!value)
        return 0;
    return cg_bytes_printf(path, err, "%c%s=", separator, name) < 0 ? -1 : service_client_escape(path, value, err);
}

/* "/v1/provenance/builds/NVR/BELOW?hub=..." */
static int build_path(const struct provenance *p, const char *build, const char *below, struct cg_bytes *path,
                      struct cg_error *err)
{
    if (cg_bytes_append_text(path, "/v1/provenance/builds/", err) < 0 || service_client_escape(path, build, err) < 0 ||
        cg_bytes_append_text(path, below, err) < 0)
        return -1;
    return add_parameter(path, "hub", p->asked[OPTION_ON_HUB - OPTION_NVR], err);
}

/* Prints the answer, and what it is complete for. */
static int tell(const struct provenance *p, const json_t *answer,
                int (*print)(FILE *, const json_t *, enum provenance_form, struct cg_error *), struct cg_error *err)
{
    if (p->verb.json)
        return output_json(stdout, answer, err);
    return print(stdout, answer, p->form, err) < 0 ? -1 : provenance_print_range(stderr, answer, err);
}

static int find(struct provenance *p, char **arguments, struct cg_error *err)
{
    char after[PROVENANCE_NUMBER_SIZE] = "";
    enum provenance_header header = PROVENANCE_NAMED;
    (void)arguments;
    for (int64_t left = p->limit;;) {
        CG_AUTO_BYTES struct cg_bytes path = {0};
        AUTO_SERVICE_REPLY struct service_reply reply = {0};
        if (cg_bytes_printf(&path, err, "/v1/provenance/builds?limit=%" PRId64, left < PAGE_MOST ? left : PAGE_MOST) <
            0)
            return -1;
        for (size_t i = 0; i < PARAMETERS; i++)
            if (add_parameter(&path, parameters[i], p->asked[i], err) < 0)
                return -1;
        if (add_parameter(&path, "after", after[0] ? after : NULL, err) < 0 ||
            service_client_get(p->verb.client, cg_bytes_text(&path), &reply, err) < 0)
            return -1;
        int printed = p->verb.json ? output_json(stdout, reply.json, err)
                                   : provenance_print_builds(stdout, reply.json, p->form, header, err);
        left -= (int64_t)json_array_size(json_object_get(reply.json, "builds"));
        provenance_text(reply.json, "next", after);
        if (printed < 0)
            return -1;
        if (!json_is_integer(json_object_get(reply.json, "next")) || left <= 0)
            return p->verb.json ? 0 : provenance_print_range(stderr, reply.json, err);
        header = PROVENANCE_GOES_ON;
    }
}

/* Asks about one build and prints the answer by `print`. */
static int ask(struct provenance *p, const char *build, const char *below, const char *parameter, const char *value,
               int (*print)(FILE *, const json_t *, enum provenance_form, struct cg_error *), struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    if (build_path(p, build, below, &path, err) < 0 || add_parameter(&path, parameter, value, err) < 0 ||
        service_client_get(p->verb.client, cg_bytes_text(&path), &reply, err) < 0)
        return -1;
    return tell(p, reply.json, print, err);
}

static int print_counted(FILE *out, const json_t *answer, enum provenance_form form, struct cg_error *err)
{
    return provenance_print_build(out, answer, form, PROVENANCE_COUNTED, err);
}

static int print_listed(FILE *out, const json_t *answer, enum provenance_form form, struct cg_error *err)
{
    return provenance_print_build(out, answer, form, PROVENANCE_LISTED, err);
}

static int show(struct provenance *p, char **arguments, struct cg_error *err)
{
    return ask(p, arguments[0], "", NULL, NULL, p->components == PROVENANCE_LISTED ? print_listed : print_counted, err);
}

static int diff(struct provenance *p, char **arguments, struct cg_error *err)
{
    return ask(p, arguments[1], "/difference", "from", arguments[0], provenance_print_difference, err);
}

static int related(struct provenance *p, const char *build, const char *below, struct cg_error *err)
{
    char depth[PROVENANCE_NUMBER_SIZE];
    snprintf(depth, sizeof depth, "%" PRId64, p->depth);
    return ask(p, build, below, "depth", p->depth > 0 ? depth : NULL, provenance_print_related, err);
}

static int ancestors(struct provenance *p, char **arguments, struct cg_error *err)
{
    return related(p, arguments[0], "/ancestors", err);
}

static int descendants(struct provenance *p, char **arguments, struct cg_error *err)
{
    return related(p, arguments[0], "/descendants", err);
}

/* --- documents for others ------------------------------------------------------------------------------------------
 */

/* GET of a document about one build, which is printed as it comes but for the newline behind it. */
static int fetch(struct provenance *p, const char *build, const char *below, const char *const parameters_of[][2],
                 struct service_reply *reply, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (build_path(p, build, below, &path, err) < 0)
        return -1;
    for (; (*parameters_of)[0]; parameters_of++)
        if (add_parameter(&path, (*parameters_of)[0], (*parameters_of)[1], err) < 0)
            return -1;
    return service_client_get(p->verb.client, cg_bytes_text(&path), reply, err);
}

static void print_document(const struct cg_bytes *document)
{
    fwrite(document->data, 1, document->size, stdout);
    putchar('\n');
}

static int attest(struct provenance *p, char **arguments, struct cg_error *err)
{
    const char *const asked[][2] = {{"form", p->key ? "statement" : NULL}, {NULL, NULL}};
    CG_AUTO_BYTES struct cg_bytes envelope = {0};
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    if (fetch(p, arguments[0], "/attestation", asked, &reply, err) < 0)
        return -1;
    if (p->key && provenance_sign(p->key, &reply.body, &envelope, err) < 0)
        return -1;
    if (!p->key && !json_object_get(reply.json, "payload"))
        fputs("this statement is not signed: the service has no key for that; --key FILE signs it here\n", stderr);
    print_document(p->key ? &envelope : &reply.body);
    return 0;
}

static int sbom(struct provenance *p, char **arguments, struct cg_error *err)
{
    const char *const asked[][2] = {{"format", p->format}, {"output", p->output}, {NULL, NULL}};
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    if (fetch(p, arguments[0], "/sbom", asked, &reply, err) < 0)
        return -1;
    print_document(&reply.body);
    return 0;
}

/* --- the verb ------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    int arguments;
    const char *wanted;
    int (*run)(struct provenance *p, char **arguments, struct cg_error *err);
} questions[] = {
    {"find", 0, "no builds: they are found by options", find},
    {"show", 1, "one build: its NVR, build id or import", show},
    {"diff", 2, "two builds: from which, to which", diff},
    {"ancestors", 1, "one build: its NVR, build id or import", ancestors},
    {"descendants", 1, "one build: its NVR, build id or import", descendants},
    {"attest", 1, "one build: its NVR, build id or import", attest},
    {"sbom", 1, "one build: its NVR, build id or import", sbom},
};
#define QUESTIONS (sizeof questions / sizeof questions[0])

/* An option that another question has: whoever gives it would take the answer for what it is not. */
static int refuse_options(const struct provenance *p, const char *question, struct cg_error *err)
{
    const struct {
        bool given;
        const char *option, *of;
    } own[] = {{p->depth > 0, "depth", "ancestors and descendants"},
               {p->components == PROVENANCE_LISTED, "components", "show"},
               {p->key != NULL, "key", "attest"},
               {p->format != NULL, "format", "sbom"},
               {p->output != NULL, "output", "sbom"}};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (own[i].given && !strstr(own[i].of, question))
            return cg_fail(err, CG_E_USAGE, "%s takes no --%s: that is for %s", question, own[i].option, own[i].of);
    return 0;
}

/* Which question the words after the verb are; QUESTIONS for none. */
static size_t read_question(const struct provenance *p, int count, char *const *words, struct cg_error *err)
{
    size_t q = 0;
    while (q < QUESTIONS && (count < 1 || strcmp(words[0], questions[q].name) != 0))
        q++;
    if (q == QUESTIONS) {
        cg_fail(err, CG_E_USAGE, "what is asked is find, show, diff, ancestors, descendants, attest or sbom%s%s%s",
                count > 0 ? ", not \"" : "", count > 0 ? words[0] : "", count > 0 ? "\"" : "");
        return QUESTIONS;
    }
    if (count - 1 != questions[q].arguments) {
        cg_fail(err, CG_E_USAGE, "%s takes %s", questions[q].name, questions[q].wanted);
        return QUESTIONS;
    }
    if (p->finds && questions[q].run != find) {
        cg_fail(err, CG_E_USAGE, "%s takes no option of find", questions[q].name);
        return QUESTIONS;
    }
    return refuse_options(p, questions[q].name, err) < 0 ? QUESTIONS : q;
}

static int run(int argc, char **argv)
{
    struct provenance p = {.verb = {.verb = &verb_provenance}, .limit = LIMIT_DEFAULT};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_provenance, argc, argv, take, &p, &first, &status) == VERBS_STOP)
        return status;
    size_t q = read_question(&p, argc - first, argv + first, &err);
    if (q == QUESTIONS)
        return verbs_refuse(&verb_provenance, argv, &err);
    if (client_verb_begin(&p.verb, &err) == 0)
        questions[q].run(&p, argv + first + 1, &err);
    return client_verb_end(&p.verb, &err);
}

static const char *const usage[] = {"find [OPTION]...",
                                    "show BUILD [OPTION]...",
                                    "diff FROM TO [OPTION]...",
                                    "ancestors BUILD [OPTION]...",
                                    "descendants BUILD [OPTION]...",
                                    "attest BUILD [OPTION]...",
                                    "sbom BUILD [OPTION]...",
                                    NULL};

const struct verb verb_provenance = {
    .name = "provenance",
    .summary = "what is in a build, where it came from, which builds contain something",
    .usage = usage,
    .description = "Asks the service about the builds that it imported, and those of other clients that it knows of. A "
                   "BUILD is an NVR, a build id, or the id of an "
                   "import. For auditors and operators.",
    .exit_statuses = "  0  answered\n"
                     "  1  the service refuses the caller\n"
                     "  2  wrong usage or configuration; there is no such build\n"
                     "  3  temporary: the service is not reached or busy\n",
    .groups = groups,
    .run = run,
};
