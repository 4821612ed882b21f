/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_EXCLUSIVE_H
#define CG_HUB_EXCLUSIVE_H

/*
 * One import of a build at a time, whichever clients send them.
 *
 * The hub looks whether a build may be imported, and only later writes: two imports of one reserved build both pass the
 * look, and the one that loses deletes the files of the one that won. With locks of the database (logic/locks.h) the
 * second waits until the first is committed, and looks again.
 */

#include "plugin.h"

/*
 * Takes the locks of the metadata's reservation and NVR, until the transaction ends; nothing where the metadata has
 * none that make sense. 0, or -1 with an exception.
 */
int exclusive_take(PyObject *metadata);

/* preImport: takes the locks and looks again. 0, or -1 with koji.GenericError: the build was imported meanwhile. */
int exclusive_before_import(struct plugin *plugin, const char *event, PyObject *keywords);

#endif
