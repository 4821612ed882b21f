/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

#include "cg/provenance.h"
#include "store/backfill.h"

#include <pthread.h>

/* Event `position` of the hub's record, about build NVR of that id. `detail` quoted JSON. */
static json_t *event(int position, const char *kind, const char *nvr, int build_id, const char *detail)
{
    char text[1000];
    snprintf(text, sizeof text,
             "{'position': %d, 'time': '2026-11-30T10:00:%02d.000000Z', 'kind': '%s', 'build_id': %d, 'nvr': '%s',"
             " 'content_generator': 'osbs', 'user_id': 2, 'user_name': 'jdoe', 'session_id': 9,"
             " 'metadata_sha256': %s%s%s, 'detail': %s}",
             position, position % 60, kind, build_id, nvr, strcmp(kind, "import") == 0 ? "'" : "",
             strcmp(kind, "import") == 0 ? sha256_of((unsigned)build_id) : "null",
             strcmp(kind, "import") == 0 ? "'" : "", detail);
    return quoted_json(text);
}

#define IMPORTED(directory)                                                                                            \
    "{'directory': '" directory "', 'outputs': [{'filename': 'x.tar', 'filesize': 3, "                                 \
    "'checksum': 'aa', 'checksum_type': 'md5'}]}"

static json_t *list_of(json_t *one, json_t *two)
{
    json_t *list = json_array();
    json_array_append_new(list, one);
    if (two)
        json_array_append_new(list, two);
    return list;
}

/* Brings the events in, which are released. */
static int put(struct store *store, struct store_outbox_reach *reach, json_t *events, struct cg_error *err)
{
    CG_AUTO_JSON json_t *owned = events;
    return store_outbox_put(store, HUB, owned, reach, err);
}

static json_t *facts_of(const char *release)
{
    char text[500];
    struct cg_error err = {0};
    snprintf(text, sizeof text,
             "{'build': {'name': 'app', 'version': '1', 'release': '%s'}, 'buildroots': [], 'output': []}", release);
    CG_AUTO_JSON json_t *document = quoted_json(text);
    json_t *facts = cg_provenance_facts(document, &err);
    assert_string_equal(err.message, "");
    return facts;
}

static struct store_found_build found_build(const json_t *facts, int build_id)
{
    return (struct store_found_build){.hub = HUB,
                                      .build_id = build_id,
                                      .package = "app",
                                      .content_generator = GENERATOR,
                                      .metadata_sha256 = sha256_of((unsigned)build_id),
                                      .origin = "outbox",
                                      .facts = facts};
}

static const char *leaves(void)
{
    return sql("SELECT coalesce(string_agg(type, ' ' ORDER BY seq), '') FROM audit_pending WHERE type LIKE 'hub-%'"
               " OR type LIKE 'build%' OR type = 'backfill'");
}

static void brings_events_in_once_with_a_leaf_each(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    struct store_outbox_reach stale = reach;
    assert_int_equal(reach.position, 0);
    assert_int_equal(put(store, &reach,
                         list_of(event(1, "state", "app-1-1", 7, "{'old': null, 'new': 1}"),
                                 event(2, "import", "app-1-1", 7, IMPORTED("d1"))),
                         &err),
                     0);
    assert_string_equal(err.message, "");
    assert_int_equal(reach.position, 2);
    assert_string_equal(leaves(), "hub-state hub-import");
    /* Another that stood where this one did brings nothing in twice. */
    assert_int_equal(
        put(store, &stale, list_of(event(1, "state", "app-1-1", 7, "{'old': null, 'new': 1}"), NULL), &err), -1);
    assert_error(&err, CG_E_CONFLICT, "the record of hub koji is not at event 0 any more");
    assert_string_equal(leaves(), "hub-state hub-import");
    /* What it said is in the leaf, in the words of the other leaves. */
    assert_string_equal(sql("SELECT (l #>> '{koji,build_id}') || ' ' || (l #>> '{outputs,0,name}') || ' ' ||"
                            " (l #>> '{outputs,0,md5}') || ' ' || (l ->> 'actor') || ' ' || (l #>> '{detail,position}')"
                            " || ' ' || (l ->> 'nvr') || ' ' || (l #>> '{detail,told,directory}')"
                            " FROM (SELECT convert_from(leaf, 'UTF8')::json AS l FROM audit_pending"
                            " WHERE type = 'hub-import') x"),
                        "7 x.tar aa jdoe 2 app-1-1 d1");
    /* Whoever leads next goes on from there. */
    struct store_outbox_reach next;
    assert_int_equal(store_outbox_lead(store, HUB, "r2", 60000, &next, &err), 0);
    assert_int_equal(store_outbox_let_go(store, HUB, "r1", &err), 0);
    next = lead_outbox(store, "r2");
    assert_int_equal(next.position, 2);
    assert_string_equal(next.digest, reach.digest);
    store_close(store);
}

