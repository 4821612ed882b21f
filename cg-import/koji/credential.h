/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_CREDENTIAL_H
#define KOJI_CREDENTIAL_H

/*
 * What a login gave us: session id, key and the count of calls; and how a request carries them.
 *
 * One credential is shared by a session and its lanes, each in a thread of its own, so it is only ever copied out (as a
 * struct koji_ticket) or replaced under its lock. Implements kojihub/auth.py Session.__init__: headers, or for hubs
 * that do not answer header-auth the URL.
 */

#include "koji/session.h"

#include <pthread.h>

/* The call number of a request that carries none; real ones begin at 1. */
#define KOJI_UNNUMBERED 0

struct koji_credential {
    pthread_mutex_t lock_;
    pthread_mutex_t renewal; /* held by whoever renews; the others wait for the new key */
    bool logged_in_;
    int64_t session_id_;
    struct secret key_;
    bool header_session_;
    uint32_t next_number_;
};

/* 0, or -1 with CG_E_MEMORY. Nobody is logged in. */
int koji_credential_init(struct koji_credential *credential, struct cg_error *err);

bool koji_credential_logged_in(struct koji_credential *credential);

/* Takes over the answer of a login. Numbers go on rising. 0, or -1 with CG_E_HUB_REPLY, CG_E_MEMORY. */
int koji_credential_take_answer(struct koji_credential *credential, const json_t *answer, struct cg_error *err);

/* Takes over a ticket; the next number is one above the ticket's. 0, or -1 with CG_E_MEMORY. */
int koji_credential_take_ticket(struct koji_credential *credential, const struct koji_ticket *ticket,
                                struct cg_error *err);

/* A copy with KOJI_UNNUMBERED; session_id 0 when nobody is logged in. 0, or -1 with CG_E_MEMORY. */
int koji_credential_copy(struct koji_credential *credential, struct koji_ticket *ticket, struct cg_error *err);

/* Uses up the next call number. */
uint32_t koji_credential_next_number(struct koji_credential *credential);

void koji_credential_forget(struct koji_credential *credential);
void koji_credential_finish(struct koji_credential *credential);

/* The URL and header lines of one request. Zero-initialise; release with koji_address_finish. */
struct koji_address {
    struct secret url;
    struct secret key_line;   /* unset: no such header */
    char id_line[40];         /* "Koji-Session-Id: 8"; "" : no such header */
    char number_lines[2][48]; /* Koji-Callnum, Koji-Session-Callnum */
};

/*
 * Makes the address of a request to `base_url` with `query` (NULL: none) as the session of `ticket` (session_id 0:
 * anonymous). 0, or -1 with CG_E_MEMORY.
 */
int koji_address_make(struct koji_address *address, const char *base_url, const char *query,
                      const struct koji_ticket *ticket, struct cg_error *err);
void koji_address_finish(struct koji_address *address);

#endif
