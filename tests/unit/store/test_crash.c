/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PostgreSQL is killed again and again while two replicas post the same builds and a worker ends them: nothing that was
 * answered is lost, nothing is there twice, and a lost answer to a COMMIT is found out.
 */
#include "allocation.h"
#include "store_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Every so many kills the whole server goes and is started again. */
#define WHOLE 25
#define BUILDS_MAX 100000

static atomic_bool over;
static atomic_uint posted_by_all;

struct poster {
    struct store *store;
    unsigned count, created;
    char failure[1200];
    char (*ids)[STORE_ID_SIZE];
};

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* Posts until it is answered, as a client does that is told to come again. */
static bool post(struct poster *poster, unsigned number)
{
    char nvr[32];
    snprintf(nvr, sizeof nvr, "a-1-%u", number);
    struct store_new_import wanted = posted(nvr, 1);
    for (;;) {
        struct cg_error err = {0};
        struct store_import import;
        enum store_accepted how;
        int result = accept_import(poster->store, &wanted, &import, &how, &err);
        if (result == 0) {
            poster->created += how == STORE_ACCEPTED_NEW;
            memcpy(poster->ids[number], import.id, STORE_ID_SIZE);
        }
        store_import_finish(&import);
        if (result == 0)
            return true;
        if (err.code != CG_E_BUSY || strstr(err.message, "in the middle of a commit")) {
            snprintf(poster->failure, sizeof poster->failure, "%s", err.message);
            return false;
        }
        rest();
    }
}

static void *post_on(void *context)
{
    struct poster *poster = context;
    while (!over && poster->count < BUILDS_MAX && post(poster, poster->count)) {
        poster->count++;
        posted_by_all++;
    }
    return NULL;
}

struct worker {
    struct store *store;
    unsigned ended, lost;
    char failure[1200];
};

static void *work_on(void *context)
{
    struct worker *worker = context;
    while (!over) {
        struct cg_error err = {0};
        struct store_claim claim;
        int claimed = store_claim_next(worker->store, "w", 300, &claim, &err);
        if (claimed == 1) {
            int ended = store_claim_imported(worker->store, &claim, 1, "u", NULL, &err);
            worker->ended += ended == 0;
            worker->lost += ended != 0;
        }
        if (claimed != 1)
            rest();
        store_claim_finish(&claim);
        if (err.code != CG_OK && err.code != CG_E_BUSY && err.code != CG_E_CONFLICT)
            snprintf(worker->failure, sizeof worker->failure, "%s", err.message);
    }
    return NULL;
}

/* 200, as many as CG_CRASH_KILLS says, or a few under the sanitizers, which look for other things. */
static unsigned kills_wanted(void)
{
    const char *given = getenv("CG_CRASH_KILLS");
    if (given)
        return (unsigned)atoi(given);
    return allocation_can_fail() ? 200 : 30;
}

static void kill_again_and_again(void)
{
    unsigned seed = 3;
    for (unsigned kills = 1; kills <= kills_wanted(); kills++) {
        /* Something happens between two kills. */
        unsigned before = posted_by_all;
        for (int i = 0; i < 200 && posted_by_all < before + 4; i++)
            rest();
        seed = seed * 1103515245U + 12345U;
        if (kills % WHOLE != 0) {
            postgres_kill_one(seed >> 16);
        } else {
            postgres_crash();
            postgres_restart();
        }
    }
}

static void loses_nothing_and_does_nothing_twice(void **state)
{
    (void)state;
    struct store *store = open_store();
    add_content(store, 1, 10);
    struct poster posters[2];
    struct worker worker = {.store = open_at(database)};
    pthread_t threads[3];
    for (int i = 0; i < 2; i++) {
        posters[i] = (struct poster){.store = open_at(database), .ids = calloc(BUILDS_MAX, STORE_ID_SIZE)};
        assert_non_null(posters[i].ids);
        pthread_create(&threads[i], NULL, post_on, &posters[i]);
    }
    pthread_create(&threads[2], NULL, work_on, &worker);
    kill_again_and_again();
    over = true;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);

    assert_string_equal(posters[0].failure, "");
    assert_string_equal(posters[1].failure, "");
    assert_string_equal(worker.failure, "");
    unsigned both = posters[0].count < posters[1].count ? posters[0].count : posters[1].count;
    unsigned all = posters[0].count + posters[1].count - both;
    for (unsigned i = 0; i < both; i++)
        assert_string_equal(posters[0].ids[i], posters[1].ids[i]);
    char expected[32];
    snprintf(expected, sizeof expected, "%u", all);
    assert_string_equal(sql("SELECT count(*) FROM imports"), expected);
    assert_string_equal(sql("SELECT count(DISTINCT nvr) FROM imports"), expected);
    assert_string_equal(sql("SELECT count(*) FROM events WHERE type = 'accepted'"), expected);
    assert_string_equal(sql("SELECT count(*) FROM queue WHERE import_id IN (SELECT id FROM imports WHERE state NOT IN"
                            " ('queued', 'running'))"),
                        "0");
    assert_string_equal(sql("SELECT count(*) FROM imports WHERE state IN ('queued', 'running') AND id NOT IN"
                            " (SELECT import_id FROM queue)"),
                        "0");
    /* Whoever made an import was told so, also when the answer to its COMMIT was lost; and so for the ends. */
    assert_int_equal(posters[0].created + posters[1].created, all);
    unsigned imported = (unsigned)atoi(sql("SELECT count(*) FROM imports WHERE state = 'imported'"));
    assert_int_equal(atoi(sql("SELECT count(*) FROM events WHERE type = 'imported'")), imported);
    assert_int_equal(worker.ended, imported);
    print_message("# %u kills, %u imports, %u ended, %u ends repeated, 0 lost, 0 twice\n", kills_wanted(), all,
                  worker.ended, worker.lost);
    for (int i = 0; i < 2; i++) {
        store_close(posters[i].store);
        free(posters[i].ids);
    }
    store_close(worker.store);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_nothing_and_does_nothing_twice),
    };
    return cmocka_run_group_tests_name("crash", tests, postgres_start, postgres_stop);
}
