/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The import's journal kept in the store, under the lease: what a new owner asks the hub about.
 *
 * A record that cannot be written stops the request that it announces, so a worker that lost its lease sends nothing
 * more that cannot be undone. Lost leases are told as interruptions: to the pipeline a conflict is the hub's.
 */
#include "import/worker_private.h"

static int load(void *context, json_t **record, struct cg_error *err)
{
    const struct worker_job *job = context;
    (void)err;
    *record = json_incref(job->record);
    return 0;
}

static int keep(struct worker_job *job, const json_t *record, struct cg_error *err)
{
    struct cg_error failure = {0};
    if (atomic_load(&job->lost))
        return cg_fail(err, CG_E_INTERRUPTED, "the lease of the import was lost");
    if (store_claim_journal(job->thread->worker->options.store, &job->claim, record, &failure) == 0)
        return 0;
    if (failure.code == CG_E_CONFLICT) {
        worker_lose(job);
        return cg_fail(err, CG_E_INTERRUPTED, "%s", failure.message);
    }
    job->store_failed = true;
    return cg_fail(err, failure.code, "%s", failure.message);
}

static int save(void *context, const json_t *record, struct cg_error *err)
{
    struct worker_job *job = context;
    json_t *copy = json_deep_copy(record);
    if (!copy)
        return cg_fail_memory(err);
    /* Also when it could not be kept: the request is not sent then, but an earlier one may stand in it. */
    json_decref(job->record);
    job->record = copy;
    return keep(job, record, err);
}

static int forget(void *context, struct cg_error *err)
{
    struct worker_job *job = context;
    if (keep(job, json_null(), err) < 0)
        return -1;
    json_decref(job->record);
    job->record = NULL;
    return 0;
}

void worker_record_keeper(struct worker_job *job, struct import_journal_keeper *keeper)
{
    *keeper = (struct import_journal_keeper){.load = load,
                                             .save = save,
                                             .remove = forget,
                                             .name = "the journal of the import in the database",
                                             .context = job};
}

bool worker_record_calls(const struct worker_job *job)
{
    return json_object_get(job->record, "importing") || json_object_get(job->record, "reserving");
}

bool worker_record_reserved(const struct worker_job *job)
{
    return json_object_get(job->record, "reservation");
}
