/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_WORKER_H
#define IMPORT_WORKER_H

/*
 * Works the queue: claims an import, runs the pipeline with a journal in the store, writes down how it ended.
 *
 * A few threads, each one import at a time, each hub session reused between imports. A heartbeat thread keeps the
 * leases; a lost lease stops the work at the next step and nothing more is written. How an error ends an import is one
 * table over cg_code: again later (with backoff), held, rejected.
 */

#include "base/log.h"
#include "base/stop.h"
#include "base/work_counters.h"
#include "content/spool.h"
#include "import/images.h"
#include "koji/profile.h"
#include "store/queue.h"

struct worker_hub {
    const char *name;                   /* as in store_import.hub */
    const struct koji_profile *profile; /* borrowed */
};

struct worker_options {
    struct store *store;
    struct spool *spool;
    struct log *log;
    const struct worker_hub *hubs;
    size_t hub_count;
    const char *replica;        /* name of this process, unique among replicas */
    const char *work_directory; /* for the laid-out builds */
    bool looks_into_images;
    struct import_images images;    /* how; directory and keeper are the worker's own */
    unsigned threads;               /* imports at once; 0: 4 */
    unsigned lease_ms;              /* 0: 30,000 */
    unsigned retry_first_ms;        /* 0: 5,000 */
    unsigned retry_most_ms;         /* 0: 600,000 */
    unsigned give_up_s;             /* waits between temporary failures that add up to this: held; 0: 86,400 */
    unsigned patience_s;            /* waited for another import of the same build; 0: by its size */
    const struct stop *stop;        /* STOP_NOW while draining: see worker_drain; NULL: none */
    struct work_counters *counters; /* NULL: nothing is counted */
};

struct worker;

/* Starts the threads. NULL with CG_E_MEMORY, CG_E_IO. Options are copied, what they point to is borrowed. */
struct worker *worker_start(const struct worker_options *options, struct cg_error *err);

/*
 * Claims nothing more and waits for the threads: a CGImport that was sent is waited for, anything before it is broken
 * off and given back to the queue. Once options.stop says STOP_NOW even a CGImport is left to another owner, who asks
 * the hub what became of it. Frees. NULL is allowed.
 */
void worker_drain(struct worker *worker);

#endif
