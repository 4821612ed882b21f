/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "allocation.h"
#include "store_test.h"

#include "cg/provenance.h"
#include "store/overview.h"

#include <fnmatch.h>
#include <pthread.h>

static void accepts_an_import_and_receives_its_outputs(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    add_content(store, 1, 10);
    struct store_output outputs[] = {output(0, "a.tar", 100, "md5", md5_of(20)),
                                     output(1, "b/c.log", 0, "sha256", sha256_of(21))};
    struct store_new_import wanted = posted("a-1-1", 1);
    CG_AUTO_JSON json_t *options = quoted_json("{'reserve': true, 'tag': 'f40'}");
    wanted.outputs = outputs;
    wanted.output_count = 2;
    wanted.options = options;
    struct store_import import;
    enum store_accepted how;
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);
    assert_string_equal(err.message, "");
    assert_int_equal(how, STORE_ACCEPTED_NEW);
    assert_true(store_is_id(import.id));
    assert_int_equal(import.state, STORE_RECEIVING);
    assert_int_equal(import.held, STORE_NOT_HELD);
    assert_string_equal(import.hub, HUB);
    assert_string_equal(import.nvr, "a-1-1");
    assert_string_equal(import.content_generator, GENERATOR);
    assert_string_equal(import.package, "pkg");
    assert_string_equal(import.metadata_sha256, sha256_of(1));
    assert_int_equal(import.metadata_bytes, 10);
    assert_true(json_equal(import.options, options));
    assert_string_equal(import.caller, "builder");
    assert_string_equal(import.request_id, "r1");
    assert_string_equal(import.replaces, "");
    assert_null(import.error_message);
    assert_int_equal(import.output_count, 2);
    assert_string_equal(import.outputs[1].path, "b/c.log");
    assert_string_equal(import.outputs[1].checksum, sha256_of(21));
    assert_null(import.outputs[0].sha256);
    assert_true(import.created_at > 1.7e9);
    assert_true(import.finished_at == 0 && import.next_attempt_at == 0);

    bool complete = true;
    assert_int_equal(store_output_progress(store, import.id, 0, 60, &err), 1);
    add_content(store, 20, 100);
    add_content(store, 21, 0);
    assert_int_equal(store_output_received(store, import.id, 0, sha256_of(20), "builder", &complete, &err), 1);
    assert_false(complete);
    assert_int_equal(state_of(store, import.id), STORE_RECEIVING);
    assert_int_equal(store_output_received(store, import.id, 1, sha256_of(21), "builder", &complete, &err), 1);
    assert_true(complete);
    assert_int_equal(state_of(store, import.id), STORE_QUEUED);
    /* Once more: nothing changes. */
    assert_int_equal(store_output_received(store, import.id, 1, sha256_of(21), "builder", &complete, &err), 1);
    assert_false(complete);
    assert_string_equal(sql("SELECT string_agg(type, ' ' ORDER BY event_id) FROM events"),
                        "accepted content content queued");
    store_import_finish(&import);
    store_close(store);
}

static void refuses_outputs_that_do_not_fit(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    add_content(store, 1, 10);
    struct store_output outputs[] = {output(3, "a.tar", 100, "md5", md5_of(20)),
                                     output(3, "b.tar", 100, "md5", md5_of(20))};
    struct store_new_import wanted = posted("a-1-1", 1);
    wanted.outputs = outputs;
    wanted.output_count = 2;
    struct store_import import;
    enum store_accepted how;
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), -1);
    assert_error(&err, CG_E_USAGE, "two outputs have the same position");
    store_import_finish(&import);
    assert_string_equal(sql("SELECT count(*) FROM imports"), "0");
    wanted.output_count = 1;
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);

    bool complete;
    char expected[300];
    snprintf(expected, sizeof expected, "the content with sha256 %s is not recorded", sha256_of(20));
    assert_int_equal(store_output_received(store, import.id, 3, sha256_of(20), "b", &complete, &err), -1);
    assert_error(&err, CG_E_USAGE, expected);
    add_content(store, 20, 101);
    snprintf(expected, sizeof expected, "output 3, a.tar, is not what the metadata says: expected md5 %s and 100 bytes",
             md5_of(20));
    assert_int_equal(store_output_received(store, import.id, 3, sha256_of(20), "b", &complete, &err), -1);
    assert_error(&err, CG_E_MISMATCH, expected);
    add_content(store, 22, 100);
    assert_int_equal(store_output_received(store, import.id, 3, sha256_of(22), "b", &complete, &err), -1);
    assert_error(&err, CG_E_MISMATCH, expected);
    assert_int_equal(store_output_received(store, import.id, 4, sha256_of(22), "b", &complete, &err), 0);
    assert_int_equal(store_output_received(store, "nonsense", 3, sha256_of(22), "b", &complete, &err), 0);
    assert_int_equal(store_output_progress(store, import.id, 4, 1, &err), 0);

    assert_int_equal(store_import_cancel(store, import.id, "op", NULL, &err), 1);
    sql("UPDATE contents SET size_bytes = 100");
    snprintf(expected, sizeof expected, "import %s is canceled; outputs are taken while it is receiving", import.id);
    assert_int_equal(store_output_received(store, import.id, 3, sha256_of(20), "b", &complete, &err), -1);
    assert_error(&err, CG_E_CONFLICT, expected);
    store_import_finish(&import);

    outputs[0].path = (char[]){"\xff"};
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), -1);
    assert_error(&err, CG_E_USAGE, "output 3 has a text that is not valid UTF-8");
    wanted = posted("b-1-1", 77);
    snprintf(expected, sizeof expected, "the metadata, sha256 %s, is not recorded as a content", sha256_of(77));
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), -1);
    assert_error(&err, CG_E_USAGE, expected);
    store_close(store);
}

