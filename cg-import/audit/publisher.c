/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/publisher.h"

#include "audit/witness_http.h"
#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* How long all witnesses together may take. */
#define WITNESS_TIMEOUT_MS 5000
/* Rest after a failure, and how often the same failure is told. */
#define REST_MS 1000
#define TELL_AGAIN_MS 60000U

struct publisher {
    struct publisher_options options;
    struct audit_witness_http *http;
    struct audit_witness_client *client; /* NULL: no witnesses */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct store_checkpoint offered; /* under the lock, as is `ending` */
    bool ending;
    uint64_t tiles, published; /* sizes; the thread's own, as all below */
    bool looked;
    uint64_t told_ms;
    char told[CG_ERROR_MESSAGE_SIZE];
};

/* --- one checkpoint ------------------------------------------------------------------------------------------------
 */

static int fetch_tile(void *context, const struct cg_tile *tile, struct cg_bytes *content, struct cg_error *err)
{
    return store_audit_tile(context, tile, content, err);
}

static int tell_witnesses(const struct publisher *publisher, const struct audit_witness_outcome *outcomes, int cosigned,
                          struct cg_error *err)
{
    const struct publisher_options *options = &publisher->options;
    const char *why = "";
    for (size_t i = 0; i < options->witness_count; i++)
        if (!outcomes[i].cosigned)
            why = outcomes[i].failure.message;
    return cg_fail(err, CG_E_QUORUM, "%d of %zu witnesses cosigned, expected %zu: %s", cosigned, options->witness_count,
                   options->quorum, why);
}

/* The note with the witnesses' lines. 0; -1 with CG_E_QUORUM when they are too few. */
static int cosign(const struct publisher *publisher, const struct store_checkpoint *checkpoint, struct cg_bytes *note,
                  struct cg_error *err)
{
    struct audit_witness_outcome outcomes[AUDIT_WITNESSES_MAX] = {0};
    if (!publisher->client)
        return cg_bytes_append_text(note, checkpoint->note, err);
    CG_AUTO_TILE_READER struct cg_tile_reader *reader =
        cg_tile_reader_create(checkpoint->size, fetch_tile, publisher->options.publish.store, err);
    if (!reader)
        return -1;
    const struct cg_merkle_source source = cg_tile_reader_source(reader);
    int cosigned = audit_witness_client_cosign(publisher->client, &source, checkpoint->note, strlen(checkpoint->note),
                                               WITNESS_TIMEOUT_MS, note, outcomes, err);
    if (cosigned < 0)
        return -1;
    return (size_t)cosigned >= publisher->options.quorum ? 0 : tell_witnesses(publisher, outcomes, cosigned, err);
}

static int publish_one(struct publisher *publisher, const struct store_checkpoint *checkpoint, struct cg_error *err)
{
    const struct publish *publish = &publisher->options.publish;
    CG_AUTO_BYTES struct cg_bytes note = {0};
    if (!publisher->looked) {
        if (publish_size(publish, &publisher->published, err) != 0)
            return -1;
        publisher->tiles = publisher->published;
        publisher->looked = true;
    }
    if (publisher->tiles < checkpoint->size && publish_tiles(publish, publisher->tiles, checkpoint->size, err) != 0)
        return -1;
    publisher->tiles = checkpoint->size > publisher->tiles ? checkpoint->size : publisher->tiles;
    if (publisher->published >= checkpoint->size)
        return 0;
    if (cosign(publisher, checkpoint, &note, err) != 0 ||
        publish_checkpoint(publish, checkpoint->size, cg_bytes_text(&note), err) != 0)
        return -1;
    publisher->published = checkpoint->size;
    return 0;
}

/* --- the thread ----------------------------------------------------------------------------------------------------
 */

