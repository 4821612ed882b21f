/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_BUDGET_H
#define INTAKE_BUDGET_H

/*
 * How many bytes of metadata documents are held in memory at once, over all requests of the server.
 *
 * A document is held whole while it is judged, and takes several times its size as values: without a bound, as many
 * large ones as there are connections would come to tens of gigabytes. Thread-safe.
 */

#include "cg/error.h"

#include <stdatomic.h>
#include <stdint.h>

/* Largest documents that there is room for at the same time. Usual ones are a hundredth of that. */
#define BUDGET_DOCUMENTS 2U

/* Zero-initialise, then set `most_bytes`. */
struct budget {
    uint64_t most_bytes;
    _Atomic uint64_t held_bytes;
};

/* Is there room for `size` bytes now? 0, or -1 with CG_E_BUSY. */
int budget_admits(const struct budget *budget, uint64_t size, struct cg_error *err);

/* Takes `size` bytes. 0, or -1 with CG_E_BUSY and nothing taken. */
int budget_take(struct budget *budget, uint64_t size, struct cg_error *err);

/* Gives back what was taken. */
void budget_give(struct budget *budget, uint64_t size);

#endif
