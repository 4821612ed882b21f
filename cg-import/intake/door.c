/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/door.h"

#include "cg/auto.h"

#include <pthread.h>
#include <unistd.h>

/* Sweeps that an old carrier is without a connection before it is let go of: one that it had just accepted when it was
 * told to stop may not be counted yet. */
#define IDLE_SWEEPS 20U

/* One carrier and what it was started with. */
struct shift {
    struct carrier *carrier;
    struct tls_files files;
    unsigned idle_sweeps;
    struct shift *before;
};

struct door {
    struct carrier_options options;
    pthread_mutex_t lock; /* over the shifts */
    struct shift *shifts; /* the first takes new connections */
};

static void end_shift(struct shift *shift)
{
    carrier_stop(shift->carrier);
    tls_files_finish(&shift->files);
    free(shift);
}

/* Puts a new carrier before the others. */
static int begin_shift(struct door *door, struct tls_files *files, struct cg_error *err)
{
    struct carrier_options options = door->options;
    struct shift *shift = calloc(1, sizeof *shift);
    if (!shift)
        return cg_fail_memory(err);
    shift->files = *files;
    *files = (struct tls_files){0};
    options.tls_cert = shift->files.cert;
    options.tls_key = shift->files.key;
    options.client_ca = shift->files.client_ca;
    shift->carrier = carrier_start(&options, err);
    if (!shift->carrier) {
        end_shift(shift);
        return -1;
    }
    pthread_mutex_lock(&door->lock);
    shift->before = door->shifts;
    door->shifts = shift;
    if (shift->before)
        carrier_quiesce(shift->before->carrier);
    pthread_mutex_unlock(&door->lock);
    return 0;
}

struct door *door_open(const struct carrier_options *options, struct tls_files *files, struct cg_error *err)
{
    struct door *door = calloc(1, sizeof *door);
    int begun = door ? 0 : cg_fail_memory(err);
    if (door) {
        door->options = *options;
        pthread_mutex_init(&door->lock, NULL);
        begun = begin_shift(door, files, err);
    }
    tls_files_finish(files);
    if (begun == 0)
        return door;
    if (door)
        door_close(door);
    else
        close(options->fd);
    return NULL;
}

int door_change(struct door *door, struct tls_files *files, struct cg_error *err)
{
    int result = 0;
    if (!tls_files_equal(&door->shifts->files, files))
        result = begin_shift(door, files, err) == 0 ? 1 : -1;
    tls_files_finish(files);
    return result;
}

void door_sweep(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    for (struct shift **link = &door->shifts->before; *link;) {
        struct shift *shift = *link;
        shift->idle_sweeps = carrier_connections(shift->carrier) == 0 ? shift->idle_sweeps + 1 : 0;
        if (shift->idle_sweeps < IDLE_SWEEPS) {
            link = &shift->before;
            continue;
        }
        *link = shift->before;
        end_shift(shift);
    }
    pthread_mutex_unlock(&door->lock);
}

void door_quiesce(struct door *door)
{
    if (door && door->shifts)
        carrier_quiesce(door->shifts->carrier);
}

void door_close(struct door *door)
{
    if (!door)
        return;
    for (struct shift *shift = door->shifts, *before; shift; shift = before) {
        before = shift->before;
        end_shift(shift);
    }
    close(door->options.fd);
    pthread_mutex_destroy(&door->lock);
    free(door);
}