static void skips_no_event(void **state)
{
    (void)state;
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    static const struct {
        int position;
        const char *kind, *nvr;
        int build_id;
        const char *said;
    } cases[] = {
        {2, "state", "app-1-1", 7, "the hub's record goes on with event 2, expected 1"},
        {0, "state", "app-1-1", 7, "the hub's record goes on with event 0, expected 1"},
        {1, "state", "app-1-1", 0, "event 1 of the hub's record has no build id"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        assert_int_equal(
            put(store, &reach,
                list_of(event(cases[i].position, cases[i].kind, cases[i].nvr, cases[i].build_id, "{}"), NULL), &err),
            -1);
        assert_error(&err, CG_E_HUB_REPLY, cases[i].said);
    }
    static const char *const members[] = {"kind", "nvr", "time", "metadata_sha256"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct cg_error err = {0};
        char said[100];
        json_t *lacking = event(1, "state", "app-1-1", 7, "{}");
        json_object_del(lacking, members[i]);
        assert_int_equal(put(store, &reach, list_of(lacking, NULL), &err), -1);
        snprintf(said, sizeof said, "event 1 of the hub's record has no %s", members[i]);
        assert_error(&err, CG_E_HUB_REPLY, said);
    }
    /* The first of two is not brought in without the second. */
    struct cg_error err = {0};
    assert_int_equal(
        put(store, &reach, list_of(event(1, "state", "app-1-1", 7, "{}"), event(3, "state", "app-1-1", 7, "{}")), &err),
        -1);
    assert_string_equal(leaves(), "");
    assert_string_equal(sql("SELECT count(*) FROM hub_events"), "0");
    /* A kind of a later module is told, too. */
    cg_error_clear(&err);
    assert_int_equal(put(store, &reach, list_of(event(1, "signed", "app-1-1", 7, "{}"), NULL), &err), 0);
    assert_string_equal(leaves(), "hub-event");
    store_close(store);
}

/* This database was restored from a backup, and the log's entries were put back. */
static void an_event_that_has_its_leaf_gets_no_other(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    struct store_outbox_reach restored = reach;
    put(store, &reach, list_of(event(1, "state", "app-1-1", 7, "{}"), event(2, "tag", "app-1-1", 7, "{}")), &err);
    sql("INSERT INTO audit_entry (idx, id, type, nvr, leaf, leaf_hash) SELECT 0, id, type, nvr, leaf,"
        " sha256('\\x00'::bytea || leaf) FROM audit_pending WHERE type = 'hub-state'");
    sql("DELETE FROM audit_pending WHERE type = 'hub-state'");
    sql("ALTER TABLE hub_events DISABLE TRIGGER hub_events_are_final");
    sql("DELETE FROM hub_events");
    sql("UPDATE followed_hubs SET position = 0, digest = ''");
    assert_string_equal(leaves(), "hub-tag");
    assert_int_equal(put(store, &restored, list_of(event(1, "state", "app-1-1", 7, "{}"), NULL), &err), 0);
    assert_string_equal(err.message, "");
    assert_string_equal(leaves(), "hub-tag");
    store_close(store);
}

struct racing {
    struct store *store;
    struct store_outbox_reach reach;
    int result;
};

static void *race(void *context)
{
    struct racing *r = context;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *events = list_of(event(1, "state", "app-1-1", 7, "{}"), NULL);
    r->result = store_outbox_put(r->store, HUB, events, &r->reach, &err);
    return NULL;
}

static void two_that_bring_the_same_in_leave_one_leaf(void **state)
{
    (void)state;
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    struct racing racing[2] = {{.store = store, .reach = reach}, {.store = store, .reach = reach}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, race, &racing[i]);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(racing[0].result + racing[1].result, -1);
    assert_string_equal(leaves(), "hub-state");
    store_close(store);
}

/* --- what became of builds ------------------------------------------------------------------------------------------
 */

static const char *on_hub(int build_id)
{
    char text[300];
    snprintf(text, sizeof text,
             "SELECT nvr || ' ' || coalesce(state, '-') || ' ' || array_to_string(tags, ',') FROM hub_builds"
             " WHERE build_id = %d",
             build_id);
    return sql(text);
}

static void knows_what_became_of_builds(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    put(store, &reach, list_of(event(1, "import", "app-1-1,draft_7", 7, IMPORTED("d")), NULL), &err);
    assert_string_equal(on_hub(7), "app-1-1,draft_7 complete ");
    put(store, &reach,
        list_of(event(2, "tag", "app-1-1,draft_7", 7, "{'tag': 'a'}"),
                event(3, "tag", "app-1-1,draft_7", 7, "{'tag': 'b'}")),
        &err);
    put(store, &reach,
        list_of(event(4, "promote", "app-1-1", 7, "{'draft_release': '1,draft_7', 'target_release': '1'}"),
                event(5, "untag", "app-1-1", 7, "{'tag': 'a'}")),
        &err);
    assert_string_equal(on_hub(7), "app-1-1 complete b");
    put(store, &reach, list_of(event(6, "state", "app-1-1", 7, "{'old': 1, 'new': 2}"), NULL), &err);
    assert_string_equal(err.message, "");
    assert_string_equal(on_hub(7), "app-1-1 deleted b");
    /* An answer about it says so, under either name. */
    CG_AUTO_JSON json_t *facts = facts_of("1");
    struct store_found_build found = found_build(facts, 7);
    CG_AUTO(store_outbox_import_finish) struct store_outbox_import import = {0};
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 1);
    assert_int_equal(store_outbox_settle(store, &import, &found, &err), STORE_OUTBOX_OTHERS);
    assert_string_equal(err.message, "");
    static const char *const names[] = {"app-1-1", "7"};
    for (size_t i = 0; i < 2; i++) {
        CG_AUTO_JSON json_t *answer = NULL;
        assert_int_equal(store_provenance_get(store, names[i], NULL, NULL, &answer, &err), 1);
        const json_t *told = json_object_get(json_object_get(answer, "build"), "on_hub");
        assert_string_equal(json_string_value(json_object_get(told, "state")), "deleted");
        assert_string_equal(json_string_value(json_object_get(told, "told_by")), "outbox");
        assert_int_equal(json_array_size(json_object_get(answer, "hub_events")), 6);
        const json_t *outbox = json_object_get(
            json_array_get(json_object_get(json_object_get(answer, "complete_for"), "hubs"), 0), "outbox");
        assert_int_equal(json_integer_value(json_object_get(outbox, "position")), 6);
        assert_int_equal(json_integer_value(json_object_get(outbox, "open")), 0);
    }
    store_close(store);
}

