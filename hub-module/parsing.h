/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_PARSING_H
#define CG_HUB_PARSING_H

/*
 * CG_Importer.get_metadata without walking through all of the metadata once more: the hub's parse_json mends encodings
 * value by value, which in Python 3 changes nothing (koji.fixEncodingRecurse).
 */

#include "method.h"

PyObject *parsing_get_metadata(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords);

#endif
