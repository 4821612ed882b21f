/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events of a hub's record brought in: their rows, their leaves, and how far they reach, in one transaction. */
#include "store/audit_leaf.h"
#include "store/hub_builds.h"
#include "store/outbox.h"
#include "store/transaction.h"

#include "cg/canon.h"
#include "cg/digest.h"

#include <inttypes.h>
#include <string.h>

/* --- events ------------------------------------------------------------------------------------------------------ */

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int no_event(const json_t *event, const char *lacks, struct cg_error *err)
{
    return cg_fail(err, CG_E_HUB_REPLY, "event %" PRId64 " of the hub's record has no %s",
                   (int64_t)json_integer_value(json_object_get(event, "position")), lacks);
}

int store_outbox_digest(const json_t *event, char digest[65], struct cg_error *err)
{
    static const char *const members[] = {"position", "time", "kind", "build_id", "nvr", "metadata_sha256"};
    CG_AUTO_JSON json_t *identity = json_object();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_t *value = json_object_get(event, members[i]);
        if (!value)
            return no_event(event, members[i], err);
        if (json_object_set(identity, members[i], value) != 0)
            return cg_fail_memory(err);
    }
    CG_AUTO_BYTES struct cg_bytes text = {0};
    CG_AUTO_DIGEST struct cg_digest *sum = cg_digest_create(CG_DIGEST_SHA256, err);
    struct cg_digests digests;
    if (!sum || cg_canon(identity, &text, err) != 0 || cg_digest_update(sum, text.data, text.size, err) != 0 ||
        cg_digest_read(sum, &digests, err) != 0)
        return -1;
    memcpy(digest, digests.sha256, 65);
    return 0;
}

/* "2026-11-30T10:00:00.000000Z": what the database will read. */
static bool is_time(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00.000000Z";
    size_t i = 0;
    while (form[i] && (form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i]))
        i++;
    return !form[i] && !text[i];
}

static int judge(const json_t *event, int64_t position, struct cg_error *err)
{
    json_int_t told = json_integer_value(json_object_get(event, "position"));
    if (told != position)
        return cg_fail(err, CG_E_HUB_REPLY, "the hub's record goes on with event %" PRId64 ", expected %" PRId64,
                       (int64_t)told, position);
    if (!text_of(event, "kind"))
        return no_event(event, "kind", err);
    if (!text_of(event, "nvr"))
        return no_event(event, "nvr", err);
    if (!text_of(event, "time") || !is_time(text_of(event, "time")))
        return no_event(event, "time", err);
    if (json_integer_value(json_object_get(event, "build_id")) <= 0)
        return no_event(event, "build id", err);
    return 0;
}

/* --- the leaf ---------------------------------------------------------------------------------------------------- */

/* Kinds of a later module are told, too, under a name of their own. */
static const char *leaf_type(const char *kind)
{
    static const char *const types[] = {"hub-import", "hub-state", "hub-volume", "hub-promote", "hub-tag", "hub-untag"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i] + strlen("hub-"), kind) == 0)
            return types[i];
    return "hub-event";
}

/* The files of an import as the other leaves tell outputs; NULL without memory. */
static json_t *leaf_outputs(const json_t *told)
{
    CG_AUTO_JSON json_t *outputs = json_array();
    size_t i;
    const json_t *output;
    json_array_foreach(told, i, output)
    {
        const char *kind = text_of(output, "checksum_type");
        json_t *one = json_pack("{s:O*, s:O*}", "name", json_object_get(output, "filename"), "size",
                                json_object_get(output, "filesize"));
        if (kind && text_of(output, "checksum"))
            json_object_set(one, kind, json_object_get(output, "checksum"));
        if (json_array_append_new(outputs, one) != 0)
            return NULL;
    }
    return CG_STEAL(outputs);
}

/* {"line", "position", "time", "user", ... and what the hub tells in detail, but for the outputs}. */
static json_t *leaf_detail(const struct store_outbox_reach *reach, const json_t *event)
{
    CG_AUTO_JSON json_t *told = json_copy(json_object_get(event, "detail"));
    if (json_is_object(told))
        json_object_del(told, "outputs");
    return json_pack("{s:i, s:O, s:O, s:O, s:O*, s:O*, s:O*, s:O*}", "line", reach->line, "position",
                     json_object_get(event, "position"), "at", json_object_get(event, "time"), "kind",
                     json_object_get(event, "kind"), "user", json_object_get(event, "user_name"), "user_id",
                     json_object_get(event, "user_id"), "session_id", json_object_get(event, "session_id"), "told",
                     told);
}

