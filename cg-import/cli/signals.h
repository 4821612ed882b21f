/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/*
 * Ctrl-C, SIGTERM and a lost terminal become stop requests: the first ends the work in good order, the second leaves
 * even a call whose outcome is not known, the third kills the program.
 *
 * A thread of its own waits for the signals, which are blocked everywhere else: so the handler may print, and no
 * system call of the work is interrupted. A SIGHUP that is ignored when it begins, as under nohup, stays ignored.
 */

#include "base/stop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

/* Told of each request, in the signals' thread. */
typedef void signals_told(void *context, enum stop_level level);

/* At one address while in use. */
struct signals {
    struct stop *stop_;
    signals_told *told_;
    void *context_;
    atomic_bool *reload_; /* set by SIGHUP; NULL: SIGHUP asks to stop */
    sigset_t awaited_;
    pthread_t thread_;
    atomic_bool ending_;
};

/*
 * Blocks SIGINT, SIGTERM and SIGHUP in this thread and those made after it, and begins waiting for them. 0, or -1 with
 * CG_E_MEMORY: nothing is changed then.
 */
int signals_begin(struct signals *signals, struct stop *stop, signals_told *told, void *context, struct cg_error *err);

/* The same for a daemon: SIGHUP sets *reload. */
int signals_begin_daemon(struct signals *signals, struct stop *stop, atomic_bool *reload, signals_told *told,
                         void *context, struct cg_error *err);

/* Ends the waiting and lets the signals through again. */
void signals_end(struct signals *signals);

#endif
