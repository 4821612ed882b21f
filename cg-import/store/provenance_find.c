/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking builds up. One statement serves all questions: what is asked comes in as one JSON parameter, and since the
 * statement is planned for that very parameter (provenance_plan), conditions on what is not asked vanish. Each that is
 * asked becomes the list of builds that fulfil it, by an index of its own.
 */
#include "store/provenance_rows.h"
#include "store/scope.h"
#include "store/transaction.h"

#include <ctype.h>
#include <string.h>

#define LIMIT_MAX 500U
/* Matches of each kind that are told of one build. */
#define MATCHES_MAX 50

/* SQL, a condition a line. ASKED is what is asked for under this name, null if nothing is. */
/* clang-format off */
#define ASKED(name) "($3::jsonb ->> '" name "')"
#define WHERE_ASKED(name, condition) " AND (" ASKED(name) " IS NULL OR " condition ")"
#define IS(column, name) WHERE_ASKED(name, "i." column " = " ASKED(name))
#define BUILDS_OF(select) "i.build_key = ANY (ARRAY(" select "))"
#define MEMBERS(column, numbers) \
    BUILDS_OF("SELECT c.build_key FROM provenance_contents c WHERE c." column " && (SELECT " numbers ")")
#define KEYS(condition) "SELECT y.build_key FROM provenance_keys y WHERE " condition
#define PARENTS(condition) "SELECT p.build_key FROM provenance_parents p WHERE " condition
#define PEOPLE(column) "SELECT b.build_key FROM provenance_builds b WHERE b." column " = " ASKED("submitter")

static const struct pg_statement find_builds = {
    "find_provenance",
    "SELECT i.build_key, a.build FROM (SELECT i.build_key FROM provenance_builds i WHERE " SCOPE_SQL("$1", "$2")
    " AND CASE " ASKED("state") " WHEN 'imported' THEN i.imported_at IS NOT NULL"
    " WHEN 'not-imported' THEN i.imported_at IS NULL ELSE true END"
    WHERE_ASKED("nvr", BUILDS_OF("SELECT b.build_key FROM provenance_builds b WHERE b.nvr = " ASKED("nvr")
                " UNION SELECT b.build_key FROM hub_builds h JOIN provenance_builds b ON b.hub = h.hub"
                " AND b.build_id = h.build_id WHERE h.nvr = " ASKED("nvr")))
    WHERE_ASKED("nvr_like", "i.nvr ~ " ASKED("nvr_like"))
    IS("hub", "hub")
    WHERE_ASKED("build_id", "i.build_id = " ASKED("build_id") "::bigint")
    WHERE_ASKED("rpm", MEMBERS("contained", "provenance_rpms(" ASKED("rpm") ", " ASKED("rpm_epoch") ")"))
    WHERE_ASKED("built_with", MEMBERS("built_with", "provenance_rpms(" ASKED("built_with") ", "
                                      ASKED("built_with_epoch") ")"))
    WHERE_ASKED("component", MEMBERS("contained", "provenance_files(" ASKED("component") ")"))
    WHERE_ASKED("digest", BUILDS_OF(KEYS("y.kind <> 'pullspec' AND y.value = " ASKED("digest"))
                " UNION SELECT b.build_key FROM outputs o JOIN provenance_builds b ON b.import_id = o.import_id"
                " WHERE o.sha256 = substr(" ASKED("digest") ", 8) AND " ASKED("digest") " LIKE 'sha256:%'"))
    WHERE_ASKED("pullspec", BUILDS_OF(KEYS("y.kind = 'pullspec' AND y.value = " ASKED("pullspec"))
                " UNION " KEYS("y.kind = 'manifest' AND y.value = " ASKED("pullspec_digest"))))
    IS("source_url", "source")
    WHERE_ASKED("commit_like", "i.source_commit ~ " ASKED("commit_like"))
    WHERE_ASKED("parent", BUILDS_OF(PARENTS("p.nvr = " ASKED("parent")) " UNION " PARENTS("p.pullspec = " ASKED("parent"))
                " UNION " PARENTS("p.build_id = " ASKED("parent_id") "::bigint")))
    IS("content_generator", "content_generator")
    WHERE_ASKED("task_id", "i.task_id = " ASKED("task_id") "::bigint")
    WHERE_ASKED("submitter", BUILDS_OF(PEOPLE("owner") " UNION " PEOPLE("submitter") " UNION " PEOPLE("caller")))
    WHERE_ASKED("since", "coalesce(i.imported_at, i.known_at) >= to_timestamp(" ASKED("since") "::float8)")
    WHERE_ASKED("until", "coalesce(i.imported_at, i.known_at) < to_timestamp(" ASKED("until") "::float8)")
    WHERE_ASKED("after", "i.build_key < " ASKED("after") "::integer")
    " ORDER BY i.build_key DESC LIMIT $4) i JOIN provenance_answers a ON a.build_key = i.build_key"
    " ORDER BY i.build_key DESC"};