static int put_leaf(struct pg_connection *connection, const char *hub, const struct store_outbox_reach *reach,
                    const json_t *event, struct cg_error *err)
{
    const json_t *told = json_object_get(json_object_get(event, "detail"), "outputs");
    const char *user = text_of(event, "user_name");
    CG_AUTO_JSON json_t *detail = leaf_detail(reach, event);
    CG_AUTO_JSON json_t *outputs = json_is_array(told) ? leaf_outputs(told) : NULL;
    CG_AUTO_JSON json_t *members =
        json_pack("{s:{s:s*, s:s, s:O}, s:s*}", "koji", "cg", text_of(event, "content_generator"), "hub", hub,
                  "build_id", json_object_get(event, "build_id"), "metadata_sha256", text_of(event, "metadata_sha256"));
    if (!detail || !members || (json_is_array(told) && !outputs))
        return cg_fail_memory(err);
    const struct audit_leaf leaf = {.type = leaf_type(text_of(event, "kind")),
                                    .actor = user ? user : "hub",
                                    .nvr = text_of(event, "nvr"),
                                    .detail = detail,
                                    .members = members,
                                    .outputs = outputs};
    return audit_leaf_put(connection, &leaf, err);
}

/* After this database was restored from a backup and the log's entries were put back (audit restore), events that are
 * brought in again have their leaf. */
static const struct pg_statement find_leaf = {
    "find_hub_leaf",
    "SELECT 1 FROM audit_entry e, convert_from(e.leaf, 'UTF8') AS t(l) WHERE e.nvr = $1 AND e.type = $2"
    " AND t.l::json #>> '{koji,hub}' = $3 AND t.l::json #>> '{detail,position}' = $4"
    " AND t.l::json #>> '{detail,at}' = $5 LIMIT 1"};

/* 1, 0, -1. */
static int has_leaf(struct pg_connection *connection, const char *hub, const json_t *event, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, text_of(event, "nvr"));
    pg_put_text(&params, leaf_type(text_of(event, "kind")));
    pg_put_text(&params, hub);
    pg_put_int(&params, json_integer_value(json_object_get(event, "position")));
    pg_put_text(&params, text_of(event, "time"));
    return pg_run(connection, &find_leaf, &params, NULL, err);
}

/* --- bringing in ------------------------------------------------------------------------------------------------- */

/* Only from where the caller stands: the row is locked until the transaction ends. */
static const struct pg_statement hold_reach = {
    "hold_outbox", "SELECT 1 FROM followed_hubs WHERE hub = $1 AND line = $2 AND position = $3 FOR UPDATE"};
static const struct pg_statement move_reach = {
    "move_outbox", "UPDATE followed_hubs SET line = $2, position = $3, digest = $4 WHERE hub = $1"};
static const struct pg_statement put_event = {"put_hub_event",
                                              "INSERT INTO hub_events (hub, line, position, digest, build_id, event)"
                                              " VALUES ($1, $2, $3, $4, $5, $6)"};
static const struct pg_statement put_open = {
    "put_hub_import", "INSERT INTO hub_imports (hub, line, position, build_id) VALUES ($1, $2, $3, $4)"};

struct putting {
    const char *hub;
    const json_t *events; /* NULL: it went back */
    const struct store_outbox_reach *from;
    struct store_outbox_reach to;
};

static void put_reach(struct pg_params *params, const char *hub, const struct store_outbox_reach *reach)
{
    pg_put_text(params, hub);
    pg_put_int(params, reach->line);
    pg_put_int(params, reach->position);
}

static int hold(struct pg_connection *connection, const struct putting *p, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    put_reach(&params, p->hub, p->from);
    int held = pg_run(connection, &hold_reach, &params, NULL, err);
    if (held == 0)
        return cg_fail(err, CG_E_CONFLICT, "the record of hub %s is not at event %" PRId64 " any more", p->hub,
                       p->from->position);
    return held < 0 ? -1 : 0;
}

static int move(struct pg_connection *connection, const struct putting *p, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    put_reach(&params, p->hub, &p->to);
    pg_put_text(&params, p->to.digest);
    return pg_run(connection, &move_reach, &params, NULL, err) < 0 ? -1 : 0;
}

static int put_one(struct pg_connection *connection, struct putting *p, const json_t *event, struct cg_error *err)
{
    struct store_outbox_reach *to = &p->to;
    if (judge(event, to->position + 1, err) != 0 || store_outbox_digest(event, to->digest, err) != 0)
        return -1;
    to->position++;
    int64_t build_id = json_integer_value(json_object_get(event, "build_id"));
    PG_AUTO_PARAMS struct pg_params row = {0};
    put_reach(&row, p->hub, to);
    pg_put_text(&row, to->digest);
    pg_put_int(&row, build_id);
    pg_put_json(&row, event);
    if (pg_run(connection, &put_event, &row, NULL, err) < 0 || hub_build_apply(connection, p->hub, event, err) != 0)
        return -1;
    int told = has_leaf(connection, p->hub, event, err);
    if (told < 0 || (told == 0 && put_leaf(connection, p->hub, to, event, err) != 0))
        return -1;
    if (strcmp(text_of(event, "kind"), "import") != 0)
        return 0;
    PG_AUTO_PARAMS struct pg_params open = {0};
    put_reach(&open, p->hub, to);
    pg_put_int(&open, build_id);
    return pg_run(connection, &put_open, &open, NULL, err) < 0 ? -1 : 0;
}

