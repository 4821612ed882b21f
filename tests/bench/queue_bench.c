/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The queue with a hub that costs nothing: imports are claimed, taken through the steps and journals of a usual import
 * and ended, with nothing asked of any hub; beside the least a durable transaction costs, measured in the same run.
 *
 * usage: queue_bench DIRECTORY [IMPORTS [THREADS [ROUNDS]]]     a private PostgreSQL is made in DIRECTORY and left
 * there
 */
#include "base/clock.h"
#include "import/worker_log.h"
#include "store/contents.h"
#include "store/private_postgres.h"
#include "store/queue.h"

#include "cg/json.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MOST = 64, LEASE_MS = 30000 };

static const char *const steps[] = {"check", "ask", "upload", "import", "verify"};

/* Kept with the imports, as the worker's are. */
static struct log *lines;

static void end_with(const char *message)
{
    fprintf(stderr, "queue_bench: %s\n", message);
    exit(2);
}

static double per_second(unsigned count, uint64_t began_ms)
{
    uint64_t took_ms = clock_monotonic_ms() - began_ms;
    return (double)count * 1000.0 / (double)(took_ms > 0 ? took_ms : 1);
}

static void put_in(struct store *store, unsigned round, unsigned number)
{
    struct cg_error err = {0};
    struct cg_digests digests = {.size_bytes = 1000};
    struct store_import import;
    enum store_accepted how;
    char nvr[64];
    snprintf(nvr, sizeof nvr, "bench-%u-%u", round, number);
    snprintf(digests.sha256, sizeof digests.sha256, "%032x%032x", round, number);
    const struct store_new_import wanted = {.hub = "hub",
                                            .nvr = nvr,
                                            .content_generator = "bench",
                                            .package = "bench",
                                            .metadata_sha256 = digests.sha256,
                                            .metadata_bytes = digests.size_bytes,
                                            .caller = "bench",
                                            .request_id = "bench"};
    if (store_content_add(store, &digests, &err) < 0 ||
        store_import_accept(store, &wanted, NULL, &import, &how, &err) < 0)
        end_with(err.message);
    store_import_finish(&import);
}

/* What a build without a reservation has written down: each step, the journal before CGImport, its removal, the end;
 * and what it logs. */
static int work(struct store *store, struct store_claim *claim, struct cg_error *err)
{
    log_line(lines, LOG_INFO, "import began", "import", claim->import.id, "nvr", claim->import.nvr, NULL);
    CG_AUTO_JSON json_t *journal = json_pack("{s:s, s:s}", "directory", "cg-import/bench", "session", "0");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (store_claim_step(store, claim, steps[i], NULL, err) < 0 ||
            (strcmp(steps[i], "import") == 0 && store_claim_journal(store, claim, journal, err) < 0))
            return -1;
    }
    if (store_claim_journal(store, claim, json_null(), err) < 0)
        return -1;
    log_line(lines, LOG_INFO, "import ended", "import", claim->import.id, "nvr", claim->import.nvr, NULL);
    return store_claim_imported(store, claim, 1, "http://localhost/buildinfo?buildID=1", NULL, err);
}

static atomic_uint ended;

static void *run_worker(void *store)
{
    struct cg_error err = {0};
    struct store_claim claim = {0};
    int claimed = 0;
    while ((claimed = store_claim_next(store, "bench", LEASE_MS, &claim, &err)) == 1) {
        if (work(store, &claim, &err) < 0)
            end_with(err.message);
        store_claim_finish(&claim);
        atomic_fetch_add(&ended, 1);
    }
    if (claimed < 0)
        end_with(err.message);
    return NULL;
}

static double run_queue(struct store *store, unsigned round, unsigned imports, unsigned threads)
{
    pthread_t workers[THREADS_MOST];
    for (unsigned i = 0; i < imports; i++)
        put_in(store, round, i);
    atomic_store(&ended, 0);
    uint64_t began_ms = clock_monotonic_ms();
    for (unsigned i = 0; i < threads; i++)
        if (pthread_create(&workers[i], NULL, run_worker, store) != 0)
            end_with("cannot start a thread");
    for (unsigned i = 0; i < threads; i++)
        pthread_join(workers[i], NULL);
    if (atomic_load(&ended) != imports)
        end_with("not every import came to its end");
    return per_second(imports, began_ms);
}

/* One row written and committed, one after the other. */
static double run_commits(struct store *store, unsigned round, unsigned count)
{
    struct cg_error err = {0};
    uint64_t began_ms = clock_monotonic_ms();
    for (unsigned i = 0; i < count; i++) {
        struct cg_digests digests = {.size_bytes = 1};
        snprintf(digests.sha256, sizeof digests.sha256, "f%031x%032x", round, i);
        if (store_content_add(store, &digests, &err) < 0)
            end_with(err.message);
    }
    return per_second(count, began_ms);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 5)
        end_with("usage: queue_bench DIRECTORY [IMPORTS [THREADS [ROUNDS]]]");
    unsigned imports = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000;
    unsigned threads = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 4;
    unsigned rounds = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 3;
    if (threads == 0 || threads > THREADS_MOST)
        end_with("expected 1 to 64 threads");
    struct cg_error err = {0};
    char directory[4096];
    snprintf(directory, sizeof directory, "%s/postgres", argv[1]);
    struct private_postgres *postgres =
        private_postgres_start(&(struct private_postgres_options){.directory = directory}, &err);
    if (!postgres)
        end_with(err.message);
    unsigned applied = 0;
    struct store *store = store_open(
        &(struct store_options){.conninfo = private_postgres_conninfo(postgres), .connections = threads + 2}, &err);
    if (!store || store_migrate(store, &applied, &err) < 0)
        end_with(err.message);
    struct worker_log *kept = worker_log_start(store, NULL, &err);
    if (!kept)
        end_with(err.message);
    lines = worker_log_branch(kept);
    for (unsigned round = 0; round < rounds; round++) {
        double commits = run_commits(store, round, imports);
        double queue = run_queue(store, round, imports, threads);
        printf("%u imports by %u threads: %.0f a second; single commits %.0f a second; ratio %.2f\n", imports, threads,
               queue, commits, queue / commits);
        fflush(stdout);
    }
    worker_log_stop(kept);
    store_close(store);
    return private_postgres_stop(postgres, &err) == 0 ? 0 : 1;
}