/* What of the builds of a page was asked for: components, with the buildroots and outputs that have them, and keys. */
static const struct pg_statement find_matches = {
    "find_provenance_matches",
    "WITH wanted AS MATERIALIZED (SELECT unnest(coalesce(provenance_rpms(" ASKED("rpm") ", " ASKED("rpm_epoch")
    "), '{}') || coalesce(provenance_rpms(" ASKED("built_with") ", " ASKED("built_with_epoch") "), '{}')"
    " || coalesce(provenance_files(" ASKED("component") "), '{}')) AS number),"
    " had AS MATERIALIZED (SELECT u.* FROM (SELECT p.build_key, p.part, p.position, unnest(l.component_ids) AS number"
    " FROM provenance_parts p JOIN provenance_lists l ON l.list_id = p.list_id"
    " WHERE p.build_key = ANY ($1::integer[]) AND (p.part = 'output' OR " ASKED("built_with") " IS NOT NULL)) u"
    " JOIN wanted w ON w.number = u.number),"
    " matches AS (SELECT h.build_key, 1 AS kind, k.nvra AS name, json_build_object('component', coalesce(k.nvra, k.name),"
    " 'checksum', k.checksum, 'parts', json_agg(json_build_array(h.part, h.position) ORDER BY h.part, h.position))"
    " AS match FROM had h JOIN components k ON k.component_id = h.number GROUP BY h.build_key, k.component_id"
    " UNION ALL SELECT y.build_key, 2, y.value, json_build_object('key', y.kind, 'value', y.value, 'output', y.output)"
    " FROM provenance_keys y WHERE y.build_key = ANY ($1::integer[]) AND y.value = ANY (ARRAY[" ASKED("digest") ", "
    ASKED("pullspec") ", " ASKED("pullspec_digest") "])),"
    " numbered AS (SELECT m.*, row_number() OVER (PARTITION BY m.build_key ORDER BY m.kind, m.name) AS nth FROM matches m)"
    " SELECT b.build_key, coalesce(json_agg(s.match ORDER BY s.nth) FILTER (WHERE s.nth <= $2), '[]')"
    " FROM unnest($1::integer[]) WITH ORDINALITY AS b(build_key, place)"
    " LEFT JOIN numbered s ON s.build_key = b.build_key GROUP BY b.build_key, b.place ORDER BY b.place"};
/* clang-format on */

/* --- what is asked ----------------------------------------------------------------------------------------------- */

struct finding {
    const struct store_provenance_filter *filter;
    const struct store_scope *scope;
    unsigned limit;
    const json_t *asked;
    json_t *answer;
};

static void ask(json_t *asked, const char *name, const char *text)
{
    if (text)
        json_object_set_new(asked, name, json_string(text));
}

static void ask_number(json_t *asked, const char *name, int64_t number)
{
    if (number > 0)
        json_object_set_new(asked, name, json_integer(number));
}

static void ask_time(json_t *asked, const char *name, double seconds)
{
    if (seconds > 0)
        json_object_set_new(asked, name, json_real(seconds));
}

