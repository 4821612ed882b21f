/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "allocation.h"
#include "store_test.h"

#include "cg/provenance.h"
#include "store/provenance.h"

#define RPM(name, version, release, arch, epoch)                                                                       \
    "{'type': 'rpm', 'name': '" name "', 'version': '" version "', 'release': '" release "', 'arch': '" arch           \
    "', 'sigmd5': 'aa" name arch "', 'signature': null, 'epoch': " epoch "}"

/* A container build of two architectures. %s: NVR parts, base image's NVR and id, openssl's release. */
#define DOCUMENT                                                                                                       \
    "{'metadata_version': 0, 'build': {'name': '%s', 'version': '1', 'release': '%d', 'owner': 'jdoe', 'source':"      \
    " 'git://pkgs/%s#5cb45172e9', 'start_time': 1, 'end_time': 2, 'extra': {'submitter': 'osbs',"                      \
    " 'container_koji_task_id': 77, 'image': {'parent_build_id': %d, 'parent_image_builds': {'reg/base:1': {'id': %d," \
    " 'nvr': '%s'}, 'reg/go:1': null}, 'index': {'pull': ['reg/%s:1'], 'digests': {'list': 'sha256:11%d'}}}}},"        \
    " 'buildroots': [{'id': 'b1', 'host': {'os': null, 'arch': 'x86_64'}, 'container': {'type': 'none', 'arch':"       \
    " 'x86_64'}, 'content_generator': {'name': 'osbs', 'version': '1'}, 'tools': [{'name': 'podman', 'version': "      \
    "'4'}],"                                                                                                           \
    " 'components': [" RPM("gcc", "13", "1", "x86_64",                                                                 \
                           "null") "]}], 'output': ["                                                                  \
                                   "{'filename': 'x.tar', 'filesize': 3, 'checksum': "                                 \
                                   "'0123456789abcdef0123456789abcdef', 'checksum_type': 'md5',"                       \
                                   " 'arch': 'x86_64', 'type': 'docker-image', 'buildroot_id': 'b1', 'extra': "        \
                                   "{'image': {'arch': 'x86_64'},"                                                     \
                                   " 'docker': {'id': 'sha256:c0%d', 'repositories': ['reg/%s@sha256:aa%d'], "         \
                                   "'digests': {'v2': 'sha256:aa%d'}}},"                                               \
                                   " 'components': [" RPM("openssl", "3.0.7", "%d.el9", "x86_64", "1") ", " RPM(       \
                                       "bash", "5.1", "6", "x86_64",                                                   \
                                       "null") ", {'type': 'kojifile', 'filename': 'lib.jar', 'nvr': 'lib-2-1', "      \
                                               "'archive_id': 9, 'filesize': 1, 'checksum':"                           \
                                               " 'beef', 'checksum_type': 'md5'}]}]}"

/* The facts of build NAME-1-NUMBER on a base. */
static json_t *facts_of(const char *name, int number, const char *base_nvr, int base_id, int openssl)
{
    char text[8192];
    struct cg_error err = {0};
    snprintf(text, sizeof text, DOCUMENT, name, number, name, base_id, base_id, base_nvr, name, number, number, name,
             number, number, openssl);
    CG_AUTO_JSON json_t *document = quoted_json(text);
    json_t *facts = cg_provenance_facts(document, &err);
    assert_string_equal(err.message, "");
    return facts;
}

static struct store_new_import wanted_of(const char *nvr, unsigned metadata, const json_t *facts)
{
    struct store_new_import wanted = posted(nvr, metadata);
    wanted.facts = facts;
    return wanted;
}

/* Accepts the import with these facts; claims and imports it as `build_id` if that is not 0. */
static void put_build(struct store *store, const char *nvr, unsigned metadata, const json_t *facts, int64_t build_id)
{
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store_new_import wanted = wanted_of(nvr, metadata, facts);
    queue_import(store, &wanted, id);
    if (build_id == 0)
        return;
    struct store_claim claim;
    claim_one(store, "r1", &claim);
    assert_int_equal(store_claim_imported(store, &claim, build_id, "http://x", NULL, &err), 0);
    store_claim_finish(&claim);
}

