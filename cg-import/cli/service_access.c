/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service_access.h"

#include "cg/bytes.h"

#include <string.h>
#include <unistd.h>

const struct option_row service_access_rows[] = {
    {OPTION_SERVICE, "service", "URL", "address of the service (default: $CG_IMPORT_SERVICE)"},
    {OPTION_SERVICE_TOKEN_FILE, "token-file", "FILE",
     "file whose first line is the token (default: $CG_IMPORT_TOKEN_FILE, else ~/.config/cg-import/token)"},
    {OPTION_SERVICE_CA, "serverca", "FILE", "certificates (PEM) that may sign the service's"},
    {OPTION_SERVICE_CERT, "cert", "FILE", "client certificate and key (PEM), instead of a token"},
    {0, NULL, NULL, NULL},
};

int service_access_take(struct service_access *access, int id, const char *value)
{
    switch (id) {
    case OPTION_SERVICE:
        access->url = value;
        return 1;
    case OPTION_SERVICE_TOKEN_FILE:
        access->token_file = value;
        return 1;
    case OPTION_SERVICE_CA:
        access->serverca = value;
        return 1;
    case OPTION_SERVICE_CERT:
        access->cert = value;
        return 1;
    default:
        return 0;
    }
}

/* ~/.config/cg-import/token; 1, 0 where there is no such file, -1. */
static int default_token_file(struct cg_bytes *path, struct cg_error *err)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int result;
    if (config && config[0] == '/')
        result = cg_bytes_printf(path, err, "%s/cg-import/token", config);
    else if (home && home[0] == '/')
        result = cg_bytes_printf(path, err, "%s/.config/cg-import/token", home);
    else
        return 0;
    if (result < 0)
        return -1;
    return access(cg_bytes_text(path), F_OK) == 0;
}

static int read_token(struct service_access *access, struct cg_error *err)
{
    const char *given = access->token_file ? access->token_file : getenv("CG_IMPORT_TOKEN_FILE");
    if (given)
        return secret_set_from_file(&access->token, given, err);
    /* Whoever shows a certificate is not to be taken for the owner of some token. */
    if (access->cert)
        return 0;
    CG_AUTO_BYTES struct cg_bytes path = {0};
    int there = default_token_file(&path, err);
    return there > 0 ? secret_set_from_file(&access->token, cg_bytes_text(&path), err) : there;
}

int service_access_resolve(struct service_access *access, struct cg_error *err)
{
    if (!access->url)
        access->url = getenv("CG_IMPORT_SERVICE");
    if (!access->url || !access->url[0]) {
        cg_fail(err, CG_E_USAGE, "which service?");
        return cg_hint(err, "name it by --service URL or in the environment variable CG_IMPORT_SERVICE");
    }
    if (strncmp(access->url, "http://", 7) != 0 && strncmp(access->url, "https://", 8) != 0)
        return cg_fail(err, CG_E_USAGE, "--service wants an address that begins with http:// or https://, not \"%s\"",
                       access->url);
    return read_token(access, err);
}

void service_access_finish(struct service_access *access)
{
    secret_finish(&access->token);
}