static void a_draft_is_found_by_its_name_on_the_hub(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    CG_AUTO_JSON json_t *facts = facts_of("1");
    /* Two drafts of one release: the first is promoted, the second learned of last. */
    for (int id = 7; id <= 8; id++) {
        char nvr[32];
        snprintf(nvr, sizeof nvr, "app-1-1,draft_%d", id);
        put(store, &reach, list_of(event(id - 6, "import", nvr, id, IMPORTED("d")), NULL), &err);
        CG_AUTO(store_outbox_import_finish) struct store_outbox_import import = {0};
        struct store_found_build found = found_build(facts, id);
        assert_int_equal(store_outbox_next(store, HUB, &import, &err), 1);
        assert_int_equal(store_outbox_settle(store, &import, &found, &err), STORE_OUTBOX_OTHERS);
    }
    put(store, &reach, list_of(event(3, "promote", "app-1-1", 7, "{}"), NULL), &err);
    assert_string_equal(err.message, "");
    static const struct {
        const char *name;
        int build_id;
        size_t found; /* under this name, of the metadata or on the hub */
    } cases[] = {{"app-1-1", 7, 2}, {"app-1-1,draft_8", 8, 1}};
    for (size_t i = 0; i < 2; i++) {
        CG_AUTO_JSON json_t *answer = NULL, *list = NULL;
        const struct store_provenance_filter filter = {.nvr = cases[i].name, .limit = 10};
        assert_int_equal(store_provenance_get(store, cases[i].name, NULL, NULL, &answer, &err), 1);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(answer, "build"), "build_id")),
                         cases[i].build_id);
        assert_int_equal(store_provenance_find(store, &filter, NULL, &list, &err), 0);
        assert_int_equal(json_array_size(json_object_get(list, "builds")), cases[i].found);
    }
    store_close(store);
}

