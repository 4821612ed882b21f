/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "buildroot.h"

#include "borrowed.h"
#include "hub.h"
#include "insert.h"

#define IMPORTER "kojihub.CG_Importer"
#define BUILDROOT "kojihub.BuildRoot"
/* Of the importer: {id: dict} of the rpms that were fetched for it. */
#define KNOWN "cgimport_rpms"

/* The dict of what is known, made when there is none. New reference, or NULL. */
static PyObject *known_rpms(PyObject *importer)
{
    if (PyObject_HasAttrString(importer, KNOWN))
        return PyObject_GetAttrString(importer, KNOWN);
    PyObject *known CG_AUTO_OBJECT = PyDict_New();
    return known && PyObject_SetAttrString(importer, KNOWN, known) == 0 ? CG_STEAL(known) : NULL;
}

int buildroot_remember(PyObject *importer, PyObject *fetched)
{
    PyObject *known CG_AUTO_OBJECT = known_rpms(importer);
    PyObject *key = NULL;
    PyObject *rows = NULL;
    Py_ssize_t position = 0;
    while (known && PyDict_Next(fetched, &position, &key, &rows)) {
        PyObject *row = PyList_Size(rows) == 1 ? PyList_GetItem(rows, 0) : NULL;
        PyObject *id = row ? PyDict_GetItemString(row, "id") : NULL;
        if (id && PyDict_SetItem(known, id, row) < 0)
            return -1;
    }
    return known ? 0 : -1;
}

/* get_rpm(rpm, strict=True) of an rpm that has its id: the hub would look it up by that. self: (known, get_rpm). */
static PyObject *answer_get_rpm(PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *rpm = PyTuple_Size(positional) == 1 ? PyTuple_GetItem(positional, 0) : NULL;
    PyObject *strict = keywords && PyDict_Size(keywords) == 1 ? PyDict_GetItemString(keywords, "strict") : NULL;
    PyObject *id = rpm && strict == Py_True && PyDict_Check(rpm) ? PyDict_GetItemString(rpm, "id") : NULL;
    bool located = id && PyDict_GetItemString(rpm, "location");
    PyObject *row = id && !located ? PyDict_GetItem(PyTuple_GetItem(self, 0), id) : NULL;
    return row ? PyDict_Copy(row) : PyObject_Call(PyTuple_GetItem(self, 1), positional, keywords);
}

#define WITH_KEYWORDS(function) __extension__(PyCFunction)(void (*)(void))(function)
static PyMethodDef get_rpm = {"get_rpm", WITH_KEYWORDS(answer_get_rpm), METH_VARARGS | METH_KEYWORDS, NULL};

/* The hub's BuildRoot whose rpms are known; None when this hub's is another. New reference, or NULL. */
static PyObject *knowing_buildroot(struct plugin *plugin, PyObject *known)
{
    PyObject *base CG_AUTO_OBJECT = hub_get(BUILDROOT);
    PyObject *globals CG_AUTO_OBJECT = base ? borrowed_globals(base, "_setList") : NULL;
    PyObject *own = globals ? PyDict_GetItemString(globals, "get_rpm") : NULL;
    if (!own || !PyDict_GetItemString(globals, "BulkInsertProcessor")) {
        PyErr_Clear();
        Py_INCREF(Py_None);
        return Py_None;
    }
    PyObject *self CG_AUTO_OBJECT = PyTuple_Pack(2, known, own);
    PyObject *function CG_AUTO_OBJECT = self ? borrowed_replacement(&get_rpm, self) : NULL;
    PyObject *processor CG_AUTO_OBJECT = function ? insert_processor(plugin, globals) : NULL;
    PyObject *replaced CG_AUTO_OBJECT =
        processor ? Py_BuildValue("{s:O,s:O}", "get_rpm", function, "BulkInsertProcessor", processor) : NULL;
    PyObject *set_list CG_AUTO_OBJECT = replaced ? borrowed_function(base, "_setList", replaced) : NULL;
    if (!set_list || set_list == Py_None)
        return CG_STEAL(set_list);
    return PyObject_CallFunction((PyObject *)&PyType_Type, "s(O){s:O}", "BuildRoot", base, "_setList", set_list);
}

/* The hub's import_buildroot with that BuildRoot; None when this hub's is another. New reference, or NULL. */
static PyObject *borrowed_import(struct plugin *plugin, PyObject *class, PyObject *known)
{
    PyObject *buildroot CG_AUTO_OBJECT = knowing_buildroot(plugin, known);
    if (!buildroot || buildroot == Py_None)
        return CG_STEAL(buildroot);
    PyObject *replaced CG_AUTO_OBJECT = Py_BuildValue("{s:O}", "BuildRoot", buildroot);
    return replaced ? borrowed_function(class, "import_buildroot", replaced) : NULL;
}

PyObject *buildroot_import(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords)
{
    PyObject *class CG_AUTO_OBJECT = hub_get(IMPORTER);
    PyObject *known CG_AUTO_OBJECT = class ? known_rpms(importer) : NULL;
    if (!known)
        return NULL;
    if (PyDict_Size(known) == 0)
        return method_super(class, "import_buildroot", importer, positional, keywords);
    PyObject *import CG_AUTO_OBJECT = borrowed_import(plugin, class, known);
    PyObject *first CG_AUTO_OBJECT = import && import != Py_None ? PyTuple_Pack(1, importer) : NULL;
    PyObject *arguments CG_AUTO_OBJECT = first ? PySequence_Concat(first, positional) : NULL;
    if (arguments)
        return PyObject_Call(import, arguments, keywords);
    if (!import || PyErr_Occurred())
        return NULL;
    hub_log(HUB_LOG_WARNING, "buildroots of this hub are other than known: their rpms are looked up one by one");
    return method_super(class, "import_buildroot", importer, positional, keywords);
}
