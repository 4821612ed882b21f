/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/content.h"

#include "logic/archive_path.h"
#include "logic/locks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* koji.CHECKSUM_TYPES; -1: the hub's tables have no such digests. */
static int koji_checksum_type(enum cg_digest_kind kind)
{
    switch (kind) {
    case CG_DIGEST_MD5:
        return 0;
    case CG_DIGEST_SHA1:
        return 1;
    case CG_DIGEST_SHA256:
        return 2;
    default:
        return -1;
    }
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

/*
 * The contents as three lists of words, since one statement asks for all. Sorting by "id + 0" keeps the planner from
 * walking the primary key backwards instead of using the index on the checksum.
 */
static const char find_places[] =
    "SELECT t.ord::text, f.volume, f.name, f.version, f.release, f.btype, f.filename, f.relpath, f.group_id,"
    " f.artifact_id, f.maven_version"
    " FROM unnest(string_to_array(%s, ' '), string_to_array(%s, ' ')::bigint[], string_to_array(%s, ' ')::int[])"
    " WITH ORDINALITY AS t(checksum, size, type, ord)"
    " CROSS JOIN LATERAL ("
    "SELECT v.name AS volume, p.name, b.version, b.release, y.name AS btype, a.filename, w.relpath, m.group_id,"
    " m.artifact_id, m.version AS maven_version, a.id"
    " FROM archiveinfo a JOIN build b ON b.id = a.build_id JOIN package p ON p.id = b.pkg_id"
    " JOIN volume v ON v.id = b.volume_id LEFT JOIN btype y ON y.id = a.btype_id"
    " LEFT JOIN win_archives w ON w.archive_id = a.id LEFT JOIN maven_archives m ON m.archive_id = a.id"
    " WHERE a.checksum = t.checksum AND a.size = t.size AND a.checksum_type = t.type AND NOT a.metadata_only"
    " AND b.state = 1"
    " AND ((%s::boolean AND t.type <> 0) OR EXISTS (SELECT 1 FROM cg_users u"
    " WHERE u.cg_id = b.cg_id AND u.user_id = %s::bigint AND u.active))"
    " ORDER BY a.id + 0 DESC LIMIT %s::int) AS f"
    " ORDER BY t.ord, f.id DESC";

struct words {
    struct cg_bytes checksums;
    struct cg_bytes sizes;
    struct cg_bytes types;
};

static void words_finish(struct words *words)
{
    cg_bytes_finish(&words->checksums);
    cg_bytes_finish(&words->sizes);
    cg_bytes_finish(&words->types);
}

static int add_words(struct words *words, const struct content_id *content, struct cg_error *err)
{
    const char *blank = words->checksums.size > 0 ? " " : "";
    if (cg_bytes_printf(&words->checksums, err, "%s%s", blank, content->checksum) < 0 ||
        cg_bytes_printf(&words->sizes, err, "%s%" PRIu64, blank, content->size_bytes) < 0)
        return -1;
    return cg_bytes_printf(&words->types, err, "%s%d", blank, koji_checksum_type(content->kind));
}

static int ask(const struct database *database, const struct content_viewer *viewer, const struct words *words,
               struct database_rows *rows, struct cg_error *err)
{
    char user[24];
    char most[24];
    snprintf(user, sizeof user, "%" PRId64, viewer->user_id);
    snprintf(most, sizeof most, "%d", CONTENT_PLACES);
    const char *const values[] = {cg_bytes_text(&words->checksums),
                                  cg_bytes_text(&words->sizes),
                                  cg_bytes_text(&words->types),
                                  viewer->sight == CONTENT_OF_ALL ? "true" : "false",
                                  user,
                                  most};
    return database_run(database, find_places, values, sizeof values / sizeof values[0], rows, err);
}

/* --- what was answered -------------------------------------------------------------------------------------------- */

/* 1: a place; 0: its columns make none, so it is left out; -1. */
static int place_of(const struct database_rows *rows, size_t row, const char *topdir, struct content_place *place,
                    struct cg_error *err)
{
    const struct archive_row archive = {
        .volume = database_cell(rows, row, 1),
        .name = database_cell(rows, row, 2),
        .version = database_cell(rows, row, 3),
        .release = database_cell(rows, row, 4),
        .btype = database_cell(rows, row, 5),
        .filename = database_cell(rows, row, 6),
        .win_relpath = database_cell(rows, row, 7),
        .maven_group = database_cell(rows, row, 8),
        .maven_artifact = database_cell(rows, row, 9),
        .maven_version = database_cell(rows, row, 10),
    };
    CG_AUTO_BYTES struct cg_bytes root = {0};
    CG_AUTO_BYTES struct cg_bytes path = {0};
    CG_AUTO_BYTES struct cg_bytes nvr = {0};
    struct cg_error failed = {0};
    if (archive_root(&archive, topdir, &root, &failed) < 0 || archive_path(&archive, &path, &failed) < 0) {
        if (failed.code == CG_E_USAGE)
            return 0;
        *err = failed;
        return -1;
    }
    if (cg_bytes_printf(&nvr, err, "%s-%s-%s", archive.name, archive.version, archive.release) < 0)
        return -1;
    *place = (struct content_place){
        .content = (size_t)database_number(rows, row, 0) - 1,
        .root = cg_bytes_steal(&root),
        .path = cg_bytes_steal(&path),
        .nvr = cg_bytes_steal(&nvr),
    };
    return 1;
}

int content_find(const struct database *database, const struct content_viewer *viewer, const char *topdir,
                 const struct content_id *contents, size_t count, struct content_places *places, struct cg_error *err)
{
    struct words words CG_AUTO(words_finish) = {0};
    AUTO_DATABASE_ROWS struct database_rows rows = {0};
    if (count > CONTENT_MOST)
        return cg_fail(err, CG_E_USAGE, "%zu contents in one call, expected at most %d", count, CONTENT_MOST);
    for (size_t i = 0; i < count; i++)
        if (add_words(&words, &contents[i], err) < 0)
            return -1;
    if (count > 0 && ask(database, viewer, &words, &rows, err) < 0)
        return -1;

    AUTO_CONTENT_PLACES struct content_places made = {.items = calloc(rows.count + 1, sizeof *made.items)};
    if (!made.items)
        return cg_fail_memory(err);
    for (size_t row = 0; row < rows.count; row++) {
        int placed = place_of(&rows, row, topdir, &made.items[made.count], err);
        if (placed < 0)
            return -1;
        made.count += (size_t)placed;
    }
    *places = CG_MOVE(made);
    return 0;
}

void content_places_finish(struct content_places *places)
{
    for (size_t i = 0; i < places->count; i++) {
        free(places->items[i].root);
        free(places->items[i].path);
        free(places->items[i].nvr);
    }
    free(places->items);
    *places = (struct content_places){0};
}

/* --- seals -------------------------------------------------------------------------------------------------------- */

int content_seal_find(const struct database *database, const struct content_id *content, struct content_seal *seal,
                      struct cg_error *err)
{
    char size[24];
    AUTO_DATABASE_ROWS struct database_rows rows = {0};
    snprintf(size, sizeof size, "%" PRIu64, content->size_bytes);
    const char *const values[] = {content->checksum, size, cg_digest_name(content->kind)};
    if (database_run(database,
                     "SELECT key, tag FROM cgimport.seal WHERE checksum = %s AND size = %s::bigint"
                     " AND checksum_type = %s",
                     values, 3, &rows, err) < 0)
        return -1;
    int known = seal_read(database_cell(&rows, 0, 0), database_cell(&rows, 0, 1), &seal->seal);
    seal->standing = known ? SEAL_KNOWN : SEAL_UNKNOWN;
    return 0;
}

int content_seal_keep(const struct database *database, const struct content_id *content,
                      const struct content_seal *seal, struct cg_error *err)
{
    struct seal_text text;
    char size[24];
    char lock[24];
    seal_write(&seal->seal, &text);
    snprintf(size, sizeof size, "%" PRIu64, content->size_bytes);
    snprintf(lock, sizeof lock, "%" PRId64, lock_number(LOCK_SEAL, content->checksum));
    const char *const values[] = {cg_digest_name(content->kind), content->checksum, size, text.key, text.tag, lock};
    return database_run(database,
                        "INSERT INTO cgimport.seal (checksum_type, checksum, size, key, tag)"
                        " SELECT %s, %s, %s::bigint, %s, %s WHERE pg_try_advisory_xact_lock(%s::bigint)"
                        " ON CONFLICT DO NOTHING",
                        values, 6, NULL, err);
}
