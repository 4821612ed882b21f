/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_WORKER_PRIVATE_H
#define IMPORT_WORKER_PRIVATE_H

/* What the files of the worker share: the worker, its threads, and the import that a thread has in hand. */

#include "import/images.h"
#include "import/journal.h"
#include "import/pipeline.h"
#include "import/worker.h"
#include "import/worker_log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* What a person decided when releasing a held import: member "action" of the decision. */
enum worker_decision {
    WORKER_DECIDED_NOTHING,       /* or "retry": the same again; what the journal remembers is asked first */
    WORKER_DECIDED_CURE_STRAY,    /* "cure-stray": no import of the build runs, have the hub remove its files */
    WORKER_DECIDED_FORGET,        /* "forget": nothing that the journal remembers runs or is left on the hub */
    WORKER_DECIDED_MARK_IMPORTED, /* "mark-imported": the build "build_id" of the hub is it */
};

/* An import in a thread's hands. `lost`, `canceled` and the progress are touched by other threads too. */
struct worker_job {
    struct worker_thread *thread;
    struct store_claim claim;
    uint64_t leased_until_ms; /* monotonic; of the heartbeat thread */
    atomic_bool lost;         /* the lease is another's: nothing may be written or sent any more */
    atomic_bool canceled;     /* a caller asked for it */
    pthread_mutex_t telling;  /* steps and progress are written one after the other */
    enum import_step step;    /* under `telling` */
    uint64_t told_ms;         /* under `telling`: when the last of them was */
    uint64_t step_began_ms;   /* of the thread that imports; 0: no step is under way */
    json_t *record;           /* the journal as it was kept last, owned; NULL: nothing */
    bool store_failed;        /* the failure is the database's, not the hub's */
    bool content_lost;
    bool asked_hub; /* did the hub answer anything? */
    enum worker_decision decision;
    int64_t decided_build_id;
};

struct worker_thread {
    struct worker *worker;
    pthread_t id;
    struct stop stop;       /* of the job; at one address, since the session borrows it */
    struct worker_job *job; /* under worker->lock; NULL: idle */
    struct koji_session *session;
    const struct worker_hub *session_hub; /* whose session it is */
    uint64_t session_used_ms;
};

struct worker {
    struct worker_options options; /* with the defaults put in, and the log that is kept with the imports */
    struct worker_log *log;
    struct koji_profile *profiles; /* of options.hubs, repeating calls less; what is in them is borrowed */
    struct stop draining;
    struct stop ended;    /* tells the heartbeat thread that all others are gone */
    pthread_mutex_t lock; /* of the threads' jobs */
    struct worker_thread *threads;
    unsigned started;
    pthread_t heartbeat;
    char *directory; /* for laid-out builds: this worker's own below the work directory */
    int directory_lock;
};

/* worker_thread.c: what a thread does until the worker drains. */
void *worker_thread_run(void *thread);

/* worker_heartbeat.c: keeps the leases, passes on what is to stop. */
void *worker_heartbeat_run(void *worker);
/* Asks the thread's job to stop at least at `level`; worker->lock is held. */
void worker_stop_job(struct worker_thread *thread, enum stop_level level);
/* The lease is another's: the job ends without a further word to hub or store. */
void worker_lose(struct worker_job *job);

/* worker_session.c: a logged-in session with the hub, kept between imports. NULL with the codes of the login. */
struct koji_session *worker_session(struct worker_thread *thread, const struct worker_hub *hub, struct cg_error *err);
/* Lets it go after an import that ended with `code` if it cannot be trusted any more. */
void worker_session_after(struct worker_thread *thread, enum cg_code code);
void worker_session_end(struct worker_thread *thread);

/* worker_build.c: the import's files as a build directory, and its document. 0, or -1. */
int worker_lay_out(struct worker_job *job, struct cg_bytes *text, char **directory, struct cg_error *err);
/* Reads all contents of the outputs again; damaged ones are set aside. */
bool worker_find_damage(struct worker_job *job);
/* The worker's directory below the work directory, locked; those of dead workers are removed. 0, or -1 CG_E_IO. */
int worker_directory_open(struct worker *worker, struct cg_error *err);
void worker_directory_close(struct worker *worker);

/* worker_record.c: the journal in the store. */
void worker_record_keeper(struct worker_job *job, struct import_journal_keeper *keeper);
/* May something of this import still run on the hub, or be reserved there? */
bool worker_record_calls(const struct worker_job *job);
bool worker_record_reserved(const struct worker_job *job);

/* worker_images.c: what was found in images, in the store. */
void worker_images_keeper(struct worker_job *job, struct import_image_keeper *keeper);

/* worker_told.c: steps and progress become events, and what a person decided is read from them. */
void worker_listener(struct worker_job *job, struct import_listener *listener);
/* Counts how long the step under way took, if there is one. */
void worker_step_ended(struct worker_job *job);
/* Reads the decision of the last release. 0, or -1. */
int worker_read_decision(struct worker_job *job, struct cg_error *err);

/* worker_import.c: the import itself. As import_run(). */
int worker_import(struct worker_job *job, struct import_result *result, struct cg_error *err);

/* worker_advice.c: makes the hint of a failure one for people of the service. */
void worker_advise_held(const struct worker_job *job, enum store_held held, struct cg_error *failure);
void worker_advise_later(struct cg_error *failure);

/* worker_end.c: writes down how it ended. `failure` is CG_OK after a success. */
void worker_end(struct worker_job *job, const struct import_result *result, const struct cg_error *failure);

#endif
