/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/reading.h"

#include "logic/read_ahead.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_content(const struct content_id *content, const struct cg_digests *digests)
{
    return digests->size_bytes == content->size_bytes &&
           strcmp(cg_digests_get(digests, content->kind), content->checksum) == 0;
}

/* Reads the digest, and makes the seal if it is the content's. 0 or -1. */
static int read_and_seal(int fd, const char *name, const struct content_id *content, struct content_seal *seal,
                         struct cg_digests *digests, struct cg_error *err)
{
    AUTO_SEAL_MAKER struct seal_maker *maker = seal_maker_create(err);
    if (!maker || read_ahead_digest(fd, name, content->kind, maker, digests, err) < 0)
        return -1;
    if (!is_content(content, digests))
        return 0;
    if (seal_maker_finish(maker, &seal->seal, err) < 0)
        return -1;
    seal->standing = SEAL_MADE;
    return 0;
}

static int read_digest(int fd, const char *name, const struct content_id *content, struct content_seal *seal,
                       struct cg_digests *digests, struct cg_error *err)
{
    return seal && seal->standing == SEAL_UNKNOWN ? read_and_seal(fd, name, content, seal, digests, err)
                                                  : read_ahead_digest(fd, name, content->kind, NULL, digests, err);
}

/* 1: the file has the content's size, 0: another, -1. */
static int has_size(int fd, const char *name, const struct content_id *content, struct cg_error *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return cg_fail_errno(err, "look at", name);
    return (uint64_t)status.st_size == content->size_bytes;
}

int reading_verify(int fd, const char *name, const struct content_id *content, struct content_seal *seal,
                   unsigned threads, struct cg_error *err)
{
    struct cg_digests digests;
    int sized = has_size(fd, name, content, err);
    if (sized != 1)
        return sized;
    if (seal && seal->standing != SEAL_UNKNOWN)
        return seal_holds(fd, name, content->size_bytes, &seal->seal, threads, err);
    return read_digest(fd, name, content, seal, &digests, err) < 0 ? -1 : is_content(content, &digests);
}

/* The content's own digest as if it had been read. */
static void take_over(const struct content_id *content, struct cg_digests *digests)
{
    *digests = (struct cg_digests){.size_bytes = content->size_bytes};
    switch (content->kind) {
    case CG_DIGEST_MD5:
        snprintf(digests->md5, sizeof digests->md5, "%s", content->checksum);
        break;
    case CG_DIGEST_SHA1:
        snprintf(digests->sha1, sizeof digests->sha1, "%s", content->checksum);
        break;
    case CG_DIGEST_SHA256:
        snprintf(digests->sha256, sizeof digests->sha256, "%s", content->checksum);
        break;
    case CG_DIGEST_ADLER32:
        snprintf(digests->adler32, sizeof digests->adler32, "%s", content->checksum);
        break;
    }
}

int reading_digest(int fd, const char *name, const struct content_id *content, struct content_seal *seal,
                   unsigned threads, struct cg_digests *digests, struct cg_error *err)
{
    if (!seal || seal->standing == SEAL_UNKNOWN)
        return read_digest(fd, name, content, seal, digests, err);
    int same = reading_verify(fd, name, content, seal, threads, err);
    if (same == 1)
        take_over(content, digests);
    return same == 0 ? read_ahead_digest(fd, name, content->kind, NULL, digests, err) : same < 0 ? -1 : 0;
}
