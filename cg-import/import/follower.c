/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/follower_private.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "koji/hub_module.h"

/* A hub without a record, or one that does not let us read it, is asked again after this, milliseconds. */
#define ABSENT_MS 60000U
/* Longest wait after a failure, and between two lines about the same trouble, milliseconds. */
#define FAILED_MOST_MS 60000U
#define SAY_AGAIN_MS 60000U

struct follower {
    struct stop stop;
    struct follow *follows;
    size_t count;
};

/* --- one hub ------------------------------------------------------------------------------------------------------ */

static void end_session(struct follow *follow)
{
    struct cg_error ignored = {0};
    if (follow->session && stop_level(follow->stop) == STOP_NONE)
        koji_session_logout(follow->session, &ignored);
    koji_session_destroy(follow->session);
    follow->session = NULL;
}

/* Asks as nobody whether there is a record at all. 1, 0, -1. */
static int keeps_record(struct koji_session *session, struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[s]", KOJI_MODULE_HELLO);
    CG_AUTO_JSON json_t *help = NULL;
    unsigned abilities = 0;
    if (!params)
        return cg_fail_memory(err);
    if (koji_session_call(session, KOJI_LOOK, "system.methodHelp", params, &help, err) < 0 ||
        koji_module_abilities(session, help, &abilities, err) < 0)
        return -1;
    return (abilities & KOJI_MODULE_TELLS) != 0;
}

/* 1: there is a session; 0: the hub keeps no record; -1. */
static int begin_session(struct follow *follow, struct cg_error *err)
{
    const struct koji_session_options options = {.stop = follow->stop};
    if (follow->session)
        return 1;
    AUTO_KOJI_SESSION struct koji_session *session = koji_session_create(&follow->profile, &options, err);
    int keeps = session ? keeps_record(session, err) : -1;
    if (keeps <= 0)
        return keeps;
    if (koji_session_login(session, err) < 0)
        return -1;
    follow->session = CG_STEAL(session);
    return 1;
}

/* One reading: how it went, with `why`; -1: another replica follows this hub. */
static int read_once(struct follow *follow, struct cg_error *why)
{
    int leads =
        store_outbox_lead(follow->store, follow->hub.name, follow->replica, follow->lease_ms, &follow->reach, why);
    if (leads == 0)
        return -1;
    int session = leads < 0 ? -1 : begin_session(follow, why);
    if (session < 0)
        return STORE_OUTBOX_FAILED;
    if (session == 0) {
        cg_fail(why, CG_E_UNSUPPORTED,
                "the hub keeps no record of imports: it has no plugin cg_import, or its database is"
                " not prepared");
        return STORE_OUTBOX_ABSENT;
    }
    int read = follow_record(follow, why);
    if (read > 0)
        return -1;
    if (read < 0)
        return why->code == CG_E_DENIED || (why->code == CG_E_AUTH && why->fault != 0) ? STORE_OUTBOX_DENIED
                                                                                       : STORE_OUTBOX_FAILED;
    return follow_imports(follow, why) < 0 ? STORE_OUTBOX_FAILED : STORE_OUTBOX_FOLLOWED;
}

/* --- what is said of it ------------------------------------------------------------------------------------------- */

static void say_state(struct follow *follow, enum store_outbox_state state, const struct cg_error *why)
{
    bool error = state == STORE_OUTBOX_FAILED || (state != STORE_OUTBOX_FOLLOWED && follow->hub.wish == FOLLOWER_ON);
    bool same = follow->stood_before && follow->stood == state;
    uint64_t now_ms = clock_monotonic_ms();
    follow->stood = state;
    follow->stood_before = true;
    if (same && (!error || now_ms - follow->said_ms < SAY_AGAIN_MS))
        return;
    follow->said_ms = now_ms;
    if (error)
        log_error(follow->log, why, "the hub's record of imports is not followed", "hub", follow->hub.name, NULL);
    else if (state == STORE_OUTBOX_FOLLOWED)
        log_line(follow->log, LOG_INFO, "the hub's record of imports is followed", "hub", follow->hub.name, NULL);
    else
        log_line(follow->log, LOG_INFO, "the hub's record of imports is not followed", "hub", follow->hub.name, "why",
                 why->message, NULL);
}

