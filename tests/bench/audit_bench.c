/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audit log: how fast leaves are put in, signed and published, how long one waits for its signature while others
 * come, and how long a proof takes in a large log, and verifying all of it.
 *
 * usage: audit_bench DIRECTORY [SECONDS [WRITERS [ENTRIES]]]     a private PostgreSQL is made in DIRECTORY and left
 * there; the large log has ENTRIES made-up leaves of LEAF_BYTES, about 250 bytes of disk for each
 */
#include "audit/replay.h"
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

enum { WRITERS_MOST = 64, SAMPLES_MOST = 100000, PROOFS = 5000, LEAF_BYTES = 200 };

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

/* --- a large log ---------------------------------------------------------------------------------------------------
 */

struct large {
    const char *directory;
    struct cg_bytes hashes[CG_TILE_LEVELS]; /* of the tile of each level that is being filled */
    struct cg_bytes entries;                /* of the bundle that is */
    unsigned entry_count;
};

/* Writes what was filled and empties it; its place is told by the number of hashes or entries the log has there. */
static void write_tile(const struct large *large, struct cg_tile tile, struct cg_bytes *content)
{
    char name[CG_TILE_PATH_SIZE], path[4200];
    cg_tile_path(&tile, name);
    snprintf(path, sizeof path, "%s/%s", large->directory, name);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    CG_AUTO_FILE FILE *file = fopen(path, "we");
    if (!file || fwrite(content->data, 1, content->size, file) != content->size)
        end_with("cannot write a tile");
    cg_bytes_clear(content);
}

static unsigned hashes_of(const struct cg_bytes *content)
{
    return (unsigned)(content->size / CG_MERKLE_HASH_SIZE);
}

static int take_node(void *context, unsigned level, uint64_t index, const struct cg_merkle_hash *hash,
                     struct cg_error *err)
{
    struct large *large = context;
    if (level % CG_TILE_HEIGHT != 0)
        return 0;
    level /= CG_TILE_HEIGHT;
    struct cg_bytes *hashes = &large->hashes[level];
    if (cg_bytes_append(hashes, hash->bytes, sizeof hash->bytes, err) != 0)
        return -1;
    if (hashes->size == CG_TILE_SIZE)
        write_tile(large, (struct cg_tile){CG_TILE_HASHES, level, index / CG_TILE_WIDTH, CG_TILE_WIDTH}, hashes);
    return 0;
}

static void make_leaf(uint64_t index, char leaf[LEAF_BYTES])
{
    memset(leaf, 'x', LEAF_BYTES);
    memcpy(leaf, &index, sizeof index);
}

static void add_entry(struct large *large, uint64_t index, const char *leaf)
{
    struct cg_error err = {0};
    if (cg_tile_bundle_append(&large->entries, leaf, LEAF_BYTES, &err) != 0)
        end_with(err.message);
    if (++large->entry_count < CG_TILE_WIDTH)
        return;
    write_tile(large, (struct cg_tile){CG_TILE_ENTRIES, 0, index / CG_TILE_WIDTH, CG_TILE_WIDTH}, &large->entries);
    large->entry_count = 0;
}

/* The right edge. */
static void write_partial_tiles(struct large *large, uint64_t entries)
{
    if (large->entry_count > 0)
        write_tile(large, (struct cg_tile){CG_TILE_ENTRIES, 0, entries / CG_TILE_WIDTH, large->entry_count},
                   &large->entries);
    cg_bytes_finish(&large->entries);
    for (unsigned level = 0; level < CG_TILE_LEVELS; level++, entries /= CG_TILE_WIDTH) {
        struct cg_bytes *hashes = &large->hashes[level];
        if (hashes->size > 0)
            write_tile(large, (struct cg_tile){CG_TILE_HASHES, level, entries / CG_TILE_WIDTH, hashes_of(hashes)},
                       hashes);
        cg_bytes_finish(hashes);
    }
}

static struct cg_note_signer *make_signer(void)
{
    static const unsigned char seed[CG_ED25519_SEED_SIZE];
    struct cg_error err = {0};
    struct cg_note_signer *signer = cg_note_signer_create("bench.example/log", CG_NOTE_ED25519, seed, &err);
    if (!signer)
        end_with(err.message);
    return signer;
}

static void write_checkpoint(const char *directory, const struct cg_note_signer *signer, uint64_t entries,
                             const struct cg_merkle_hash *root)
{
    struct cg_error err = {0};
    const struct cg_checkpoint checkpoint = {.origin = "bench.example/log", .size = entries, .root = *root};
    CG_AUTO_BYTES struct cg_bytes note = {0};
    char path[4200];
    snprintf(path, sizeof path, "%s/checkpoint", directory);
    CG_AUTO_FILE FILE *file = fopen(path, "we");
    if (!file || cg_checkpoint_sign(&checkpoint, &signer, 1, &note, &err) != 0 ||
        fwrite(note.data, 1, note.size, file) != note.size)
        end_with("cannot write the checkpoint");
}

static void make_large(const char *directory, const struct cg_note_signer *signer, uint64_t entries)
{
    struct cg_error err = {0};
    struct large large = {.directory = directory};
    struct cg_merkle_range range = {0};
    struct cg_merkle_hash hash;
    const struct cg_merkle_sink sink = {.node = take_node, .context = &large};
    CG_AUTO_MERKLE_HASHER struct cg_merkle_hasher *hasher = cg_merkle_hasher_create(&err);
    for (uint64_t i = 0; i < entries; i++) {
        char leaf[LEAF_BYTES];
        make_leaf(i, leaf);
        add_entry(&large, i, leaf);
        if (cg_merkle_hash_leaf(hasher, leaf, LEAF_BYTES, &hash, &err) != 0 ||
            cg_merkle_range_append(&range, hasher, &hash, &sink, &err) != 0)
            end_with(err.message);
    }
    write_partial_tiles(&large, entries);
    if (cg_merkle_range_root(&range, hasher, &hash, &err) != 0)
        end_with(err.message);
    write_checkpoint(directory, signer, entries, &hash);
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
        uint64_t chosen = (index >> 11) % entries;
        char leaf[LEAF_BYTES];
        make_leaf(chosen, leaf);
        double at = now_ms();
        if (published_open(&published, directory, &err) != 1 ||
            published_proof(&published, chosen, leaf, sizeof leaf, &text, &err) != 0)
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

/* As `cg-import audit verify DIRECTORY` does it. */
static void measure_verification(const char *directory, const struct cg_note_signer *signer, uint64_t entries)
{
    struct cg_error err = {0};
    const struct replay_options options = {.directory = directory,
                                           .policy = {.logs = cg_note_signer_verifier(signer), .log_count = 1}};
    struct replay_result result = {0};
    double began = now_ms();
    if (replay_verify(&options, &result, &err) != 0)
        end_with(err.message);
    double spent_s = (now_ms() - began) / 1e3;
    cg_checkpoint_finish(&result.checkpoint);
    printf("all %" PRIu64 " entries of %d bytes verified in %.1f s: %.0f a second\n", entries, LEAF_BYTES, spent_s,
           (double)entries / spent_s);
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
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = make_signer();
    make_large(large, signer, entries);
    measure_proofs(large, entries);
    measure_verification(large, signer, entries);
    return 0;
}