/* --- imports --------------------------------------------------------------------------------------------------------
 */

/* A store in which an import of app-1-1 is claimed, which has uploaded to cg-import/1, and the hub's record tells of
 * one of build 7 as `imported` says; that is taken up as `import`. */
static struct store *open_store_with_both(const char *imported, struct store_outbox_reach *reach,
                                          struct store_claim *claim, struct store_outbox_import *import)
{
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store *store = open_store_that_leads("r1", reach);
    CG_AUTO_JSON json_t *facts = facts_of("1");
    CG_AUTO_JSON json_t *journal = quoted_json("{'directory': 'cg-import/1'}");
    struct store_new_import wanted = posted("app-1-1", 1);
    wanted.facts = facts;
    queue_import(store, &wanted, id);
    claim_one(store, "w", claim);
    assert_int_equal(store_claim_journal(store, claim, journal, &err), 0);
    assert_int_equal(put(store, reach, list_of(event(1, "import", "app-1-1", 7, imported), NULL), &err), 0);
    assert_int_equal(store_outbox_next(store, HUB, import, &err), 1);
    assert_string_equal(err.message, "");
    return store;
}

static void own_imports_are_matched_and_not_doubled(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store_claim claim;
    CG_AUTO(store_outbox_import_finish) struct store_outbox_import import = {0};
    struct store *store = open_store_with_both(IMPORTED("cg-import/1"), &reach, &claim, &import);
    /* The hub has it, and the service has not heard so yet. */
    assert_int_equal(store_outbox_match(store, HUB, &import, &err), STORE_OUTBOX_ON_A_WAY);
    /* The journal goes before the end is written down. */
    assert_int_equal(store_claim_journal(store, &claim, json_null(), &err), 0);
    assert_int_equal(store_outbox_match(store, HUB, &import, &err), STORE_OUTBOX_ON_A_WAY);
    CG_AUTO_JSON json_t *facts = facts_of("1");
    struct store_found_build found = found_build(facts, 7);
    assert_int_equal(store_outbox_settle(store, &import, &found, &err), STORE_OUTBOX_ON_A_WAY);
    assert_int_equal(store_outbox_put_off(store, HUB, &import, 0, "not ended", &err), 0);
    assert_int_equal(store_claim_imported(store, &claim, 7, "http://x", NULL, &err), 0);
    store_claim_finish(&claim);
    assert_int_equal(store_outbox_match(store, HUB, &import, &err), STORE_OUTBOX_KNOWN);
    assert_string_equal(err.message, "");
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 0);
    assert_string_equal(sql("SELECT count(*) FROM provenance_builds"), "1");
    /* The same build reset on the hub and imported by another is another. */
    put(store, &reach, list_of(event(2, "import", "app-1-1", 7, IMPORTED("other/1")), NULL), &err);
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 1);
    assert_int_equal(store_outbox_match(store, HUB, &import, &err), STORE_OUTBOX_OTHERS);
    store_close(store);
}

static void others_are_told_from_own_on_their_way(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store_claim claim;
    CG_AUTO(store_outbox_import_finish) struct store_outbox_import import = {0};
    struct store *store = open_store_with_both(IMPORTED("other/1"), &reach, &claim, &import);
    assert_int_equal(store_outbox_match(store, HUB, &import, &err), STORE_OUTBOX_OTHERS);
    CG_AUTO_JSON json_t *facts = facts_of("1");
    struct store_found_build found = found_build(facts, 7);
    found.facts_from = "hub";
    found.remark = "metadata.json is gone";
    assert_int_equal(store_outbox_settle(store, &import, &found, &err), STORE_OUTBOX_OTHERS);
    assert_string_equal(err.message, "");
    assert_string_equal(leaves(), "hub-import build");
    /* Settled again, by one that did not know: nothing happens. */
    assert_int_equal(store_outbox_settle(store, &import, &found, &err), STORE_OUTBOX_KNOWN);
    assert_string_equal(leaves(), "hub-import build");
    assert_string_equal(
        sql("SELECT (build ->> 'origin') || ' ' || (build ->> 'facts_from') || ' ' || (build ->> 'remark')"
            " FROM provenance_answers WHERE build ->> 'origin' <> 'service'"),
        "outbox hub metadata.json is gone");
    store_claim_finish(&claim);
    store_close(store);
}

