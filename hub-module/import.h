/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_IMPORT_H
#define CG_HUB_IMPORT_H

/*
 * cgimport.importBuild(metadata, directory, token=None, key=None): CGImport, faster, and safe to repeat.
 *
 * The hub's own CG_Importer imports, with all its rules, policies and callbacks; a subclass made at run time changes
 * how components are looked up (components.h), how digests are made (outputs.h), who may run at the same time
 * (exclusive.h) and what is left behind (incomplete.h). With a key, the same key asked again is answered the same
 * (logic/answers.h).
 */

#include "plugin.h"

PyObject *import_build(struct plugin *plugin, PyObject *const *arguments);

#endif
