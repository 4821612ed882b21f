/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_SERVER_PRIVATE_H
#define INTAKE_SERVER_PRIVATE_H

/* A server with routes of the starter's choice. intake_start() is it with the routes of the service. */

#include "intake/router.h"

/* `router` is copied, its routes are borrowed; what fails is as with intake_start(). */
struct intake *server_start(const struct intake_options *options, const struct router *router, struct cg_error *err);

#endif
