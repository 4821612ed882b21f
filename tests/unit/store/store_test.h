/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_TEST_H
#define STORE_TEST_H

/* What the tests of the store share: a store on a database of its own, contents and imports made with few words. */

#include "postgres.h"
#include "quoted.h"
#include "unit.h"

#include "store/callers.h"
#include "store/contents.h"
#include "store/outbox.h"
#include "store/queue.h"

#include <stdio.h>
#include <stdlib.h>

#define HUB "koji"
#define GENERATOR "osbs"

/* The connection string of the database that open_store made last. */
static const char *database;

static inline struct store *open_at(const char *conninfo)
{
    struct cg_error err = {0};
    /* A server that was killed may be long in coming back. */
    const struct store_options options = {.conninfo = conninfo, .connections = 4, .patience_ms = 600000};
    struct store *store = store_open(&options, &err);
    assert_string_equal(err.message, "");
    assert_non_null(store);
    return store;
}

/* A store on a new database with the schema. Skips the test, aloud, where there is no PostgreSQL. */
static inline struct store *open_store(void)
{
    if (!postgres_there()) {
        print_message("skipped: no PostgreSQL server programs\n");
        skip();
    }
    database = postgres_database();
    struct store *store = open_at(database);
    struct cg_error err = {0};
    unsigned applied = 0;
    assert_int_equal(store_migrate(store, &applied, &err), 0);
    assert_string_equal(err.message, "");
    return store;
}

/* One row of one column, of the store's database. */
static inline const char *sql(const char *text)
{
    return postgres_sql(database, text);
}

/* Waits until that row is `expected`. */
static inline void await(const char *text, const char *expected)
{
    postgres_await(database, text, expected);
}

/* 64 digits: a stand-in for the sha256 of something called `number`. */
static inline const char *sha256_of(unsigned number)
{
    static char texts[16][65];
    static unsigned next;
    char *text = texts[next++ % 16];
    snprintf(text, sizeof texts[0], "%064x", number);
    return text;
}

static inline const char *md5_of(unsigned number)
{
    return sha256_of(number) + 32;
}

/* Records the content called `number`. */
static inline void add_content(struct store *store, unsigned number, uint64_t size_bytes)
{
    struct cg_digests digests = {.size_bytes = size_bytes};
    snprintf(digests.sha256, sizeof digests.sha256, "%s", sha256_of(number));
    snprintf(digests.md5, sizeof digests.md5, "%s", md5_of(number));
    snprintf(digests.adler32, sizeof digests.adler32, "%08x", number);
    struct cg_error err = {0};
    assert_int_equal(store_content_add(store, &digests, &err), 0);
    assert_string_equal(err.message, "");
}

/* What is posted: metadata called `metadata` for the NVR, without outputs; change it before posting. */
static inline struct store_new_import posted(const char *nvr, unsigned metadata)
{
    return (struct store_new_import){.hub = HUB,
                                     .nvr = nvr,
                                     .content_generator = GENERATOR,
                                     .package = "pkg",
                                     .metadata_sha256 = sha256_of(metadata),
                                     .metadata_bytes = 10,
                                     .caller = "builder",
                                     .request_id = "r1"};
}

/* An output of the metadata; its texts are borrowed. */
static inline struct store_output output(unsigned position, const char *path, uint64_t size_bytes, const char *type,
                                         const char *checksum)
{
    return (struct store_output){.position = position,
                                 .path = (char *)(uintptr_t)path,
                                 .size_bytes = size_bytes,
                                 .checksum_type = (char *)(uintptr_t)type,
                                 .checksum = (char *)(uintptr_t)checksum};
}

static inline int accept_import(struct store *store, const struct store_new_import *wanted, struct store_import *import,
                                enum store_accepted *how, struct cg_error *err)
{
    return store_import_accept(store, wanted, NULL, import, how, err);
}

/* Accepts an import that is queued at once; its id is written to `id`. */
static inline void queue_import(struct store *store, const struct store_new_import *wanted, char id[STORE_ID_SIZE])
{
    struct cg_error err = {0};
    struct store_import import;
    enum store_accepted how;
    unsigned metadata = (unsigned)strtoul(wanted->metadata_sha256 + 56, NULL, 16);
    add_content(store, metadata, wanted->metadata_bytes);
    assert_int_equal(accept_import(store, wanted, &import, &how, &err), 0);
    assert_string_equal(err.message, "");
    assert_int_equal(import.state, STORE_QUEUED);
    memcpy(id, import.id, STORE_ID_SIZE);
    store_import_finish(&import);
}

/* A store in which a-1-1 with metadata 1 is queued; its id is written to `id`. */
static inline struct store *open_store_with_import(char id[STORE_ID_SIZE])
{
    struct store *store = open_store();
    struct store_new_import wanted = posted("a-1-1", 1);
    queue_import(store, &wanted, id);
    return store;
}

/* Claims what is due, which must be there. */
static inline void claim_one(struct store *store, const char *owner, struct store_claim *claim)
{
    struct cg_error err = {0};
    int claimed = store_claim_next(store, owner, 3600000, claim, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(claimed, 1);
}

/* A store in which a-1-1 is queued and claimed by "w". */
static inline struct store *open_store_with_claim(char id[STORE_ID_SIZE], struct store_claim *claim)
{
    struct store *store = open_store_with_import(id);
    claim_one(store, "w", claim);
    return store;
}

/* A caller with this name; its token. */
static inline void make_caller(struct store *store, const char *name, struct secret *token)
{
    struct cg_error err = {0};
    struct store_caller wanted = {.name = (char *)(uintptr_t)name, .roles = STORE_ROLE_OPERATOR};
    assert_int_equal(store_caller_create(store, &wanted, token, &err), 0);
}

static inline struct store *open_store_with_caller(const char *name, struct secret *token)
{
    struct store *store = open_store();
    make_caller(store, name, token);
    return store;
}

/* The owner follows the record of HUB from now on. */
static inline struct store_outbox_reach lead_outbox(struct store *store, const char *owner)
{
    struct cg_error err = {0};
    struct store_outbox_reach reach;
    assert_int_equal(store_outbox_lead(store, HUB, owner, 3600000, &reach, &err), 1);
    assert_string_equal(err.message, "");
    return reach;
}

static inline struct store *open_store_that_leads(const char *owner, struct store_outbox_reach *reach)
{
    struct store *store = open_store();
    *reach = lead_outbox(store, owner);
    return store;
}

static inline enum store_state state_of(struct store *store, const char *id)
{
    struct cg_error err = {0};
    struct store_import import;
    assert_int_equal(store_import_get(store, id, NULL, &import, &err), 1);
    enum store_state state = import.state;
    store_import_finish(&import);
    return state;
}

#endif