static void what_a_backfill_found_is_not_doubled(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    CG_AUTO_JSON json_t *facts = facts_of("1");
    struct store_found_build found = found_build(facts, 7);
    found.origin = "backfill";
    found.nvr = "app-1-1";
    found.state = "complete";
    assert_int_equal(store_provenance_add(store, &found, &err), STORE_FOUND_ADDED);
    put(store, &reach, list_of(event(1, "import", "app-1-1", 7, IMPORTED("other/1")), NULL), &err);
    CG_AUTO(store_outbox_import_finish) struct store_outbox_import import = {0};
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 1);
    assert_int_equal(store_outbox_match(store, HUB, &import, &err), STORE_OUTBOX_KNOWN);
    assert_string_equal(sql("SELECT count(*) FROM provenance_builds"), "1");
    /* Another document under the same id is not it. */
    put(store, &reach, list_of(event(2, "import", "app-1-2", 8, IMPORTED("other/2")), NULL), &err);
    CG_AUTO_JSON json_t *other = facts_of("2");
    found = found_build(other, 8);
    found.metadata_sha256 = sha256_of(99);
    assert_int_equal(store_provenance_add(store, &found, &err), STORE_FOUND_ADDED);
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 1);
    assert_int_equal(store_outbox_match(store, HUB, &import, &err), STORE_OUTBOX_OTHERS);
    assert_string_equal(err.message, "");
    store_close(store);
}

static void puts_off_what_cannot_be_settled(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    put(store, &reach,
        list_of(event(1, "import", "app-1-1", 7, IMPORTED("a")), event(2, "import", "app-1-2", 8, IMPORTED("b"))),
        &err);
    CG_AUTO(store_outbox_import_finish) struct store_outbox_import import = {0};
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 1);
    assert_int_equal(import.build_id, 7);
    assert_int_equal(store_outbox_put_off(store, HUB, &import, 3600000, "HTTP status 503", &err), 0);
    /* One that waits does not keep the others waiting. */
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 1);
    assert_int_equal(import.build_id, 8);
    assert_int_equal(store_outbox_put_off(store, HUB, &import, 3600000, "HTTP status 503", &err), 0);
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 0);
    sql("UPDATE hub_imports SET due_at = now()");
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 1);
    assert_int_equal(import.tries, 1);
    assert_string_equal(err.message, "");
    store_close(store);
}

/* --- another history ------------------------------------------------------------------------------------------------
 */

static void a_hub_that_went_back_begins_another_line(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    char first[65], digest[65];
    put(store, &reach,
        list_of(event(1, "import", "app-1-1", 7, IMPORTED("a")), event(2, "tag", "app-1-1", 7, "{'tag': 'a'}")), &err);
    put(store, &reach,
        list_of(event(3, "state", "app-1-1", 7, "{'old': 1, 'new': 2}"),
                event(4, "import", "app-1-2", 8, IMPORTED("b"))),
        &err);
    assert_int_equal(store_outbox_digest_at(store, HUB, 2, first, &err), 1);
    assert_int_equal(store_outbox_digest_at(store, HUB, 9, digest, &err), 0);
    assert_string_equal(on_hub(7), "app-1-1 deleted a");
    assert_int_equal(store_outbox_went_back(store, HUB, 2, &reach, &err), 0);
    assert_string_equal(err.message, "");
    assert_int_equal(reach.line, 2);
    assert_int_equal(reach.position, 2);
    assert_string_equal(reach.digest, first);
    /* The deletion did not happen in this history, and app-1-2 is not on the hub. */
    assert_string_equal(on_hub(7), "app-1-1 complete a");
    assert_string_equal(on_hub(8), "app-1-2 gone ");
    /* What comes instead is brought in under the same positions, with leaves of its own. */
    assert_int_equal(put(store, &reach, list_of(event(3, "import", "app-1-3", 8, IMPORTED("c")), NULL), &err), 0);
    assert_string_equal(on_hub(8), "app-1-3 complete ");
    assert_int_equal(store_outbox_digest_at(store, HUB, 3, digest, &err), 1);
    assert_string_equal(digest, reach.digest);
    assert_string_equal(leaves(), "hub-import hub-tag hub-state hub-import hub-went-back hub-import");
    /* A record that was made anew has nothing in common. */
    assert_int_equal(store_outbox_went_back(store, HUB, 0, &reach, &err), 0);
    assert_int_equal(reach.position, 0);
    assert_string_equal(reach.digest, "");
    assert_string_equal(on_hub(7), "app-1-1 gone ");
    store_close(store);
}

