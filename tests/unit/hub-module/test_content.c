/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "hub_database.h"
#include "postgres.h"

#include "cg/auto.h"
#include "logic/content.h"

#include <stdio.h>

#define SHA "00000000000000000000000000000000000000000000000000000000000000"
#define MD5 "000000000000000000000000000000"

/*
 * Builds 1 and 4 are on the default volume, 2 by another generator on the volume "fast", 3 is deleted; 4 came without a
 * generator. User 10 may import for generator 1, 20 for generator 2.
 */
static const char archives[] =
    "INSERT INTO archiveinfo (id, btype_id, build_id, filename, size, checksum, checksum_type, metadata_only) VALUES"
    " (1, 1, 1, 'image.tar', 5, '" SHA "01', 2, false), (2, 4, 2, 'sources.tar', 5, '" SHA "02', 2, false),"
    " (3, 1, 3, 'deleted.tar', 5, '" SHA "03', 2, false), (4, 1, 1, 'nowhere.tar', 5, '" SHA "04', 2, true),"
    " (5, 1, 1, 'old.tar', 5, '" MD5 "05', 0, false), (6, 1, 2, 'other.tar', 5, '" MD5 "06', 0, false),"
    " (7, 2, 1, 'a.jar', 5, '" SHA "07', 2, false), (8, 3, 1, 'a.exe', 5, '" SHA "08', 2, false),"
    " (9, NULL, 4, 'ancient.tar', 5, '" SHA "09', 2, false);"
    "INSERT INTO archiveinfo (id, btype_id, build_id, filename, size, checksum, checksum_type)"
    " SELECT n, 1, 1, 'copy' || n, 5, '" SHA "10', 2 FROM generate_series(10, 19) AS n;"
    "INSERT INTO maven_archives VALUES (7, 'org.example', 'a', '1');"
    "INSERT INTO win_archives VALUES (8, 'bin/x86');";

static struct hub_connection *prepared(void)
{
    if (!postgres_there()) {
        print_message("skipped: no PostgreSQL server programs\n");
        skip();
    }
    const char *conninfo = hub_database_create();
    assert_string_equal(postgres_sql(conninfo, archives), "");
    return hub_connect(conninfo);
}

static struct content_id sha256(const char *checksum)
{
    return (struct content_id){CG_DIGEST_SHA256, checksum, 5};
}

static void find(struct hub_connection *hub, int64_t user_id, enum content_sight sight, const struct content_id *ids,
                 size_t count, struct content_places *places)
{
    struct cg_error err = {0};
    const struct content_viewer viewer = {user_id, sight};
    assert_int_equal(content_find(hub_connection_database(hub), &viewer, "/mnt/koji", ids, count, places, &err), 0);
    assert_string_equal(err.message, "");
}

/* Where the one content is found; "" for nowhere. */
static void assert_found_at(struct hub_connection *hub, int64_t user_id, enum content_sight sight, struct content_id id,
                            const char *expected)
{
    AUTO_CONTENT_PLACES struct content_places places = {0};
    char found[300] = "";
    find(hub, user_id, sight, &id, 1, &places);
    if (places.count > 0)
        snprintf(found, sizeof found, "%s %s", places.items[0].root, places.items[0].path);
    assert_string_equal(found, expected);
}

static void archives_are_found_where_the_hub_keeps_them(void **state)
{
    (void)state;
    struct hub_connection *hub = prepared();
    assert_found_at(hub, 10, CONTENT_OF_ALL, sha256(SHA "01"), "/mnt/koji/packages pkg/1/1/images/image.tar");
    assert_found_at(hub, 10, CONTENT_OF_ALL, sha256(SHA "02"),
                    "/mnt/koji/vol/fast/packages pkg/1/2/files/remote-sources/sources.tar");
    assert_found_at(hub, 10, CONTENT_OF_ALL, sha256(SHA "07"),
                    "/mnt/koji/packages pkg/1/1/maven/org/example/a/1/a.jar");
    assert_found_at(hub, 10, CONTENT_OF_ALL, sha256(SHA "08"), "/mnt/koji/packages pkg/1/1/win/bin/x86/a.exe");
    assert_found_at(hub, 10, CONTENT_OF_ALL, sha256(SHA "09"), "/mnt/koji/packages pkg/1/4/images/ancient.tar");
    hub_disconnect(hub);
}

static void what_has_no_file_is_not_found(void **state)
{
    (void)state;
    struct hub_connection *hub = prepared();
    struct content_id other_size = {CG_DIGEST_SHA256, SHA "01", 6};
    struct content_id other_kind = {CG_DIGEST_MD5, SHA "01", 5};
    assert_found_at(hub, 10, CONTENT_OF_ALL, sha256(SHA "99"), "");
    assert_found_at(hub, 10, CONTENT_OF_ALL, sha256(SHA "03"), ""); /* deleted */
    assert_found_at(hub, 10, CONTENT_OF_ALL, sha256(SHA "04"), ""); /* metadata only */
    assert_found_at(hub, 10, CONTENT_OF_ALL, other_size, "");
    assert_found_at(hub, 10, CONTENT_OF_ALL, other_kind, "");
    hub_disconnect(hub);
}

