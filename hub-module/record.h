/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_RECORD_H
#define CG_HUB_RECORD_H

/* The callbacks that write the record of imports (logic/outbox.h), and cgimport.events that reads it. */

#include "plugin.h"

/* postImport, postBuildStateChange, postBuildPromote, postTag, postUntag. */
int record_event(struct plugin *plugin, const char *event, PyObject *keywords);

/* (after, limit): a list of events. */
PyObject *events(struct plugin *plugin, PyObject *const *arguments);

#endif
