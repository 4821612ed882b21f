/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/components.h"

#include "cg/bytes.h"

static const struct pg_statement find_components = {
    "find_components", "SELECT d.place, k.component_id FROM unnest($1::text[]) WITH ORDINALITY AS d(digest, place)"
                       " JOIN components k ON k.digest = d.digest"};
/* In the order of their digests, so that two imports never wait for each other's rows. */
static const struct pg_statement put_components = {
    "put_components",
    "INSERT INTO components (digest, component)"
    " SELECT c.digest, c.component FROM json_to_recordset($1::json) AS c(digest text, component jsonb)"
    " ORDER BY c.digest ON CONFLICT (digest) DO NOTHING"};

/* Appends the digests as the text of an array. */
static int append_digests(struct cg_bytes *out, const json_t *components, struct cg_error *err)
{
    size_t i;
    const json_t *entry;
    if (cg_bytes_append(out, "{", 1, err) != 0)
        return -1;
    json_array_foreach(components, i, entry)
    {
        const char *digest = json_string_value(json_object_get(entry, "digest"));
        if (!digest || strspn(digest, "0123456789abcdef") != 64 || digest[64] ||
            !json_is_object(json_object_get(entry, "component")))
            return cg_fail(err, CG_E_SYNTAX, "component %zu is none: expected its digest and an object", i);
        if (cg_bytes_printf(out, err, i ? ",%s" : "%s", digest) != 0)
            return -1;
    }
    return cg_bytes_append(out, "}", 1, err);
}

/* Numbers of those that are kept, 0 for others. How many are kept, -1. */
static int look_up(struct pg_connection *connection, const struct cg_bytes *digests, int *numbers, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, cg_bytes_text(digests));
    PG_AUTO_ROWS PGresult *rows = NULL;
    int count = pg_run(connection, &find_components, &params, &rows, err);
    for (int i = 0; i < count; i++) {
        struct pg_row row = pg_row(rows, i);
        size_t place = (size_t)pg_get_int(&row);
        numbers[place - 1] = (int)pg_get_int(&row);
    }
    return count;
}

static int put_missing(struct pg_connection *connection, const json_t *components, const int *numbers,
                       struct cg_error *err)
{
    CG_AUTO_JSON json_t *missing = json_array();
    size_t i;
    json_t *entry;
    json_array_foreach(components, i, entry)
    {
        if (numbers[i] == 0 && json_array_append(missing, entry) != 0)
            return cg_fail_memory(err);
    }
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_json(&params, missing);
    return pg_run(connection, &put_components, &params, NULL, err) < 0 ? -1 : 0;
}

int components_put(struct pg_connection *connection, const json_t *components, int *numbers, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes digests = {0};
    size_t count = json_array_size(components);
    if (append_digests(&digests, components, err) != 0)
        return -1;
    int known = look_up(connection, &digests, numbers, err);
    if (known < 0 || (size_t)known == count)
        return known < 0 ? -1 : 0;
    if (put_missing(connection, components, numbers, err) != 0)
        return -1;
    known = look_up(connection, &digests, numbers, err);
    if (known >= 0 && (size_t)known != count)
        return cg_fail(err, CG_E_INTERNAL, "%d of %zu components were kept", known, count);
    return known < 0 ? -1 : 0;
}
