/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_OUTPUTS_H
#define CG_HUB_OUTPUTS_H

/*
 * CG_Importer.prep_outputs with digests made in C: all files are read first, several at once and without the
 * interpreter's lock, then the hub's own function compares and decides, in its order and its words.
 */

#include "method.h"

PyObject *outputs_prepare(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords);

/* The path of the i-th output of the importer's metadata, as the hub makes it. New str; NULL with an exception. */
PyObject *outputs_path(PyObject *importer, PyObject *output);

#endif
