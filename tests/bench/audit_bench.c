/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audit log: how fast leaves are put in, signed and published, how long one waits for its signature while others
 * come, and how long a proof takes in a large log.
 *
 * usage: audit_bench DIRECTORY [SECONDS [WRITERS [ENTRIES]]]     a private PostgreSQL is made in DIRECTORY and left
 * there; the large log is hashes alone, of ENTRIES made-up leaves
 */
#include "audit/sequencer.h"
#include "base/clock.h"
#include "base/stop.h"
#include "cg/merkle_proof.h"
#include "intake/published.h"
#include "store/private_postgres.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { WRITERS_MOST = 64, SAMPLES_MOST = 100000, PROOFS = 5000 };

static atomic_uint_least64_t put;
static atomic_bool over;

static void end_with(const char *message)
{
    fprintf(stderr, "audit_bench: %s\n", message);
    exit(2);
}

static double now_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static int by_size(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static void tell(const char *what, double *times, size_t count)
{
    qsort(times, count, sizeof *times, by_size);
    printf("%s: p50 %.2f ms, p99 %.2f ms, most %.2f ms (%zu)\n", what, times[count / 2], times[count * 99 / 100],
           times[count - 1], count);
}

/* --- putting in and signing ----------------------------------------------------------------------------------------
 */

static void put_leaf(struct store *store)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *detail =
        json_pack("{s:s}", "text", "as long as what a usual step of an import has to tell of it");
    const struct store_record record = {.type = "bench", .actor = "bench", .nvr = "bench-1-1", .detail = detail};
    if (store_audit_record(store, &record, &err) != 0)
        end_with(err.message);
    atomic_fetch_add(&put, 1);
}

static void *write_on(void *store)
{
    while (!atomic_load(&over))
        put_leaf(store);
    return NULL;
}

static uint64_t signed_size(struct store *store)
{
    struct cg_error err = {0};
    struct store_log_state state;
    if (store_audit_state(store, &state, &err) != 0)
        end_with(err.message);
    return state.size;
}

static void start_writers(struct store *store, pthread_t *threads, unsigned writers)
{
    atomic_store(&over, false);
    for (unsigned i = 0; i < writers; i++)
        if (pthread_create(&threads[i], NULL, write_on, store) != 0)
            end_with("no thread");
}

static void stop_writers(const pthread_t *threads, unsigned writers)
{
    atomic_store(&over, true);
    for (unsigned i = 0; i < writers; i++)
        pthread_join(threads[i], NULL);
}

/* Until all that was put in up to a moment is signed, and the leaf that tells the key. */
static void measure_lag(struct store *store, unsigned seconds, unsigned writers)
{
    static double lags[SAMPLES_MOST];
    pthread_t threads[WRITERS_MOST];
    size_t count = 0;
    uint64_t before = atomic_load(&put);
    start_writers(store, threads, writers);
    for (double began = now_ms(); now_ms() - began < seconds * 1e3 && count < SAMPLES_MOST; count++) {
        put_leaf(store);
        double at = now_ms();
        for (uint64_t wanted = atomic_load(&put) + 1; signed_size(store) < wanted;)
            stop_sleep(NULL, 2);
        lags[count] = now_ms() - at;
    }
    stop_writers(threads, writers);
    printf("%u writers, %.0f leaves a second; ", writers, (double)(atomic_load(&put) - before) / seconds);
    tell("from commit to signature", lags, count);
}

/* What waits after a time without a sequencer. */
static struct sequencer *measure_drain(struct store *store, const char *directory, unsigned seconds, unsigned writers)
{
    static char log[4096], last_signed[4096], key[4096];
    struct cg_error err = {0};
    pthread_t threads[WRITERS_MOST];
    snprintf(log, sizeof log, "%s/log", directory);
    snprintf(last_signed, sizeof last_signed, "%s/last-signed", directory);
    snprintf(key, sizeof key, "%s/key", directory);
    start_writers(store, threads, writers);
    stop_sleep(NULL, seconds * 1000);
    stop_writers(threads, writers);
    printf("%u writers, no sequencer: %.0f leaves a second put in\n", writers, (double)atomic_load(&put) / seconds);
    const struct sequencer_options options = {.store = store,
                                              .replica = "bench",
                                              .directory = log,
                                              .last_signed = last_signed,
                                              .keys = {.key_file = key, .origin = "bench.example/log"}};
    double began = now_ms();
    struct sequencer *sequencer = sequencer_start(&options, &err);
    if (!sequencer)
        end_with(err.message);
    while (signed_size(store) < atomic_load(&put) + 1)
        stop_sleep(NULL, 5);
    printf("then signed: %.0f leaves a second\n", (double)atomic_load(&put) * 1e3 / (now_ms() - began));
    return sequencer;
}

/* --- proofs in a large log -----------------------------------------------------------------------------------------
 */

struct tiles {
    const char *directory;
    struct cg_bytes open[CG_TILE_LEVELS]; /* the tile of each level that is being filled */
    uint64_t n[CG_TILE_LEVELS];
};

