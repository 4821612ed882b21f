/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/seal.h"

#include "cg/auto.h"
#include "cg/bytes.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

enum { GMAC_SIZE = 16, NONCE_SIZE = 12 };
/* Bytes of one read: what stays in a core's cache until it is summed. */
#define READ_SIZE (256U * 1024U)

static int fail_crypto(struct cg_error *err)
{
    return cg_fail(err, CG_E_INTERNAL, "OpenSSL refuses AES-128-GCM or SHA-256");
}

static void context_auto(EVP_CIPHER_CTX **context)
{
    EVP_CIPHER_CTX_free(*context);
}

/* --- one segment -------------------------------------------------------------------------------------------------- */

/* 1 or 0, as OpenSSL has it. */
static int segment_begin(EVP_CIPHER_CTX *context, const unsigned char *key, uint64_t number)
{
    unsigned char nonce[NONCE_SIZE] = {0};
    for (int i = 0; i < 8; i++)
        nonce[NONCE_SIZE - 1 - i] = (unsigned char)(number >> (8 * i));
    return EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, nonce);
}

static int segment_add(EVP_CIPHER_CTX *context, const unsigned char *data, size_t size)
{
    int ignored;
    return EVP_EncryptUpdate(context, NULL, &ignored, data, (int)size);
}

static int segment_end(EVP_CIPHER_CTX *context, unsigned char gmac[GMAC_SIZE])
{
    unsigned char nothing[GMAC_SIZE];
    int ignored;
    return EVP_EncryptFinal_ex(context, nothing, &ignored) &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, GMAC_SIZE, gmac);
}

/* The tag of all: sha256 of the segments' GMACs and the size. */
static int whole_tag(const unsigned char *gmacs, size_t segments, uint64_t size_bytes, unsigned char tag[SEAL_TAG_SIZE],
                     struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)(size_bytes >> (8 * i));
    if (cg_bytes_append(&text, gmacs, segments * GMAC_SIZE, err) < 0 ||
        cg_bytes_append(&text, size, sizeof size, err) < 0)
        return -1;
    return EVP_Digest(text.data, text.size, tag, NULL, EVP_sha256(), NULL) ? 0 : fail_crypto(err);
}

/* --- making ------------------------------------------------------------------------------------------------------- */

struct seal_maker {
    EVP_CIPHER_CTX *context;
    unsigned char key[SEAL_KEY_SIZE];
    struct cg_bytes gmacs; /* of the segments that ended */
    uint64_t size_bytes;
};

struct seal_maker *seal_maker_create(struct cg_error *err)
{
    AUTO_SEAL_MAKER struct seal_maker *maker = calloc(1, sizeof *maker);
    if (!maker) {
        cg_fail_memory(err);
        return NULL;
    }
    maker->context = EVP_CIPHER_CTX_new();
    if (!maker->context) {
        cg_fail_memory(err);
        return NULL;
    }
    if (RAND_bytes(maker->key, SEAL_KEY_SIZE) != 1 || !segment_begin(maker->context, maker->key, 0)) {
        fail_crypto(err);
        return NULL;
    }
    return CG_STEAL(maker);
}

static int end_segment(struct seal_maker *maker, struct cg_error *err)
{
    unsigned char gmac[GMAC_SIZE];
    if (!segment_end(maker->context, gmac))
        return fail_crypto(err);
    return cg_bytes_append(&maker->gmacs, gmac, sizeof gmac, err);
}

int seal_maker_update(struct seal_maker *maker, const void *data, size_t size, struct cg_error *err)
{
    const unsigned char *rest = data;
    while (size > 0) {
        size_t room = SEAL_SEGMENT - (size_t)(maker->size_bytes % SEAL_SEGMENT);
        size_t part = size < room ? size : room;
        if (!segment_add(maker->context, rest, part))
            return fail_crypto(err);
        maker->size_bytes += part;
        rest += part;
        size -= part;
        if (part == room && (end_segment(maker, err) < 0 ||
                             !segment_begin(maker->context, maker->key, maker->size_bytes / SEAL_SEGMENT)))
            return fail_crypto(err);
    }
    return 0;
}

int seal_maker_finish(struct seal_maker *maker, struct seal *seal, struct cg_error *err)
{
    if (maker->size_bytes % SEAL_SEGMENT != 0 && end_segment(maker, err) < 0)
        return -1;
    memcpy(seal->key, maker->key, SEAL_KEY_SIZE);
    return whole_tag((const unsigned char *)cg_bytes_text(&maker->gmacs), maker->gmacs.size / GMAC_SIZE,
                     maker->size_bytes, seal->tag, err);
}

