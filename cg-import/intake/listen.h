/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_LISTEN_H
#define INTAKE_LISTEN_H

/* Listening sockets, TCP and Unix. */

#include "cg/error.h"

/* A listening socket of `address` ("127.0.0.1", "::", a host name) and the port it got (0: any free one).
 * -1 with CG_E_IO (in use, not ours), CG_E_CONFIG (no such address). */
int listen_tcp(const char *address, unsigned short port, unsigned short *taken, struct cg_error *err);

/* A listening socket at `path` with these permission bits. A socket there that nobody serves is replaced, anything else
 * is not. -1 with CG_E_IO, CG_E_CONFIG (the path is too long). */
int listen_unix(const char *path, unsigned mode, struct cg_error *err);

#endif