static void knows_the_same_import_again(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    struct store_new_import wanted = posted("a-1-1", 1);
    char id[STORE_ID_SIZE];
    queue_import(store, &wanted, id);
    struct store_import import;
    enum store_accepted how;
    wanted.caller = "another";
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);
    assert_int_equal(how, STORE_ACCEPTED_SAME);
    assert_string_equal(import.id, id);
    assert_string_equal(import.caller, "builder");
    store_import_finish(&import);
    assert_string_equal(sql("SELECT string_agg(type, ' ' ORDER BY event_id) FROM events"), "accepted queued");
    /* The NVR on another hub is another import. */
    wanted.hub = "stage";
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);
    assert_int_equal(how, STORE_ACCEPTED_NEW);
    store_import_finish(&import);
    store_close(store);
}

static void refuses_other_bytes_while_the_first_lives(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    struct store_new_import first = posted("a-1-1", 1), second = posted("a-1-1", 2);
    char id[STORE_ID_SIZE], expected[500];
    queue_import(store, &first, id);
    add_content(store, 2, 10);
    struct store_import import;
    enum store_accepted how;
    assert_int_equal(accept_import(store, &second, &import, &how, &err), -1);
    assert_string_equal(import.id, id);
    assert_string_equal(err.hint, "cancel that import first, or wait until it ends");
    snprintf(expected, sizeof expected,
             "a-1-1 has import %s, which is queued, with other metadata: sha256 %s; posted was %s", id, sha256_of(1),
             sha256_of(2));
    assert_error(&err, CG_E_CONFLICT, expected);
    store_import_finish(&import);

    /* Who may not see it learns that it is there and nothing else. */
    struct store_scope scope = {.content_generators = (const char *const[]){"other", NULL}};
    err = (struct cg_error){0};
    assert_int_equal(store_import_accept(store, &second, &scope, &import, &how, &err), -1);
    assert_string_equal(err.hint, "");
    assert_error(&err, CG_E_CONFLICT, "a-1-1 has an import with other metadata");
    assert_string_equal(import.id, "");

    struct store_claim claim;
    claim_one(store, "w", &claim);
    assert_int_equal(store_claim_imported(store, &claim, 1, "u", NULL, &err), 0);
    store_claim_finish(&claim);
    assert_int_equal(accept_import(store, &second, &import, &how, &err), -1);
    assert_string_equal(err.hint, "what is imported stays; build again with a new release");
    store_import_finish(&import);
    store_close(store);
}

