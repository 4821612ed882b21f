/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_HELLO_H
#define CG_HUB_HELLO_H

/* cgimport.hello: what a client finds out before it relies on the module. */

#include "plugin.h"

/*
 * {"version", "libcg", "libraries", "schema_sha256", "abilities": [names of the methods]}. Anyone may ask. Takes no
 * arguments.
 */
PyObject *hello(struct plugin *plugin, PyObject *const *arguments);

#endif
