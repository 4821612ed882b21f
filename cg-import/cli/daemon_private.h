/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_DAEMON_PRIVATE_H
#define CLI_DAEMON_PRIVATE_H

/* For daemon*.c only: the parts of the running service. */

#include "daemon.h"
#include "database.h"
#include "face.h"
#include "hub_lists.h"
#include "hubs.h"
#include "log_keeper.h"
#include "signals.h"

#include "content/spool.h"
#include "import/worker.h"
#include "intake/server.h"

#include <stdatomic.h>

struct daemon {
    const struct daemon_options *options;
    struct config *config; /* owned; what is in force */
    struct log *log;
    struct stop stop;
    struct database database;
    struct spool *spool;
    struct hubs *hubs;
    struct hub_lists *lists;
    struct work_counters counters; /* of all workers, before and after a reload */
    struct worker *worker;
    struct follower *follower;
    struct log_keeper log_keeper;
    struct collector *collector;
    struct face face;
    struct intake *intake;

    atomic_bool reload_wanted;
    bool reload_waits; /* for the worker of the reload before, which was told */
    /* What was in force before a reload. The intake may still look at a grant of it. */
    struct earlier {
        struct config *config;
        struct face face;
        struct earlier *before;
    } * earlier;
    /* The worker of before a reload ends in a thread of its own. */
    pthread_t retirement;
    bool retiring;
    atomic_bool retired;
    struct worker *old_worker;
    struct hubs *old_hubs;
};

/* NULL with CG_E_MEMORY, CG_E_IO. */
struct worker *daemon_start_worker(struct daemon *daemon, const struct config *config, const struct hubs *hubs,
                                   struct cg_error *err);

/* As above. */
struct follower *daemon_start_follower(struct daemon *daemon, const struct config *config, const struct hubs *hubs,
                                       struct cg_error *err);

/* Not while the worker of before the last reload still ends. */
bool daemon_reload_possible(const struct daemon *daemon);

/* Reads the configuration again; what is wrong with it goes to the log, and nothing changes. */
void daemon_reload(struct daemon *daemon);

/* Waits for the worker of before. */
void daemon_reload_finish(struct daemon *daemon);

void daemon_configs_free(struct daemon *daemon);

#endif
