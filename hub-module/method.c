/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "method.h"

#include "hub.h"

struct method_object {
    PyObject_HEAD struct plugin *plugin; /* shared */
    const struct method *method;
};

static void method_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = __extension__(freefunc) PyType_GetSlot(type, Py_tp_free);
    plugin_release(((struct method_object *)object)->plugin);
    release(object);
    Py_DECREF(type);
}

static PyObject *method_called(PyObject *object, PyObject *positional, PyObject *keywords)
{
    const struct method_object *method = (const struct method_object *)object;
    Py_ssize_t count = PyTuple_Size(positional);
    if (count < 1)
        return PyErr_Format(PyExc_TypeError, "%s: the instance is missing", method->method->name);
    PyObject *rest CG_AUTO_OBJECT = PyTuple_GetSlice(positional, 1, count);
    return rest ? method->method->call(method->plugin, PyTuple_GetItem(positional, 0), rest, keywords) : NULL;
}

/* instance.method: what calls it with the instance first. */
static PyObject *method_get(PyObject *object, PyObject *instance, PyObject *owner)
{
    (void)owner;
    if (instance && instance != Py_None)
        return hub_call("types.MethodType", "(OO)", object, instance);
    Py_INCREF(object);
    return object;
}

static PyType_Slot slots[] = {
    {Py_tp_call, PLUGIN_SLOT(method_called)},
    {Py_tp_descr_get, PLUGIN_SLOT(method_get)},
    {Py_tp_dealloc, PLUGIN_SLOT(method_dealloc)},
    {0, NULL},
};

static PyType_Spec spec = {"cg_import.method", sizeof(struct method_object), 0, Py_TPFLAGS_DEFAULT, slots};

static PyObject *namespace_of(struct plugin *plugin, const struct method *methods)
{
    PyObject *type CG_AUTO_OBJECT = PyType_FromSpec(&spec);
    PyObject *names CG_AUTO_OBJECT = type ? PyDict_New() : NULL;
    if (!names)
        return NULL;
    for (; methods->name; methods++) {
        PyObject *object CG_AUTO_OBJECT = PyType_GenericAlloc((PyTypeObject *)type, 0);
        if (!object)
            return NULL;
        ((struct method_object *)object)->plugin = plugin_share(plugin);
        ((struct method_object *)object)->method = methods;
        if (PyDict_SetItemString(names, methods->name, object) < 0)
            return NULL;
    }
    return CG_STEAL(names);
}

PyObject *method_subclass(struct plugin *plugin, const char *name, PyObject *base, const struct method *methods)
{
    PyObject *names CG_AUTO_OBJECT = namespace_of(plugin, methods);
    return names ? PyObject_CallFunction((PyObject *)&PyType_Type, "s(O)O", name, base, names) : NULL;
}

PyObject *method_super(PyObject *base, const char *name, PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *function CG_AUTO_OBJECT = PyObject_GetAttrString(base, name);
    PyObject *first CG_AUTO_OBJECT = function ? PyTuple_Pack(1, self) : NULL;
    PyObject *arguments CG_AUTO_OBJECT = first ? PySequence_Concat(first, positional) : NULL;
    return arguments ? PyObject_Call(function, arguments, keywords) : NULL;
}
