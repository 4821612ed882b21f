/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread's session with a hub, kept from import to import: logging in costs the hub more than a call. */
#include "import/worker_private.h"

#include "base/clock.h"

/* A session that nothing was sent in for longer is not trusted: hubs end idle sessions. Milliseconds. */
#define IDLE_MOST_MS 600000

/* Without a word to the hub: what was sent in it can still be asked for by whoever knows its key. */
static void drop(struct worker_thread *thread)
{
    koji_session_destroy(thread->session);
    thread->session = NULL;
    thread->session_hub = NULL;
}

void worker_session_end(struct worker_thread *thread)
{
    struct cg_error ignored = {0};
    if (thread->session && stop_level(&thread->stop) != STOP_NOW)
        koji_session_logout(thread->session, &ignored);
    drop(thread);
}

struct koji_session *worker_session(struct worker_thread *thread, const struct worker_hub *hub, struct cg_error *err)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (thread->session && (thread->session_hub != hub || now_ms - thread->session_used_ms > IDLE_MOST_MS))
        worker_session_end(thread);
    thread->session_used_ms = now_ms;
    if (thread->session)
        return thread->session;
    const struct worker *worker = thread->worker;
    const struct koji_session_options options = {.stop = &thread->stop};
    thread->session = koji_session_create(&worker->profiles[hub - worker->options.hubs], &options, err);
    thread->session_hub = hub;
    if (thread->session && koji_session_login(thread->session, err) < 0)
        drop(thread);
    return thread->session;
}

void worker_session_after(struct worker_thread *thread, enum cg_code code)
{
    thread->session_used_ms = clock_monotonic_ms();
    switch (code) {
    case CG_E_AUTH:
    case CG_E_SESSION:
    case CG_E_UNKNOWN:
    case CG_E_RETRIED:
        drop(thread);
        return;
    default:
        /* A call that was left unanswered may still run in it. */
        if (stop_level(&thread->stop) == STOP_NOW)
            drop(thread);
    }
}
