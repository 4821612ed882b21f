/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_HEALTH_H
#define INTAKE_HEALTH_H

/*
 * /healthz: the process lives. /readyz: it can take imports, that is database and schema are there and the spool has
 * room above its reserve; 503 otherwise, with what is wrong by name and no more. Neither asks a hub: an import waits
 * for a hub that is away, its intake does not.
 */

#include "intake/request.h"

extern const struct intake_handler health_alive;
extern const struct intake_handler health_ready;

#endif