static void links_what_comes_after_a_rejected_one(void **state)
{
    (void)state;
    struct cg_error err = {0}, why = {0};
    struct store *store = open_store();
    char first[STORE_ID_SIZE], second[STORE_ID_SIZE];
    struct store_new_import wanted = posted("a-1-1", 1);
    queue_import(store, &wanted, first);
    struct store_claim claim;
    claim_one(store, "w", &claim);
    cg_fail(&why, CG_E_HUB_REFUSED, "no");
    assert_int_equal(store_claim_rejected(store, &claim, &why, NULL, &err), 0);
    store_claim_finish(&claim);

    wanted = posted("a-1-1", 2);
    queue_import(store, &wanted, second);
    struct store_import import;
    enum store_accepted how;
    assert_int_equal(store_import_get(store, second, NULL, &import, &err), 1);
    assert_string_equal(import.replaces, first);
    store_import_finish(&import);
    assert_int_equal(store_import_get(store, first, NULL, &import, &err), 1);
    assert_string_equal(import.replaced_by, second);
    store_import_finish(&import);
    /* The first bytes again are the first import, and it stays rejected. */
    wanted = posted("a-1-1", 1);
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);
    assert_int_equal(how, STORE_ACCEPTED_SAME);
    assert_string_equal(import.id, first);
    assert_int_equal(import.state, STORE_REJECTED);
    assert_string_equal(import.error_name, "CG_E_HUB_REFUSED");
    assert_string_equal(import.error_message, "no");
    store_import_finish(&import);
    store_close(store);
}

static void answers_an_idempotency_key_as_before(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    struct store_new_import wanted = posted("a-1-1", 1);
    wanted.idempotency_key = "k";
    wanted.request_sha256 = sha256_of(100);
    char id[STORE_ID_SIZE];
    queue_import(store, &wanted, id);
    struct store_import import;
    enum store_accepted how;
    assert_int_equal(accept_import(store, &wanted, &import, &how, &err), 0);
    assert_int_equal(how, STORE_ACCEPTED_SAME);
    assert_string_equal(import.id, id);
    store_import_finish(&import);

    struct store_new_import other = posted("b-1-1", 2);
    other.idempotency_key = "k";
    other.request_sha256 = sha256_of(101);
    add_content(store, 2, 10);
    assert_int_equal(accept_import(store, &other, &import, &how, &err), -1);
    assert_error(&err, CG_E_CONFLICT, "the idempotency key was used for another request");
    /* Keys belong to their callers. */
    other.caller = "another";
    assert_int_equal(accept_import(store, &other, &import, &how, &err), 0);
    assert_int_equal(how, STORE_ACCEPTED_NEW);
    store_import_finish(&import);
    sql("UPDATE idempotency_keys SET at = now() - interval '8 days'");
    assert_int_equal(store_tidy(store, &err), 0);
    assert_string_equal(sql("SELECT count(*) FROM idempotency_keys"), "0");
    store_close(store);
}

static struct store_output output_of(unsigned content, const char *type)
{
    if (strcmp(type, "adler32") == 0)
        return output(0, "x.tar", 100, type, "00000032");
    return output(0, "x.tar", 100, type, strcmp(type, "md5") == 0 ? md5_of(content) : sha256_of(content));
}

/* Accepts NVR with one output within a scope; returns its state. */
static enum store_state accept_output(struct store *store, const char *nvr, unsigned metadata,
                                      struct store_output output, const struct store_scope *scope)
{
    struct cg_error err = {0};
    struct store_new_import wanted = posted(nvr, metadata);
    wanted.outputs = &output;
    wanted.output_count = 1;
    add_content(store, metadata, 10);
    struct store_import import;
    enum store_accepted how;
    assert_int_equal(store_import_accept(store, &wanted, scope, &import, &how, &err), 0);
    assert_string_equal(err.message, "");
    enum store_state found = import.state;
    assert_int_equal(import.outputs[0].sha256 != NULL, found == STORE_QUEUED);
    store_import_finish(&import);
    return found;
}

static void links_contents_that_the_caller_may_see(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct store_scope other = {.content_generators = (const char *const[]){"other", NULL}};
    add_content(store, 50, 100);
    /* Nobody refers to it yet, so nobody may know that it is there. */
    assert_int_equal(accept_output(store, "a-1-1", 1, output_of(50, "md5"), NULL), STORE_RECEIVING);
    /* It came with the request. */
    struct store_output sent = output_of(50, "md5");
    sent.sha256 = (char *)(uintptr_t)sha256_of(50);
    assert_int_equal(accept_output(store, "b-1-1", 2, sent, &other), STORE_QUEUED);
    assert_int_equal(accept_output(store, "c-1-1", 3, output_of(50, "md5"), NULL), STORE_QUEUED);
    assert_int_equal(accept_output(store, "d-1-1", 4, output_of(50, "sha256"), NULL), STORE_QUEUED);
    assert_int_equal(accept_output(store, "e-1-1", 5, output_of(50, "adler32"), NULL), STORE_RECEIVING);
    assert_int_equal(accept_output(store, "f-1-1", 6, output_of(50, "sha256"), &other), STORE_RECEIVING);
    struct store_output longer = output_of(50, "sha256");
    longer.size_bytes = 101;
    assert_int_equal(accept_output(store, "g-1-1", 7, longer, NULL), STORE_RECEIVING);
    /* A claim to have sent what is not recorded does not count. */
    sent.sha256 = (char *)(uintptr_t)sha256_of(51);
    sent.checksum = (char *)(uintptr_t)md5_of(51);
    assert_int_equal(accept_output(store, "h-1-1", 8, sent, NULL), STORE_RECEIVING);
    store_close(store);
}