static int put_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct putting *p = context;
    p->to = *p->from;
    if (hold(connection, p, err) != 0)
        return -1;
    size_t i;
    const json_t *event;
    json_array_foreach(p->events, i, event)
    {
        if (put_one(connection, p, event, err) != 0)
            return -1;
    }
    return move(connection, p, err);
}

int store_outbox_put(struct store *store, const char *hub, const json_t *events, struct store_outbox_reach *reach,
                     struct cg_error *err)
{
    struct putting p = {.hub = hub, .events = events, .from = reach};
    if (json_array_size(events) > STORE_OUTBOX_EVENTS_MAX)
        return cg_fail(err, CG_E_LIMIT, "%zu events at once, expected at most %u", json_array_size(events),
                       STORE_OUTBOX_EVENTS_MAX);
    if (pg_transaction(store, PG_WRITE, put_work, &p, err) < 0)
        return -1;
    *reach = p.to;
    return 0;
}

/* --- another history --------------------------------------------------------------------------------------------- */

static const struct pg_statement digest_at = {
    "hub_event_digest", "SELECT digest FROM hub_events WHERE hub = $1 AND position = $2 ORDER BY line DESC LIMIT 1"};

struct looking {
    const char *hub;
    int64_t position;
    char *digest;
};

static int look(struct pg_connection *connection, const struct looking *l, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, l->hub);
    pg_put_int(&params, l->position);
    PG_AUTO_ROWS PGresult *rows = NULL;
    int found = pg_run(connection, &digest_at, &params, &rows, err);
    if (found > 0)
        snprintf(l->digest, 65, "%s", PQgetvalue(rows, 0, 0));
    return found;
}

static int look_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    return look(connection, context, err);
}

int store_outbox_digest_at(struct store *store, const char *hub, int64_t position, char digest[65],
                           struct cg_error *err)
{
    struct looking l = {.hub = hub, .position = position, .digest = digest};
    return pg_transaction(store, PG_READ, look_work, &l, err);
}

/* Builds of which an undone event told; what is left of their history is told again. */
static const struct pg_statement undone_builds = {
    "undone_hub_builds", "UPDATE hub_builds SET state = 'gone', tags = '{}', told_by = 'outbox', told_at = now()"
                         " WHERE hub = $1 AND build_id IN (SELECT build_id FROM hub_events WHERE hub = $1"
                         " AND position > $2 AND position <= $3)"};
static const struct pg_statement kept_events = {
    "kept_hub_events",
    "SELECT e.event FROM (SELECT DISTINCT ON (position) position, build_id, event FROM hub_events WHERE hub = $1"
    " AND position <= $2 ORDER BY position, line DESC) e WHERE e.build_id IN (SELECT build_id FROM hub_events"
    " WHERE hub = $1 AND position > $2 AND position <= $3) ORDER BY e.position"};

static int tell_anew(struct pg_connection *connection, const struct putting *p, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, p->hub);
    pg_put_int(&params, p->to.position);
    pg_put_int(&params, p->from->position);
    PG_AUTO_ROWS PGresult *rows = NULL;
    if (pg_run(connection, &undone_builds, &params, NULL, err) < 0)
        return -1;
    int count = pg_run(connection, &kept_events, &params, &rows, err);
    for (int i = 0; i < count; i++) {
        CG_AUTO_JSON json_t *event = NULL;
        struct pg_row row = pg_row(rows, i);
        pg_get_json(&row, &event);
        if (pg_row_end(&row, err) != 0 || hub_build_apply(connection, p->hub, event, err) != 0)
            return -1;
    }
    return count < 0 ? -1 : 0;
}

static int back_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    struct putting *p = context;
    const struct looking l = {.hub = p->hub, .position = p->to.position, .digest = p->to.digest};
    p->to.digest[0] = '\0';
    if (hold(connection, p, err) != 0 || look(connection, &l, err) < 0 || tell_anew(connection, p, err) != 0)
        return -1;
    CG_AUTO_JSON json_t *detail = json_pack("{s:s, s:i, s:I, s:I}", "hub", p->hub, "line", p->to.line, "position",
                                            (json_int_t)p->to.position, "undone_to", (json_int_t)p->from->position);
    if (!detail)
        return cg_fail_memory(err);
    const struct audit_leaf leaf = {.type = "hub-went-back", .actor = "outbox", .detail = detail};
    return audit_leaf_put(connection, &leaf, err) != 0 ? -1 : move(connection, p, err);
}

int store_outbox_went_back(struct store *store, const char *hub, int64_t position, struct store_outbox_reach *reach,
                           struct cg_error *err)
{
    struct putting p = {.hub = hub, .from = reach, .to = {.line = reach->line + 1, .position = position}};
    if (pg_transaction(store, PG_WRITE, back_work, &p, err) < 0)
        return -1;
    *reach = p.to;
    return 0;
}
