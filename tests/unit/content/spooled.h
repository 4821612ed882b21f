/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SPOOLED_H
#define TESTS_SPOOLED_H

/* What the tests of the spool share: one in the scratch directory, and looking at what is in it. */

#include "unit.h"

#include "scratch.h"

#include "content/spool.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline struct spool *spooled_open(void)
{
    struct cg_error err = {0};
    struct spool_options options = {.directory = scratch_path("spool")};
    struct spool *spool = spool_open(&options, &err);
    if (!spool)
        fail_msg("%s", err.message);
    return spool;
}

/* Setup and teardown of a test whose state is an empty spool. */
static inline int spooled_begin(void **state)
{
    scratch_clear();
    *state = spooled_open();
    return 0;
}

static inline int spooled_end(void **state)
{
    spool_close(*state);
    return 0;
}

static inline struct cg_digests spooled_digests(const void *data, size_t size)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    CG_AUTO_DIGEST struct cg_digest *digest =
        cg_digest_create(CG_DIGEST_MD5 | CG_DIGEST_SHA256 | CG_DIGEST_ADLER32, &err);
    assert_int_equal(cg_digest_update(digest, data, size, &err), 0);
    assert_int_equal(cg_digest_read(digest, &digests, &err), 0);
    return digests;
}

/* Opens a part that has `expected_bytes`. */
static inline struct spool_part *spooled_part(struct spool *spool, const char *name, uint64_t expected_bytes)
{
    struct cg_error err = {0};
    uint64_t size_bytes;
    struct spool_part *part = spool_part_open(spool, name, &size_bytes, &err);
    if (!part)
        fail_msg("%s", err.message);
    assert_int_equal(size_bytes, expected_bytes);
    return part;
}

static inline void spooled_append(struct spool_part *part, const void *data, size_t size)
{
    struct cg_error err = {0};
    if (spool_part_append(part, data, size, &err) < 0)
        fail_msg("%s", err.message);
}

static inline struct cg_digests spooled_finish(struct spool_part *part)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    if (spool_part_finish(part, &digests, &err) < 0)
        fail_msg("%s", err.message);
    return digests;
}

/* A content with this text. */
static inline struct cg_digests spooled_text(struct spool *spool, const char *text)
{
    struct spool_part *part = spooled_part(spool, "text", 0);
    spooled_append(part, text, strlen(text));
    return spooled_finish(part);
}

/* "spool/contents/AB/CDEF...", in `path`. */
static inline const char *spooled_content_path(const char *sha256)
{
    char name[128];
    snprintf(name, sizeof name, "spool/contents/%.2s/%s", sha256, sha256 + 2);
    return scratch_path(name);
}

static inline void assert_spooled(struct spool *spool, const char *sha256, const void *data, size_t size)
{
    struct cg_error err = {0};
    uint64_t size_bytes;
    CG_AUTO_FD int fd = spool_content_open(spool, sha256, &size_bytes, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(size_bytes, size);
    CG_AUTO_FREE char *got = malloc(size + 1);
    assert_int_equal(read(fd, got, size + 1), size);
    assert_memory_equal(got, data, size);
}

static inline int spooled_verify_one(void *context, const char *name, double age_s, uint64_t size_bytes)
{
    struct cg_error err = {0};
    (void)age_s;
    (void)size_bytes;
    if (spool_content_verify(context, name, &err) < 0)
        fail_msg("%s", err.message);
    return 0;
}

/* Every content's bytes have the digest that names it. */
static inline void assert_all_whole(struct spool *spool)
{
    struct cg_error err = {0};
    assert_int_equal(spool_walk(spool, SPOOL_CONTENTS, spooled_verify_one, spool, &err), 0);
}

/* Entries of a directory, without "." and "..". */
static inline size_t spooled_count(const char *path)
{
    size_t count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

/* Descriptors that this process has open. */
static inline size_t spooled_descriptors(void)
{
    return spooled_count("/proc/self/fd");
}

#endif
