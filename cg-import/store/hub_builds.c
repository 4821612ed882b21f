/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/hub_builds.h"

#include <string.h>

const char *hub_build_state(int64_t number)
{
    static const char *const names[] = {"building", "complete", "deleted", "failed", "canceled"};
    return number >= 0 && number < (int64_t)(sizeof names / sizeof names[0]) ? names[number] : NULL;
}

/* $5: state, null: as it was. $6, $7: a tag that it gets, and one that it loses. */
static const struct pg_statement apply = {
    "apply_hub_build",
    "INSERT INTO hub_builds AS h (hub, build_id, nvr, told_at, state, tags, told_by) VALUES ($1, $2, $3,"
    " $4::timestamptz, $5, CASE WHEN $6::text IS NULL THEN '{}' ELSE ARRAY[$6::text] END, 'outbox')"
    " ON CONFLICT (hub, build_id) DO UPDATE SET nvr = excluded.nvr, told_at = excluded.told_at, told_by = 'outbox',"
    " state = coalesce(excluded.state, h.state),"
    " tags = array_remove(array_remove(h.tags, $7::text), $6::text) || excluded.tags"};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* An import makes a build complete, which the record tells of by itself only where it was reserved. */
static const char *state_told(const char *kind, const json_t *detail)
{
    const json_t *to = json_object_get(detail, "new");
    if (strcmp(kind, "import") == 0)
        return "complete";
    return strcmp(kind, "state") == 0 && json_is_integer(to) ? hub_build_state(json_integer_value(to)) : NULL;
}

int hub_build_apply(struct pg_connection *connection, const char *hub, const json_t *event, struct cg_error *err)
{
    const char *kind = text_of(event, "kind"), *tag = text_of(json_object_get(event, "detail"), "tag");
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, hub);
    pg_put_int(&params, json_integer_value(json_object_get(event, "build_id")));
    pg_put_text(&params, text_of(event, "nvr"));
    pg_put_text(&params, text_of(event, "time"));
    pg_put_text(&params, state_told(kind, json_object_get(event, "detail")));
    pg_put_text(&params, strcmp(kind, "tag") == 0 ? tag : NULL);
    pg_put_text(&params, strcmp(kind, "untag") == 0 ? tag : NULL);
    return pg_run(connection, &apply, &params, NULL, err) < 0 ? -1 : 0;
}

static const struct pg_statement seen = {
    "see_hub_build",
    "INSERT INTO hub_builds AS h (hub, build_id, nvr, state, told_at, told_by) VALUES ($1, $2, $3, $4, now(),"
    " 'backfill') ON CONFLICT (hub, build_id) DO UPDATE SET nvr = excluded.nvr, state = excluded.state,"
    " told_at = excluded.told_at WHERE h.told_by = 'backfill' AND (h.nvr, h.state) IS DISTINCT FROM"
    " (excluded.nvr, excluded.state)"};

int hub_build_seen(struct pg_connection *connection, const char *hub, int64_t build_id, const char *nvr,
                   const char *state, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, hub);
    pg_put_int(&params, build_id);
    pg_put_text(&params, nvr);
    pg_put_text(&params, state);
    return pg_run(connection, &seen, &params, NULL, err);
}
