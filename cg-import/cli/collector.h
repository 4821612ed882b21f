/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_COLLECTOR_H
#define CLI_COLLECTOR_H

/*
 * Makes room in the spool, in a thread of its own, now and then.
 *
 * Goes: contents that no unfinished import needs and that nobody used for a while, parts that nobody goes on with, and
 * files of which the database knows nothing. While free space is below the reserve the first do not wait: what nothing
 * unfinished needs goes at once. Any number of replicas may do this on one spool.
 */

#include "base/log.h"
#include "content/spool.h"
#include "store/store.h"

struct collector_options {
    struct store *store;
    struct spool *spool;
    struct log *log;
    uint64_t keep_ms;
    uint64_t keep_part_ms;
    uint64_t every_ms;
};

struct collector;

/* Options are copied, what they point to is borrowed. NULL with CG_E_MEMORY, CG_E_IO. */
struct collector *collector_start(const struct collector_options *options, struct cg_error *err);

/* Ends after the file at hand; frees. NULL is allowed. */
void collector_stop(struct collector *collector);

#endif
