/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_BUILDROOT_H
#define CG_HUB_BUILDROOT_H

/*
 * CG_Importer.import_buildroot without asking again, one by one, for each rpm that was just matched
 * (kojihub BuildRoot._setList).
 */

#include "method.h"

/* Remembers rpms that were fetched, {key: list of dicts}, for this importer. 0, or -1 with an exception. */
int buildroot_remember(PyObject *importer, PyObject *fetched);

PyObject *buildroot_import(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords);

#endif
