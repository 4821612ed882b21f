/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The spool beside dd and beside the digests alone, in one run, since only ratios mean something on another machine.
 *
 * usage: spool_bench DIRECTORY [MEGABYTES [ROUNDS]]     the directory must be on the disk that is meant
 */
#include "base/clock.h"
#include "content/spool.h"

#include "cg/auto.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEGABYTE = 1024 * 1024, SOURCE_BYTES = 8 * MEGABYTE, PIECE_BYTES = 32 * 1024 };

extern char **environ;

static void end_with(const char *message)
{
    fprintf(stderr, "spool_bench: %s\n", message);
    exit(2);
}

static double megabytes_per_second(unsigned megabytes, uint64_t began_ms)
{
    uint64_t took_ms = clock_monotonic_ms() - began_ms;
    return (double)megabytes * 1000.0 / (double)(took_ms > 0 ? took_ms : 1);
}

static double run_dd(const char *directory, unsigned megabytes)
{
    char output[4200], count[32];
    int status;
    pid_t child;
    snprintf(output, sizeof output, "of=%s/dd", directory);
    snprintf(count, sizeof count, "count=%u", megabytes);
    const char *const arguments[] = {"dd", "if=/dev/zero", output, "bs=1M", count, "conv=fsync", "status=none", NULL};
    uint64_t began_ms = clock_monotonic_ms();
    if (posix_spawnp(&child, "dd", NULL, NULL, (char *const *)(uintptr_t)arguments, environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0)
        end_with("dd failed");
    double speed = megabytes_per_second(megabytes, began_ms);
    unlink(output + strlen("of="));
    return speed;
}

static double run_digest(const char *source, unsigned megabytes, unsigned kinds)
{
    struct cg_error err = {0};
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(kinds, &err);
    if (!digest)
        end_with(err.message);
    uint64_t began_ms = clock_monotonic_ms();
    for (unsigned i = 0; i < megabytes; i++)
        if (cg_digest_update(digest, source + (size_t)(i % 8) * MEGABYTE, MEGABYTE, &err) < 0)
            end_with(err.message);
    return megabytes_per_second(megabytes, began_ms);
}

static double run_spool(struct spool *spool, const char *source, unsigned megabytes)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    uint64_t have, size_bytes = (uint64_t)megabytes * MEGABYTE;
    uint64_t began_ms = clock_monotonic_ms();
    struct spool_part *part = spool_part_open(spool, "bench", &have, &err);
    if (!part)
        end_with(err.message);
    for (uint64_t done = 0; done < size_bytes; done += PIECE_BYTES)
        if (spool_part_append(part, source + done % SOURCE_BYTES, PIECE_BYTES, &err) < 0)
            end_with(err.message);
    if (spool_part_finish(part, &digests, &err) < 0)
        end_with(err.message);
    double speed = megabytes_per_second(megabytes, began_ms);
    if (spool_content_remove(spool, digests.sha256, 0, &err) < 0)
        end_with(err.message);
    return speed;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4)
        end_with("usage: spool_bench DIRECTORY [MEGABYTES [ROUNDS]]");
    unsigned megabytes = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2048;
    unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 3;
    struct cg_error err = {0};
    char directory[4096];
    snprintf(directory, sizeof directory, "%s/spool_bench", argv[1]);
    struct spool *spool = spool_open(&(struct spool_options){.directory = directory}, &err);
    if (!spool)
        end_with(err.message);
    CG_AUTO_FREE char *source = malloc(SOURCE_BYTES);
    for (size_t i = 0; source && i < SOURCE_BYTES; i++)
        source[i] = (char)((i * 2654435761U) >> 7U);
    if (!source)
        end_with("no memory");
    unsigned all = CG_DIGEST_MD5 | CG_DIGEST_SHA256 | CG_DIGEST_ADLER32;
    for (unsigned round = 0; round < rounds; round++) {
        double dd = run_dd(directory, megabytes);
        double md5 = run_digest(source, megabytes, CG_DIGEST_MD5);
        double both = run_digest(source, megabytes, CG_DIGEST_MD5 | CG_DIGEST_SHA256);
        double three = run_digest(source, megabytes, all);
        double spooled = run_spool(spool, source, megabytes);
        printf("%u MB, MB/s: dd conv=fsync %.0f, one core md5 %.0f, md5+sha256 %.0f, all three %.0f; spool %.0f = "
               "%.2f of dd, %.2f of md5, %.2f of md5+sha256, %.2f of all three\n",
               megabytes, dd, md5, both, three, spooled, spooled / dd, spooled / md5, spooled / both, spooled / three);
    }
    spool_close(spool);
    return 0;
}
