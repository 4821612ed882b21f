/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WORKER_TEST_H
#define WORKER_TEST_H

/* What the tests of the worker share: a database, a spool, and imports in the queue whose files lie in it. */

#include "../../harness/scratch.h"
#include "metadata_document.h"
#include "postgres.h"
#include "sandbox.h"
#include "unit.h"

#include "import/worker.h"
#include "store/contents.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How long a state is waited for, and the pause between two looks. */
#define STATE_TRIES 30000
#define PAUSE_NS 10000000L

/* One test's surroundings. */
struct scene {
    char directory[16]; /* in the scratch directory */
    const char *database;
    struct store *store;
    struct spool *spool;
    struct koji_profile *profile;
    struct worker_hub hubs[2]; /* "sandbox" and "again", two names of one hub */
    struct worker_options options;
};

static inline void pause_ms(unsigned milliseconds)
{
    nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L}, NULL);
}

/* The path of a file of the scene. */
static inline const char *scene_path(const struct scene *scene, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", scene->directory, name);
    return scratch_path(path);
}

static inline void open_scene(struct scene *scene)
{
    static unsigned scenes;
    struct cg_error err = {0};
    if (!postgres_there()) {
        print_message("skipped: no PostgreSQL server programs\n");
        skip();
    }
    unsigned applied = 0;
    scene->database = postgres_database();
    scene->store = store_open(&(struct store_options){.conninfo = scene->database, .connections = 8}, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(store_migrate(scene->store, &applied, &err), 0);
    snprintf(scene->directory, sizeof scene->directory, "scene-%u", ++scenes);
    scratch_make_directory(scene->directory);
    scene->spool = spool_open(&(struct spool_options){.directory = scene_path(scene, "spool")}, &err);
    assert_string_equal(err.message, "");
    scene->options = (struct worker_options){.store = scene->store,
                                             .spool = scene->spool,
                                             .hubs = scene->hubs,
                                             .hub_count = 2,
                                             .replica = "replica-1",
                                             .threads = 1,
                                             .patience_s = 1,
                                             .retry_first_ms = 20,
                                             .retry_most_ms = 100};
    scene->options.work_directory = strdup(scene_path(scene, "work"));
}

static inline void open_scene_with_hub(struct scene *scene)
{
    open_scene(scene);
    sandbox_steer("faults", NULL);
    sandbox_steer("log", NULL);
    scene->profile = sandbox_profile(2);
    scene->hubs[0] = (struct worker_hub){.name = "sandbox", .profile = scene->profile};
    scene->hubs[1] = (struct worker_hub){.name = "again", .profile = scene->profile};
}

static inline void close_scene(struct scene *scene)
{
    spool_close(scene->spool);
    store_close(scene->store);
    koji_profile_destroy(scene->profile);
    free((char *)scene->options.work_directory);
    *scene = (struct scene){0};
}

/* Puts bytes into the spool and its index. */
static inline void keep_content(struct scene *scene, const char *bytes, struct cg_digests *digests)
{
    struct cg_error err = {0};
    scratch_write("content", bytes);
    CG_AUTO_FD int fd = open(scratch_path("content"), O_RDONLY);
    assert_int_equal(spool_take(scene->spool, fd, digests, &err), 0);
    assert_int_equal(store_content_add(scene->store, digests, &err), 0);
    assert_string_equal(err.message, "");
}

/* The document of a build test-container-VERSION-1 whose one log holds `bytes`. */
static inline json_t *make_document(const char *version, const char *bytes, const struct cg_digests *digests)
{
    json_t *document = metadata_document_good();
    char text[200];
    snprintf(text, sizeof text, "'%s'", version);
    metadata_document_edit(document, "/build/version", text);
    metadata_document_edit(document, "/build/extra/typeinfo", NULL);
    metadata_document_edit(document, "/output/0", NULL);
    snprintf(text, sizeof text, "'%s'", digests->md5);
    metadata_document_edit(document, "/output/0/checksum", text);
    snprintf(text, sizeof text, "%zu", strlen(bytes));
    metadata_document_edit(document, "/output/0/filesize", text);
    return document;
}

/* Has the build accepted as intake would, whole and queued. `options` is what the caller posted, as quoted JSON. */
static inline void post(struct scene *scene, const char *hub, const char *version, const char *bytes,
                        const char *options, char id[STORE_ID_SIZE])
{
    struct cg_error err = {0};
    struct cg_digests content;
    struct cg_digests metadata;
    keep_content(scene, bytes, &content);
    CG_AUTO_JSON json_t *document = make_document(version, bytes, &content);
    CG_AUTO_JSON json_t *asked = metadata_document_value(options);
    CG_AUTO_FREE char *text = json_dumps(document, JSON_COMPACT);
    keep_content(scene, text, &metadata);
    char nvr[100];
    snprintf(nvr, sizeof nvr, "test-container-%s-1", version);
    struct store_output output = {.path = (char *)"x86_64.log",
                                  .size_bytes = content.size_bytes,
                                  .checksum_type = (char *)"md5",
                                  .checksum = content.md5,
                                  .sha256 = content.sha256};
    struct store_new_import wanted = {.hub = hub,
                                      .nvr = nvr,
                                      .content_generator = "atomic-reactor",
                                      .package = "test-container",
                                      .metadata_sha256 = metadata.sha256,
                                      .metadata_bytes = metadata.size_bytes,
                                      .options = asked,
                                      .caller = "builder",
                                      .request_id = "request-1",
                                      .outputs = &output,
                                      .output_count = 1};
    struct store_import import;
    enum store_accepted how;
    assert_int_equal(store_import_accept(scene->store, &wanted, NULL, &import, &how, &err), 0);
    assert_string_equal(err.message, "");
    assert_int_equal(import.state, STORE_QUEUED);
    memcpy(id, import.id, STORE_ID_SIZE);
    store_import_finish(&import);
}

static inline struct store_import look(struct scene *scene, const char *id)
{
    struct cg_error err = {0};
    struct store_import import;
    assert_int_equal(store_import_get(scene->store, id, NULL, &import, &err), 1);
    return import;
}

static inline enum store_state look_state(struct scene *scene, const char *id)
{
    struct store_import import = look(scene, id);
    enum store_state state = import.state;
    store_import_finish(&import);
    return state;
}

/* Waits until the import is in that state and returns it; fails the test when it ends otherwise. */
static inline struct store_import wait_for(struct scene *scene, const char *id, enum store_state state)
{
    for (int tries = 0; tries < STATE_TRIES; tries++) {
        struct store_import import = look(scene, id);
        if (import.state == state)
            return import;
        bool ended = import.state >= STORE_HELD && state >= STORE_HELD;
        if (ended)
            fail_msg("%s, not %s: %s %s: %s", store_state_name(import.state), store_state_name(state),
                     store_held_name(import.held), import.error_name, import.error_message);
        store_import_finish(&import);
        pause_ms(PAUSE_NS / 1000000);
    }
    fail_msg("the import did not become %s", store_state_name(state));
    return (struct store_import){0};
}

static inline void expect_state(struct scene *scene, const char *id, enum store_state state)
{
    struct store_import import = wait_for(scene, id, state);
    store_import_finish(&import);
}

static inline void expect_held(struct scene *scene, const char *id, enum store_held held)
{
    struct store_import import = wait_for(scene, id, STORE_HELD);
    assert_string_equal(store_held_name(import.held), store_held_name(held));
    store_import_finish(&import);
}

/* Events of that type. */
static inline size_t count_events(struct scene *scene, const char *id, const char *type)
{
    struct cg_error err = {0};
    struct store_event *events = NULL;
    size_t count = 0;
    size_t found = 0;
    assert_int_equal(store_event_list(scene->store, id, 0, 500, &events, &count, &err), 0);
    for (size_t i = 0; i < count; i++)
        found += strcmp(events[i].type, type) == 0;
    store_events_free(events, count);
    return found;
}

static inline struct worker *start(struct scene *scene)
{
    struct cg_error err = {0};
    struct worker *worker = worker_start(&scene->options, &err);
    assert_string_equal(err.message, "");
    assert_non_null(worker);
    return worker;
}

#endif
