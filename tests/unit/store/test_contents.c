/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Rounds of a race, and how many more there may be until it has gone either way. */
enum { ROUNDS = 200, ROUNDS_MOST = 20000 };

static void knows_contents_and_tells_who_may_see_them(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    struct cg_digests found;
    assert_int_equal(store_content_known(store, sha256_of(50), &err), 0);
    add_content(store, 50, 100);
    add_content(store, 50, 100);
    assert_int_equal(store_content_known(store, sha256_of(50), &err), 1);
    /* No import refers to it: nobody may see it. */
    assert_int_equal(store_content_find(store, CG_DIGEST_MD5, md5_of(50), 100, NULL, &found, &err), 0);

    struct store_output out = output(0, "x", 100, "md5", md5_of(50));
    out.sha256 = (char *)(uintptr_t)sha256_of(50);
    struct store_new_import wanted = posted("a-1-1", 1);
    wanted.outputs = &out;
    wanted.output_count = 1;
    char id[STORE_ID_SIZE];
    queue_import(store, &wanted, id);
    assert_int_equal(store_content_find(store, CG_DIGEST_MD5, md5_of(50), 100, NULL, &found, &err), 1);
    assert_string_equal(found.sha256, sha256_of(50));
    assert_string_equal(found.md5, md5_of(50));
    assert_string_equal(found.adler32, "00000032");
    assert_int_equal(found.size_bytes, 100);
    assert_int_equal(store_content_find(store, CG_DIGEST_SHA256, sha256_of(50), 100, NULL, &found, &err), 1);
    assert_int_equal(store_content_find(store, CG_DIGEST_SHA256, sha256_of(50), 99, NULL, &found, &err), 0);
    assert_int_equal(store_content_find(store, CG_DIGEST_ADLER32, "00000032", 100, NULL, &found, &err), 0);
    struct store_scope other = {.packages = (const char *const[]){"other*", NULL}};
    assert_int_equal(store_content_find(store, CG_DIGEST_MD5, md5_of(50), 100, &other, &found, &err), 0);
    assert_string_equal(found.sha256, "");
    store_close(store);
}

/* Lets go what was not used for an hour; the number of names. */
static size_t expire(struct store *store, unsigned limit)
{
    struct cg_error err = {0};
    char **names;
    size_t count;
    assert_int_equal(store_content_expire(store, 3600, limit, &names, &count, &err), 0);
    assert_string_equal(err.message, "");
    for (size_t i = 0; i < count; i++)
        assert_int_equal(store_content_known(store, names[i], &err), 0);
    store_content_names_free(names, count);
    return count;
}

static void lets_go_what_nobody_needs(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct store *store = open_store();
    for (unsigned i = 50; i < 55; i++)
        add_content(store, i, 100);
    struct store_output out = output(0, "x", 100, "md5", md5_of(50));
    out.sha256 = (char *)(uintptr_t)sha256_of(50);
    struct store_new_import wanted = posted("a-1-1", 1);
    wanted.outputs = &out;
    wanted.output_count = 1;
    char id[STORE_ID_SIZE];
    queue_import(store, &wanted, id);
    assert_int_equal(expire(store, 100), 0);
    sql("UPDATE contents SET used_at = now() - interval '61 minutes'");
    add_content(store, 54, 100);
    assert_int_equal(expire(store, 2), 2);
    assert_int_equal(expire(store, 100), 1);
    /* Left: the output and the metadata of a living import, and what was used just now. */
    assert_string_equal(sql("SELECT count(*) FROM contents"), "3");

    /* The end of an import counts as use. */
    struct store_claim claim;
    claim_one(store, "w", &claim);
    assert_int_equal(store_claim_imported(store, &claim, 1, "u", NULL, &err), 0);
    store_claim_finish(&claim);
    assert_int_equal(expire(store, 100), 0);
    sql("UPDATE contents SET used_at = now() - interval '61 minutes'");
    assert_int_equal(expire(store, 100), 3);
    struct store_import import;
    assert_int_equal(store_import_get(store, id, NULL, &import, &err), 1);
    assert_string_equal(import.outputs[0].sha256, sha256_of(50));
    store_import_finish(&import);
    store_close(store);
}

struct collector {
    struct store *store;
    atomic_bool over;
    atomic_uint dropped;
};

static void *collect(void *context)
{
    struct collector *collector = context;
    while (!collector->over) {
        struct cg_error err = {0};
        char **names;
        size_t count;
        if (store_content_expire(collector->store, 0, 10, &names, &count, &err) == 0)
            collector->dropped += (unsigned)count;
        store_content_names_free(names, count);
        /* Rests now and then for so long that an import can come between. */
        nanosleep(&(struct timespec){.tv_nsec = collector->dropped % 4 * 5000000L}, NULL);
    }
    return NULL;
}

/* A content is linked while another replica lets contents go: it stays, or the import says that it is missing. */
static void never_lets_go_what_is_just_linked(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct collector collector = {.store = open_at(database)};
    pthread_t thread;
    pthread_create(&thread, NULL, collect, &collector);
    unsigned linked = 0;
    for (unsigned round = 0; round < ROUNDS || (round < ROUNDS_MOST && (!linked || !collector.dropped)); round++) {
        struct cg_error err = {0};
        char nvr[32];
        snprintf(nvr, sizeof nvr, "a-1-%u", round);
        struct store_output out = output(0, "x", 100, "md5", md5_of(50));
        out.sha256 = (char *)(uintptr_t)sha256_of(50);
        struct store_new_import wanted = posted(nvr, 1);
        wanted.outputs = &out;
        wanted.output_count = 1;
        struct store_import import;
        enum store_accepted how;
        add_content(store, 1, 10);
        add_content(store, 50, 100);
        if (accept_import(store, &wanted, &import, &how, &err) == 0) {
            linked += import.state == STORE_QUEUED;
            assert_string_equal(sql("SELECT count(*) FROM imports i JOIN outputs o ON o.import_id = i.id"
                                    " WHERE i.state = 'queued' AND (content IS NULL OR metadata_content IS NULL)"),
                                "0");
            assert_int_equal(store_import_cancel(store, import.id, "op", NULL, &err), 1);
        } else if (err.code != CG_E_USAGE) {
            fail_msg("%s", err.message);
        }
        store_import_finish(&import);
    }
    collector.over = true;
    pthread_join(thread, NULL);
    assert_true(linked > 0);
    assert_true(collector.dropped > 0);
    store_close(collector.store);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_contents_and_tells_who_may_see_them),
        cmocka_unit_test(lets_go_what_nobody_needs),
        cmocka_unit_test(never_lets_go_what_is_just_linked),
    };
    return cmocka_run_group_tests_name("contents", tests, postgres_start, postgres_stop);
}
