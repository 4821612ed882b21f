/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_HEAD_PROBE_H
#define INTAKE_HEAD_PROBE_H

/*
 * Finds out, when the service starts, how the libmicrohttpd that is here reads heads: by sending it some.
 *
 * The gate sees a head through what the library leaves of it (raw_head.h), which no release promises. So what cannot be
 * told apart is not a matter of version numbers but of these requests: each good one must be read as it was sent, each
 * bad one be refused by the library or by the gate. No socket but a pair, no thread.
 */

#include "intake/raw_head.h"

#include "cg/error.h"

/* The form that the gate can read all of them in. RAW_HEAD_UNKNOWN with CG_E_UNSUPPORTED (names the request that was
 * misread, and releases that work), CG_E_MEMORY, CG_E_IO. */
enum raw_head_form head_probe(struct cg_error *err);

/* Flags with which the library leaves heads in this form. */
unsigned head_probe_flags(enum raw_head_form form);

#endif