static void a_build_id_given_again_is_another_build(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    CG_AUTO_JSON json_t *facts = facts_of("1");
    CG_AUTO_JSON json_t *other = facts_of("2");
    CG_AUTO(store_outbox_import_finish) struct store_outbox_import import = {0};
    put(store, &reach, list_of(event(1, "import", "app-1-1", 7, IMPORTED("a")), NULL), &err);
    struct store_found_build found = found_build(facts, 7);
    store_outbox_next(store, HUB, &import, &err);
    assert_int_equal(store_outbox_settle(store, &import, &found, &err), STORE_OUTBOX_OTHERS);
    assert_int_equal(store_outbox_went_back(store, HUB, 0, &reach, &err), 0);
    put(store, &reach, list_of(event(1, "import", "app-1-2", 7, IMPORTED("b")), NULL), &err);
    found = found_build(other, 7);
    assert_int_equal(store_outbox_next(store, HUB, &import, &err), 1);
    assert_int_equal(store_outbox_settle(store, &import, &found, &err), STORE_OUTBOX_OTHERS);
    assert_string_equal(err.message, "");
    assert_string_equal(sql("SELECT string_agg(nvr, ' ' ORDER BY build_key) FROM provenance_builds"),
                        "app-1-1 app-1-2");
    store_close(store);
}

static void tells_how_it_stands(void **state)
{
    (void)state;
    struct cg_error err = {0}, why = {0};
    struct store_outbox_reach reach;
    struct store *store = open_store_that_leads("r1", &reach);
    cg_fail(&why, CG_E_UNREACHABLE, "nobody there");
    assert_int_equal(store_outbox_tell(store, HUB, STORE_OUTBOX_FAILED, &why, &err), 0);
    assert_int_equal(store_outbox_tell(store, HUB, STORE_OUTBOX_DENIED, &why, &err), 0);
    put(store, &reach, list_of(event(1, "import", "app-1-1", 7, IMPORTED("a")), NULL), &err);
    CG_AUTO_JSON json_t *before = NULL;
    assert_int_equal(store_outbox_standing(store, &before, &err), 0);
    assert_true(json_is_null(json_object_get(json_array_get(before, 0), "lag_s")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(before, 0), "state")), "denied");
    assert_string_equal(json_string_value(json_object_get(json_array_get(before, 0), "message")), "nobody there");
    assert_int_equal(store_outbox_tell(store, HUB, STORE_OUTBOX_FOLLOWED, NULL, &err), 0);
    CG_AUTO_JSON json_t *after = NULL;
    assert_int_equal(store_outbox_standing(store, &after, &err), 0);
    const json_t *hub = json_array_get(after, 0);
    assert_string_equal(json_string_value(json_object_get(hub, "state")), "followed");
    assert_true(json_is_number(json_object_get(hub, "lag_s")));
    assert_int_equal(json_integer_value(json_object_get(hub, "open")), 1);
    assert_int_equal(json_integer_value(json_object_get(hub, "position")), 1);
    assert_int_equal(json_integer_value(json_object_get(hub, "errors")), 1);
    store_close(store);
}

/* --- backfills ------------------------------------------------------------------------------------------------------
 */

