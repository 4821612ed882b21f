/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SERVICE_ACCESS_H
#define CLI_SERVICE_ACCESS_H

/* The options that say where the service is and as whom to call it. The same for all verbs that talk to it. */

#include "options.h"

#include "base/secret.h"

/* Option ids; those of the verbs begin at OPTION_OF_CLIENT_VERB. */
enum service_access_option {
    OPTION_SERVICE = 'S',
    OPTION_SERVICE_TOKEN_FILE = OPTION_LONG_ONLY,
    OPTION_SERVICE_CA,
    OPTION_SERVICE_CERT,
    OPTION_OF_CLIENT_VERB,
};

extern const struct option_row service_access_rows[];

/* Zero-initialise; release with service_access_finish. Texts borrowed. */
struct service_access {
    const char *url;
    const char *token_file;
    const char *serverca;
    const char *cert;
    struct secret token; /* once resolved; unset: none */
};

/* Takes one of the options above. 1: taken, 0: it is none of them. */
int service_access_take(struct service_access *access, int id, const char *value);

/*
 * Fills in what was not given: CG_IMPORT_SERVICE; the token of CG_IMPORT_TOKEN_FILE, else of cg-import/token in
 * $XDG_CONFIG_HOME or ~/.config if that is there. 0, or -1 with CG_E_USAGE (no service named), CG_E_IO, CG_E_CONFIG.
 */
int service_access_resolve(struct service_access *access, struct cg_error *err);

void service_access_finish(struct service_access *access);

#endif