/* --- two replicas ------------------------------------------------------------------------------------------------ */

struct poster {
    struct store *store;
    pthread_barrier_t *barrier;
    unsigned replica;
    unsigned lost, failed;
    char ids[200][STORE_ID_SIZE];
};

/* In even rounds both post the same bytes, in odd ones each its own. */
static void *post_rounds(void *context)
{
    struct poster *poster = context;
    for (unsigned round = 0; round < 200; round++) {
        char nvr[32];
        snprintf(nvr, sizeof nvr, "a-1-%u", round);
        struct store_new_import wanted = posted(nvr, 1 + (round % 2 ? poster->replica : 0));
        struct cg_error err = {0};
        struct store_import import;
        enum store_accepted how;
        pthread_barrier_wait(poster->barrier);
        if (accept_import(poster->store, &wanted, &import, &how, &err) == 0)
            memcpy(poster->ids[round], import.id, STORE_ID_SIZE);
        else if (err.code == CG_E_CONFLICT)
            poster->lost++;
        else
            poster->failed++;
        store_import_finish(&import);
    }
    return NULL;
}

static void gives_two_replicas_one_import_at_the_same_instant(void **state)
{
    (void)state;
    struct store *store = open_store();
    add_content(store, 1, 10);
    add_content(store, 2, 10);
    static struct poster posters[2];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t threads[2];
    for (unsigned i = 0; i < 2; i++) {
        posters[i] = (struct poster){.store = open_at(database), .barrier = &barrier, .replica = i};
        pthread_create(&threads[i], NULL, post_rounds, &posters[i]);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int round = 0; round < 200; round += 2)
        assert_string_equal(posters[0].ids[round], posters[1].ids[round]);
    assert_int_equal(posters[0].failed + posters[1].failed, 0);
    assert_int_equal(posters[0].lost + posters[1].lost, 100);
    assert_string_equal(sql("SELECT count(*) FROM imports"), "200");
    assert_string_equal(sql("SELECT count(*) FROM events WHERE type = 'accepted'"), "200");
    assert_string_equal(sql("SELECT count(*) FROM queue"), "200");
    for (int i = 0; i < 2; i++)
        store_close(posters[i].store);
    pthread_barrier_destroy(&barrier);
    store_close(store);
}

/* --- looking ----------------------------------------------------------------------------------------------------- */

static void fill_10000(struct store *store)
{
    add_content(store, 1, 10);
    sql("INSERT INTO imports (id, hub, nvr, content_generator, package, metadata_sha256, metadata_bytes, options,"
        " caller, request_id, state, created_at) SELECT ('01890000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,"
        " 'koji', 'p' || n % 10 || '-1-' || n, CASE n % 2 WHEN 0 THEN 'osbs' ELSE 'maven' END, 'p' || n % 10,"
        " 'm' || n, 1, '{}', 'c', 'r', CASE n % 4 WHEN 0 THEN 'receiving' ELSE 'queued' END, to_timestamp(n)"
        " FROM generate_series(1, 10000) n");
}

/* Walks through all pages; the number of rows, each of which must come once and newest first. */
static unsigned count_pages(struct store *store, struct store_filter filter, const struct store_scope *scope)
{
    char after[STORE_ID_SIZE] = "";
    unsigned total = 0;
    for (;;) {
        struct cg_error err = {0};
        struct store_import *imports;
        size_t count;
        filter.after = after[0] ? after : NULL;
        assert_int_equal(store_import_list(store, &filter, scope, &imports, &count, &err), 0);
        assert_string_equal(err.message, "");
        for (size_t i = 0; i < count; i++) {
            assert_true(after[0] == '\0' || strcmp(imports[i].id, after) < 0);
            memcpy(after, imports[i].id, sizeof after);
        }
        store_imports_free(imports, count);
        total += (unsigned)count;
        if (count < filter.limit)
            return total;
    }
}