/* The NVRs of what is found, with blanks between. */
static const char *found(struct store *store, const struct store_provenance_filter *filter,
                         const struct store_scope *scope)
{
    static char nvrs[512];
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *answer = NULL;
    struct store_provenance_filter asked = *filter;
    asked.limit = asked.limit ? asked.limit : 10;
    assert_int_equal(store_provenance_find(store, &asked, scope, &answer, &err), 0);
    assert_string_equal(err.message, "");
    assert_true(json_is_object(json_object_get(answer, "complete_for")));
    nvrs[0] = '\0';
    size_t i;
    const json_t *build;
    json_array_foreach(json_object_get(answer, "builds"), i, build)
    {
        snprintf(nvrs + strlen(nvrs), sizeof nvrs - strlen(nvrs), "%s%s", i ? " " : "",
                 json_string_value(json_object_get(build, "nvr")));
    }
    return nvrs;
}

#define FOUND(store, ...) found(store, &(struct store_provenance_filter){__VA_ARGS__}, NULL)

/* Three builds: app-1-1 and app-1-2 on base-1-1 (other openssl), and web-1-5, which was accepted only. */
static struct store *open_filled(void)
{
    struct store *store = open_store();
    CG_AUTO_JSON json_t *base = facts_of("base", 1, "scratch-1-1", 90, 26);
    CG_AUTO_JSON json_t *one = facts_of("app", 1, "base-1-1", 100, 26);
    CG_AUTO_JSON json_t *two = facts_of("app", 2, "base-1-1", 100, 27);
    CG_AUTO_JSON json_t *web = facts_of("web", 5, "app-1-2", 102, 27);
    put_build(store, "base-1-1", 1, base, 100);
    put_build(store, "app-1-1", 2, one, 101);
    put_build(store, "app-1-2", 3, two, 102);
    put_build(store, "web-1-5", 4, web, 0);
    return store;
}

static void finds_builds_by_what_is_in_them(void **state)
{
    (void)state;
    struct store *store = open_filled();
    assert_string_equal(FOUND(store, .rpm = "openssl-3.0.7-27.el9"), "app-1-2");
    assert_string_equal(FOUND(store, .rpm = "openssl-3.0.7-27.el9.x86_64"), "app-1-2");
    assert_string_equal(FOUND(store, .rpm = "openssl-1:3.0.7-26.el9"), "app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .rpm = "1:openssl-3.0.7-26.el9"), "app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .rpm = "openssl-2:3.0.7-26.el9"), "");
    assert_string_equal(FOUND(store, .rpm = "bash-0:5.1-6"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .rpm = "openssl"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .rpm = "aaopensslx86_64"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .rpm = "gcc"), "");
    assert_string_equal(FOUND(store, .built_with = "gcc-13-1"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .component = "lib.jar"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .component = "lib-2-1"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .component = "beef"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .rpm = "openssl-3.0.7-27.el9", .state = STORE_PROVENANCE_ANY), "web-1-5 app-1-2");
    assert_string_equal(FOUND(store, .rpm = "openssl-3.0.7-27.el9", .state = STORE_PROVENANCE_NOT_IMPORTED), "web-1-5");
    store_close(store);
}

