/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_ROUTES_H
#define INTAKE_ROUTES_H

/* The routes that are the server's own: health, metrics, contract. Those below /v1 are resources.h. */

#include "intake/request.h"

/* Borrowed for ever. */
const struct intake_route *routes_of_server(size_t *count);

#endif
