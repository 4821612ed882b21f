/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "export.h"

#include "errors.h"
#include "refusal.h"

/* One row of the table, as the hub sees it. */
struct export_object {
    PyObject_HEAD struct plugin *plugin; /* shared */
    const struct export *row;
    PyObject *signature; /* inspect.Signature of a method; NULL for a callback */
};

/* --- making ------------------------------------------------------------------------------------------------------- */

static PyObject *default_of(const struct export_parameter *parameter)
{
    if (parameter->kind == EXPORT_NUMBER)
        return PyLong_FromLong(parameter->number);
    Py_INCREF(Py_None);
    return Py_None;
}

/* inspect.Parameter(name, POSITIONAL_OR_KEYWORD[, default=...]) */
static PyObject *parameter_object(PyObject *class, const struct export_parameter *parameter)
{
    PyObject *kind CG_AUTO_OBJECT = PyObject_GetAttrString(class, "POSITIONAL_OR_KEYWORD");
    PyObject *arguments CG_AUTO_OBJECT = kind ? Py_BuildValue("(sO)", parameter->name, kind) : NULL;
    if (!arguments)
        return NULL;
    if (parameter->kind == EXPORT_REQUIRED)
        return PyObject_Call(class, arguments, NULL);

    PyObject *keywords CG_AUTO_OBJECT = Py_BuildValue("{s:N}", "default", default_of(parameter));
    return keywords ? PyObject_Call(class, arguments, keywords) : NULL;
}

/* Without a true Signature, inspect fails up to Python 3.12, and with it the hub's _listapi for every client. */
static PyObject *signature_of(const struct export *row)
{
    PyObject *inspect CG_AUTO_OBJECT = PyImport_ImportModule("inspect");
    PyObject *class CG_AUTO_OBJECT = inspect ? PyObject_GetAttrString(inspect, "Parameter") : NULL;
    PyObject *list CG_AUTO_OBJECT = class ? PyList_New(0) : NULL;
    if (!list)
        return NULL;
    for (const struct export_parameter *p = row->parameters; p->name; p++) {
        PyObject *parameter CG_AUTO_OBJECT = parameter_object(class, p);
        if (!parameter || PyList_Append(list, parameter) < 0)
            return NULL;
    }
    return PyObject_CallMethod(inspect, "Signature", "(O)", list);
}

static PyObject *export_create(PyTypeObject *type, struct plugin *plugin, const struct export *row)
{
    PyObject *signature CG_AUTO_OBJECT = NULL;
    if (row->method && !(signature = signature_of(row)))
        return NULL;
    struct export_object *self = (struct export_object *)PyType_GenericAlloc(type, 0);
    if (!self)
        return NULL;
    self->plugin = plugin_share(plugin);
    self->row = row;
    self->signature = CG_STEAL(signature);
    return (PyObject *)self;
}

