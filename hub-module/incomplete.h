/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_INCOMPLETE_H
#define CG_HUB_INCOMPLETE_H

/*
 * What an import leaves that does not come to its end.
 *
 * The hub moves the files before the database commits, so an import that dies in between leaves a build's directory
 * without a build, which keeps every later import of it out. From before the first file is moved until the commit, the
 * directory of one of ours has a mark; under the build's lock (exclusive.h) a directory with the mark is of an import
 * that died: its files go back to where they were uploaded, and it is removed.
 */

#include "plugin.h"

/* Marks the importer's build directory, making it. 0, or -1 with an exception. */
int incomplete_begin(PyObject *importer);

/* Puts back what an import of this build left that died. The importer holds the locks. 0, or -1 with an exception. */
int incomplete_clean(PyObject *importer);

/* Moves the uploads of the importer back out of its build directory. A failure is said in the log. */
void incomplete_move_back(PyObject *importer);

/* The same, and removes the directory, if this importer has begun. Keeps the exception that is set. */
void incomplete_undo(PyObject *importer);

/* postCommit: the builds of this request are complete. */
int incomplete_finish(struct plugin *plugin, const char *event, PyObject *keywords);

#endif