static void pages_through_ten_thousand(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    fill_10000(store);
    struct store_filter all = {.state = -1, .limit = 499};
    assert_int_equal(count_pages(store, all, NULL), 10000);
    struct store_filter some = all;
    some.state = STORE_RECEIVING;
    assert_int_equal(count_pages(store, some, NULL), 2500);
    some = all;
    some.nvr = "p3-1-*9";
    assert_int_equal(count_pages(store, some, NULL), 0);
    some.nvr = "p3-1-?3";
    assert_int_equal(count_pages(store, some, NULL), 9);
    some = all;
    some.content_generator = "maven";
    assert_int_equal(count_pages(store, some, NULL), 5000);
    some = all;
    some.hub = "stage";
    assert_int_equal(count_pages(store, some, NULL), 0);
    some = all;
    some.since = 11;
    some.until = 21;
    assert_int_equal(count_pages(store, some, NULL), 10);
    struct store_scope scope = {.content_generators = (const char *const[]){"os*", "none", NULL},
                                .packages = (const char *const[]){"p[0-4]", NULL}};
    assert_int_equal(count_pages(store, all, &scope), 3000);
    scope.packages = (const char *const[]){NULL};
    assert_int_equal(count_pages(store, all, &scope), 0);

    struct store_import *imports;
    size_t count;
    struct store_filter bad = {.state = -1, .limit = 10, .after = "x' OR true --"};
    assert_int_equal(store_import_list(store, &bad, NULL, &imports, &count, &err), -1);
    assert_error(&err, CG_E_USAGE, "the page to go on after is not the id of an import");
    struct store_filter most = {.state = -1, .limit = 100000};
    assert_int_equal(store_import_list(store, &most, NULL, &imports, &count, &err), 0);
    assert_int_equal(count, 500);
    store_imports_free(imports, count);
    most.limit = 0;
    assert_int_equal(store_import_list(store, &most, NULL, &imports, &count, &err), 0);
    assert_int_equal(count, 1);
    store_imports_free(imports, count);
    store_close(store);
}

/* Does the package named `text` lie within the glob, as the database sees it? */
static bool database_matches(struct store *store, const char *glob)
{
    struct cg_error err = {0};
    struct store_scope scope = {.packages = (const char *const[]){glob, NULL}};
    struct store_import import;
    int found = store_import_get(store, "01890000-0000-7000-8000-000000000001", &scope, &import, &err);
    if (err.code != CG_OK)
        fail_msg("glob \"%s\": %s", glob, err.message);
    store_import_finish(&import);
    return found == 1;
}

static unsigned next_random(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245U + 12345U;
    return (*seed >> 16) % below;
}

/* A glob of any characters. What a backslash escapes at the end, or before a bracket is closed, is not defined. */
static bool draw_glob(unsigned *seed, char glob[64])
{
    static const char alphabet[] = "ab-*?[]!^\\.'{},\"|($;";
    size_t length = 1 + next_random(seed, 7);
    for (size_t i = 0; i < length; i++)
        glob[i] = alphabet[next_random(seed, sizeof alphabet - 1)];
    glob[length] = '\0';
    return glob[length - 1] != '\\' && !(strchr(glob, '\\') && strchr(glob, '['));
}

/* A glob that is near to a name: each character as it is, or something that may stand for it. */
static void bend_name(unsigned *seed, const char *name, char glob[64])
{
    static const char *const instead[] = {"*",      "?",      "[!z]",         "[a-c]",
                                          "[!a-b]", "[]a'-]", "[[:alpha:]-]", "[^[:punct:]]"};
    size_t size = 0;
    for (const char *c = name; *c; c++) {
        unsigned pick = next_random(seed, 24);
        if (pick < sizeof instead / sizeof instead[0])
            size += (size_t)snprintf(glob + size, 64 - size, "%s", instead[pick]);
        else
            size += (size_t)snprintf(glob + size, 64 - size, "%s%c", strchr("*?[]\\!^", *c) ? "\\" : "", *c);
    }
}

