/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/audit_leaf.h"

#include "base/clock.h"
#include "cg/canon.h"
#include "cg/check.h"
#include "cg/digest.h"
#include "cg/json.h"
#include "cg/merkle.h"
#include "store/postgres.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Of the members of a leaf, docs/audit.md. */
#define LEAF_VERSION 1

/* --- values --------------------------------------------------------------------------------------------------------
 */

static json_t *leaf_value(const json_t *value, unsigned depth);

static json_t *leaf_object(const json_t *object, unsigned depth)
{
    CG_AUTO_JSON json_t *copy = json_object();
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)object, name, member)
    {
        if (!json_is_null(member) && json_object_set_new(copy, name, leaf_value(member, depth + 1)) != 0)
            return NULL;
    }
    return CG_STEAL(copy);
}

static json_t *leaf_array(const json_t *array, unsigned depth)
{
    CG_AUTO_JSON json_t *copy = json_array();
    size_t i;
    json_t *member;
    json_array_foreach(array, i, member)
    {
        if (json_array_append_new(copy, leaf_value(member, depth + 1)) != 0)
            return NULL;
    }
    return CG_STEAL(copy);
}

/* A copy with nothing but strings, integers that everyone reads alike, and objects and arrays of these. NULL when out
 * of memory or deeper than any event is. */
static json_t *leaf_value(const json_t *value, unsigned depth)
{
    char text[CG_CANON_NUMBER_SIZE];
    if (depth > CG_JSON_DEPTH_MAX / 2)
        return NULL;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return leaf_object(value, depth);
    case JSON_ARRAY:
        return leaf_array(value, depth);
    case JSON_STRING:
        return json_incref((json_t *)(uintptr_t)value);
    case JSON_INTEGER:
        if (json_integer_value(value) <= CG_JSON_INTEGER_MAX && json_integer_value(value) >= -CG_JSON_INTEGER_MAX)
            return json_integer(json_integer_value(value));
        return json_sprintf("%lld", (long long)json_integer_value(value));
    case JSON_REAL:
        return cg_canon_number(json_real_value(value), text, NULL) == 0 ? json_string(text) : NULL;
    case JSON_TRUE:
        return json_string("true");
    case JSON_FALSE:
        return json_string("false");
    case JSON_NULL:
        return json_string("null");
    }
    return NULL;
}

/* --- what is too large is told by digest ---------------------------------------------------------------------------
 */

/* RFC 9162 root over the canonical texts of the outputs, so that one of them can be proved as well. */
static int outputs_root(const json_t *outputs, char hex[2 * CG_MERKLE_HASH_SIZE + 1], struct cg_error *err)
{
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(err);
    struct cg_merkle_range range = {0};
    struct cg_merkle_hash hash;
    if (!hasher)
        return -1;
    CG_AUTO_BYTES struct cg_bytes text = {0};
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        cg_bytes_clear(&text);
        if (cg_canon(json_array_get(outputs, i), &text, err) != 0 ||
            cg_merkle_hash_leaf(hasher, text.data, text.size, &hash, err) != 0 ||
            cg_merkle_range_append(&range, hasher, &hash, NULL, err) != 0)
            return -1;
    }
    if (cg_merkle_range_root(&range, hasher, &hash, err) != 0)
        return -1;
    cg_hex(hex, hash.bytes, sizeof hash.bytes);
    return 0;
}

static int shorten_outputs(json_t *leaf, struct cg_error *err)
{
    char hex[2 * CG_MERKLE_HASH_SIZE + 1];
    const json_t *outputs = json_object_get(leaf, "outputs");
    if (!outputs)
        return 0;
    if (outputs_root(outputs, hex, err) != 0)
        return -1;
    if (json_object_set_new(leaf, "outputs_count", json_integer((json_int_t)json_array_size(outputs))) != 0 ||
        json_object_set_new(leaf, "outputs_root", json_string(hex)) != 0 || json_object_del(leaf, "outputs") != 0)
        return cg_fail_memory(err);
    return 0;
}

static int shorten_detail(json_t *leaf, struct cg_error *err)
{
    const json_t *detail = json_object_get(leaf, "detail");
    CG_AUTO_BYTES struct cg_bytes text = {0};
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    struct cg_digests digests;
    if (!detail)
        return 0;
    if (!digest || cg_canon(detail, &text, err) != 0 || cg_digest_update(digest, text.data, text.size, err) != 0 ||
        cg_digest_read(digest, &digests, err) != 0)
        return -1;
    if (json_object_set_new(leaf, "detail_size", json_integer((json_int_t)text.size)) != 0 ||
        json_object_set_new(leaf, "detail_sha256", json_string(digests.sha256)) != 0 ||
        json_object_del(leaf, "detail") != 0)
        return cg_fail_memory(err);
    return 0;
}

