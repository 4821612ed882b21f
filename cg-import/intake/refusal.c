/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/refusal.h"

/* Seconds after which room may have been made: garbage collection runs about as often. */
#define NO_ROOM_RETRY_AFTER_S "60"

int refusal_of_content(struct refusal *refusal, struct cg_error *err)
{
    if (err->code == CG_E_LIMIT)
        refusal->status = 507;
    /* The code is the one that is answered with "try again" and without our paths. */
    if (err->code == CG_E_IO)
        err->code = CG_E_BUSY;
    return -1;
}

int refusal_at(struct refusal *refusal, const char *pointer)
{
    json_decref(refusal->extra);
    refusal->extra = json_pack("{s:s}", "pointer", pointer);
    return -1;
}

void refusal_answer(struct intake_request *request, struct refusal *refusal, const struct cg_error *error)
{
    json_t *extra = CG_STEAL(refusal->extra);
    if (refusal->status == 507)
        intake_set_header(request, "Retry-After", NO_ROOM_RETRY_AFTER_S);
    if (refusal->status)
        intake_fail_status(request, refusal->status, error, extra);
    else
        intake_fail(request, error, extra);
}

void refusal_finish(struct refusal *refusal)
{
    json_decref(refusal->extra);
    *refusal = (struct refusal){0};
}