/* Property: a glob sees what fnmatch(3) says, whatever characters it is made of. */
static void sees_what_fnmatch_sees(void **state)
{
    (void)state;
    struct store *store = open_store();
    fill_10000(store);
    static const char *const names[] = {"ab", "a-b", "b]a", "a\\b", "'; DRO", "a{,c}\"", "a.b|(c", "!^$"};
    unsigned seed = 7, matched = 0;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        char update[200];
        snprintf(update, sizeof update,
                 "UPDATE imports SET package = $q$%s$q$ WHERE id ="
                 " '01890000-0000-7000-8000-000000000001'",
                 names[n]);
        assert_string_equal(sql(update), "");
        for (int round = 0; round < 500; round++) {
            char glob[64];
            if (round % 2)
                bend_name(&seed, names[n], glob);
            else if (!draw_glob(&seed, glob))
                continue;
            bool expected = fnmatch(glob, names[n], 0) == 0;
            if (database_matches(store, glob) != expected)
                fail_msg("glob \"%s\" and \"%s\": fnmatch says %d", glob, names[n], expected);
            matched += expected;
        }
    }
    assert_true(matched > 500);
    store_close(store);
}

static void shows_what_the_scope_allows(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store *store = open_store_with_import(id);
    struct store_scope own = {.content_generators = (const char *const[]){"osbs", NULL}};
    struct store_scope other = {.packages = (const char *const[]){"other", NULL}};
    struct store_import import;
    assert_int_equal(store_import_get(store, id, &own, &import, &err), 1);
    store_import_finish(&import);
    assert_int_equal(store_import_get(store, id, &other, &import, &err), 0);
    assert_int_equal(store_import_cancel(store, id, "op", &other, &err), 0);
    assert_int_equal(store_import_get(store, "' OR 1=1", NULL, &import, &err), 0);
    assert_int_equal(store_import_get(store, "01890000-0000-7000-8000-000000000001", NULL, &import, &err), 0);
    assert_int_equal(store_import_unfinished(store, "builder", &err), 1);
    assert_int_equal(store_import_unfinished(store, "nobody", &err), 0);

    char longest[514];
    memset(longest, 'a', sizeof longest);
    longest[513] = '\0';
    struct store_scope long_scope = {.packages = (const char *const[]){longest, NULL}};
    assert_int_equal(store_import_get(store, id, &long_scope, &import, &err), -1);
    assert_error(&err, CG_E_LIMIT, "a glob of 513 bytes; expected at most 512");
    longest[512] = '\0';
    assert_int_equal(store_import_get(store, id, &long_scope, &import, &err), 0);
    store_close(store);
}

static void counts_for_the_metrics(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    CG_AUTO_JSON json_t *statistics = NULL;
    CG_AUTO_JSON json_t *empty =
        quoted_json("{'imports': {'receiving': 0, 'queued': 0, 'running': 0, 'held': 0, 'imported': 0, 'rejected': 0,"
                    " 'canceled': 0}, 'held': {}, 'oldest_queued_s': null, 'oldest_unfinished_s': null,"
                    " 'contents': {'count': 0, 'bytes': 0}, 'components': 0, 'circuits': []}");
    assert_int_equal(store_statistics(store, &statistics, &err), 0);
    assert_true(json_equal(statistics, empty));
    json_decref(statistics);
    struct store_new_import wanted = posted("a-1-1", 1);
    char id[STORE_ID_SIZE];
    queue_import(store, &wanted, id);
    sql("UPDATE imports SET created_at = now() - interval '1 hour'");
    cg_fail(&err, CG_E_OFFLINE, "away");
    struct cg_error away = err;
    cg_error_clear(&err);
    assert_int_equal(store_circuit_failed(store, HUB, &away, &err), 0);
    assert_int_equal(store_statistics(store, &statistics, &err), 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(statistics, "imports"), "queued")), 1);
    assert_true(json_number_value(json_object_get(statistics, "oldest_queued_s")) >= 3600);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(statistics, "contents"), "bytes")), 10);
    json_t *circuit = json_array_get(json_object_get(statistics, "circuits"), 0);
    assert_string_equal(json_string_value(json_object_get(circuit, "message")), "away");
    assert_int_equal(json_integer_value(json_object_get(circuit, "failures")), 1);
    store_close(store);
}

static json_int_t overview_total(struct store *store, const struct store_scope *scope, const char *name)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *overview = NULL;
    assert_int_equal(store_overview(store, scope, &overview, &err), 0);
    return json_integer_value(json_object_get(json_object_get(overview, "totals"), name));
}

