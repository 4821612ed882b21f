/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_READY_FILE_H
#define CLI_READY_FILE_H

/* A file that appears when the service takes requests, and tells where: for scripts that start it. */

#include "cg/error.h"

struct ready_file {
    const char *path;    /* NULL: none is written */
    const char *address; /* NULL: no TCP */
    unsigned short port;
    enum { READY_PLAIN, READY_TLS } tls;
    const char *unix_socket; /* NULL: none */
};

/* Writes {"url", "port", "socket", "pid"} beside it and renames: whoever sees it sees all of it. 0, or -1 with CG_E_IO,
 * CG_E_MEMORY. */
int ready_file_write(const struct ready_file *ready, struct cg_error *err);

#endif
