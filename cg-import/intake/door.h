/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_DOOR_H
#define INTAKE_DOOR_H

/*
 * A listening socket and who carries its requests, changed for another while it stays open: so a new certificate is
 * taken up without a restart.
 *
 * From then on new connections are carried by the new one; the old one keeps those it has until they end. For one owner
 * and one sweeper thread.
 */

#include "intake/carrier.h"
#include "intake/tls_files.h"

struct door;

/*
 * Opens it: `options` but for the TLS texts, which are of `files` (taken over, also after a failure). The descriptor
 * is the door's from here on. NULL with what carrier_start() says.
 */
struct door *door_open(const struct carrier_options *options, struct tls_files *files, struct cg_error *err);

/* Other certificates (taken over); the same again change nothing. 1 changed, 0 the same, -1 what was stays. */
int door_change(struct door *door, struct tls_files *files, struct cg_error *err);

/* Lets go of old carriers that have no connection any more. Called now and then. */
void door_sweep(struct door *door);

/* No new connections. NULL is allowed. */
void door_quiesce(struct door *door);

/* Closes all connections and the socket, and frees; the sweeper has ended. NULL is allowed. */
void door_close(struct door *door);

#endif
