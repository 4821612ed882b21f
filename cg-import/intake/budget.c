/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/budget.h"

#include <inttypes.h>

static int refuse(const struct budget *budget, uint64_t held, uint64_t size, struct cg_error *err)
{
    return cg_fail(err, CG_E_BUSY, "%" PRIu64 " bytes of metadata are in hand, %" PRIu64 " more would be over %" PRIu64,
                   held, size, budget->most_bytes);
}

int budget_admits(const struct budget *budget, uint64_t size, struct cg_error *err)
{
    uint64_t held = atomic_load(&budget->held_bytes);
    return held <= budget->most_bytes && size <= budget->most_bytes - held ? 0 : refuse(budget, held, size, err);
}

int budget_take(struct budget *budget, uint64_t size, struct cg_error *err)
{
    uint64_t before = atomic_fetch_add(&budget->held_bytes, size);
    if (before <= budget->most_bytes && size <= budget->most_bytes - before)
        return 0;
    atomic_fetch_sub(&budget->held_bytes, size);
    return refuse(budget, before, size, err);
}

void budget_give(struct budget *budget, uint64_t size)
{
    atomic_fetch_sub(&budget->held_bytes, size);
}
