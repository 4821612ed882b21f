/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "refusal.h"

#include "errors.h"

/* Marks the exceptions that were made here; koji's classes take any attribute. */
#define MARK "cgimport_refusal"

static PyObject *generic_error(void)
{
    PyObject *koji CG_AUTO_OBJECT = PyImport_ImportModule("koji");
    return koji ? PyObject_GetAttrString(koji, "GenericError") : NULL;
}

int refuse(const char *text)
{
    PyObject *class CG_AUTO_OBJECT = generic_error();
    PyObject *message CG_AUTO_OBJECT = class ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace") : NULL;
    PyObject *refusal CG_AUTO_OBJECT = message ? PyObject_CallFunctionObjArgs(class, message, NULL) : NULL;
    if (refusal && PyObject_SetAttrString(refusal, MARK, Py_True) == 0)
        PyErr_SetObject(class, refusal);
    return -1;
}

/* The exception that an `except` block of this thread is at, new reference; None when there is none. */
static PyObject *handled_exception(void)
{
    PyObject *sys CG_AUTO_OBJECT = PyImport_ImportModule("sys");
    PyObject *info CG_AUTO_OBJECT = sys ? PyObject_CallMethod(sys, "exc_info", NULL) : NULL;
    return info ? PySequence_GetItem(info, 1) : NULL;
}

PyObject *refusal_answer(void)
{
    PyObject *handled CG_AUTO_OBJECT = handled_exception();
    if (!handled)
        return NULL;
    if (!PyObject_HasAttrString(handled, MARK))
        return PyBool_FromLong(0);
    PyObject *class CG_AUTO_OBJECT = generic_error();
    PyObject *message CG_AUTO_OBJECT = class ? PyObject_Str(handled) : NULL;
    if (message)
        PyErr_SetObject(class, message);
    return NULL;
}
