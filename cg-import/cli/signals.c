/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signals.h"

#include <signal.h>

/* As nohup starts a program: a lost terminal is nothing to it. Blocked, the signal would come through all the same. */
static bool ignores_hangup(void)
{
    struct sigaction action;
    return sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void choose(struct signals *signals)
{
    sigemptyset(&signals->awaited_);
    sigaddset(&signals->awaited_, SIGINT);
    sigaddset(&signals->awaited_, SIGTERM);
    if (signals->reload_ || !ignores_hangup())
        sigaddset(&signals->awaited_, SIGHUP);
}

/* As if nobody had ever caught the signal. */
static void die_of(const struct signals *signals, int number)
{
    signal(number, SIG_DFL);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &signals->awaited_, NULL);
}

static void *wait_for_signals(void *context)
{
    struct signals *signals = context;
    for (;;) {
        int number = 0;
        if (sigwait(&signals->awaited_, &number) != 0)
            continue;
        if (atomic_load(&signals->ending_))
            return NULL;
        if (number == SIGHUP && signals->reload_) {
            atomic_store(signals->reload_, true);
            continue;
        }
        if (stop_level(signals->stop_) == STOP_NOW)
            die_of(signals, number);
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
    choose(signals);
    pthread_sigmask(SIG_BLOCK, &signals->awaited_, NULL);
    if (pthread_create(&signals->thread_, NULL, wait_for_signals, signals) != 0) {
        pthread_sigmask(SIG_UNBLOCK, &signals->awaited_, NULL);
        return cg_fail(err, CG_E_MEMORY, "cannot start the thread that waits for signals");
    }
    return 0;
}

void signals_end(struct signals *signals)
{
    atomic_store(&signals->ending_, true);
    pthread_kill(signals->thread_, SIGINT);
    pthread_join(signals->thread_, NULL);
    pthread_sigmask(SIG_UNBLOCK, &signals->awaited_, NULL);
}
