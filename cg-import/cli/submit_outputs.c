/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "submit_outputs.h"
#include "service_import.h"

#include "base/backoff.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

/* One output on its way. */
struct item {
    const json_t *output; /* borrowed */
    const char *path;
    uint64_t size_bytes;
    struct sending *sending;
    atomic_uint_fast64_t here_bytes; /* at the service, or on the way there */
    uint64_t offset;                 /* where the request under way began */
};

struct sending {
    const struct submit_outputs *outputs;
    int directory; /* descriptor */
    struct item *items;
    size_t count;
    uint64_t total_bytes;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t lock; /* over the error */
    struct cg_error *err;
};

unsigned submit_pause_ms(struct backoff *backoff, const struct service_reply *reply)
{
    unsigned pause_ms = backoff_next(backoff);
    unsigned asked_ms = reply->retry_after_s < SUBMIT_MOST_MS / 1000 ? reply->retry_after_s * 1000 : SUBMIT_MOST_MS;
    return asked_ms > pause_ms ? asked_ms : pause_ms;
}

/* --- the files -----------------------------------------------------------------------------------------------------
 */

/* The descriptor of its file, which is as the metadata says; -1. */
static int open_item(const struct item *item, struct cg_error *err)
{
    struct stat status;
    /* O_NONBLOCK: a FIFO would wait for a writer. */
    CG_AUTO_FD int fd = openat(item->sending->directory, item->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return cg_fail(err, CG_E_MISMATCH, "the file %s cannot be read: %s", item->path, strerror(errno));
    if (fstat(fd, &status) != 0)
        return cg_fail_errno(err, "look at", item->path);
    if (!S_ISREG(status.st_mode))
        return cg_fail(err, CG_E_MISMATCH, "%s is no regular file", item->path);
    if ((uint64_t)status.st_size != item->size_bytes)
        return cg_fail(err, CG_E_MISMATCH, "%s has %" PRIu64 " bytes, the metadata says %" PRIu64, item->path,
                       (uint64_t)status.st_size, item->size_bytes);
    return cg_steal_fd(&fd);
}

/* At all of them, before the first byte is sent; there may be more than can be open at once. */
static int look_at_items(struct sending *sending, struct cg_error *err)
{
    const struct submit_outputs *outputs = sending->outputs;
    if (!outputs->directory) {
        cg_fail(err, CG_E_USAGE, "the service misses %zu output%s", sending->count, sending->count == 1 ? "" : "s");
        return cg_hint(err, "name the directory of the output files behind the metadata");
    }
    sending->directory = open(outputs->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (sending->directory < 0)
        return cg_fail_errno(err, "open directory", outputs->directory);
    for (size_t i = 0; i < sending->count; i++) {
        CG_AUTO_FD int fd = open_item(&sending->items[i], err);
        if (fd < 0)
            return -1;
    }
    return 0;
}

/* --- one output ----------------------------------------------------------------------------------------------------
 */

static void tell_progress(struct sending *sending)
{
    uint64_t here = 0;
    for (size_t i = 0; i < sending->count; i++)
        here += atomic_load(&sending->items[i].here_bytes);
    progress_update(sending->outputs->progress, here, sending->total_bytes, clock_monotonic_ms());
}

static void sent(void *context, uint64_t sent_bytes)
{
    struct item *item = context;
    atomic_store(&item->here_bytes, item->offset + sent_bytes);
    tell_progress(item->sending);
}

static int send_from(struct service_client *client, struct item *item, int fd, struct service_reply *reply,
                     struct cg_error *err)
{
    char offset[64];
    snprintf(offset, sizeof offset, "Upload-Offset: %" PRIu64, item->offset);
    struct service_request request = {.method = item->offset > 0 ? "PATCH" : "PUT",
                                      .path = service_import_text(item->output, "href"),
                                      .content_type =
                                          item->offset > 0 ? "application/partial-upload" : "application/octet-stream",
                                      .fd = fd,
                                      .offset = (off_t)item->offset,
                                      .body_bytes = item->size_bytes - item->offset,
                                      .headers = {"Upload-Complete: ?1", item->offset > 0 ? offset : NULL},
                                      .sent = sent,
                                      .sent_context = item};
    return service_client_ask(client, &request, reply, err);
}

/* Where the output stands at the service. Failing to ask leaves the offset as it is. */
static void ask_offset(struct service_client *client, struct item *item)
{
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    struct cg_error ignored = {0};
    struct service_request request = {.method = "HEAD", .path = service_import_text(item->output, "href")};
    if (service_client_ask(client, &request, &reply, &ignored) == 0 && reply.upload_offset >= 0 &&
        (uint64_t)reply.upload_offset <= item->size_bytes)
        item->offset = (uint64_t)reply.upload_offset;
    atomic_store(&item->here_bytes, item->offset);
}

/* Does the service have it by now, from whoever sent it too? */
static bool is_there(struct service_client *client, const struct item *item)
{
    struct cg_error ignored = {0};
    CG_AUTO_JSON json_t *import = service_import_find(client, item->sending->outputs->id, &ignored);
    if (!import)
        return false;
    if (strcmp(service_import_text(import, "state"), "receiving") != 0)
        return true;
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(import, "outputs"), i, output)
    {
        if (json_equal(json_object_get(output, "position"), json_object_get(item->output, "position")))
            return json_is_true(json_object_get(output, "complete"));
    }
    return false;
}

static int send_item(struct service_client *client, struct item *item, struct cg_error *err)
{
    const struct stop *stop = item->sending->outputs->stop;
    CG_AUTO_FD int fd = open_item(item, err);
    struct backoff backoff;
    if (fd < 0)
        return -1;
    backoff_init(&backoff, SUBMIT_FIRST_MS, SUBMIT_MOST_MS, (uint64_t)(uintptr_t)item ^ (uint64_t)getpid());
    for (unsigned tries = 1;; tries++) {
        AUTO_SERVICE_REPLY struct service_reply reply = {0};
        cg_error_clear(err);
        if (send_from(client, item, fd, &reply, err) == 0)
            return 0;
        if (err->code == CG_E_INTERRUPTED || stop_level(stop) != STOP_NONE)
            return -1;
        bool moved = reply.status == 409 && reply.upload_offset >= 0;
        if (reply.status == 409 && !moved)
            return is_there(client, item) ? (cg_error_clear(err), 0) : -1;
        if ((!moved && !cg_code_info(err->code)->retryable) || tries == SUBMIT_TRIES)
            return -1;
        if (!moved && stop_sleep(stop, submit_pause_ms(&backoff, &reply)) != 0)
            return -1;
        ask_offset(client, item);
        if (item->offset == item->size_bytes && is_there(client, item))
            return cg_error_clear(err), 0;
    }
}

/* --- several at once -----------------------------------------------------------------------------------------------
 */

static void keep_error(struct sending *sending, const struct item *item, const struct cg_error *why)
{
    pthread_mutex_lock(&sending->lock);
    if (sending->err->code == CG_OK) {
        cg_fail(sending->err, why->code, "%s: %s", item ? item->path : "sending", why->message);
        cg_hint(sending->err, "%s", why->hint);
    }
    pthread_mutex_unlock(&sending->lock);
    atomic_store(&sending->failed, true);
}

static void *send_in_turn(void *context)
{
    struct sending *sending = context;
    struct cg_error err = {0};
    AUTO_SERVICE_CLIENT struct service_client *client =
        service_client_create(sending->outputs->access, sending->outputs->stop, &err);
    if (!client) {
        keep_error(sending, NULL, &err);
        return NULL;
    }
    for (size_t i; !atomic_load(&sending->failed) && (i = atomic_fetch_add(&sending->next, 1)) < sending->count;)
        if (send_item(client, &sending->items[i], &err) < 0) {
            keep_error(sending, &sending->items[i], &err);
            break;
        }
    return NULL;
}

static void send_all(struct sending *sending)
{
    unsigned lanes = sending->outputs->lanes;
    if (lanes > sending->count)
        lanes = (unsigned)sending->count;
    pthread_t *threads = calloc(lanes, sizeof *threads);
    unsigned running = 0;
    /* What cannot have a thread of its own goes in this one. */
    while (threads && running + 1 < lanes && pthread_create(&threads[running], NULL, send_in_turn, sending) == 0)
        running++;
    send_in_turn(sending);
    while (running > 0)
        pthread_join(threads[--running], NULL);
    free(threads);
}

int submit_outputs_send(const struct submit_outputs *outputs, struct cg_error *err)
{
    struct sending sending = {
        .outputs = outputs, .directory = -1, .count = json_array_size(outputs->missing), .err = err};
    if (sending.count == 0)
        return 0;
    sending.items = calloc(sending.count, sizeof *sending.items);
    if (!sending.items)
        return cg_fail_memory(err);
    for (size_t i = 0; i < sending.count; i++) {
        struct item *item = &sending.items[i];
        item->output = json_array_get(outputs->missing, i);
        item->path = service_import_text(item->output, "path");
        item->size_bytes = (uint64_t)json_integer_value(json_object_get(item->output, "size_bytes"));
        item->offset = (uint64_t)json_integer_value(json_object_get(item->output, "received_bytes"));
        item->sending = &sending;
        atomic_init(&item->here_bytes, item->offset);
        sending.total_bytes += item->size_bytes;
    }
    if (look_at_items(&sending, err) == 0) {
        pthread_mutex_init(&sending.lock, NULL);
        progress_begin(outputs->progress, "sending", "sent", PROGRESS_BYTES, clock_monotonic_ms());
        send_all(&sending);
        progress_end(outputs->progress, clock_monotonic_ms());
        pthread_mutex_destroy(&sending.lock);
    }
    if (sending.directory >= 0)
        close(sending.directory);
    free(sending.items);
    return err->code == CG_OK ? 0 : -1;
}
