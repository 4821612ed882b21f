/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_CONTENTS_H
#define CG_HUB_CONTENTS_H

/* cgimport.findContent and cgimport.stageContent: content that the hub holds need not be sent to it again. */

#include "plugin.h"

/* (contents): a list of true and false, whether a build that the caller may see holds each. */
PyObject *find_content(struct plugin *plugin, PyObject *const *arguments);

/* (directory, contents): a list of how each was put into the upload directory, nil where it has to be sent. */
PyObject *stage_content(struct plugin *plugin, PyObject *const *arguments);

#endif
