/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "borrowed.h"

#include "hub.h"

/* Does the function use every name of the dict? 1, 0, or -1 with an exception. */
static int uses_all(PyObject *code, PyObject *replaced)
{
    PyObject *names CG_AUTO_OBJECT = PyObject_GetAttrString(code, "co_names");
    PyObject *key = NULL;
    PyObject *value = NULL;
    Py_ssize_t position = 0;
    int has = names ? 1 : -1;
    while (has == 1 && PyDict_Next(replaced, &position, &key, &value))
        has = PySequence_Contains(names, key);
    return has;
}

PyObject *borrowed_function(PyObject *class, const char *name, PyObject *replaced)
{
    PyObject *function CG_AUTO_OBJECT = PyObject_GetAttrString(class, name);
    PyObject *code CG_AUTO_OBJECT = function ? PyObject_GetAttrString(function, "__code__") : NULL;
    int known = code ? uses_all(code, replaced) : 0;
    if (known < 0)
        return NULL;
    if (!known) {
        PyErr_Clear();
        Py_INCREF(Py_None);
        return Py_None;
    }
    PyObject *globals CG_AUTO_OBJECT = PyObject_GetAttrString(function, "__globals__");
    PyObject *copy CG_AUTO_OBJECT = globals ? PyDict_Copy(globals) : NULL;
    PyObject *defaults CG_AUTO_OBJECT = copy ? PyObject_GetAttrString(function, "__defaults__") : NULL;
    PyObject *closure CG_AUTO_OBJECT = defaults ? PyObject_GetAttrString(function, "__closure__") : NULL;
    if (!closure || PyDict_Update(copy, replaced) < 0)
        return NULL;
    return hub_call("types.FunctionType", "(OOsOO)", code, copy, name, defaults, closure);
}

PyObject *borrowed_globals(PyObject *class, const char *name)
{
    PyObject *function CG_AUTO_OBJECT = PyObject_GetAttrString(class, name);
    return function ? PyObject_GetAttrString(function, "__globals__") : NULL;
}

PyObject *borrowed_replacement(PyMethodDef *definition, PyObject *self)
{
    return PyCFunction_NewEx(definition, self, NULL);
}
