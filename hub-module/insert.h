/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_INSERT_H
#define CG_HUB_INSERT_H

/*
 * Thousands of rows of numbers in one statement with one parameter, where kojihub BulkInsertProcessor makes a
 * parameter of each value; and CG_Importer.import_components by it.
 */

#include "method.h"

/*
 * A subclass of the hub's BulkInsertProcessor, found among `globals`, that inserts plain numbers so and leaves all else
 * to the hub's. New reference; None where the hub has no such class; NULL with an exception.
 */
PyObject *insert_processor(struct plugin *plugin, PyObject *globals);

PyObject *insert_components(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords);

#endif
