/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_CHECK_H
#define CG_HUB_CHECK_H

/*
 * The verdict of cg_check on the hub: as a method that anyone logged in may call, and in the way of every import.
 * What the hub has registered is asked anew each time: one query.
 */

#include "plugin.h"

/*
 * cgimport.checkMetadata(metadata=None, directory=None, strict=0): the report as cg_report_json gives it. Metadata in
 * the forms of CGImport; a named file is read from the caller's own upload directory.
 */
PyObject *check_metadata(struct plugin *plugin, PyObject *const *arguments);

/* The attribute of the hub's context that holds metadata which check_text() let pass, for preImport to know it again.
 */
#define CHECK_JUDGED "cgimport_judged"

/* preImport: refuses what the configuration says, for every client. 0, or -1 with koji.GenericError. */
int check_before_import(struct plugin *plugin, const char *event, PyObject *keywords);

/*
 * Judges a text on its way in as the configuration says: findings that do not refuse are logged. Of `parsed` the name
 * of the build is taken. Returns 0 when the import may go on, else -1 with the findings as koji.GenericError.
 */
int check_text(struct plugin *plugin, const struct cg_bytes *text, PyObject *parsed);

#endif