static void finds_builds_by_their_names(void **state)
{
    (void)state;
    struct store *store = open_filled();
    assert_string_equal(FOUND(store, .nvr = "app-1-1"), "app-1-1");
    assert_string_equal(FOUND(store, .nvr = "app-*"), "app-1-2 app-1-1");
    assert_string_equal(FOUND(store, .build_id = 102), "app-1-2");
    assert_string_equal(FOUND(store, .digest = "sha256:aa2"), "app-1-2");
    assert_string_equal(FOUND(store, .digest = "sha256:c01"), "app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .digest = "sha256:112"), "app-1-2");
    assert_string_equal(FOUND(store, .digest = "0123456789abcdef0123456789abcdef"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .digest = "md5:0123456789abcdef0123456789abcdef", .nvr = "app-1-1"), "app-1-1");
    assert_string_equal(FOUND(store, .pullspec = "reg/app:1"), "app-1-2 app-1-1");
    assert_string_equal(FOUND(store, .pullspec = "elsewhere/app@sha256:aa2"), "app-1-2");
    assert_string_equal(FOUND(store, .source = "git://pkgs/app"), "app-1-2 app-1-1");
    assert_string_equal(FOUND(store, .commit = "5cb45172e9"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .commit = "5cb4"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .commit = "cb45"), "");
    assert_string_equal(FOUND(store, .parent = "base-1-1"), "app-1-2 app-1-1");
    assert_string_equal(FOUND(store, .parent = "100"), "app-1-2 app-1-1");
    assert_string_equal(FOUND(store, .parent = "reg/go:1"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .parent = "lib-2-1", .hub = HUB), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .task_id = 77, .nvr = "base*"), "base-1-1");
    assert_string_equal(FOUND(store, .submitter = "jdoe", .limit = 1), "app-1-2");
    assert_string_equal(FOUND(store, .submitter = "builder"), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .submitter = "osbs", .since = 4e9), "");
    assert_string_equal(FOUND(store, .content_generator = GENERATOR, .until = 4e9), "app-1-2 app-1-1 base-1-1");
    assert_string_equal(FOUND(store, .hub = "other"), "");
    store_close(store);
}

static void a_file_is_found_by_what_the_service_computed(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    CG_AUTO_JSON json_t *facts = facts_of("app", 1, "base-1-1", 100, 26);
    struct store_output out = output(0, "x.tar", 100, "md5", md5_of(50));
    struct store_new_import wanted = wanted_of("app-1-1", 1, facts);
    struct store_import import;
    enum store_accepted how;
    wanted.outputs = &out;
    wanted.output_count = 1;
    add_content(store, 1, 10);
    add_content(store, 50, 100);
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);
    bool complete;
    assert_int_equal(store_output_received(store, import.id, 0, sha256_of(50), "builder", &complete, &err), 1);
    store_import_finish(&import);
    assert_string_equal(FOUND(store, .digest = sha256_of(50), .state = STORE_PROVENANCE_ANY), "app-1-1");
    assert_string_equal(FOUND(store, .digest = sha256_of(51), .state = STORE_PROVENANCE_ANY), "");
    store_close(store);
}

static void tells_what_matched(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_filled();
    CG_AUTO_JSON json_t *answer = NULL;
    struct store_provenance_filter filter = {.rpm = "openssl", .digest = "sha256:aa2", .limit = 5};
    assert_int_equal(store_provenance_find(store, &filter, NULL, &answer, &err), 0);
    const json_t *build = json_array_get(json_object_get(answer, "builds"), 0);
    CG_AUTO_JSON json_t *matches =
        quoted_json("[{'component': 'openssl-3.0.7-27.el9.x86_64', 'checksum': 'aaopensslx86_64', 'parts':"
                    " [['output', 0]]}, {'key': 'manifest', 'value': 'sha256:aa2', 'output': 0}]");
    CG_AUTO_FREE char *text = json_dumps(json_object_get(build, "matches"), 0);
    CG_AUTO_FREE char *expected = json_dumps(matches, 0);
    assert_string_equal(text, expected);
    assert_string_equal(json_string_value(json_object_get(build, "state")), "imported");
    assert_string_equal(json_string_value(json_object_get(build, "origin")), "service");
    assert_int_equal(json_integer_value(json_object_get(build, "build_id")), 102);
    store_close(store);
}

static void goes_through_pages(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_filled();
    struct store_provenance_filter filter = {.rpm = "bash", .limit = 2};
    CG_AUTO_JSON json_t *first = NULL;
    assert_int_equal(store_provenance_find(store, &filter, NULL, &first, &err), 0);
    assert_int_equal(json_array_size(json_object_get(first, "builds")), 2);
    filter.after = json_integer_value(json_object_get(first, "next"));
    assert_string_equal(found(store, &filter, NULL), "base-1-1");
    CG_AUTO_JSON json_t *last = NULL;
    assert_int_equal(store_provenance_find(store, &filter, NULL, &last, &err), 0);
    assert_true(json_is_null(json_object_get(last, "next")));
    store_close(store);
}

