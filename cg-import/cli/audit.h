/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

/* The verbs below "audit", each in a file of its own; and whom they trust. */

#include "verbs.h"

#include "cg/checkpoint.h"

#include <stdbool.h>

/* Named "audit keygen" ... */
extern const struct verb verb_audit_keygen;
extern const struct verb verb_audit_verify;
extern const struct verb verb_audit_mirror;
extern const struct verb verb_audit_log;
extern const struct verb verb_audit_show;
extern const struct verb verb_audit_prove;
extern const struct verb verb_audit_export;

/* Keys of a log, and witnesses, that may be given. */
#define AUDIT_LOGS_MAX 8
#define AUDIT_WITNESSES_GIVEN_MAX 32

/* Option ids; those of the verbs begin at OPTION_OF_AUDIT_VERB. */
enum audit_trust_option {
    OPTION_LOG_KEY = 'k',
    OPTION_WITNESS = 'w',
    OPTION_QUORUM = 0x1000,
    OPTION_ORIGIN,
    OPTION_OF_AUDIT_VERB,
};

/* Whom to believe: --key, --witness, --quorum, --origin. */
extern const struct option_row audit_trust_rows[];

/* Zero-initialise, but for quorum: AUDIT_QUORUM_ALL. */
struct audit_trust {
    struct cg_note_verifier logs[AUDIT_LOGS_MAX];
    size_t log_count;
    struct cg_note_verifier witnesses[AUDIT_WITNESSES_GIVEN_MAX];
    size_t witness_count;
    int64_t quorum; /* AUDIT_QUORUM_ALL: every witness that is named */
    const char *origin;
};
#define AUDIT_QUORUM_ALL (-1)

/* Takes one of the options above. 1: taken, 0: it is none of them, -1: CG_E_USAGE, CG_E_FORM, CG_E_IO. */
int audit_trust_take(struct audit_trust *trust, int id, const char *value, struct cg_error *err);

/* The policy that was given; borrows from `trust`. 0, or -1 with CG_E_USAGE (no key, a quorum above the witnesses). */
int audit_trust_policy(const struct audit_trust *trust, struct cg_checkpoint_policy *policy, struct cg_error *err);

/* Adds the key that `value` is, or each line of the file of that name. 0 or -1 as above. */
int audit_trust_add(const char *option, const char *value, struct cg_note_verifier *keys, size_t most, size_t *count,
                    struct cg_error *err);

/* How a verb ends: tells the error, also as JSON; the exit status. */
int audit_end(const struct verb *verb, bool json, const struct cg_error *err);

#endif
