/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "errors.h"

/* The class `name` of the koji package, else Exception, so that a failure is one also where koji is not. */
static PyObject *koji_class(const char *name)
{
    PyObject *koji CG_AUTO_OBJECT = PyImport_ImportModule("koji");
    PyObject *class = koji ? PyObject_GetAttrString(koji, name) : NULL;
    if (class)
        return class;
    PyErr_Clear();
    Py_INCREF(PyExc_Exception);
    return PyExc_Exception;
}

static void raise_text(const char *class_name, const char *text)
{
    PyObject *class CG_AUTO_OBJECT = koji_class(class_name);
    PyObject *message CG_AUTO_OBJECT = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    if (message)
        PyErr_SetObject(class, message);
}

PyObject *raise_error(const struct cg_error *err)
{
    char text[CG_ERROR_MESSAGE_SIZE + CG_ERROR_HINT_SIZE + sizeof " ()"];
    const char *class_name = cg_code_info(err->code)->python_class;

    if (err->code == CG_E_MEMORY)
        return PyErr_NoMemory();
    class_name = strncmp(class_name, "koji.", strlen("koji.")) == 0 ? class_name + strlen("koji.") : "GenericError";
    if (err->hint[0])
        snprintf(text, sizeof text, "%s (%s)", err->message, err->hint);
    else
        snprintf(text, sizeof text, "%s", err->message);
    raise_text(class_name, text);
    return NULL;
}

/* str(object) as UTF-8 bytes; NULL, no exception set, when there is none. */
static PyObject *utf8_of(PyObject *object)
{
    PyObject *text CG_AUTO_OBJECT = object ? PyObject_Str(object) : NULL;
    PyObject *bytes = text ? PyUnicode_AsEncodedString(text, "utf-8", "replace") : NULL;
    PyErr_Clear();
    return bytes;
}

int error_from_python(struct cg_error *err, enum cg_code code, const char *what)
{
    PyObject *type = NULL;
    PyObject *value = NULL;
    PyObject *traceback = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *bytes CG_AUTO_OBJECT = utf8_of(value);
    const char *text = bytes ? PyBytes_AsString(bytes) : "an exception without a text";

    cg_fail(err, code, "%s: %s", what, text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return -1;
}

void guard_type_error(void)
{
    struct cg_error err = {0};
    if (!PyErr_ExceptionMatches(PyExc_TypeError))
        return;
    error_from_python(&err, CG_E_HUB_FAULT, "the hub module");
    raise_error(&err);
}
