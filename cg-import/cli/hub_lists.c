/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub_lists.h"

#include "base/clock.h"
#include "base/stop.h"
#include "koji/hub_lists.h"
#include "koji/session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* A hub that failed to answer is asked again after this, milliseconds, or sooner if its lists are wanted sooner. */
#define RETRY_MS 30000
/* Longest wait for an answer, seconds: these are short ones. */
#define TIMEOUT_S 60
/* How often hub_lists_wait looks, milliseconds. */
#define LOOK_MS 20

/* One answer, held by the cache and by every thread that was given it. */
struct answer {
    atomic_uint holders;
    struct koji_hub_lists lists;
};

struct entry {
    struct hub_lists *lists;
    struct hub_lists_hub hub;
    struct answer *answer; /* NULL: none yet */
    atomic_bool asked;     /* at least once, whatever came of it */
    pthread_t thread;
    bool runs;
};

struct hub_lists {
    struct log *log;
    pthread_key_t held; /* the answer that a thread was given last */
    pthread_mutex_t lock;
    struct entry *entries;
    size_t count;
    struct stop stop;
};

static void answer_release(void *held)
{
    struct answer *answer = held;
    if (!answer || atomic_fetch_sub(&answer->holders, 1) > 1)
        return;
    koji_hub_lists_finish(&answer->lists);
    free(answer);
}

/* --- asking --------------------------------------------------------------------------------------------------------
 */

static struct answer *ask(const struct entry *entry, struct cg_error *err)
{
    /* A shallow copy with other numbers: the strings stay the profile's. */
    struct koji_profile profile = *entry->hub.profile;
    profile.authtype = KOJI_AUTH_NONE;
    profile.max_retries = 0;
    profile.timeout_s = TIMEOUT_S;
    struct koji_session_options options = {.stop = &entry->lists->stop};
    AUTO_KOJI_SESSION struct koji_session *session = koji_session_create(&profile, &options, err);
    struct answer *answer = session ? calloc(1, sizeof *answer) : NULL;
    if (!answer) {
        cg_fail_memory(err);
        return NULL;
    }
    atomic_init(&answer->holders, 1);
    if (koji_hub_lists_read(session, &answer->lists, err) == 0)
        return answer;
    answer_release(answer);
    return NULL;
}

static void keep(struct entry *entry, struct answer *answer)
{
    pthread_mutex_lock(&entry->lists->lock);
    struct answer *old = entry->answer;
    entry->answer = answer;
    pthread_mutex_unlock(&entry->lists->lock);
    answer_release(old);
}

static void *ask_again_and_again(void *context)
{
    struct entry *entry = context;
    struct log *log = entry->lists->log;
    for (;;) {
        struct cg_error err = {0};
        struct answer *answer = ask(entry, &err);
        unsigned pause_ms = entry->hub.every_ms;
        if (answer)
            keep(entry, answer);
        else if (stop_level(&entry->lists->stop) == STOP_NONE) {
            log_error(log, &err, "the hub's lists were not read", "hub", entry->hub.name, NULL);
            pause_ms = pause_ms < RETRY_MS ? pause_ms : RETRY_MS;
        }
        atomic_store(&entry->asked, true);
        if (stop_sleep(&entry->lists->stop, pause_ms) != 0)
            return NULL;
    }
}

/* --- the hubs ------------------------------------------------------------------------------------------------------
 */

struct hub_lists *hub_lists_create(struct log *log, struct cg_error *err)
{
    struct hub_lists *lists = calloc(1, sizeof *lists);
    if (!lists || pthread_key_create(&lists->held, answer_release) != 0) {
        free(lists);
        cg_fail_memory(err);
        return NULL;
    }
    lists->log = log;
    pthread_mutex_init(&lists->lock, NULL);
    return lists;
}

static void stop_asking(struct hub_lists *lists)
{
    if (lists->count == 0)
        return;
    stop_request(&lists->stop);
    stop_request(&lists->stop);
    for (size_t i = 0; i < lists->count; i++)
        if (lists->entries[i].runs)
            pthread_join(lists->entries[i].thread, NULL);
    stop_finish(&lists->stop);
}

static void free_entries(struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        answer_release(entries[i].answer);
    free(entries);
}

static struct entry *find(struct hub_lists *lists, const char *name)
{
    for (size_t i = 0; i < lists->count; i++)
        if (strcmp(lists->entries[i].hub.name, name) == 0)
            return &lists->entries[i];
    return NULL;
}

/* Puts new entries in the place of the old, which give their answers to those of the same name. */
static void replace(struct hub_lists *lists, struct entry *entries, size_t count)
{
    pthread_mutex_lock(&lists->lock);
    for (size_t i = 0; i < count; i++) {
        struct entry *old = find(lists, entries[i].hub.name);
        if (old)
            entries[i].answer = CG_STEAL(old->answer);
    }
    struct entry *gone = lists->entries;
    size_t gone_count = lists->count;
    lists->entries = entries;
    lists->count = count;
    pthread_mutex_unlock(&lists->lock);
    free_entries(gone, gone_count);
}

int hub_lists_set(struct hub_lists *lists, const struct hub_lists_hub *hubs, size_t count, struct cg_error *err)
{
    struct entry *entries = calloc(count, sizeof *entries);
    if (!entries)
        return cg_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        entries[i].lists = lists;
        entries[i].hub = hubs[i];
        atomic_init(&entries[i].asked, false);
    }
    stop_asking(lists);
    replace(lists, entries, count);
    if (stop_init(&lists->stop, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (pthread_create(&entries[i].thread, NULL, ask_again_and_again, &entries[i]) != 0)
            return cg_fail(err, CG_E_MEMORY, "cannot start the thread that asks hub %s", hubs[i].name);
        entries[i].runs = true;
    }
    return 0;
}

void hub_lists_wait(struct hub_lists *lists, unsigned most_ms)
{
    uint64_t end_ms = clock_monotonic_ms() + most_ms;
    for (size_t i = 0; i < lists->count; i++)
        while (!atomic_load(&lists->entries[i].asked) && clock_monotonic_ms() < end_ms)
            stop_sleep(&lists->stop, LOOK_MS);
}

const struct cg_hub_facts *hub_lists_facts(void *context, const char *hub)
{
    static const struct cg_hub_facts unknown = {0};
    struct hub_lists *lists = context;
    pthread_mutex_lock(&lists->lock);
    struct entry *entry = find(lists, hub);
    struct answer *answer = entry ? entry->answer : NULL;
    if (answer)
        atomic_fetch_add(&answer->holders, 1);
    pthread_mutex_unlock(&lists->lock);

    struct answer *before = pthread_getspecific(lists->held);
    if (pthread_setspecific(lists->held, answer) != 0) {
        answer_release(answer);
        return entry ? &unknown : NULL;
    }
    answer_release(before);
    if (!entry)
        return NULL;
    return answer ? &answer->lists.facts : &unknown;
}

void hub_lists_destroy(struct hub_lists *lists)
{
    if (!lists)
        return;
    stop_asking(lists);
    free_entries(lists->entries, lists->count);
    answer_release(pthread_getspecific(lists->held));
    pthread_key_delete(lists->held);
    pthread_mutex_destroy(&lists->lock);
    free(lists);
}