/* --- the leaf ------------------------------------------------------------------------------------------------------
 */

#define TIME_SIZE 40

static int time_text(char text[TIME_SIZE], struct cg_error *err)
{
    double at = clock_epoch_seconds();
    time_t seconds = (time_t)at;
    struct tm parts;
    char day[24];
    if (!gmtime_r(&seconds, &parts) || strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return cg_fail(err, CG_E_INTERNAL, "the clock of this machine is out of range");
    snprintf(text, TIME_SIZE, "%s.%06uZ", day, (unsigned)((at - (double)seconds) * 1e6) % 1000000U);
    return 0;
}

static json_t *leaf_object_of(const struct audit_leaf *leaf, const char *id, struct cg_error *err)
{
    char now[TIME_SIZE];
    if (!leaf->time && time_text(now, err) != 0)
        return NULL;
    CG_AUTO_JSON json_t *object =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s*, s:s*}", "v", LEAF_VERSION, "id", id, "type", leaf->type, "time",
                  leaf->time ? leaf->time : now, "actor", leaf->actor, "import", leaf->import_id, "nvr", leaf->nvr);
    bool good = object != NULL;
    if (leaf->event_id)
        good = good && json_object_set_new(object, "event", json_integer(leaf->event_id)) == 0;
    if (leaf->members)
        good = good && json_object_update(object, (json_t *)(uintptr_t)leaf->members) == 0;
    if (leaf->outputs)
        good = good && json_object_set(object, "outputs", leaf->outputs) == 0;
    if (json_object_size(leaf->detail) > 0)
        good = good && json_object_set_new(object, "detail", leaf_value(leaf->detail, 0)) == 0;
    if (!good)
        cg_fail(err, CG_E_MEMORY, "a leaf of the audit log could not be made");
    return good ? CG_STEAL(object) : NULL;
}

int audit_leaf_format(const struct audit_leaf *leaf, const char *id, struct cg_bytes *text, struct cg_error *err)
{
    static int (*const shorten[])(json_t *, struct cg_error *) = {shorten_outputs, shorten_detail};
    CG_AUTO_JSON json_t *object = leaf_object_of(leaf, id, err);
    if (!object || cg_canon(object, text, err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof shorten / sizeof shorten[0] && text->size > STORE_LEAF_MAX; i++) {
        cg_bytes_clear(text);
        if (shorten[i](object, err) != 0 || cg_canon(object, text, err) != 0)
            return -1;
    }
    if (text->size > STORE_LEAF_MAX)
        return cg_fail(err, CG_E_LIMIT, "a leaf of the audit log has %zu bytes, expected at most %d", text->size,
                       STORE_LEAF_MAX);
    return 0;
}

/* The first that comes to an empty table wakes the sequencer; those after it find it awake, and save themselves the
 * lock by which PostgreSQL makes notifying transactions commit one after the other. */
static const struct pg_statement put_pending = {
    "put_pending", "WITH put AS (INSERT INTO audit_pending (id, event_id, import_id, type, nvr, leaf)"
                   " VALUES ($1, $2, $3, $4, $5, convert_to($6::text, 'UTF8')) RETURNING id)"
                   " SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM audit_pending) THEN pg_notify('cg_import_audit', '')"
                   " END FROM put"};

int audit_leaf_put(struct pg_connection *connection, const struct audit_leaf *leaf, struct cg_error *err)
{
    char id[STORE_ID_SIZE];
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (store_new_id(id, err) != 0 || audit_leaf_format(leaf, id, &text, err) != 0)
        return -1;
    PG_AUTO_PARAMS struct pg_params params = {0};
    pg_put_text(&params, id);
    if (leaf->event_id)
        pg_put_int(&params, leaf->event_id);
    else
        pg_put_text(&params, NULL);
    pg_put_text(&params, leaf->import_id);
    pg_put_text(&params, leaf->type);
    pg_put_text(&params, leaf->nvr);
    pg_put_text(&params, cg_bytes_text(&text));
    return pg_run(connection, &put_pending, &params, NULL, err) < 0 ? -1 : 0;
}

json_t *audit_leaf_schema(struct cg_error *err)
{
    const char *text = cg_check_schema_text();
    CG_AUTO_JSON json_t *schema = cg_json_read(text, strlen(text), NULL, err);
    CG_AUTO_DIGEST struct cg_digest *digest = schema ? cg_digest_create(CG_DIGEST_SHA256, err) : NULL;
    struct cg_digests digests;
    if (!digest || cg_digest_update(digest, text, strlen(text), err) != 0 || cg_digest_read(digest, &digests, err) != 0)
        return NULL;
    json_t *members =
        json_pack("{s:O, s:s}", "schema_id", json_object_get(schema, "$id"), "schema_sha256", digests.sha256);
    if (!members)
        cg_fail_memory(err);
    return members;
}
