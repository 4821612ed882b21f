/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_EXPORT_H
#define CG_HUB_EXPORT_H

/*
 * The objects that the hub's loader finds in the module: remote methods and callbacks, described by rows of a table.
 *
 * The hub wants attributes that a built-in function cannot carry (`exported`, `export_alias`, `callbacks`;
 * koji/plugin.py, kojihub HandlerRegistry), so each row becomes an instance of a type of our own that has them.
 */

#include "plugin.h"

/* Parameters that one method may have. */
#define EXPORT_PARAMETERS_MAX 6

enum export_default { EXPORT_REQUIRED, EXPORT_NONE, EXPORT_NUMBER };

struct export_parameter {
    const char *name; /* NULL ends the list */
    enum export_default kind;
    long number; /* the default of EXPORT_NUMBER */
};

/*
 * A remote method: `arguments` holds a borrowed object for each parameter, the default where the caller gave none.
 * Returns a new reference, or NULL with an exception.
 */
typedef PyObject *export_method(struct plugin *plugin, PyObject *const *arguments);

/*
 * A callback: `event` is the type ("preImport"), `keywords` the dict of what is told about it. Returns 0, or -1 with an
 * exception, which makes the hub undo what is going on.
 */
typedef int export_callback(struct plugin *plugin, const char *event, PyObject *keywords);

struct export
{
    const char *name;      /* in the module, "checkMetadata" */
    const char *alias;     /* on the wire, "cgimport.checkMetadata"; NULL for a callback */
    const char *doc;       /* what koji's `list-api` and system.methodHelp tell */
    export_method *method; /* NULL for a callback */
    struct export_parameter parameters[EXPORT_PARAMETERS_MAX + 1];
    export_callback *callback; /* NULL for a method */
    const char *const *events; /* of a callback: its types, NULL-terminated */
};

/* Makes an object of each row up to the one without a name and puts it into `module`. 0, or -1 with an exception. */
int export_add(PyObject *module, struct plugin *plugin, const struct export *rows);

#endif