/* An rpm with an epoch, "name-1:version-release" or "1:name-version-release", is asked for without and by that. */
static void ask_rpm(json_t *asked, const char *name, const char *epoch_name, const char *rpm)
{
    const char *colon = rpm ? strchr(rpm, ':') : NULL;
    const char *digits = colon;
    while (digits && digits > rpm && isdigit((unsigned char)digits[-1]))
        digits--;
    if (!colon || digits == colon || (digits > rpm && digits[-1] != '-')) {
        ask(asked, name, rpm);
        return;
    }
    json_object_set_new(asked, name, json_sprintf("%.*s%s", (int)(digits - rpm), rpm, colon + 1));
    json_object_set_new(asked, epoch_name, json_stringn(digits, (size_t)(colon - digits)));
}

/* "HEX" is the digest of the kind that has so many digits. */
static void ask_digest(json_t *asked, const char *digest)
{
    static const struct {
        size_t size;
        const char *kind;
    } kinds[] = {{8, "adler32"}, {32, "md5"}, {40, "sha1"}, {64, "sha256"}};
    if (!digest)
        return;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(digest) == kinds[i].size && strspn(digest, "0123456789abcdef") == kinds[i].size) {
            json_object_set_new(asked, "digest", json_sprintf("%s:%s", kinds[i].kind, digest));
            return;
        }
    ask(asked, "digest", digest);
}

static int ask_glob(json_t *asked, const char *name, const char *glob, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes pattern = {0};
    if (glob && glob_pattern(glob, &pattern, err) != 0)
        return -1;
    ask(asked, name, glob ? cg_bytes_text(&pattern) : NULL);
    return 0;
}

static int ask_commit(json_t *asked, const char *commit, struct cg_error *err)
{
    CG_AUTO_JSON json_t *glob = commit ? json_sprintf("%s*", commit) : NULL;
    return ask_glob(asked, "commit_like", json_string_value(glob), err);
}

static void ask_parent(json_t *asked, const char *parent)
{
    ask(asked, "parent", parent);
    size_t digits = parent ? strspn(parent, "0123456789") : 0;
    if (digits > 0 && digits < 19 && !parent[digits])
        ask(asked, "parent_id", parent);
}

static void ask_pullspec(json_t *asked, const char *pullspec)
{
    const char *at = pullspec ? strrchr(pullspec, '@') : NULL;
    ask(asked, "pullspec", pullspec);
    ask(asked, "pullspec_digest", at ? at + 1 : NULL);
}

/* The question as JSON, new reference. A member there was no memory for would ask for less: so all are counted. */
static json_t *question(const struct store_provenance_filter *f, struct cg_error *err)
{
    static const char *const states[] = {"imported", "not-imported", "any"};
    CG_AUTO_JSON json_t *asked = json_object();
    bool is_glob = f->nvr && strpbrk(f->nvr, "*?[\\") != NULL;
    if (!asked) {
        cg_fail_memory(err);
        return NULL;
    }
    ask(asked, "nvr", is_glob ? NULL : f->nvr);
    ask(asked, "state", states[f->state]);
    ask(asked, "hub", f->hub);
    ask_number(asked, "build_id", f->build_id);
    ask_digest(asked, f->digest);
    ask_pullspec(asked, f->pullspec);
    ask_rpm(asked, "rpm", "rpm_epoch", f->rpm);
    ask_rpm(asked, "built_with", "built_with_epoch", f->built_with);
    ask(asked, "component", f->component);
    ask(asked, "source", f->source);
    ask_parent(asked, f->parent);
    ask(asked, "content_generator", f->content_generator);
    ask_number(asked, "task_id", f->task_id);
    ask(asked, "submitter", f->submitter);
    ask_time(asked, "since", f->since);
    ask_time(asked, "until", f->until);
    ask_number(asked, "after", f->after);
    if (ask_commit(asked, f->commit, err) != 0 || ask_glob(asked, "nvr_like", is_glob ? f->nvr : NULL, err) != 0)
        return NULL;
    return CG_STEAL(asked);
}

