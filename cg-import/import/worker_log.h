/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMPORT_WORKER_LOG_H
#define IMPORT_WORKER_LOG_H

/*
 * The worker's log lines about imports go into the store as well, so that whoever looks at an import through whichever
 * replica reads them.
 *
 * A thread writes what has gathered in small batches: no import waits for it, and the queue has one more transaction in
 * a while instead of one a line. Of more lines than fit, while the database is away, the later ones are counted for
 * their import and not kept; the log itself has them all.
 */

#include "base/log.h"
#include "store/store.h"

struct worker_log;

/* Lines go to `trunk` and to `store`, both borrowed. NULL with CG_E_MEMORY. */
struct worker_log *worker_log_start(struct store *store, struct log *trunk, struct cg_error *err);

/* Where to log. */
struct log *worker_log_branch(const struct worker_log *worker_log);

/* Once nothing logs there any more: writes what is left, as long as the database takes it, and frees. NULL is allowed.
 */
void worker_log_stop(struct worker_log *worker_log);

#endif
