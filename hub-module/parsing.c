/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parsing.h"

#include "borrowed.h"
#include "hub.h"

#define IMPORTER "kojihub.CG_Importer"

/* parse_json(text, ...): what is no JSON is the hub's to refuse. self: (parse_json,). */
static PyObject *answer_parse_json(PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *text = PyTuple_Size(positional) > 0 ? PyTuple_GetItem(positional, 0) : NULL;
    PyObject *value = text && PyUnicode_Check(text) ? hub_call("json.loads", "(O)", text) : NULL;
    if (value)
        return value;
    PyErr_Clear();
    return PyObject_Call(PyTuple_GetItem(self, 0), positional, keywords);
}

#define WITH_KEYWORDS(function) __extension__(PyCFunction)(void (*)(void))(function)
static PyMethodDef parse_json = {"parse_json", WITH_KEYWORDS(answer_parse_json), METH_VARARGS | METH_KEYWORDS, NULL};

/* Does mending leave everything as it is, in this version of koji? 1, 0, or -1 with an exception. */
static int mending_changes_nothing(void)
{
    PyObject *sample CG_AUTO_OBJECT = hub_call(
        "json.loads", "(s)",
        "{\"\": [null, true, false, 0, -1.5, \"\", \"\\u0000\\u001b\\u00e9\\ud83d\\ude00\\ud800\", {\"a\": []}]}");
    PyObject *mended CG_AUTO_OBJECT = sample ? hub_call("koji.fixEncodingRecurse", "(O)", sample) : NULL;
    return mended ? PyObject_RichCompareBool(sample, mended, Py_EQ) : -1;
}

/* The hub's get_metadata with that parse_json; None when this hub's is another. New reference, or NULL. */
static PyObject *borrowed_get_metadata(PyObject *class)
{
    PyObject *globals CG_AUTO_OBJECT = borrowed_globals(class, "get_metadata");
    PyObject *own = globals ? PyDict_GetItemString(globals, "parse_json") : NULL;
    int nothing = own ? mending_changes_nothing() : 0;
    if (nothing <= 0) {
        PyErr_Clear();
        Py_INCREF(Py_None);
        return Py_None;
    }
    PyObject *self CG_AUTO_OBJECT = PyTuple_Pack(1, own);
    PyObject *function CG_AUTO_OBJECT = self ? borrowed_replacement(&parse_json, self) : NULL;
    PyObject *replaced CG_AUTO_OBJECT = function ? Py_BuildValue("{s:O}", "parse_json", function) : NULL;
    return replaced ? borrowed_function(class, "get_metadata", replaced) : NULL;
}

PyObject *parsing_get_metadata(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords)
{
    PyObject *class CG_AUTO_OBJECT = hub_get(IMPORTER);
    PyObject *get CG_AUTO_OBJECT = class ? borrowed_get_metadata(class) : NULL;
    PyObject *first CG_AUTO_OBJECT = get && get != Py_None ? PyTuple_Pack(1, importer) : NULL;
    PyObject *arguments CG_AUTO_OBJECT = first ? PySequence_Concat(first, positional) : NULL;
    (void)plugin;
    if (arguments)
        return PyObject_Call(get, arguments, keywords);
    if (!get || PyErr_Occurred())
        return NULL;
    hub_log(HUB_LOG_WARNING, "get_metadata of this hub is another than known: it parses in its own way");
    return method_super(class, "get_metadata", importer, positional, keywords);
}
