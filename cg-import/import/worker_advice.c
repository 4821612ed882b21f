/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person of the service can do about an import that did not end. The pipeline's own hints are for who runs it as
 * a command; of those, what helps here too is kept. docs/operations.md has it at length. */
#include "import/worker_private.h"

#include <stdio.h>

/* Of the failure's hint: is the way on behind it, or in its place? */
enum cause_hint { CAUSE_KEPT, CAUSE_REPLACED };

static const struct advice {
    enum store_held held;
    enum cause_hint cause;
    const char *when;
    const char *arguments; /* of `cg-import release ID` */
} advices[] = {
    {STORE_HELD_UNKNOWN_OUTCOME, CAUSE_REPLACED, "when no import of it runs on the hub, to ask what became of it", ""},
    {STORE_HELD_STRAY_FILES, CAUSE_REPLACED,
     "when it is sure that no import of this build runs, to have the hub remove the files", " --action cure-stray"},
    {STORE_HELD_RESERVED, CAUSE_REPLACED, "when the build on the hub was canceled or failed", ""},
    {STORE_HELD_RESERVATION_LOST, CAUSE_REPLACED, "have the build canceled on the hub with koji cancel, then", ""},
    {STORE_HELD_CONFLICT, CAUSE_REPLACED, "cancel this import or, if the hub's build is this very one",
     " --action mark-imported --build-id N"},
    {STORE_HELD_CREDENTIALS, CAUSE_KEPT, "when the login or the grant is mended", ""},
    {STORE_HELD_TAG, CAUSE_KEPT, "when the tag is mended", ""},
    {STORE_HELD_EXHAUSTED, CAUSE_KEPT, "when the cause is mended", ""},
    {STORE_HELD_CONTENT_LOST, CAUSE_REPLACED, "to have the files asked for again by the next post of the build", ""},
};

void worker_advise_held(const struct worker_job *job, enum store_held held, struct cg_error *failure)
{
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
        const struct advice *advice = &advices[i];
        if (advice->held != held)
            continue;
        char cause[CG_ERROR_HINT_SIZE];
        snprintf(cause, sizeof cause, "%s", advice->cause == CAUSE_KEPT ? failure->hint : "");
        failure->hint[0] = '\0';
        cg_hint(failure, "%s%s%s: cg-import release %s%s", cause, cause[0] ? "; " : "", advice->when,
                job->claim.import.id, advice->arguments);
    }
}

void worker_advise_later(struct cg_error *failure)
{
    failure->hint[0] = '\0';
    cg_hint(failure, "the service tries again by itself");
}
