/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One claimed import through the pipeline, with what its caller posted and what a person decided about it. */
#include "import/greet.h"
#include "import/worker_private.h"

#include "base/tree.h"

#include <inttypes.h>
#include <string.h>

static const struct worker_hub *find_hub(const struct worker_job *job, struct cg_error *err)
{
    const struct worker_options *options = &job->thread->worker->options;
    for (size_t i = 0; i < options->hub_count; i++)
        if (strcmp(options->hubs[i].name, job->claim.import.hub) == 0)
            return &options->hubs[i];
    cg_fail(err, CG_E_CONFIG, "no hub called %s is configured here", job->claim.import.hub);
    cg_hint(err, "add the hub to the configuration of every replica and restart it");
    return NULL;
}

/* Is it the import's NVR, or a draft of it: NVR,draft_N? */
static bool is_of(const char *build_nvr, const char *nvr)
{
    size_t length = strlen(nvr);
    return build_nvr && strncmp(build_nvr, nvr, length) == 0 && (build_nvr[length] == '\0' || build_nvr[length] == ',');
}

/* The build that a person named is taken for the import's, if it can be. */
static int mark_imported(struct worker_job *job, struct koji_session *session, struct import_result *result,
                         struct cg_error *err)
{
    AUTO_KOJI_BUILD struct koji_build build = {0};
    int found = koji_get_build_by_id(session, job->decided_build_id, &build, err);
    if (found < 0)
        return -1;
    const char *nvr = job->claim.import.nvr;
    if (found == 0 || build.state != KOJI_BUILD_COMPLETE || !is_of(build.nvr, nvr))
        return cg_fail(err, CG_E_CONFLICT, "build %" PRId64 " is no complete build %s", job->decided_build_id, nvr);
    result->build_id = build.build_id;
    result->outcome = IMPORT_ALREADY;
    result->nvr = strdup(build.nvr);
    CG_AUTO_BYTES struct cg_bytes url = {0};
    if (!result->nvr || cg_bytes_printf(&url, err, "%s/buildinfo?buildID=%" PRId64,
                                        koji_session_profile(session)->weburl, build.build_id) < 0)
        return cg_fail_memory(err);
    result->url = cg_bytes_steal(&url);
    return 0;
}

static int run_pipeline(struct worker_job *job, struct koji_session *session, const struct import_request *files,
                        struct import_result *result, struct cg_error *err)
{
    AUTO_IMPORT_GREETING struct import_greeting greeting = {0};
    const struct worker *worker = job->thread->worker;
    struct import_journal_keeper keeper;
    struct import_image_keeper image_keeper;
    struct import_images images = worker->options.images;
    struct import_listener listener;
    struct import_request request = *files;
    /* Asked for each import: what an administrator registered a minute ago is known. */
    if (import_greet(session, job->claim.import.nvr, &greeting, err) < 0)
        return -1;
    request.identity = &greeting.identity;
    request.foreknown = greeting.foreknown;
    job->asked_hub = true;
    worker_record_keeper(job, &keeper);
    worker_images_keeper(job, &image_keeper);
    images.reader.directory = worker->directory;
    images.keeper = &image_keeper;
    request.images = worker->options.looks_into_images ? &images : NULL;
    worker_listener(job, &listener);
    if (job->decision == WORKER_DECIDED_FORGET && job->record && keeper.remove(job, err) < 0)
        return -1;
    request.journal_keeper = &keeper;
    const json_t *options = job->claim.import.options;
    request.reservation = json_is_true(json_object_get(options, "reserve")) ? IMPORT_RESERVE : IMPORT_UNRESERVED;
    request.draft = json_is_true(json_object_get(options, "draft")) ? KOJI_DRAFT : KOJI_NORMAL;
    request.tag = json_string_value(json_object_get(options, "tag"));
    request.stray = job->decision == WORKER_DECIDED_CURE_STRAY ? IMPORT_STRAY_CLEAR : IMPORT_STRAY_KEEP;
    return import_run(session, &greeting.lists, &request, &listener, result, err);
}

/* Canceled before anything was sent, or a drain that came just now: nothing needs to begin. */
static int may_begin(const struct worker_job *job, struct cg_error *err)
{
    if (stop_level(&job->thread->stop) == STOP_NONE || (atomic_load(&job->canceled) && job->record))
        return 0;
    return cg_fail(err, CG_E_INTERRUPTED, "interrupted before the import began");
}

int worker_import(struct worker_job *job, struct import_result *result, struct cg_error *err)
{
    const struct worker_hub *hub = find_hub(job, err);
    if (!hub || may_begin(job, err) < 0 || worker_read_decision(job, err) < 0)
        return -1;
    if (job->decision == WORKER_DECIDED_MARK_IMPORTED) {
        struct koji_session *session = worker_session(job->thread, hub, err);
        return session ? mark_imported(job, session, result, err) : -1;
    }
    CG_AUTO_BYTES struct cg_bytes text = {0};
    CG_AUTO_FREE char *directory = NULL;
    int outcome = worker_lay_out(job, &text, &directory, err);
    if (outcome == 0) {
        struct koji_session *session = worker_session(job->thread, hub, err);
        struct import_request files = {.metadata_name = "the metadata",
                                       .text = cg_bytes_text(&text),
                                       .text_size = text.size,
                                       .directory = directory,
                                       .reader = IMPORT_READ_IN_SERVICE,
                                       .patience_s = job->thread->worker->options.patience_s};
        outcome = session ? run_pipeline(job, session, &files, result, err) : -1;
    }
    tree_remove(directory);
    /* The outputs were what the document says when they came in. */
    if (outcome < 0 && err->code == CG_E_MISMATCH && result->build_id == 0)
        job->content_lost = worker_find_damage(job);
    return outcome;
}
