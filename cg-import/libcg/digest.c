/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/digest.h"
#include "cg/bytes.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* The kinds OpenSSL makes, in the order of `contexts`. */
static const struct {
    enum cg_digest_kind kind;
    const char *name;
    size_t digits;
} kinds_table[] = {
    {CG_DIGEST_MD5, "md5", 32},
    {CG_DIGEST_SHA1, "sha1", 40},
    {CG_DIGEST_SHA256, "sha256", 64},
    {CG_DIGEST_ADLER32, "adler32", 8},
};
enum { EVP_KINDS = 3, ALL_KINDS = 4 };

struct cg_digest {
    EVP_MD_CTX *contexts[EVP_KINDS]; /* NULL for a kind that was not asked for */
    bool with_adler32;
    uLong adler32_value;
    uint64_t size_bytes;
};

static size_t row_of(enum cg_digest_kind kind)
{
    size_t row = 0;
    while (row < ALL_KINDS && kinds_table[row].kind != kind)
        row++;
    assert(row < ALL_KINDS);
    return row;
}

unsigned cg_digest_kind(const char *name)
{
    for (size_t i = 0; name && i < ALL_KINDS; i++)
        if (strcmp(kinds_table[i].name, name) == 0)
            return kinds_table[i].kind;
    return 0;
}

const char *cg_digest_name(enum cg_digest_kind kind)
{
    return kinds_table[row_of(kind)].name;
}

size_t cg_digest_length(enum cg_digest_kind kind)
{
    return kinds_table[row_of(kind)].digits;
}

static char *slot(struct cg_digests *digests, size_t row)
{
    char *const slots[ALL_KINDS] = {digests->md5, digests->sha1, digests->sha256, digests->adler32};
    return slots[row];
}

const char *cg_digests_get(const struct cg_digests *digests, enum cg_digest_kind kind)
{
    const char *const slots[ALL_KINDS] = {digests->md5, digests->sha1, digests->sha256, digests->adler32};
    return slots[row_of(kind)];
}

/* Does OpenSSL not have, or not allow, what just failed? Otherwise it had no memory. Empties its error queue. */
static bool openssl_refuses(void)
{
    bool refuses = false;
    for (unsigned long code; (code = ERR_get_error()) != 0;)
        refuses = refuses || ERR_GET_REASON(code) == ERR_R_UNSUPPORTED;
    return refuses;
}

/* Begins the digest of one row; NULL with CG_E_MEMORY or CG_E_IO. */
static EVP_MD_CTX *begin(size_t row, struct cg_error *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_get_digestbyname(kinds_table[row].name), NULL) == 1)
        return context;
    if (context && openssl_refuses()) {
        cg_fail(err, CG_E_IO, "OpenSSL refuses %s on this machine", kinds_table[row].name);
        cg_hint(err, "a system in FIPS mode has no md5: use sha256 in the metadata");
    }
    cg_fail_memory(err);
    EVP_MD_CTX_free(context);
    return NULL;
}

struct cg_digest *cg_digest_create(unsigned kinds, struct cg_error *err)
{
    CG_AUTO_DIGEST struct cg_digest *digest = calloc(1, sizeof *digest);
    if (!digest) {
        cg_fail_memory(err);
        return NULL;
    }
    digest->with_adler32 = (kinds & CG_DIGEST_ADLER32) != 0;
    digest->adler32_value = adler32(0, Z_NULL, 0);
    for (size_t i = 0; i < EVP_KINDS; i++) {
        if (!(kinds & kinds_table[i].kind))
            continue;
        digest->contexts[i] = begin(i, err);
        if (!digest->contexts[i])
            return NULL;
    }
    return CG_STEAL(digest);
}

int cg_digest_update(struct cg_digest *digest, const void *data, size_t size, struct cg_error *err)
{
    for (size_t i = 0; i < EVP_KINDS; i++)
        if (digest->contexts[i] && EVP_DigestUpdate(digest->contexts[i], data, size) != 1)
            return cg_fail(err, CG_E_INTERNAL, "OpenSSL cannot update %s", kinds_table[i].name);
    if (digest->with_adler32)
        digest->adler32_value = adler32_z(digest->adler32_value, data, size);
    digest->size_bytes += size;
    return 0;
}

int cg_digest_read(const struct cg_digest *digest, struct cg_digests *out, struct cg_error *err)
{
    struct cg_digests result = {.size_bytes = digest->size_bytes};
    for (size_t i = 0; i < EVP_KINDS; i++) {
        if (!digest->contexts[i])
            continue;
        EVP_MD_CTX *copy = EVP_MD_CTX_new();
        unsigned char value[EVP_MAX_MD_SIZE];
        unsigned length = 0;
        bool made =
            copy && EVP_MD_CTX_copy_ex(copy, digest->contexts[i]) == 1 && EVP_DigestFinal_ex(copy, value, &length) == 1;
        EVP_MD_CTX_free(copy);
        if (!made)
            return cg_fail_memory(err);
        cg_hex(slot(&result, i), value, length);
    }
    if (digest->with_adler32)
        snprintf(result.adler32, sizeof result.adler32, "%08lx", digest->adler32_value & 0xFFFFFFFFUL);
    *out = result;
    return 0;
}

int cg_digest_fd(int fd, const char *name, unsigned kinds, struct cg_digests *out, struct cg_error *err)
{
    static const struct cg_digest_watch nobody;
    return cg_digest_fd_watched(fd, name, kinds, &nobody, out, err);
}

int cg_digest_fd_watched(int fd, const char *name, unsigned kinds, const struct cg_digest_watch *watch,
                         struct cg_digests *out, struct cg_error *err)
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(kinds, err);
    if (!digest)
        return -1;
    CG_AUTO_FREE char *buffer = malloc(CG_DIGEST_READ_SIZE);
    if (!buffer)
        return cg_fail_memory(err);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    for (;;) {
        ssize_t got = read(fd, buffer, CG_DIGEST_READ_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cg_fail_errno(err, "read", name);
        if (got == 0)
            return cg_digest_read(digest, out, err);
        if (cg_digest_update(digest, buffer, (size_t)got, err) < 0 ||
            (watch->read && watch->read(watch->context, (size_t)got, err) < 0))
            return -1;
    }
}

void cg_digest_destroy(struct cg_digest *digest)
{
    if (!digest)
        return;
    for (size_t i = 0; i < EVP_KINDS; i++)
        EVP_MD_CTX_free(digest->contexts[i]);
    free(digest);
}
