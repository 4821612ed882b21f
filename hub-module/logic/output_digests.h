/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_OUTPUT_DIGESTS_H
#define CG_HUB_OUTPUT_DIGESTS_H

/*
 * The digests of many files, several at once.
 *
 * Threads live only within the call, take no signals, and touch nothing but their files: fit for a process that forks
 * and whose signals are another's. No judgement: a file that cannot be read has no digest, and whoever needs it says
 * so.
 */

#include "logic/reading.h"

#include <stdbool.h>

struct output_digest {
    const char *path;              /* borrowed */
    unsigned kind;                 /* one of enum cg_digest_kind; 0: it is not read */
    const struct content_id *said; /* borrowed: what the metadata say it is; NULL: its seal is of no use */
    struct content_seal *seal;     /* borrowed: with `said`, what is known and made of the seal */
    bool made;                     /* out: the digest is there */
    struct cg_digests digests;
};

/* Fills in what can be read, with up to `threads` files at once. */
void output_digests_make(struct output_digest *files, size_t count, unsigned threads);

#endif
