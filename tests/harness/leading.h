/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HARNESS_LEADING_H
#define HARNESS_LEADING_H

/*
 * A sequencer that leads, in tests where others led before it: the server lets go of their lock a moment after their
 * connection is closed or ended.
 */

#include "unit.h"

#include "store/audit_sequence.h"

#include <time.h>

/* Waits until it leads; fails the test after a minute. */
static inline void await_lead(struct store_sequencer *sequencer)
{
    struct cg_error err = {0};
    int leads = 0;
    for (int tries = 0; tries < 60000 && leads == 0; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = tries > 0 ? 1000000 : 0}, NULL);
        leads = store_sequencer_leads(sequencer, &err);
    }
    assert_string_equal(err.message, "");
    assert_int_equal(leads, 1);
}

#endif
