/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/tls_revocations.h"

#include "cg/auto.h"
#include "cg/bytes.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (64U << 20)

struct tls_revocations {
    const char *path;
    struct log *log;
    pthread_mutex_t lock;
    struct stat seen;        /* the file as it was read last */
    gnutls_x509_crl_t *list; /* NULL: it could not be read */
    unsigned count;
};

static void forget(struct tls_revocations *r)
{
    for (unsigned i = 0; i < r->count; i++)
        gnutls_x509_crl_deinit(r->list[i]);
    gnutls_free(r->list);
    r->list = NULL;
    r->count = 0;
}

static int read_file(const char *path, struct cg_bytes *text, struct cg_error *err)
{
    CG_AUTO_FILE FILE *file = fopen(path, "re");
    char piece[4096];
    size_t got;
    if (!file)
        return cg_fail_errno(err, "open", path);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
        if (got > FILE_BYTES_MAX - text->size)
            return cg_fail(err, CG_E_LIMIT, "%s is over %u bytes", path, FILE_BYTES_MAX);
        if (cg_bytes_append(text, piece, got, err) != 0)
            return -1;
    }
    return ferror(file) ? cg_fail_errno(err, "read", path) : 0;
}

static int load(struct tls_revocations *r, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    forget(r);
    if (read_file(r->path, &text, err) != 0)
        return -1;
    const gnutls_datum_t pem = {(unsigned char *)(uintptr_t)cg_bytes_text(&text), (unsigned)text.size};
    int result = gnutls_x509_crl_list_import2(&r->list, &r->count, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (result >= 0 && r->count > 0)
        return 0;
    r->list = NULL;
    r->count = 0;
    return cg_fail(err, CG_E_CONFIG, "%s has no CRL in PEM form%s%s", r->path, result < 0 ? ": " : "",
                   result < 0 ? gnutls_strerror(result) : "");
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void load_if_changed(struct tls_revocations *r)
{
    struct stat now = {0};
    struct cg_error err = {0};
    if (stat(r->path, &now) != 0)
        now = (struct stat){0};
    if (is_same(&now, &r->seen))
        return;
    r->seen = now;
    if (load(r, &err) != 0)
        log_error(r->log, &err, "no client certificate is good until the revocations can be read", NULL);
}

struct tls_revocations *tls_revocations_open(const char *path, struct log *log, struct cg_error *err)
{
    struct tls_revocations *r = calloc(1, sizeof *r);
    if (!r) {
        cg_fail_memory(err);
        return NULL;
    }
    r->path = path;
    r->log = log;
    pthread_mutex_init(&r->lock, NULL);
    if (stat(path, &r->seen) == 0 && load(r, err) == 0)
        return r;
    cg_fail_errno(err, "open", path); /* unless load() has said more */
    tls_revocations_close(r);
    return NULL;
}

bool tls_revocations_admit(struct tls_revocations *r, const void *der, size_t size)
{
    const gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der, (unsigned)size};
    gnutls_x509_crt_t certificate;
    if (gnutls_x509_crt_init(&certificate) != GNUTLS_E_SUCCESS)
        return false;
    bool admitted = false;
    if (gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS) {
        pthread_mutex_lock(&r->lock);
        load_if_changed(r);
        admitted = r->list && gnutls_x509_crt_check_revocation(certificate, r->list, r->count) == 0;
        pthread_mutex_unlock(&r->lock);
    }
    gnutls_x509_crt_deinit(certificate);
    return admitted;
}

void tls_revocations_close(struct tls_revocations *r)
{
    if (!r)
        return;
    forget(r);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
