/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SERVICE_MANAGER_H
#define CLI_SERVICE_MANAGER_H

/*
 * Telling the service manager how we are: sd_notify(3), the datagrams of which are a stable interface, without its
 * library. Does nothing where none listens.
 */

#include "cg/error.h"

/* "READY=1", "STOPPING=1", "RELOADING=1", "WATCHDOG=1", "STATUS=...". 0, also when nobody listens; -1 with CG_E_IO. */
int service_manager_tell(const char *state, struct cg_error *err);

/* How often it wants to hear WATCHDOG=1, milliseconds; 0: never. */
unsigned service_manager_watchdog_ms(void);

#endif
