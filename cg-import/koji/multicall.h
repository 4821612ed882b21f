/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_MULTICALL_H
#define KOJI_MULTICALL_H

/*
 * Putting several calls into one request and taking their answers apart (kojihub xmlrpc handler, multiCall).
 *
 * The request itself is koji_session_multicall(): `calls` here is what it takes, `results` what it gives.
 */

#include "cg/error.h"

#include <jansson.h>

/*
 * Appends a call. Takes the reference `params`, an array, also on failure; NULL (a json_pack that failed) is
 * CG_E_MEMORY. 0 or -1.
 */
int koji_multicall_add(json_t *calls, const char *method, json_t *params, struct cg_error *err);

/*
 * The value that the i-th call was answered with, borrowed from `results`. NULL with the code of its fault
 * (koji/fault.h), or CG_E_HUB_REPLY if there is no such answer. `method` is for the message.
 */
json_t *koji_multicall_result(const json_t *results, size_t i, const char *method, struct cg_error *err);

#endif