/* As if there were many: they are not counted one by one. */
static void figures_of_all_imports_are_read_from_the_totals(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char id[STORE_ID_SIZE];
    struct store *store = open_store_with_import(id);
    CG_AUTO_JSON json_t *statistics = NULL;
    const struct store_scope own = {.content_generators = (const char *const[]){GENERATOR, NULL}};
    sql("INSERT INTO import_totals VALUES ('other', 'other', 1000000, 900000, 60000, 40000, 5000, 2000)");
    assert_int_equal(store_statistics(store, &statistics, &err), 0);
    CG_AUTO_JSON json_t *expected =
        quoted_json("{'receiving': 0, 'queued': 1, 'running': 0, 'held': 0, 'imported': 900000, 'rejected': 60000,"
                    " 'canceled': 40000}");
    assert_true(json_equal(json_object_get(statistics, "imports"), expected));
    assert_int_equal(overview_total(store, NULL, "imports"), 1000001);
    assert_int_equal(overview_total(store, NULL, "bytes_kept"), 3000);
    assert_int_equal(overview_total(store, &own, "imports"), 1);
    store_close(store);
}

/* How many rows of the totals are not what a look at all imports says, 0. */
#define COUNTED                                                                                                        \
    "SELECT content_generator, package, count(*), count(*) FILTER (WHERE state = 'imported'),"                         \
    " count(*) FILTER (WHERE state = 'rejected'), count(*) FILTER (WHERE state = 'canceled'), sum(output_bytes),"      \
    " sum(known_bytes) FROM imports GROUP BY 1, 2"
#define TOTALS                                                                                                         \
    "SELECT content_generator, package, imports, imported, rejected, canceled, posted_bytes, known_bytes FROM"         \
    " imports_ever"
#define MISCOUNTED                                                                                                     \
    "SELECT (SELECT count(*) FROM (" COUNTED " EXCEPT " TOTALS ") a) + (SELECT count(*) FROM (" TOTALS                 \
    " EXCEPT " COUNTED ") b)"

static void *tidy_often(void *store)
{
    struct cg_error err = {0};
    for (int i = 0; i < 40 && err.code == CG_OK; i++)
        store_tidy(store, &err);
    return err.code == CG_OK ? store : NULL;
}

static void totals_are_those_of_all_imports(void **state)
{
    (void)state;
    static const char *const moves[] = {
        "UPDATE imports SET state = 'imported', finished_at = now() WHERE metadata_bytes % 3 = 0",
        "UPDATE imports SET state = 'rejected', finished_at = now() WHERE metadata_bytes % 3 = 1",
        "UPDATE imports SET state = 'queued', finished_at = NULL WHERE metadata_bytes % 6 = 1",
        "UPDATE imports SET state = 'canceled', finished_at = now() WHERE metadata_bytes % 4 = 2"};
    struct cg_error err = {0};
    struct store *store = open_store();
    pthread_t threads[2];
    add_content(store, 500, 1000);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, tidy_often, store), 0);
    for (unsigned n = 1; n <= 24; n++) {
        char nvr[16], package[16], id[STORE_ID_SIZE];
        struct store_output known = output(0, "x", 1000, "sha256", sha256_of(500));
        known.sha256 = n == 1 ? known.checksum : NULL;
        snprintf(nvr, sizeof nvr, "a-%u-1", n);
        snprintf(package, sizeof package, "p%u", n % 5);
        struct store_new_import wanted = posted(nvr, n);
        wanted.package = package;
        wanted.metadata_bytes = n;
        wanted.outputs = &known;
        wanted.output_count = 1;
        queue_import(store, &wanted, id);
        sql(moves[n % 4]);
    }
    for (size_t i = 0; i < 2; i++) {
        void *tidied;
        assert_int_equal(pthread_join(threads[i], &tidied), 0);
        assert_ptr_equal(tidied, store);
    }
    assert_string_equal(sql(MISCOUNTED), "0");
    assert_string_equal(sql("SELECT sum(known_bytes) FROM imports_ever"), "23000");
    assert_int_equal(store_tidy(store, &err), 0);
    assert_string_equal(sql(MISCOUNTED), "0");
    assert_string_equal(sql("SELECT count(*) FROM import_totals_new"), "0");
    assert_string_equal(sql("SELECT count(*) FROM import_totals"), "5");
    store_close(store);
}

