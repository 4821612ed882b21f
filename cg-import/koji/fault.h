/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_FAULT_H
#define KOJI_FAULT_H

/*
 * What a hub's fault means: number and text to an error code, a message for people and a hint.
 *
 * Numbers are koji/__init__.py's faultCode (1000-1024, 1 for a bare Python exception); texts are those of
 * kojihub.py, seen in the recordings. An unknown number or text still becomes a code and keeps the hub's words.
 */

#include "cg/error.h"

/* Records the fault that `method` was answered with. Returns -1, always. */
int koji_fault(const char *method, int fault, const char *text, struct cg_error *err);

#endif