static void export_dealloc(PyObject *object)
{
    struct export_object *self = (struct export_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = __extension__(freefunc) PyType_GetSlot(type, Py_tp_free);

    plugin_release(self->plugin);
    Py_XDECREF(self->signature);
    release(object);
    Py_DECREF(type);
}

/* --- being called ------------------------------------------------------------------------------------------------- */

/* "O|OO:cgimport.importBuild" */
static void parse_format(const struct export *row, char *format, size_t size)
{
    char letters[2 * EXPORT_PARAMETERS_MAX + 1];
    size_t used = 0;
    for (const struct export_parameter *p = row->parameters; p->name; p++) {
        if (p->kind != EXPORT_REQUIRED && (p == row->parameters || p[-1].kind == EXPORT_REQUIRED))
            letters[used++] = '|';
        letters[used++] = 'O';
    }
    letters[used] = '\0';
    snprintf(format, size, "%s:%s", letters, row->alias);
}

static PyObject *call_method(const struct export_object *self, PyObject *positional, PyObject *keywords)
{
    const struct export *row = self->row;
    char format[64];
    char *names[EXPORT_PARAMETERS_MAX + 1] = {0};
    PyObject *values[EXPORT_PARAMETERS_MAX] = {0};
    PyObject *defaults[EXPORT_PARAMETERS_MAX] = {0};

    parse_format(row, format, sizeof format);
    for (size_t i = 0; row->parameters[i].name; i++)
        names[i] = (char *)(uintptr_t)row->parameters[i].name;
    if (!PyArg_ParseTupleAndKeywords(positional, keywords, format, names, &values[0], &values[1], &values[2],
                                     &values[3], &values[4], &values[5]))
        return NULL;

    PyObject *result = NULL;
    bool complete = true;
    for (size_t i = 0; row->parameters[i].name; i++) {
        if (values[i])
            continue;
        values[i] = defaults[i] = default_of(&row->parameters[i]);
        complete = complete && values[i];
    }
    if (complete)
        result = row->method(self->plugin, values);
    for (size_t i = 0; i < EXPORT_PARAMETERS_MAX; i++)
        Py_XDECREF(defaults[i]);
    if (!result)
        guard_type_error();
    return result;
}

/* The hub calls callback(type, **what) (koji/plugin.py run_callbacks). */
static PyObject *call_callback(const struct export_object *self, PyObject *positional, PyObject *keywords)
{
    PyObject *event = NULL;
    PyObject *none CG_AUTO_OBJECT = keywords ? NULL : PyDict_New();
    if (!keywords && !none)
        return NULL;
    if (PyTuple_Size(positional) < 1 || !(event = PyTuple_GetItem(positional, 0)))
        return PyErr_Format(PyExc_TypeError, "%s: the type of the callback is missing", self->row->name);
    PyObject *name CG_AUTO_OBJECT = PyUnicode_AsUTF8String(event);
    if (!name)
        return NULL;
    if (self->row->callback(self->plugin, PyBytes_AsString(name), keywords ? keywords : none) < 0) {
        guard_type_error();
        return NULL;
    }
    Py_INCREF(Py_None);
    return Py_None;
}

static PyObject *export_call(PyObject *object, PyObject *positional, PyObject *keywords)
{
    const struct export_object *self = (const struct export_object *)object;
    return self->row->method ? call_method(self, positional, keywords) : call_callback(self, positional, keywords);
}

/* --- attributes --------------------------------------------------------------------------------------------------- */

static const struct export *row_of(PyObject *object)
{
    return ((struct export_object *)object)->row;
}

static PyObject *get_name(PyObject *object, void *closure)
{
    (void)closure;
    return PyUnicode_FromString(row_of(object)->name);
}

static PyObject *get_doc(PyObject *object, void *closure)
{
    (void)closure;
    return PyUnicode_FromString(row_of(object)->doc);
}

static PyObject *absent(const char *name)
{
    PyErr_SetString(PyExc_AttributeError, name);
    return NULL;
}

static PyObject *get_signature(PyObject *object, void *closure)
{
    PyObject *signature = ((struct export_object *)object)->signature;
    (void)closure;
    if (!signature)
        return absent("__signature__");
    Py_INCREF(signature);
    return signature;
}

static PyObject *get_exported(PyObject *object, void *closure)
{
    (void)closure;
    return PyBool_FromLong(row_of(object)->method != NULL);
}

static PyObject *get_export_alias(PyObject *object, void *closure)
{
    (void)closure;
    return row_of(object)->alias ? PyUnicode_FromString(row_of(object)->alias) : absent("export_alias");
}

/* The types this hub knows: one that it does not know would keep it from starting (preBuildPromote came with 1.34). */
static PyObject *get_callbacks(PyObject *object, void *closure)
{
    const char *const *event = row_of(object)->events;
    (void)closure;
    if (!event)
        return absent("callbacks");
    PyObject *module CG_AUTO_OBJECT = PyImport_ImportModule("koji.plugin");
    PyObject *known CG_AUTO_OBJECT = module ? PyObject_GetAttrString(module, "callbacks") : NULL;
    PyObject *events CG_AUTO_OBJECT = known ? PyList_New(0) : NULL;
    if (!events)
        return NULL;
    for (; *event; event++) {
        PyObject *name CG_AUTO_OBJECT = PyUnicode_FromString(*event);
        int has = name ? PySequence_Contains(known, name) : -1;
        if (has < 0 || (has && PyList_Append(events, name) < 0))
            return NULL;
    }
    return PyList_AsTuple(events);
}

static PyObject *get_failure_is_an_option(PyObject *object, void *closure)
{
    (void)object, (void)closure;
    return refusal_answer();
}

/* Asking for converted times would have the hub copy all of the metadata for each callback. */
static PyObject *get_convert_datetime(PyObject *object, void *closure)
{
    (void)object, (void)closure;
    return PyBool_FromLong(0);
}

static PyObject *export_repr(PyObject *object)
{
    return PyUnicode_FromFormat("<cg_import %s>", row_of(object)->alias ? row_of(object)->alias : row_of(object)->name);
}

#define ATTRIBUTE(name, getter)                                                                                        \
    {                                                                                                                  \
        (char *)(uintptr_t)(name), getter, NULL, NULL, NULL                                                            \
    }
static PyGetSetDef attributes[] = {
    ATTRIBUTE("__name__", get_name),
    ATTRIBUTE("__doc__", get_doc),
    ATTRIBUTE("__signature__", get_signature),
    ATTRIBUTE("exported", get_exported),
    ATTRIBUTE("export_alias", get_export_alias),
    ATTRIBUTE("callbacks", get_callbacks),
    ATTRIBUTE("failure_is_an_option", get_failure_is_an_option),
    ATTRIBUTE("convert_datetime", get_convert_datetime),
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_call, PLUGIN_SLOT(export_call)},
    {Py_tp_getset, attributes},
    {Py_tp_dealloc, PLUGIN_SLOT(export_dealloc)},
    {Py_tp_repr, PLUGIN_SLOT(export_repr)},
    {0, NULL},
};

static PyType_Spec spec = {"cg_import.export", sizeof(struct export_object), 0, Py_TPFLAGS_DEFAULT, slots};

int export_add(PyObject *module, struct plugin *plugin, const struct export *rows)
{
    PyObject *type CG_AUTO_OBJECT = PyType_FromSpec(&spec);
    if (!type)
        return -1;
    for (const struct export *row = rows; row->name; row++) {
        PyObject *object CG_AUTO_OBJECT = export_create((PyTypeObject *)type, plugin, row);
        if (!object || PyObject_SetAttrString(module, row->name, object) < 0)
            return -1;
    }
    return 0;
}