/* How it went, for the log and for the metrics of all replicas; milliseconds until the next reading. */
static unsigned conclude(struct follow *follow, enum store_outbox_state state, const struct cg_error *why)
{
    struct cg_error err = {0};
    struct backoff backoff;
    unsigned every_ms = follow->hub.every_ms;
    if (stop_level(follow->stop) != STOP_NONE)
        return 0;
    say_state(follow, state, why);
    if (store_outbox_tell(follow->store, follow->hub.name, state, state == STORE_OUTBOX_FOLLOWED ? NULL : why, &err) <
        0)
        log_error(follow->log, &err, "how the hub's record is followed is not written down", "hub", follow->hub.name,
                  NULL);
    if (state == STORE_OUTBOX_FOLLOWED) {
        follow->failures = 0;
        return every_ms;
    }
    end_session(follow);
    if (state != STORE_OUTBOX_FAILED)
        return every_ms > ABSENT_MS ? every_ms : ABSENT_MS;
    backoff_init(&backoff, every_ms, every_ms > FAILED_MOST_MS ? every_ms : FAILED_MOST_MS, clock_monotonic_ms());
    backoff.tries = follow->failures++;
    return backoff_next(&backoff);
}

static void *follow_on(void *context)
{
    struct follow *follow = context;
    for (unsigned pause_ms = 0; stop_sleep(follow->stop, pause_ms) == 0;) {
        struct cg_error why = {0};
        int state = read_once(follow, &why);
        pause_ms = state < 0 ? follow->hub.every_ms : conclude(follow, (enum store_outbox_state)state, &why);
        if (state < 0)
            end_session(follow);
    }
    struct cg_error ignored = {0};
    store_outbox_let_go(follow->store, follow->hub.name, follow->replica, &ignored);
    end_session(follow);
    return NULL;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static void make_follow(struct follower *follower, const struct follower_options *options,
                        const struct follower_hub *hub, struct follow *follow)
{
    *follow = (struct follow){.hub = *hub,
                              .profile = *hub->profile,
                              .store = options->store,
                              .log = options->log,
                              .replica = options->replica,
                              .lease_ms = options->lease_ms,
                              .stop = &follower->stop};
    follow->profile.max_retries = 0;
    follow->profile.offline_retry = false;
    follow->profile.timeout_s = FOLLOW_TIMEOUT_S;
}

struct follower *follower_start(const struct follower_options *options, struct cg_error *err)
{
    struct follower *follower = calloc(1, sizeof *follower);
    if (!follower || stop_init(&follower->stop, err) < 0) {
        free(follower);
        cg_fail_memory(err);
        return NULL;
    }
    follower->follows = calloc(options->hub_count + 1, sizeof *follower->follows);
    if (!follower->follows) {
        follower_stop(follower);
        cg_fail_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < options->hub_count; i++) {
        struct follow *follow = &follower->follows[follower->count];
        if (options->hubs[i].wish == FOLLOWER_OFF)
            continue;
        make_follow(follower, options, &options->hubs[i], follow);
        follow->runs = pthread_create(&follow->thread, NULL, follow_on, follow) == 0;
        follower->count++;
        if (!follow->runs) {
            follower_stop(follower);
            cg_fail(err, CG_E_MEMORY, "cannot start the thread that follows hub %s", options->hubs[i].name);
            return NULL;
        }
    }
    return follower;
}

void follower_stop(struct follower *follower)
{
    if (!follower)
        return;
    /* Nothing that is asked changes the hub, so no answer is waited for. */
    stop_request(&follower->stop);
    stop_request(&follower->stop);
    for (size_t i = 0; i < follower->count; i++)
        if (follower->follows[i].runs)
            pthread_join(follower->follows[i].thread, NULL);
    stop_finish(&follower->stop);
    free(follower->follows);
    free(follower);
}