/* Of others' builds nobody learns unless the site says so, and by md5 not even then. */
static void callers_see_their_own_generators(void **state)
{
    (void)state;
    struct hub_connection *hub = prepared();
    struct content_id own_md5 = {CG_DIGEST_MD5, MD5 "05", 5};
    struct content_id other_md5 = {CG_DIGEST_MD5, MD5 "06", 5};
    const char *image = "/mnt/koji/packages pkg/1/1/images/image.tar";
    assert_found_at(hub, 10, CONTENT_OF_OWN_GENERATORS, sha256(SHA "01"), image);
    assert_found_at(hub, 20, CONTENT_OF_OWN_GENERATORS, sha256(SHA "01"), "");
    assert_found_at(hub, 30, CONTENT_OF_OWN_GENERATORS, sha256(SHA "01"), "");
    assert_found_at(hub, 30, CONTENT_OF_ALL, sha256(SHA "01"), image);
    assert_found_at(hub, 10, CONTENT_OF_OWN_GENERATORS, sha256(SHA "02"), ""); /* no longer allowed */
    assert_found_at(hub, 10, CONTENT_OF_OWN_GENERATORS, sha256(SHA "09"), "");
    assert_found_at(hub, 10, CONTENT_OF_ALL, own_md5, "/mnt/koji/packages pkg/1/1/images/old.tar");
    assert_found_at(hub, 10, CONTENT_OF_ALL, other_md5, "");
    hub_disconnect(hub);
}

static void many_are_asked_for_at_once(void **state)
{
    (void)state;
    struct hub_connection *hub = prepared();
    AUTO_CONTENT_PLACES struct content_places places = {0};
    const struct content_id ids[] = {sha256(SHA "99"), sha256(SHA "10"), sha256(SHA "03"), sha256(SHA "01")};
    find(hub, 10, CONTENT_OF_OWN_GENERATORS, ids, 4, &places);
    assert_int_equal(places.count, CONTENT_PLACES + 1);
    assert_int_equal(places.items[0].content, 1);
    assert_string_equal(places.items[0].path, "pkg/1/1/images/copy19"); /* the newest first */
    assert_string_equal(places.items[CONTENT_PLACES - 1].path, "pkg/1/1/images/copy16");
    assert_int_equal(places.items[CONTENT_PLACES].content, 3);
    assert_string_equal(places.items[CONTENT_PLACES].nvr, "pkg-1-1");
    hub_disconnect(hub);
}

static void there_is_a_most(void **state)
{
    (void)state;
    struct hub_connection *hub = prepared();
    struct cg_error err = {0};
    struct content_places places = {0};
    const struct content_viewer viewer = {10, CONTENT_OF_ALL};
    const struct database *database = hub_connection_database(hub);
    CG_AUTO_FREE struct content_id *ids = calloc(CONTENT_MOST + 1, sizeof *ids);
    for (size_t i = 0; i <= CONTENT_MOST; i++)
        ids[i] = sha256(SHA "99");
    assert_int_equal(content_find(database, &viewer, "/mnt/koji", ids, CONTENT_MOST, &places, &err), 0);
    content_places_finish(&places);
    assert_int_equal(content_find(database, &viewer, "/mnt/koji", ids, 0, &places, &err), 0);
    content_places_finish(&places);
    assert_int_equal(content_find(database, &viewer, "/mnt/koji", ids, CONTENT_MOST + 1, &places, &err), -1);
    assert_error(&err, CG_E_USAGE, "1001 contents in one call, expected at most 1000");
    hub_disconnect(hub);
}

static void seals_are_kept_by_content(void **state)
{
    (void)state;
    struct hub_connection *hub = prepared();
    const struct database *database = hub_connection_database(hub);
    struct cg_error err = {0};
    struct content_id id = sha256(SHA "01");
    struct content_id larger = {CG_DIGEST_SHA256, SHA "01", 6};
    struct content_seal made = {.standing = SEAL_MADE, .seal = {.key = {1, 2}, .tag = {3, 4}}};
    struct content_seal second = {.standing = SEAL_MADE, .seal = {.key = {5}, .tag = {6}}};
    struct content_seal found = {0};
    assert_int_equal(content_seal_find(database, &id, &found, &err), 0);
    assert_int_equal(found.standing, SEAL_UNKNOWN);
    assert_int_equal(content_seal_keep(database, &id, &made, &err), 0);
    assert_int_equal(content_seal_keep(database, &id, &second, &err), 0);
    assert_int_equal(content_seal_find(database, &id, &found, &err), 0);
    assert_int_equal(found.standing, SEAL_KNOWN);
    assert_memory_equal(&found.seal, &made.seal, sizeof made.seal);
    assert_int_equal(content_seal_find(database, &larger, &found, &err), 0);
    assert_int_equal(found.standing, SEAL_UNKNOWN);
    assert_string_equal(err.message, "");
    hub_disconnect(hub);
}

