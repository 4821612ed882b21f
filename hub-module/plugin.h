/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_PLUGIN_H
#define CG_HUB_PLUGIN_H

/*
 * Python.h as this plugin wants it, and what one loaded copy of the plugin remembers.
 *
 * One binary serves CPython 3.6 and later: only what the limited API had then (PEP 384) is used. The memory holds no
 * Python object, so that neither the interpreter's end nor the order of releases matters; the objects that the hub was
 * given (export.h) share it, and all of it is read and written with the interpreter's lock held.
 */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03060000
#include <Python.h>

#include "cg/check.h"
#include "logic/config.h"

#include <stdbool.h>

struct plugin {
    unsigned references;        /* of module and exports */
    struct cg_checker *checker; /* compiled when first asked for; NULL until then */
    struct hub_config config;   /* what is in force */
    bool told_unrecorded;       /* the log has the line that nothing is recorded */
    struct config_mark mark;    /* which file, in which state, the configuration was read from */
};

/* Everything unset; NULL with MemoryError. */
struct plugin *plugin_create(void);

struct plugin *plugin_share(struct plugin *plugin);

/* Gives one reference back; NULL is allowed. */
void plugin_release(struct plugin *plugin);

/* The compiled schema, borrowed; NULL with an exception. */
const struct cg_checker *plugin_checker(struct plugin *plugin);

/* Releases a reference on leaving scope. */
#define CG_AUTO_OBJECT CG_AUTO(plugin_auto_object)
static inline void plugin_auto_object(PyObject **object)
{
    Py_XDECREF(*object);
}

/* A function in a slot of PyType_Spec or PyModuleDef, which are void pointers there. */
#define PLUGIN_SLOT(function) __extension__(void *)(function)

#endif
