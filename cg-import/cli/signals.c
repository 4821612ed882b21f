/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signals.h"

#include <signal.h>

static void fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

/* As if nobody had ever caught the signal. */
static void die_of(int number)
{
    sigset_t set;
    fill(&set);
    signal(number, SIG_DFL);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void *wait_for_signals(void *context)
{
    struct signals *signals = context;
    sigset_t set;
    fill(&set);
    for (;;) {
        int number = 0;
        if (sigwait(&set, &number) != 0)
            continue;
        if (atomic_load(&signals->ending_))
            return NULL;
        if (number == SIGHUP && signals->reload_) {
            atomic_store(signals->reload_, true);
            continue;
        }
        if (stop_level(signals->stop_) == STOP_NOW)
            die_of(number);
        stop_request(signals->stop_);
        signals->told_(signals->context_, stop_level(signals->stop_));
    }
}

int signals_begin(struct signals *signals, struct stop *stop, signals_told *told, void *context, struct cg_error *err)
{
    return signals_begin_daemon(signals, stop, NULL, told, context, err);
}

int signals_begin_daemon(struct signals *signals, struct stop *stop, atomic_bool *reload, signals_told *told,
                         void *context, struct cg_error *err)
{
    signals->reload_ = reload;
    signals->stop_ = stop;
    signals->told_ = told;
    signals->context_ = context;
    atomic_init(&signals->ending_, false);
    sigset_t set;
    fill(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&signals->thread_, NULL, wait_for_signals, signals) != 0) {
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
        return cg_fail(err, CG_E_MEMORY, "cannot start the thread that waits for signals");
    }
    return 0;
}

void signals_end(struct signals *signals)
{
    atomic_store(&signals->ending_, true);
    pthread_kill(signals->thread_, SIGINT);
    pthread_join(signals->thread_, NULL);
    sigset_t set;
    fill(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