void seal_maker_auto(struct seal_maker **maker)
{
    if (!*maker)
        return;
    EVP_CIPHER_CTX_free((*maker)->context);
    cg_bytes_finish(&(*maker)->gmacs);
    OPENSSL_cleanse((*maker)->key, SEAL_KEY_SIZE);
    free(*maker);
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

/* What the threads of one reading share. */
struct reading {
    int fd;
    uint64_t size_bytes;
    size_t segments;
    const unsigned char *key;
    unsigned char *gmacs;  /* of each segment */
    atomic_size_t next;    /* segment that nobody took yet */
    atomic_int read_error; /* errno of a failed read, 0: none; EOVERFLOW: OpenSSL */
};

/* One segment. 0, or an errno. */
static int read_segment(struct reading *reading, EVP_CIPHER_CTX *context, unsigned char *buffer, size_t number)
{
    uint64_t offset = (uint64_t)number * SEAL_SEGMENT;
    uint64_t left = reading->size_bytes - offset;
    if (left > SEAL_SEGMENT)
        left = SEAL_SEGMENT;
    if (!segment_begin(context, reading->key, number))
        return EOVERFLOW;
    while (left > 0) {
        ssize_t got = pread(reading->fd, buffer, left < READ_SIZE ? (size_t)left : READ_SIZE, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            return ENODATA;
        if (!segment_add(context, buffer, (size_t)got))
            return EOVERFLOW;
        offset += (uint64_t)got;
        left -= (uint64_t)got;
    }
    return segment_end(context, reading->gmacs + number * GMAC_SIZE) ? 0 : EOVERFLOW;
}

static void *read_segments(void *argument)
{
    struct reading *reading = argument;
    EVP_CIPHER_CTX *context CG_AUTO(context_auto) = EVP_CIPHER_CTX_new();
    CG_AUTO_FREE unsigned char *buffer = malloc(READ_SIZE);
    int failed = context && buffer ? 0 : ENOMEM;
    while (failed == 0 && atomic_load(&reading->read_error) == 0) {
        size_t number = atomic_fetch_add(&reading->next, 1);
        if (number >= reading->segments)
            break;
        failed = read_segment(reading, context, buffer, number);
    }
    if (failed != 0)
        atomic_store(&reading->read_error, failed);
    return NULL;
}

/* Signals are the host program's: these threads take none. */
static void read_with_threads(struct reading *reading, unsigned threads)
{
    pthread_t ids[SEAL_THREADS_MAX];
    unsigned started = 0;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started + 1 < threads && started < SEAL_THREADS_MAX && started + 1 < reading->segments &&
           pthread_create(&ids[started], NULL, read_segments, reading) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    read_segments(reading);
    while (started > 0)
        pthread_join(ids[--started], NULL);
}

static int fail_reading(int error, const char *name, struct cg_error *err)
{
    if (error == ENOMEM)
        return cg_fail_memory(err);
    if (error == EOVERFLOW)
        return fail_crypto(err);
    errno = error;
    return cg_fail_errno(err, "read", name);
}

int seal_holds(int fd, const char *name, uint64_t size_bytes, const struct seal *seal, unsigned threads,
               struct cg_error *err)
{
    size_t segments = (size_t)((size_bytes + SEAL_SEGMENT - 1) / SEAL_SEGMENT);
    CG_AUTO_FREE unsigned char *gmacs = calloc(segments + 1, GMAC_SIZE);
    if (!gmacs)
        return cg_fail_memory(err);
    struct reading reading = {
        .fd = fd, .size_bytes = size_bytes, .segments = segments, .key = seal->key, .gmacs = gmacs};
    read_with_threads(&reading, threads);
    int error = atomic_load(&reading.read_error);
    if (error == ENODATA)
        return 0;
    if (error != 0)
        return fail_reading(error, name, err);
    unsigned char tag[SEAL_TAG_SIZE];
    if (whole_tag(gmacs, segments, size_bytes, tag, err) < 0)
        return -1;
    return CRYPTO_memcmp(tag, seal->tag, SEAL_TAG_SIZE) == 0;
}

/* --- as text ------------------------------------------------------------------------------------------------------ */

void seal_write(const struct seal *seal, struct seal_text *text)
{
    cg_hex(text->key, seal->key, SEAL_KEY_SIZE);
    cg_hex(text->tag, seal->tag, SEAL_TAG_SIZE);
}

/* 0 to 15, or -1. */
static int digit_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit ? strchr(digits, digit) : NULL;
    return found ? (int)(found - digits) : -1;
}

static int read_hex(const char *text, unsigned char *data, size_t size)
{
    if (!text || strlen(text) != 2 * size)
        return 0;
    for (size_t i = 0; i < size; i++) {
        int high = digit_value(text[2 * i]);
        int low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return 0;
        data[i] = (unsigned char)(high << 4 | low);
    }
    return 1;
}

int seal_read(const char *key, const char *tag, struct seal *seal)
{
    return read_hex(key, seal->key, SEAL_KEY_SIZE) && read_hex(tag, seal->tag, SEAL_TAG_SIZE);
}