static void gives_back_the_facts_that_came_in(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_filled();
    CG_AUTO_JSON json_t *facts = facts_of("app", 2, "base-1-1", 100, 27);
    static const char *const names[] = {"app-1-2", "102"};
    for (size_t i = 0; i < 2; i++) {
        CG_AUTO_JSON json_t *answer = NULL;
        assert_int_equal(store_provenance_get(store, names[i], HUB, NULL, &answer, &err), 1);
        assert_string_equal(err.message, "");
        assert_true(json_equal(json_object_get(answer, "facts"), facts));
        assert_string_equal(json_string_value(json_object_get(json_object_get(answer, "build"), "nvr")), "app-1-2");
    }
    CG_AUTO_JSON json_t *none = NULL;
    assert_int_equal(store_provenance_get(store, "app-1-3", NULL, NULL, &none, &err), 0);
    assert_int_equal(store_provenance_get(store, "app-1-2", "other", NULL, &none, &err), 0);
    assert_null(none);
    store_close(store);
}

/* "depth:nvr" of what is related. */
static const char *related(struct store *store, const char *name, enum store_provenance_way way, unsigned depth,
                           const struct store_scope *scope)
{
    static char texts[512];
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *answer = NULL;
    assert_int_equal(store_provenance_related(store, name, NULL, way, depth, scope, &answer, &err), 1);
    assert_string_equal(err.message, "");
    assert_true(json_is_false(json_object_get(answer, "truncated")));
    texts[0] = '\0';
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(answer, "related"), i, entry)
    {
        const char *nvr = json_string_value(json_object_get(entry, "nvr"));
        snprintf(texts + strlen(texts), sizeof texts - strlen(texts), "%s%lld:%s%s", i ? " " : "",
                 (long long)json_integer_value(json_object_get(entry, "depth")), nvr ? nvr : "-",
                 json_is_object(json_object_get(entry, "build")) ? "" : "?");
    }
    return texts;
}

static void walks_to_ancestors_and_descendants(void **state)
{
    (void)state;
    struct store *store = open_filled();
    assert_string_equal(related(store, "web-1-5", STORE_PROVENANCE_ANCESTORS, 1, NULL), "1:app-1-2 1:lib-2-1? 1:-?");
    assert_string_equal(related(store, "web-1-5", STORE_PROVENANCE_ANCESTORS, 9, NULL),
                        "1:app-1-2 1:lib-2-1? 1:-? 2:base-1-1 2:lib-2-1? 2:-? 3:lib-2-1? 3:scratch-1-1? 3:-?");
    assert_string_equal(related(store, "base-1-1", STORE_PROVENANCE_DESCENDANTS, 1, NULL), "1:app-1-2 1:app-1-1");
    assert_string_equal(related(store, "base-1-1", STORE_PROVENANCE_DESCENDANTS, 9, NULL),
                        "1:app-1-2 1:app-1-1 2:web-1-5");
    assert_string_equal(related(store, "web-1-5", STORE_PROVENANCE_DESCENDANTS, 9, NULL), "");
    store_close(store);
}

static void what_a_scope_may_not_see_is_not_there(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_filled();
    static const char *const none[] = {"x*", NULL};
    static const char *const all[] = {"pk*", NULL};
    const struct store_scope blind = {.packages = none}, seeing = {.packages = all};
    struct store_provenance_filter filter = {.rpm = "bash"};
    assert_string_equal(found(store, &filter, &blind), "");
    assert_string_equal(found(store, &filter, &seeing), "app-1-2 app-1-1 base-1-1");
    CG_AUTO_JSON json_t *answer = NULL;
    assert_int_equal(store_provenance_get(store, "app-1-2", NULL, &blind, &answer, &err), 0);
    assert_int_equal(
        store_provenance_related(store, "app-1-2", NULL, STORE_PROVENANCE_ANCESTORS, 3, &blind, &answer, &err), 0);
    assert_int_equal(store_provenance_get(store, "app-1-2", NULL, &seeing, &answer, &err), 1);
    store_close(store);
}

