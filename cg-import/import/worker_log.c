/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/worker_log.h"

#include "base/stop.h"
#include "store/import_log.h"

#include <pthread.h>
#include <string.h>

/* Lines that wait; more are counted only. */
#define LINES_MAX 4096
/* Lines of one transaction. */
#define BATCH_MAX 256
/* Rest between batches, and after one that failed, milliseconds. */
#define BATCH_MS 250
#define FAILED_MS 2000

struct worker_log {
    struct store *store;
    struct log *trunk, *branch;
    struct stop stop;
    pthread_t thread;
    pthread_mutex_t lock;
    struct store_log_line lines[LINES_MAX]; /* under the lock, as all below; a ring */
    size_t first, count;
    json_t *lost; /* {import id: lines that did not fit} */
};

static void count_lost(json_t *lost, const char *id, json_int_t lines)
{
    json_int_t before = json_integer_value(json_object_get(lost, id));
    json_object_set_new(lost, id, json_integer(before + lines));
}

static void take_line(void *context, const struct log_told *told)
{
    struct worker_log *w = context;
    if (!store_is_id(told->import))
        return;
    char *text = strdup(told->text);
    pthread_mutex_lock(&w->lock);
    if (text && w->count < LINES_MAX) {
        struct store_log_line *line = &w->lines[(w->first + w->count++) % LINES_MAX];
        *line = (struct store_log_line){.at = told->at, .level = log_level_name(told->level), .text = CG_STEAL(text)};
        stpcpy(line->import_id, told->import);
    } else {
        count_lost(w->lost, told->import, 1);
    }
    pthread_mutex_unlock(&w->lock);
    free(text);
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* The lines that wait longest, which stay where they are, and what was lost. How many. */
static size_t look(struct worker_log *w, struct store_log_line batch[BATCH_MAX], json_t **lost)
{
    pthread_mutex_lock(&w->lock);
    size_t count = w->count < BATCH_MAX ? w->count : BATCH_MAX;
    for (size_t i = 0; i < count; i++)
        batch[i] = w->lines[(w->first + i) % LINES_MAX];
    *lost = json_deep_copy(w->lost);
    pthread_mutex_unlock(&w->lock);
    return count;
}

/* They are in the store. */
static void forget(struct worker_log *w, size_t count, json_t *lost)
{
    const char *id;
    json_t *lines;
    pthread_mutex_lock(&w->lock);
    for (; count > 0; count--) {
        free(w->lines[w->first].text);
        w->first = (w->first + 1) % LINES_MAX;
        w->count--;
    }
    json_object_foreach(lost, id, lines)
    {
        count_lost(w->lost, id, -json_integer_value(lines));
        if (json_integer_value(json_object_get(w->lost, id)) == 0)
            json_object_del(w->lost, id);
    }
    pthread_mutex_unlock(&w->lock);
}

/* One batch. How many lines it had, 0 also without any; -1 the database does not take them now. */
static int write_batch(struct worker_log *w, struct cg_error *err)
{
    struct store_log_line batch[BATCH_MAX];
    CG_AUTO_JSON json_t *lost = NULL;
    size_t count = look(w, batch, &lost);
    if (count == 0 && json_object_size(lost) == 0)
        return 0;
    if (store_log_add(w->store, batch, count, lost, err) != 0)
        return -1;
    forget(w, count, lost);
    return (int)count;
}

static void *write_on(void *context)
{
    struct worker_log *w = context;
    bool is_told = false;
    for (unsigned rest_ms = BATCH_MS; stop_sleep(&w->stop, rest_ms) == 0;) {
        struct cg_error err = {0};
        int count = write_batch(w, &err);
        /* Said once until it goes on: the database's absence is told by others as well. */
        if (count < 0 && !is_told)
            log_error(w->trunk, &err, "log lines of imports wait for the database", NULL);
        is_told = count < 0;
        rest_ms = count < 0 ? FAILED_MS : count == BATCH_MAX ? 0 : BATCH_MS;
    }
    return NULL;
}

/* What is left goes into the store or is said to be missing there. */
static void write_rest(struct worker_log *w)
{
    struct cg_error err = {0};
    int count;
    while ((count = write_batch(w, &err)) > 0)
        continue;
    if (count < 0)
        log_error(w->trunk, &err, "the last log lines of imports are not kept with them", NULL);
}

/* --- from outside ------------------------------------------------------------------------------------------------ */

static void release(struct worker_log *w)
{
    for (; w->count > 0; w->count--, w->first = (w->first + 1) % LINES_MAX)
        free(w->lines[w->first].text);
    json_decref(w->lost);
    log_destroy(w->branch);
    pthread_mutex_destroy(&w->lock);
    stop_finish(&w->stop);
    free(w);
}

struct worker_log *worker_log_start(struct store *store, struct log *trunk, struct cg_error *err)
{
    struct worker_log *w = calloc(1, sizeof *w);
    if (!w) {
        cg_fail_memory(err);
        return NULL;
    }
    w->store = store;
    w->trunk = trunk;
    w->lost = json_object();
    pthread_mutex_init(&w->lock, NULL);
    w->branch = log_branch(trunk, take_line, w, err);
    if (stop_init(&w->stop, err) == 0 && w->branch && w->lost) {
        if (pthread_create(&w->thread, NULL, write_on, w) == 0)
            return w;
        cg_fail(err, CG_E_MEMORY, "cannot start the thread that keeps the log lines of imports");
    }
    release(w);
    return NULL;
}

struct log *worker_log_branch(const struct worker_log *w)
{
    return w->branch;
}

void worker_log_stop(struct worker_log *w)
{
    if (!w)
        return;
    stop_request(&w->stop);
    pthread_join(w->thread, NULL);
    write_rest(w);
    release(w);
}