static void write_tile(struct tiles *tiles, unsigned level)
{
    const struct cg_tile tile = {.kind = CG_TILE_HASHES,
                                 .level = level,
                                 .n = tiles->n[level],
                                 .width = (unsigned)(tiles->open[level].size / CG_MERKLE_HASH_SIZE)};
    char name[CG_TILE_PATH_SIZE], path[4200];
    cg_tile_path(&tile, name);
    snprintf(path, sizeof path, "%s/%s", tiles->directory, name);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    CG_AUTO_FILE FILE *file = fopen(path, "we");
    if (!file || fwrite(tiles->open[level].data, 1, tiles->open[level].size, file) != tiles->open[level].size)
        end_with("cannot write a tile");
    cg_bytes_clear(&tiles->open[level]);
    tiles->n[level]++;
}

static int take_node(void *context, unsigned level, uint64_t index, const struct cg_merkle_hash *hash,
                     struct cg_error *err)
{
    struct tiles *tiles = context;
    (void)index;
    if (level % CG_TILE_HEIGHT != 0)
        return 0;
    if (cg_bytes_append(&tiles->open[level / CG_TILE_HEIGHT], hash->bytes, sizeof hash->bytes, err) != 0)
        return -1;
    if (tiles->open[level / CG_TILE_HEIGHT].size == CG_TILE_SIZE)
        write_tile(tiles, level / CG_TILE_HEIGHT);
    return 0;
}

/* Tiles of `entries` leaves, each its own number, and a checkpoint nobody would believe. */
static void make_large(const char *directory, uint64_t entries)
{
    static const unsigned char seed[CG_ED25519_SEED_SIZE];
    struct cg_error err = {0};
    struct tiles tiles = {.directory = directory};
    struct cg_merkle_range range = {0};
    struct cg_merkle_hash hash;
    const struct cg_merkle_sink sink = {.node = take_node, .context = &tiles};
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(&err);
    for (uint64_t i = 0; i < entries; i++)
        if (cg_merkle_hash_leaf(hasher, &i, sizeof i, &hash, &err) != 0 ||
            cg_merkle_range_append(&range, hasher, &hash, &sink, &err) != 0)
            end_with(err.message);
    for (unsigned level = 0; level < CG_TILE_LEVELS; level++) {
        if (tiles.open[level].size > 0)
            write_tile(&tiles, level);
        cg_bytes_finish(&tiles.open[level]);
    }
    struct cg_checkpoint checkpoint = {.origin = "bench.example/log", .size = entries};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer =
        cg_note_signer_create("bench.example/log", CG_NOTE_ED25519, seed, &err);
    const struct cg_note_signer *signers[] = {signer};
    CG_AUTO_BYTES struct cg_bytes note = {0};
    char path[4200];
    snprintf(path, sizeof path, "%s/checkpoint", directory);
    CG_AUTO_FILE FILE *file = fopen(path, "we");
    if (!file || cg_merkle_range_root(&range, hasher, &checkpoint.root, &err) != 0 ||
        cg_checkpoint_sign(&checkpoint, signers, 1, &note, &err) != 0 ||
        fwrite(note.data, 1, note.size, file) != note.size)
        end_with("cannot write the checkpoint");
}

/* As a request does it: the checkpoint is read, the tiles are, and the proof is verified before it goes out. */
static void measure_proofs(const char *directory, uint64_t entries)
{
    static double times[PROOFS];
    struct cg_error err = {0};
    uint64_t index = 12345;
    size_t hashes = 0;
    for (size_t i = 0; i < PROOFS; i++) {
        AUTO_PUBLISHED struct published published = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0};
        index = (index * 6364136223846793005ULL + 1442695040888963407ULL);
        uint64_t leaf = (index >> 11) % entries;
        double at = now_ms();
        if (published_open(&published, directory, &err) != 1 ||
            published_proof(&published, leaf, &leaf, sizeof leaf, &text, &err) != 0)
            end_with(err.message);
        times[i] = now_ms() - at;
        size_t lines = 0;
        for (size_t c = 0; c < text.size; c++)
            lines += text.data[c] == '\n';
        hashes = lines > hashes ? lines : hashes;
    }
    printf("%" PRIu64 " entries, at most %zu lines; ", entries, hashes);
    tell("a proof from files", times, PROOFS);
}

int main(int argc, char **argv)
{
    struct cg_error err = {0};
    unsigned seconds = argc > 2 ? (unsigned)atoi(argv[2]) : 10, writers = argc > 3 ? (unsigned)atoi(argv[3]) : 8;
    uint64_t entries = argc > 4 ? strtoull(argv[4], NULL, 10) : 1000000;
    char data[4096], large[4096];
    if (argc < 2 || writers > WRITERS_MOST)
        end_with("usage: audit_bench DIRECTORY [SECONDS [WRITERS [ENTRIES]]]");
    snprintf(data, sizeof data, "%s/postgres", argv[1]);
    snprintf(large, sizeof large, "%s/large", argv[1]);
    const struct private_postgres_options options = {.directory = data, .user = "postgres"};
    struct private_postgres *postgres = private_postgres_start(&options, &err);
    if (!postgres)
        end_with(err.message);
    const struct store_options store_options = {.conninfo = private_postgres_conninfo(postgres),
                                                .connections = writers + 4};
    struct store *store = store_open(&store_options, &err);
    unsigned applied;
    if (!store || store_migrate(store, &applied, &err) != 0)
        end_with(err.message);
    struct sequencer *sequencer = measure_drain(store, argv[1], seconds, writers);
    measure_lag(store, seconds, 0);
    measure_lag(store, seconds, writers);
    sequencer_stop(sequencer);
    store_close(store);
    private_postgres_stop(postgres, &err);
    make_large(large, entries);
    measure_proofs(large, entries);
    return 0;
}
