/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/components.h"

#include "cg/canon.h"
#include "cg/digest.h"

static int digest_of(const json_t *component, struct cg_digests *digests, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_canon(component, &text, err) != 0)
        return -1;
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    if (!digest || cg_digest_update(digest, text.data, text.size, err) != 0)
        return -1;
    return cg_digest_read(digest, digests, err);
}

json_t *components_digested(const json_t *components, struct cg_error *err)
{
    CG_AUTO_JSON json_t *digested = json_array();
    size_t position;
    json_t *component;
    json_array_foreach(components, position, component)
    {
        struct cg_digests digests;
        if (!json_is_object(component)) {
            cg_fail(err, CG_E_USAGE, "component %zu is not an object", position);
            return NULL;
        }
        if (digest_of(component, &digests, err) != 0)
            return NULL;
        json_t *row = json_pack("{s:I, s:s, s:O}", "position", (json_int_t)position, "digest", digests.sha256,
                                "component", component);
        if (!row || json_array_append_new(digested, row) != 0) {
            cg_fail_memory(err);
            return NULL;
        }
    }
    return CG_STEAL(digested);
}

/* In the order of their digests, so that two imports never wait for each other's rows. */
static const struct pg_statement put_components = {
    "put_components",
    "INSERT INTO components (digest, component)"
    " SELECT c.digest, c.component FROM json_to_recordset($1::json) AS c(digest text, component jsonb)"
    " WHERE NOT EXISTS (SELECT 1 FROM components k WHERE k.digest = c.digest)"
    " ORDER BY c.digest ON CONFLICT (digest) DO NOTHING"};
static const struct pg_statement refer_components = {
    "refer_components", "INSERT INTO import_components (import_id, position, component_id)"
                        " SELECT $1, c.position, k.component_id"
                        " FROM json_to_recordset($2::json) AS c(position integer, digest text)"
                        " JOIN components k ON k.digest = c.digest"};

int components_put(struct pg_connection *connection, const char *id, const json_t *digested, struct cg_error *err)
{
    PG_AUTO_PARAMS struct pg_params rows = {0};
    pg_put_json(&rows, digested);
    if (pg_run(connection, &put_components, &rows, NULL, err) < 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    pg_put_json(&params, digested);
    int referred = pg_run(connection, &refer_components, &params, NULL, err);
    if (referred < 0)
        return -1;
    if ((size_t)referred != json_array_size(digested))
        return cg_fail(err, CG_E_INTERNAL, "%d of %zu components were kept", referred, json_array_size(digested));
    return 0;
}