/* Members that a question of this filter has, without those that only some values give. */
static size_t expected_members(const struct store_provenance_filter *f)
{
    const char *const texts[] = {
        f->nvr,    f->hub,    f->digest, f->pullspec,          f->rpm,      f->built_with, f->component,
        f->source, f->commit, f->parent, f->content_generator, f->submitter};
    size_t count = 1U + (f->build_id > 0) + (f->task_id > 0) + (f->since > 0) + (f->until > 0) + (f->after > 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        count += texts[i] != NULL;
    return count;
}

/* --- asking ------------------------------------------------------------------------------------------------------ */

static int query(struct pg_connection *connection, const struct finding *f, PGresult **rows, struct cg_error *err)
{
    SCOPE_AUTO struct scope_texts texts = {0};
    PG_AUTO_PARAMS struct pg_params params = {0};
    if (scope_put(&params, &texts, f->scope, err) != 0)
        return -1;
    pg_put_json(&params, f->asked);
    pg_put_int(&params, f->limit);
    return pg_run(connection, &find_builds, &params, rows, err);
}

/* Adds "matches" to the builds, `keys` being theirs, where things were asked for that a build has several of. */
static int add_matches(struct pg_connection *connection, const struct finding *f, const struct cg_bytes *keys,
                       json_t *builds, struct cg_error *err)
{
    const struct store_provenance_filter *asked = f->filter;
    if (!asked->rpm && !asked->built_with && !asked->component && !asked->digest && !asked->pullspec)
        return 0;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, cg_bytes_text(keys));
    pg_put_int(&params, MATCHES_MAX);
    pg_put_json(&params, f->asked);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &find_matches, &params, &rows, err);
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        json_t *matches = NULL;
        row.column = 1;
        pg_get_json(&row, &matches);
        if (json_object_set_new(json_array_get(builds, (size_t)i), "matches", matches) != 0)
            return cg_fail_memory(err);
    }
    return count < 0 ? -1 : 0;
}

/* The builds of one page. How many, *last being the key of the last of them; -1. */
static int read_builds(struct pg_connection *connection, const struct finding *f, json_t *builds, int64_t *last,
                       struct cg_error *err)
{
    PG_AUTO_ROWS PGresult *rows = NULL;
    CG_AUTO_BYTES struct cg_bytes keys = {0};
    int count = query(connection, f, &rows, err);
    if (count <= 0)
        return count;
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        json_t *build = NULL;
        *last = pg_get_int(&row);
        pg_get_json(&row, &build);
        if (json_array_append_new(builds, build) != 0)
            return cg_fail_memory(err);
        if (cg_bytes_printf(&keys, err, i ? ",%d" : "{%d", (int)*last) != 0)
            return -1;
    }
    if (cg_bytes_append(&keys, "}", 1, err) != 0 || add_matches(connection, f, &keys, builds, err) != 0)
        return -1;
    return count;
}

static int find_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct finding *f = context;
    json_decref(f->answer);
    json_t *builds = json_array();
    f->answer = json_pack("{s:o, s:n}", "builds", builds, "next");
    if (!f->answer)
        return cg_fail_memory(err);
    int64_t last = 0;
    if (provenance_plan(connection, err) != 0)
        return -1;
    int count = read_builds(connection, f, builds, &last, err);
    if (count < 0)
        return -1;
    if ((unsigned)count == f->limit && json_object_set_new(f->answer, "next", json_integer(last)) != 0)
        return cg_fail_memory(err);
    return provenance_complete(connection, f->answer, err);
}

int store_provenance_find(struct store *store, const struct store_provenance_filter *filter,
                          const struct store_scope *scope, json_t **answer, struct cg_error *err)
{
    *answer = NULL;
    CG_AUTO_JSON json_t *asked = question(filter, err);
    if (!asked)
        return -1;
    if (json_object_size(asked) < expected_members(filter))
        return cg_fail(err, CG_E_USAGE, "what is asked for is not valid UTF-8, or memory is short");
    unsigned limit = filter->limit < 1 ? 1 : filter->limit > LIMIT_MAX ? LIMIT_MAX : filter->limit;
    struct finding f = {.filter = filter, .scope = scope, .limit = limit, .asked = asked};
    if (pg_transaction(store, PG_READ, find_work, &f, err) != 0) {
        json_decref(f.answer);
        return -1;
    }
    *answer = f.answer;
    return 0;
}
