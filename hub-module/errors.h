/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_ERRORS_H
#define CG_HUB_ERRORS_H

/*
 * The one border between failures in C and exceptions in Python.
 *
 * A caller of the hub sees the number and text of a koji exception and never a traceback. The hub takes a TypeError
 * that has no Python frame for wrong arguments (koji/util.py call_with_argcheck), so TypeError is used for these only.
 */

#include "plugin.h"

/* Sets the koji exception of the code with message and hint as its text. Returns NULL, always. */
PyObject *raise_error(const struct cg_error *err);

/* Takes the exception that is set into `err` as "WHAT: its text" with `code`. Returns -1, always. */
int error_from_python(struct cg_error *err, enum cg_code code, const char *what);

/*
 * Called when an export failed, with its exception set: what is the hub's own stays as it is; a TypeError from within
 * becomes koji.GenericError, since the arguments were not wrong.
 */
void guard_type_error(void);

#endif
