/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_OUTBOX_H
#define CG_HUB_OUTBOX_H

/*
 * The record of imports: events written in the transaction that does what they tell of, read in the order of commits.
 *
 * The order is the database's (schema/hub-sql/0001_record.sql): each event is given the next position at the very end
 * of its transaction, under a lock that is held until the commit is visible. So positions are 1, 2, 3 ... without gaps,
 * and whoever has read up to one has missed nothing before it.
 */

#include "logic/database.h"

/* Events of one reading, at most. */
#define OUTBOX_LIMIT_MOST 1000

/* What happened to a build; texts are borrowed, NULL where nothing is known. */
struct outbox_event {
    const char *kind; /* "import", "state", "volume", "promote", "tag", "untag" */
    int64_t build_id;
    const char *content_generator; /* for an import, should the build's row not say */
    const char *user_id;           /* decimal */
    const char *user_name;
    const char *session_id; /* decimal */
    const char *metadata_sha256;
    const char *detail; /* JSON */
};

/* As database_has(): 1 when events can be written. */
int outbox_ready(const struct database *database, struct cg_error *err);

/*
 * Writes the event: imports always, anything else if the build came by a content generator. The build's NVR is taken
 * from the database. 0, or -1 with CG_E_HUB_FAULT.
 */
int outbox_write(const struct database *database, const struct outbox_event *event, struct cg_error *err);

/*
 * Events after position `after` (0: from the first), the oldest first, as one column of JSON objects. 0, or -1 with
 * CG_E_USAGE (a limit that is not 1 to OUTBOX_LIMIT_MOST), CG_E_UNSUPPORTED (schema/hub-sql was not applied).
 */
int outbox_read(const struct database *database, int64_t after, int64_t limit, struct database_rows *rows,
                struct cg_error *err);

#endif