/* An import that has kept one may go on for long; two with the same contents in another order would wait in a circle.
 */
static void nobody_waits_to_keep_a_seal(void **state)
{
    (void)state;
    if (!postgres_there())
        skip();
    const char *conninfo = hub_database_create();
    struct hub_connection *first = hub_connect(conninfo);
    struct hub_connection *second = hub_connect(conninfo);
    struct cg_error err = {0};
    struct content_id id = sha256(SHA "01");
    struct content_seal made = {.standing = SEAL_MADE, .seal = {.key = {1, 2}, .tag = {3, 4}}};
    struct content_seal other = {.standing = SEAL_MADE, .seal = {.key = {5}, .tag = {6}}};
    struct content_seal found = {0};
    assert_int_equal(
        database_run(hub_connection_database(second), "SET LOCAL lock_timeout = '1s'", NULL, 0, NULL, &err), 0);
    assert_int_equal(content_seal_keep(hub_connection_database(first), &id, &made, &err), 0);
    assert_int_equal(content_seal_keep(hub_connection_database(second), &id, &other, &err), 0);
    assert_string_equal(err.message, "");
    assert_string_equal(hub_commit(second), "");
    assert_string_equal(hub_commit(first), "");
    assert_int_equal(content_seal_find(hub_connection_database(second), &id, &found, &err), 0);
    assert_memory_equal(&found.seal, &made.seal, sizeof made.seal);
    hub_disconnect(first);
    hub_disconnect(second);
}

/* Ten thousand archives are enough for the planner to choose, and it is the index that is asked. */
static void the_index_is_used(void **state)
{
    (void)state;
    if (!postgres_there())
        skip();
    const char *conninfo = hub_database_create();
    assert_string_equal(postgres_sql(conninfo, "INSERT INTO archiveinfo (id, btype_id, build_id, filename, size,"
                                               " checksum, checksum_type) SELECT n, 1, 1, 'f', n, md5(n::text), 0"
                                               " FROM generate_series(1, 10000) AS n; ANALYZE archiveinfo"),
                        "");
    const char *plan = postgres_sql(conninfo, "EXPLAIN SELECT 1 FROM archiveinfo a WHERE a.checksum = md5('7')"
                                              " AND a.size = 7 AND a.checksum_type = 0 AND NOT a.metadata_only");
    if (!strstr(plan, "cgimport_archiveinfo_checksum"))
        fail_msg("%s", plan);
}

/* Applied again nothing changes; taken out nothing is left; and an index that was not finished is made anew. */
static void the_database_is_prepared_and_left_clean(void **state)
{
    (void)state;
    if (!postgres_there())
        skip();
    char install[600];
    char leave[600];
    const char *top = getenv("CG_TOP") ? getenv("CG_TOP") : ".";
    const char *conninfo = hub_database_create();
    snprintf(install, sizeof install, "\\i %s/schema/hub-sql/install.sql", top);
    snprintf(leave, sizeof leave, "\\i %s/schema/hub-sql/remove.sql", top);
    static const char count[] = "SELECT (SELECT count(*) FROM pg_class WHERE relname LIKE 'cgimport_archive%')"
                                " || ' ' || (SELECT count(*) FROM pg_namespace WHERE nspname = 'cgimport')";
    assert_string_equal(postgres_sql(conninfo, install), "the database is ready for the hub module");
    assert_string_equal(postgres_sql(conninfo, count), "1 1");
    assert_string_equal(postgres_sql(conninfo, "UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
                                               " 'cgimport_archiveinfo_checksum'::regclass"),
                        "");
    assert_string_equal(postgres_sql(conninfo, install), "the database is ready for the hub module");
    assert_string_equal(postgres_sql(conninfo, "SELECT indisvalid FROM pg_index WHERE indexrelid ="
                                               " 'cgimport_archiveinfo_checksum'::regclass"),
                        "t");
    assert_string_equal(postgres_sql(conninfo, leave), "nothing of the hub module is left in the database");
    assert_string_equal(postgres_sql(conninfo, count), "0 0");
    assert_string_equal(postgres_sql(conninfo, leave), "nothing of the hub module is left in the database");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archives_are_found_where_the_hub_keeps_them),
        cmocka_unit_test(what_has_no_file_is_not_found),
        cmocka_unit_test(callers_see_their_own_generators),
        cmocka_unit_test(many_are_asked_for_at_once),
        cmocka_unit_test(there_is_a_most),
        cmocka_unit_test(seals_are_kept_by_content),
        cmocka_unit_test(nobody_waits_to_keep_a_seal),
        cmocka_unit_test(the_index_is_used),
        cmocka_unit_test(the_database_is_prepared_and_left_clean),
    };
    return cmocka_run_group_tests(tests, postgres_start, postgres_stop);
}
