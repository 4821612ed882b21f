/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTENT_IMAGE_BUDGET_H
#define CONTENT_IMAGE_BUDGET_H

/*
 * What reading one image archive may take in all, whatever is packed in what. Each amount is counted down.
 *
 * The process has limits of its own beside these (image_confine.h); these end with a sentence instead of a signal.
 */

#include "cg/error.h"

#include <stdint.h>

struct image_budget {
    uint64_t unpacked_bytes; /* out of all decompressors together */
    uint64_t entries;        /* of the archive and of all its layers */
    uint64_t kept_bytes;     /* of rpm databases, in files */
    uint64_t json_bytes;     /* of configurations and manifests, in memory */
};

/* What an ordinary build never comes near to. */
#define IMAGE_BUDGET                                                                                                   \
    (struct image_budget)                                                                                              \
    {                                                                                                                  \
        .unpacked_bytes = 256ULL << 30, .entries = 20000000, .kept_bytes = 4ULL << 30, .json_bytes = 64ULL << 20       \
    }

/* Takes `amount` from one of them. 0, or -1 with CG_E_LIMIT "more than is looked at: WHAT". */
static inline int image_budget_take(uint64_t *left, uint64_t amount, const char *what, struct cg_error *err)
{
    if (amount > *left)
        return cg_fail(err, CG_E_LIMIT, "more than is looked at: %s", what);
    *left -= amount;
    return 0;
}

#endif
