/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_TLS_FILES_H
#define INTAKE_TLS_FILES_H

/* The service's certificate, its key and the CA of client certificates, as texts of their PEM files. */

#include "cg/error.h"

#include <stdbool.h>

/* Zero-initialise; owned; release with tls_files_finish. NULL: not set. */
struct tls_files {
    char *cert, *key, *client_ca;
};

/* Reads those that are named (NULL: not). 0, or -1 with CG_E_CONFIG (one without the other, an empty file), CG_E_IO,
 * CG_E_MEMORY. Whether they are good is for whoever uses them to say. */
int tls_files_read(struct tls_files *files, const char *cert, const char *key, const char *client_ca,
                   struct cg_error *err);

bool tls_files_equal(const struct tls_files *a, const struct tls_files *b);

/* Wipes the key. */
void tls_files_finish(struct tls_files *files);

#endif
