/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_COMPONENTS_H
#define CG_HUB_COMPONENTS_H

/*
 * CG_Importer.match_components with a query for a thousand components instead of one or more for each.
 *
 * What the hub knows is fetched beforehand; then the hub's own match_rpm, match_file and match_kojifile decide, one by
 * one, in their words and with their log. Where a look-up has more than one answer, or asks for something out of the
 * ordinary, the hub's own function is asked: which of several it prefers is its own affair and differs by release. One
 * answer of each kind is compared with the hub's own; if they differ, all are asked there.
 */

#include "method.h"

PyObject *components_match(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords);

#endif
