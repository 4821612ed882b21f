/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_METHOD_H
#define CG_HUB_METHOD_H

/*
 * Methods in C for a class that is made at run time: a built-in function in a class is not bound to its instance.
 */

#include "plugin.h"

/* `self` is the instance; `positional` and `keywords` (may be NULL) are the caller's. New reference, or NULL. */
typedef PyObject *method_call(struct plugin *plugin, PyObject *self, PyObject *positional, PyObject *keywords);

struct method {
    const char *name; /* NULL ends a table */
    method_call *call;
};

/* type(name, (base,), {the methods}). New reference, or NULL. */
PyObject *method_subclass(struct plugin *plugin, const char *name, PyObject *base, const struct method *methods);

/* The same method of the class above: getattr(base, name)(self, *positional, **keywords). New reference, or NULL. */
PyObject *method_super(PyObject *base, const char *name, PyObject *self, PyObject *positional, PyObject *keywords);

#endif