static void components_and_lists_are_kept_once(void **state)
{
    (void)state;
    struct store *store = open_filled();
    assert_string_equal(sql("SELECT count(*) FROM components"), "5");
    /* Two of outputs, one of the buildroots that are all alike. */
    assert_string_equal(sql("SELECT count(*) FROM provenance_lists"), "3");
    assert_string_equal(sql("SELECT count(*) FROM provenance_parts"), "8");
    store_close(store);
}

static struct store_found_build found_build(const json_t *facts, int64_t build_id)
{
    return (struct store_found_build){.hub = HUB,
                                      .build_id = build_id,
                                      .package = "pkg",
                                      .content_generator = GENERATOR,
                                      .imported_at = 1.5e9,
                                      .origin = "backfill",
                                      .facts = facts};
}

static void takes_in_builds_of_others_once(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_filled();
    CG_AUTO_JSON json_t *old = facts_of("old", 1, "base-1-1", 100, 20);
    struct store_found_build build = found_build(old, 50);
    assert_int_equal(store_provenance_add(store, &build, &err), STORE_FOUND_ADDED);
    assert_string_equal(err.message, "");
    assert_int_equal(store_provenance_add(store, &build, &err), STORE_FOUND_KNOWN);
    assert_string_equal(FOUND(store, .rpm = "openssl-3.0.7-20.el9"), "old-1-1");
    assert_string_equal(FOUND(store, .nvr = "old-1-1", .until = 1.6e9), "old-1-1");
    assert_string_equal(sql("SELECT build->>'origin' || ' ' || (build->>'state') || ' ' || (build->>'imported_at')"
                            " FROM provenance_answers ORDER BY build_key DESC LIMIT 1"),
                        "backfill imported 2017-07-14T02:40:00.000Z");
    /* web-1-5 is on its way here: the build on the hub may be that one. */
    CG_AUTO_JSON json_t *web = facts_of("web", 5, "base-1-1", 100, 20);
    build = found_build(web, 51);
    assert_int_equal(store_provenance_add(store, &build, &err), STORE_FOUND_ON_A_WAY);
    build.build_id = 0;
    assert_int_equal(store_provenance_add(store, &build, &err), -1);
    assert_error(&err, CG_E_SYNTAX, "these are no facts of an imported build: expected an nvr and a build id");
    store_close(store);
}

static void makes_an_import_from_before_whole(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    put_build(store, "app-1-1", 1, NULL, 101);
    sql("INSERT INTO provenance_unread SELECT id FROM imports");
    CG_AUTO_JSON json_t *facts = facts_of("app", 1, "base-1-1", 100, 26);
    struct store_found_build build = found_build(facts, 101);
    assert_int_equal(store_provenance_add(store, &build, &err), STORE_FOUND_ADDED);
    assert_string_equal(err.message, "");
    assert_string_equal(sql("SELECT build->>'origin' || ' ' || (build->>'caller') || ' ' || (build->>'metadata_sha256')"
                            " FROM provenance_answers"),
                        "service builder 0000000000000000000000000000000000000000000000000000000000000001");
    assert_string_equal(sql("SELECT count(*) FROM provenance_unread"), "0");
    store_close(store);
}

