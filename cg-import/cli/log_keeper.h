/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_LOG_KEEPER_H
#define CLI_LOG_KEEPER_H

/* The sequencer of the audit log as the configuration wants it. */

#include "audit/sequencer.h"
#include "config.h"

struct log_keeper {
    struct sequencer *sequencer;
    struct audit_witness *witnesses;
};

/* Makes the directories and starts. `config`, `store` and `log` are borrowed. 0, or -1 with CG_E_CONFIG, CG_E_IO,
 * CG_E_MEMORY. */
int log_keeper_start(struct log_keeper *keeper, const struct config *config, struct store *store, struct log *log,
                     struct cg_error *err);

/* Signs and publishes what waits, and ends. */
void log_keeper_stop(struct log_keeper *keeper);

#endif
