/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_BORROWED_H
#define CG_HUB_BORROWED_H

/*
 * A function of the hub that runs as it is but looks up some names of its module elsewhere.
 *
 * The hub's rules are not written a second time here: CG_Importer's own function decides, and only what it asks for one
 * by one (a row of a table, a digest) is answered from what was fetched for all at once. The hub's module itself is
 * not touched, so other threads and clients notice nothing.
 */

#include "plugin.h"

/*
 * The method `name` of `class`, reading `replaced` (a dict) before its module's names. New reference; None where the
 * function is none that Python wrote, or does not use every one of these names: then this hub works otherwise than
 * known; NULL with an exception.
 */
PyObject *borrowed_function(PyObject *class, const char *name, PyObject *replaced);

/* The names of the module that the method is written in: its dict. New reference, or NULL with an exception. */
PyObject *borrowed_globals(PyObject *class, const char *name);

/* A built-in function whose self is `self`, for `replaced`. New reference, or NULL. */
PyObject *borrowed_replacement(PyMethodDef *definition, PyObject *self);

#endif
