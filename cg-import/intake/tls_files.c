/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/tls_files.h"

#include "base/secret.h"
#include "cg/auto.h"
#include "cg/bytes.h"

#include <string.h>

static char *read_pem(const char *path, struct cg_error *err)
{
    CG_AUTO_FILE FILE *file = fopen(path, "re");
    CG_AUTO_BYTES struct cg_bytes text = {0};
    char piece[4096];
    if (!file) {
        cg_fail_errno(err, "open", path);
        return NULL;
    }
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        if (cg_bytes_append(&text, piece, got, err) != 0)
            return NULL;
    if (ferror(file) || text.size == 0) {
        cg_fail(err, CG_E_CONFIG, "%s is empty or cannot be read; expected PEM", path);
        return NULL;
    }
    return cg_bytes_steal(&text);
}

int tls_files_read(struct tls_files *files, const char *cert, const char *key, const char *client_ca,
                   struct cg_error *err)
{
    if (!cert != !key)
        return cg_fail(err, CG_E_CONFIG, "TLS needs a certificate and a key; only one of them is set");
    if (client_ca && !cert)
        return cg_fail(err, CG_E_CONFIG, "client certificates need TLS; set a certificate and a key");
    if (!cert)
        return 0;
    if (!(files->cert = read_pem(cert, err)) || !(files->key = read_pem(key, err)) ||
        (client_ca && !(files->client_ca = read_pem(client_ca, err))))
        return -1;
    return 0;
}

static bool is_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool tls_files_equal(const struct tls_files *a, const struct tls_files *b)
{
    return is_equal(a->cert, b->cert) && is_equal(a->key, b->key) && is_equal(a->client_ca, b->client_ca);
}

void tls_files_finish(struct tls_files *files)
{
    if (files->key)
        secret_wipe(files->key, strlen(files->key));
    free(files->cert);
    free(files->key);
    free(files->client_ca);
    *files = (struct tls_files){0};
}