/* Takes over what was offered last, when it is newer than `size`. False: it is time to end. */
static bool next(struct publisher *publisher, uint64_t size, unsigned rest_ms, struct store_checkpoint *checkpoint)
{
    const struct timespec until = clock_after(rest_ms);
    pthread_mutex_lock(&publisher->lock);
    for (int waited = 0; !publisher->ending && (rest_ms ? waited != ETIMEDOUT : publisher->offered.size <= size);)
        waited = rest_ms ? pthread_cond_timedwait(&publisher->changed, &publisher->lock, &until)
                         : pthread_cond_wait(&publisher->changed, &publisher->lock);
    bool ending = publisher->ending;
    char *note = publisher->offered.size > size ? strdup(publisher->offered.note) : NULL;
    if (note) {
        store_checkpoint_finish(checkpoint);
        *checkpoint = publisher->offered;
        checkpoint->note = note;
    }
    pthread_mutex_unlock(&publisher->lock);
    return !ending;
}

static void tell(struct publisher *publisher, const struct cg_error *why)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (strcmp(publisher->told, why->message) == 0 && now_ms - publisher->told_ms < TELL_AGAIN_MS)
        return;
    memcpy(publisher->told, why->message, sizeof publisher->told);
    publisher->told_ms = now_ms;
    char size[24];
    snprintf(size, sizeof size, "%" PRIu64, publisher->published);
    log_error(publisher->options.log, why, "the audit log is not published", "published", size, NULL);
}

static void *publish_on(void *context)
{
    struct publisher *publisher = context;
    struct store_checkpoint checkpoint = {0};
    unsigned rest_ms = 0;
    for (bool goes_on = true; goes_on;) {
        struct cg_error err = {0};
        goes_on = next(publisher, publisher->published, rest_ms, &checkpoint);
        rest_ms = 0;
        if (checkpoint.size > publisher->published && publish_one(publisher, &checkpoint, &err) != 0) {
            tell(publisher, &err);
            rest_ms = REST_MS;
        }
    }
    store_checkpoint_finish(&checkpoint);
    return NULL;
}

/* --- from outside --------------------------------------------------------------------------------------------------
 */

static int make_client(struct publisher *publisher, struct cg_error *err)
{
    const struct publisher_options *options = &publisher->options;
    if (options->witness_count == 0)
        return 0;
    publisher->http = audit_witness_http_create(options->witness_ca, err);
    if (!publisher->http)
        return -1;
    const struct audit_witness_transport transport = audit_witness_http_transport(publisher->http);
    publisher->client = audit_witness_client_create(options->witnesses, options->witness_count, &transport, err);
    return publisher->client ? 0 : -1;
}

static void release(struct publisher *publisher)
{
    audit_witness_client_destroy(publisher->client);
    audit_witness_http_destroy(publisher->http);
    store_checkpoint_finish(&publisher->offered);
    pthread_cond_destroy(&publisher->changed);
    pthread_mutex_destroy(&publisher->lock);
    free(publisher);
}

struct publisher *publisher_start(const struct publisher_options *options, struct cg_error *err)
{
    struct publisher *publisher = calloc(1, sizeof *publisher);
    if (!publisher) {
        cg_fail_memory(err);
        return NULL;
    }
    publisher->options = *options;
    pthread_mutex_init(&publisher->lock, NULL);
    clock_init_condition(&publisher->changed);
    if (make_client(publisher, err) == 0) {
        if (pthread_create(&publisher->thread, NULL, publish_on, publisher) == 0)
            return publisher;
        cg_fail(err, CG_E_MEMORY, "cannot start the thread that publishes the audit log");
    }
    release(publisher);
    return NULL;
}

int publisher_offer(struct publisher *publisher, const struct store_checkpoint *checkpoint, struct cg_error *err)
{
    char *note = strdup(checkpoint->note);
    if (!note)
        return cg_fail_memory(err);
    pthread_mutex_lock(&publisher->lock);
    free(publisher->offered.note);
    publisher->offered = *checkpoint;
    publisher->offered.note = note;
    pthread_cond_signal(&publisher->changed);
    pthread_mutex_unlock(&publisher->lock);
    return 0;
}

void publisher_stop(struct publisher *publisher)
{
    if (!publisher)
        return;
    pthread_mutex_lock(&publisher->lock);
    publisher->ending = true;
    pthread_cond_signal(&publisher->changed);
    pthread_mutex_unlock(&publisher->lock);
    pthread_join(publisher->thread, NULL);
    release(publisher);
}