static void what_was_said_stays(void **state)
{
    (void)state;
    struct store *store = open_filled();
    static const char *const tables[] = {"provenance_contents", "provenance_lists", "provenance_parts",
                                         "provenance_keys", "provenance_parents"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char text[200], expected[200];
        snprintf(text, sizeof text, "DELETE FROM %s", tables[i]);
        snprintf(expected, sizeof expected, "rows of %s are never changed or removed", tables[i]);
        assert_non_null(strstr(sql(text), expected));
    }
    assert_non_null(strstr(sql("UPDATE provenance_builds SET nvr = 'x-1-1'"), "never changed or removed"));
    assert_non_null(strstr(sql("UPDATE provenance_builds SET imported_at = now(), nvr = 'x' WHERE imported_at IS NULL"),
                           "never changed or removed"));
    assert_non_null(strstr(sql("DELETE FROM provenance_builds"), "never changed or removed"));
    assert_string_equal(sql("SELECT count(*) FROM provenance_builds"), "4");
    store_close(store);
}

static void refuses_what_are_no_facts(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    struct store_import import;
    enum store_accepted how;
    static const struct {
        const char *facts, *message;
    } cases[] = {
        {"{'nvr': 'a-1-1'}", "these are no facts of a build: expected an nvr and components"},
        {"{'nvr': 'a-1-1', 'components': [{'digest': 'x', 'component': {}}]}",
         "component 0 is none: expected its digest and an object"},
        {"{'nvr': 'a-1-1', 'components': [], 'outputs': [{'components': [0]}]}", "facts refer to component 0 of 0"},
    };
    add_content(store, 1, 10);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CG_AUTO_JSON json_t *facts = quoted_json(cases[i].facts);
        struct store_new_import wanted = wanted_of("a-1-1", 1, facts);
        assert_int_equal(accept_import(store, &wanted, &import, &how, &err), -1);
        assert_error(&err, CG_E_SYNTAX, cases[i].message);
    }
    assert_string_equal(sql("SELECT count(*) FROM imports"), "0");
    store_close(store);
}

/* Whatever allocation fails, an answer is whole or there is none. */
static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct store *store = open_filled();
    struct store_provenance_filter filter = {.rpm = "openssl", .nvr = "app-*", .commit = "5c", .limit = 5};
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_JSON json_t *list = NULL;
        CG_AUTO_JSON json_t *one = NULL;
        CG_AUTO_JSON json_t *walk = NULL;
        allocation_fail_at(n);
        int result = store_provenance_find(store, &filter, NULL, &list, &err);
        if (result == 0)
            result = store_provenance_get(store, "app-1-2", NULL, NULL, &one, &err) - 1;
        if (result == 0)
            result =
                store_provenance_related(store, "app-1-2", NULL, STORE_PROVENANCE_DESCENDANTS, 2, NULL, &walk, &err) -
                1;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (result == 0) {
            assert_int_equal(json_array_size(json_object_get(list, "builds")), 2);
            assert_int_equal(json_array_size(json_object_get(json_object_get(one, "facts"), "components")), 4);
            assert_int_equal(json_array_size(json_object_get(walk, "related")), 1);
        } else {
            /* jansson writes an object without one of its names when memory fails just there (dump.c, do_dump), and
             * the database refuses that. */
            bool is_told = err.code == CG_E_MEMORY || err.code == CG_E_BUSY || err.code == CG_E_USAGE ||
                           strstr(err.message, "(SQLSTATE 22P02)");
            if (!is_told)
                fail_msg("allocation %lu: %d %s", n, err.code, err.message);
        }
        if (!failed)
            break;
    }
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_builds_by_what_is_in_them),
        cmocka_unit_test(finds_builds_by_their_names),
        cmocka_unit_test(a_file_is_found_by_what_the_service_computed),
        cmocka_unit_test(tells_what_matched),
        cmocka_unit_test(goes_through_pages),
        cmocka_unit_test(gives_back_the_facts_that_came_in),
        cmocka_unit_test(walks_to_ancestors_and_descendants),
        cmocka_unit_test(what_a_scope_may_not_see_is_not_there),
        cmocka_unit_test(components_and_lists_are_kept_once),
        cmocka_unit_test(takes_in_builds_of_others_once),
        cmocka_unit_test(makes_an_import_from_before_whole),
        cmocka_unit_test(what_was_said_stays),
        cmocka_unit_test(refuses_what_are_no_facts),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("provenance", tests, postgres_start, postgres_stop);
}
