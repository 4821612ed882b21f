/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_ANSWERS_H
#define CG_HUB_ANSWERS_H

/*
 * What importBuild answered under a key, so that the same key asked again is answered the same and imports nothing.
 *
 * The answer is written in the import's own transaction: it is there exactly when the build is. While the first runs
 * the second waits (LOCK_KEY); after one that failed there is no answer, and the next one imports. Keys are each
 * caller's own. Answers are forgotten after ANSWER_DAYS.
 */

#include "logic/database.h"

/* Bytes of a key, at most. */
#define ANSWER_KEY_MOST 200
/* How long an answer is kept: longer than any client repeats a call. */
#define ANSWER_DAYS 30

/* An import as its answer is kept. On the way out strings are owned: release with answer_finish. */
struct answer {
    char *metadata_sha256; /* of the metadata as they were given */
    char *nvr;
    int64_t build_id;
    char *text; /* the answer of the call, JSON */
};

#define AUTO_ANSWER CG_AUTO(answer_finish)

/*
 * Takes the key's lock, waiting while an import with it runs, and looks for its answer. `metadata_sha256` is NULL when
 * the metadata cannot be read any more. 1: `answer` is it; 0: there is none, import; -1: CG_E_USAGE (no such key can
 * be), CG_E_CONFLICT (the key was used for other metadata), CG_E_UNSUPPORTED (schema/hub-sql was not applied).
 */
int answer_find(const struct database *database, int64_t user_id, const char *key, const char *metadata_sha256,
                struct answer *answer, struct cg_error *err);

/* Keeps the answer (borrowed) under the key, to be committed with the import. 0 or -1. */
int answer_keep(const struct database *database, int64_t user_id, const char *key, const struct answer *answer,
                struct cg_error *err);

void answer_finish(struct answer *answer);

#endif