static void a_list_tells_where_no_record_does(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    CG_AUTO_JSON json_t *facts = facts_of("1");
    struct store_found_build found = found_build(facts, 7);
    found.origin = "backfill";
    found.nvr = "app-1-1";
    found.state = "complete";
    assert_int_equal(store_provenance_add(store, &found, &err), STORE_FOUND_ADDED);
    struct store_listed_build listed[] = {{.build_id = 7, .nvr = "app-1-1", .state = 2},
                                          {.build_id = 9, .nvr = "app-1-9", .state = 1}};
    assert_int_equal(store_backfill_known(store, HUB, STORE_BACKFILL_LOOK, listed, 2, &err), 0);
    assert_true(listed[0].known && !listed[1].known);
    assert_string_equal(on_hub(7), "app-1-1 complete ");
    /* News once. */
    for (int i = 0; i < 2; i++)
        assert_int_equal(store_backfill_known(store, HUB, STORE_BACKFILL_TELL, listed, 2, &err), 0);
    assert_string_equal(on_hub(7), "app-1-1 deleted ");
    assert_string_equal(leaves(), "build build-seen");
    /* The record's word stands. */
    struct store_outbox_reach reach = lead_outbox(store, "r1");
    put(store, &reach, list_of(event(1, "state", "app-1-1", 7, "{'old': 2, 'new': 1}"), NULL), &err);
    assert_int_equal(store_backfill_known(store, HUB, STORE_BACKFILL_TELL, listed, 2, &err), 0);
    assert_string_equal(on_hub(7), "app-1-1 complete ");
    assert_string_equal(err.message, "");
    store_close(store);
}

static void answers_say_which_histories_are_complete(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    struct store_backfill all = {.hub = HUB, .complete_at = 1.6e9, .builds = 3, .actor = "uid:0"};
    struct store_backfill part = {.hub = HUB,
                                  .content_generator = "osbs",
                                  .package = "app",
                                  .since = 1.4e9,
                                  .until = 1.5e9,
                                  .complete_at = 1.6e9 + 60,
                                  .builds = 1,
                                  .actor = "uid:0"};
    assert_int_equal(store_backfill_complete(store, &all, &err), 0);
    all.complete_at = 1.6e9 - 60;
    assert_int_equal(store_backfill_complete(store, &all, &err), 0);
    assert_int_equal(store_backfill_complete(store, &part, &err), 0);
    assert_string_equal(err.message, "");
    assert_string_equal(leaves(), "backfill backfill backfill");
    CG_AUTO_JSON json_t *answer = NULL;
    assert_int_equal(store_provenance_find(store, &(struct store_provenance_filter){.limit = 1}, NULL, &answer, &err),
                     0);
    CG_AUTO_JSON json_t *expected = quoted_json(
        "[{'hub': 'koji', 'outbox': null, 'backfills': ["
        "{'content_generator': 'osbs', 'package': 'app', 'since': '2014-05-13T16:53:20.000Z',"
        " 'until': '2017-07-14T02:40:00.000Z', 'at': '2020-09-13T12:27:40.000Z', 'builds': 1},"
        "{'content_generator': null, 'package': null, 'since': null, 'until': null, 'at': '2020-09-13T12:26:40.000Z',"
        " 'builds': 3}]}]");
    assert_true(json_equal(json_object_get(json_object_get(answer, "complete_for"), "hubs"), expected));
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brings_events_in_once_with_a_leaf_each),
        cmocka_unit_test(skips_no_event),
        cmocka_unit_test(an_event_that_has_its_leaf_gets_no_other),
        cmocka_unit_test(two_that_bring_the_same_in_leave_one_leaf),
        cmocka_unit_test(knows_what_became_of_builds),
        cmocka_unit_test(a_draft_is_found_by_its_name_on_the_hub),
        cmocka_unit_test(own_imports_are_matched_and_not_doubled),
        cmocka_unit_test(others_are_told_from_own_on_their_way),
        cmocka_unit_test(what_a_backfill_found_is_not_doubled),
        cmocka_unit_test(puts_off_what_cannot_be_settled),
        cmocka_unit_test(a_hub_that_went_back_begins_another_line),
        cmocka_unit_test(a_build_id_given_again_is_another_build),
        cmocka_unit_test(tells_how_it_stands),
        cmocka_unit_test(a_list_tells_where_no_record_does),
        cmocka_unit_test(answers_say_which_histories_are_complete),
    };
    return cmocka_run_group_tests_name("outbox", tests, postgres_start, postgres_stop);
}
