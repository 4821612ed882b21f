/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was found in the images of an import is kept by their contents: a retry or another post needs no second look. */
#include "import/worker_private.h"

#include "store/image_facts.h"

#include <string.h>

/* The sha256 of the output's content, NULL if it is not known. */
static const char *content_of(const struct worker_job *job, const char *path)
{
    for (size_t i = 0; i < job->claim.import.output_count; i++)
        if (strcmp(job->claim.import.outputs[i].path, path) == 0)
            return job->claim.import.outputs[i].sha256;
    return NULL;
}

/* What cannot be found is looked for in the image, and what cannot be kept is looked for again. */
static void tell_failure(const struct worker_job *job, const char *what, const struct cg_error *failure)
{
    log_error(job->thread->worker->options.log, failure, what, "import", job->claim.import.id, NULL);
}

static json_t *find(void *context, const char *path)
{
    const struct worker_job *job = context;
    const char *sha256 = content_of(job, path);
    json_t *facts = NULL;
    struct cg_error failure = {0};
    if (sha256 && store_image_facts_find(job->thread->worker->options.store, sha256, &facts, &failure) < 0)
        tell_failure(job, "what was found in an image cannot be read", &failure);
    return facts;
}

static void keep(void *context, const char *path, const json_t *facts)
{
    const struct worker_job *job = context;
    const char *sha256 = content_of(job, path);
    struct cg_error failure = {0};
    if (sha256 && store_image_facts_keep(job->thread->worker->options.store, sha256, facts, &failure) < 0)
        tell_failure(job, "what was found in an image cannot be kept", &failure);
}

void worker_images_keeper(struct worker_job *job, struct import_image_keeper *keeper)
{
    *keeper = (struct import_image_keeper){.find = find, .keep = keep, .context = job};
}
