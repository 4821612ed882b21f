/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/outbox.h"

#include <inttypes.h>
#include <stdio.h>

int outbox_ready(const struct database *database, struct cg_error *err)
{
    return database_has(database, "event", err);
}

/* A build that was reserved, imported over a failed one or promoted is told by its row or by its earlier import. */
int outbox_write(const struct database *database, const struct outbox_event *event, struct cg_error *err)
{
    char build_id[24];
    snprintf(build_id, sizeof build_id, "%" PRId64, event->build_id);
    const char *const values[] = {event->kind,       event->content_generator, event->user_id, event->user_name,
                                  event->session_id, event->metadata_sha256,   event->detail,  build_id,
                                  event->kind};
    return database_run(
        database,
        "INSERT INTO cgimport.event (kind, build_id, nvr, content_generator, user_id, user_name,"
        " session_id, metadata_sha256, detail)"
        " SELECT %s, b.id, p.name || '-' || b.version || '-' || b.release, coalesce(g.name, %s),"
        " %s::bigint, %s, %s::bigint, %s, %s::json"
        " FROM build b JOIN package p ON p.id = b.pkg_id LEFT JOIN content_generator g ON g.id = b.cg_id"
        " WHERE b.id = %s::bigint AND (%s = 'import' OR b.cg_id IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM cgimport.event e WHERE e.build_id = b.id AND e.kind = 'import'))",
        values, sizeof values / sizeof values[0], NULL, err);
}

int outbox_read(const struct database *database, int64_t after, int64_t limit, struct database_rows *rows,
                struct cg_error *err)
{
    char position[24];
    char most[24];
    if (limit < 1 || limit > OUTBOX_LIMIT_MOST)
        return cg_fail(err, CG_E_USAGE, "the limit %" PRId64 " makes no sense, expected 1 to %d", limit,
                       OUTBOX_LIMIT_MOST);
    int ready = outbox_ready(database, err);
    if (ready < 0)
        return -1;
    if (ready == 0) {
        cg_fail(err, CG_E_UNSUPPORTED, "this hub keeps no record of imports: its database is not prepared");
        return cg_hint(err, "have schema/hub-sql/install.sql applied");
    }
    snprintf(position, sizeof position, "%" PRId64, after);
    snprintf(most, sizeof most, "%" PRId64, limit);
    const char *const values[] = {position, most};
    return database_run(database,
                        "SELECT json_build_object('position', position, 'time',"
                        " to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), 'kind', kind,"
                        " 'build_id', build_id, 'nvr', nvr, 'content_generator', content_generator,"
                        " 'user_id', user_id, 'user_name', user_name, 'session_id', session_id,"
                        " 'metadata_sha256', metadata_sha256, 'detail', detail)::text"
                        " FROM cgimport.event WHERE position > %s::bigint ORDER BY position LIMIT %s::int",
                        values, 2, rows, err);
}
