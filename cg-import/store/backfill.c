/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/backfill.h"

#include "store/audit_leaf.h"
#include "store/hub_builds.h"
#include "store/transaction.h"

static const struct pg_statement is_known = {
    "is_known_build", "SELECT 1 FROM provenance_builds WHERE hub = $1 AND build_id = $2 LIMIT 1"};

struct listing {
    const char *hub;
    enum store_backfill_mode mode;
    struct store_listed_build *builds;
    size_t count;
};

/* What the hub's list says of a build that the trail has, if that is news. */
static int tell_news(struct pg_connection *connection, const char *hub, const struct store_listed_build *build,
                     struct cg_error *err)
{
    const char *state = hub_build_state(build->state);
    int news = hub_build_seen(connection, hub, build->build_id, build->nvr, state, err);
    if (news <= 0)
        return news;
    CG_AUTO_JSON json_t *detail = json_pack("{s:s, s:s, s:I, s:s*}", "origin", "backfill", "hub", hub, "build_id",
                                            (json_int_t)build->build_id, "state", state);
    if (!detail)
        return cg_fail_memory(err);
    const struct audit_leaf leaf = {.type = "build-seen", .actor = "backfill", .nvr = build->nvr, .detail = detail};
    return audit_leaf_put(connection, &leaf, err);
}

static int known_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct listing *l = context;
    for (size_t i = 0; i < l->count; i++) {
        struct store_listed_build *build = &l->builds[i];
        PG_AUTO_PARAMS struct pg_params params = {0};
        pg_put_text(&params, l->hub);
        pg_put_int(&params, build->build_id);
        int known = pg_run(connection, &is_known, &params, NULL, err);
        if (known < 0)
            return -1;
        build->known = known > 0;
        if (build->known && l->mode == STORE_BACKFILL_TELL && tell_news(connection, l->hub, build, err) != 0)
            return -1;
    }
    return 0;
}

int store_backfill_known(struct store *store, const char *hub, enum store_backfill_mode mode,
                         struct store_listed_build *builds, size_t count, struct cg_error *err)
{
    struct listing l = {.hub = hub, .mode = mode, .builds = builds, .count = count};
    return pg_transaction(store, mode == STORE_BACKFILL_LOOK ? PG_READ : PG_WRITE, known_work, &l, err);
}

/* --- complete ---------------------------------------------------------------------------------------------------- */

static const struct pg_statement put_complete = {
    "put_backfill",
    "INSERT INTO backfills AS b (hub, content_generator, package, since, until, complete_at, builds) VALUES ($1,"
    " coalesce($2, ''), coalesce($3, ''), CASE WHEN $4::float8 > 0 THEN to_timestamp($4::float8) ELSE '-infinity' END,"
    " CASE WHEN $5::float8 > 0 THEN to_timestamp($5::float8) ELSE 'infinity' END, to_timestamp($6::float8), $7)"
    " ON CONFLICT (hub, content_generator, package, since, until) DO UPDATE SET complete_at ="
    " greatest(b.complete_at, excluded.complete_at), builds = excluded.builds"};

static int complete_work(struct pg_connection *connection, void *context, struct cg_error *err)
{
    const struct store_backfill *b = context;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, b->hub);
    pg_put_text(&params, b->content_generator);
    pg_put_text(&params, b->package);
    pg_put_double(&params, b->since);
    pg_put_double(&params, b->until);
    pg_put_double(&params, b->complete_at);
    pg_put_int(&params, (int64_t)b->builds);
    CG_AUTO_JSON json_t *detail =
        json_pack("{s:s, s:s*, s:s*, s:I, s:I, s:I, s:I}", "hub", b->hub, "content_generator", b->content_generator,
                  "package", b->package, "since", (json_int_t)b->since, "until", (json_int_t)b->until, "complete_at",
                  (json_int_t)b->complete_at, "builds", (json_int_t)b->builds);
    if (!detail)
        return cg_fail_memory(err);
    if (pg_run(connection, &put_complete, &params, NULL, err) < 0)
        return -1;
    const struct audit_leaf leaf = {.type = "backfill", .actor = b->actor, .detail = detail};
    return audit_leaf_put(connection, &leaf, err);
}

int store_backfill_complete(struct store *store, const struct store_backfill *backfill, struct cg_error *err)
{
    struct store_backfill copy = *backfill;
    return pg_transaction(store, PG_WRITE, complete_work, &copy, err) < 0 ? -1 : 0;
}