static void what_was_there_before_the_totals_is_counted(void **state)
{
    (void)state;
    struct cg_error err = {0};
    unsigned applied = 0;
    char id[STORE_ID_SIZE];
    struct store *store = open_store_with_import(id);
    assert_int_equal(store_import_cancel(store, id, "op", NULL, &err), 1);
    sql("DROP FUNCTION import_counted CASCADE; DROP VIEW imports_ever; DROP TABLE import_totals, import_totals_new;"
        "DELETE FROM schema_migrations WHERE number >= 8");
    store_close(store);
    store = open_at(database);
    assert_int_equal(store_migrate(store, &applied, &err), 0);
    assert_string_equal(sql(MISCOUNTED), "0");
    assert_string_equal(sql("SELECT canceled FROM imports_ever"), "1");
    assert_int_equal(store_import_retry(store, id, "op", NULL, &err), 1);
    assert_string_equal(sql("SELECT canceled FROM imports_ever"), "0");
    store_close(store);
}

static void names_states_and_reasons(void **state)
{
    (void)state;
    for (int s = STORE_RECEIVING; s <= STORE_CANCELED; s++)
        assert_int_equal(store_state_from_name(store_state_name((enum store_state)s)), s);
    for (int h = STORE_NOT_HELD; h <= STORE_HELD_CONTENT_LOST; h++)
        assert_int_equal(store_held_from_name(store_held_name((enum store_held)h)), h);
    assert_string_equal(store_state_name(STORE_HELD), "held");
    assert_string_equal(store_held_name(STORE_HELD_UNKNOWN_OUTCOME), "unknown-outcome");
    assert_string_equal(store_held_name(STORE_HELD_RESERVATION_LOST), "reservation-lost");
    assert_int_equal(store_state_from_name("Held"), -1);
    assert_int_equal(store_held_from_name("tags"), -1);
}

/* Whatever allocation fails: a clean error or, where the database is asked again, the right answer; never both or half.
 */
static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct store *store = open_store();
    CG_AUTO_JSON json_t *document = quoted_json("{'build': {'name': 'a', 'version': '1', 'release': '1'}, 'buildroots':"
                                                " [], 'output': [{'components': [{'type': 'rpm', 'name': 'bash'}]}]}");
    CG_AUTO_JSON json_t *facts = cg_provenance_facts(document, NULL);
    struct store_output out = output(0, "x", 100, "md5", md5_of(50));
    struct store_new_import wanted = posted("a-1-1", 1);
    wanted.outputs = &out;
    wanted.output_count = 1;
    wanted.facts = facts;
    wanted.idempotency_key = "k";
    wanted.request_sha256 = sha256_of(7);
    add_content(store, 1, 10);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        struct store_import import, again = {0};
        enum store_accepted how;
        allocation_fail_at(n);
        int result = accept_import(store, &wanted, &import, &how, &err);
        if (result == 0)
            result = store_import_get(store, import.id, NULL, &again, &err) == 1 ? 0 : -1;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (result != 0 && err.code != CG_E_MEMORY && err.code != CG_E_BUSY)
            fail_msg("allocation %lu: %s", n, err.message);
        if (result == 0) {
            assert_string_equal(import.id, again.id);
            assert_string_equal(again.outputs[0].path, "x");
        }
        store_import_finish(&import);
        store_import_finish(&again);
        if (!failed)
            break;
    }
    assert_string_equal(sql("SELECT count(*) FROM imports"), "1");
    assert_string_equal(sql("SELECT count(*) FROM events"), "1");
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_an_import_and_receives_its_outputs),
        cmocka_unit_test(refuses_outputs_that_do_not_fit),
        cmocka_unit_test(knows_the_same_import_again),
        cmocka_unit_test(refuses_other_bytes_while_the_first_lives),
        cmocka_unit_test(links_what_comes_after_a_rejected_one),
        cmocka_unit_test(answers_an_idempotency_key_as_before),
        cmocka_unit_test(links_contents_that_the_caller_may_see),
        cmocka_unit_test(gives_two_replicas_one_import_at_the_same_instant),
        cmocka_unit_test(pages_through_ten_thousand),
        cmocka_unit_test(sees_what_fnmatch_sees),
        cmocka_unit_test(shows_what_the_scope_allows),
        cmocka_unit_test(counts_for_the_metrics),
        cmocka_unit_test(figures_of_all_imports_are_read_from_the_totals),
        cmocka_unit_test(totals_are_those_of_all_imports),
        cmocka_unit_test(what_was_there_before_the_totals_is_counted),
        cmocka_unit_test(names_states_and_reasons),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("imports", tests, postgres_start, postgres_stop);
}
