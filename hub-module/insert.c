/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "insert.h"

#include "borrowed.h"
#include "errors.h"
#include "hub.h"

#define IMPORTER "kojihub.CG_Importer"
#define PROCESSOR "BulkInsertProcessor"

/* Are these dicts with just the columns, of numbers only? JSON and the hub's own way then mean the same. */
static bool are_numbers(PyObject *rows, PyObject *columns)
{
    Py_ssize_t count = PyList_Size(rows);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *row = PyList_GetItem(rows, i);
        PyObject *key = NULL;
        PyObject *value = NULL;
        Py_ssize_t position = 0;
        if (!PyDict_Check(row) || PyDict_Size(row) != PySequence_Size(columns))
            return false;
        while (PyDict_Next(row, &position, &key, &value))
            if (!PyLong_Check(value) || PySequence_Contains(columns, key) != 1)
                return false;
    }
    return count > 0;
}

/* "INSERT INTO t (a, b) SELECT a, b FROM json_populate_recordset(NULL::t, %s)": the types are the table's own. */
static int statement(PyObject *table, PyObject *columns, struct cg_bytes *sql, struct cg_error *err)
{
    PyObject *comma CG_AUTO_OBJECT = PyUnicode_FromString(", ");
    PyObject *joined CG_AUTO_OBJECT = comma ? PyUnicode_Join(comma, columns) : NULL;
    PyObject *names CG_AUTO_OBJECT = joined ? PyUnicode_AsUTF8String(joined) : NULL;
    PyObject *name CG_AUTO_OBJECT = names ? PyUnicode_AsUTF8String(table) : NULL;
    if (!name)
        return -1;
    const char *list = PyBytes_AsString(names);
    const char *into = PyBytes_AsString(name);
    return cg_bytes_printf(sql, err, "INSERT INTO %s (%s) SELECT %s FROM json_populate_recordset(NULL::%s, %%s::json)",
                           into, list, list, into);
}

static int insert_numbers(PyObject *table, PyObject *columns, PyObject *rows)
{
    struct cg_error err = {0};
    struct cg_bytes sql CG_AUTO_BYTES = {0};
    PyObject *text CG_AUTO_OBJECT = hub_call("json.dumps", "(O)", rows);
    PyObject *values CG_AUTO_OBJECT = text ? PyTuple_Pack(1, text) : NULL;
    if (!values)
        return -1;
    if (statement(table, columns, &sql, &err) < 0)
        return err.code != CG_OK ? (raise_error(&err), -1) : -1;
    return hub_execute(sql.data, values) < 0 ? -1 : 0;
}

static PyObject *execute(struct plugin *plugin, PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *table CG_AUTO_OBJECT = PyObject_GetAttrString(self, "table");
    PyObject *rows CG_AUTO_OBJECT = table ? PyObject_GetAttrString(self, "data") : NULL;
    PyObject *set CG_AUTO_OBJECT = rows ? PyObject_GetAttrString(self, "columns") : NULL;
    PyObject *columns CG_AUTO_OBJECT = set ? PySequence_List(set) : NULL;
    (void)plugin;
    if (!columns)
        return NULL;
    if (!PyUnicode_Check(table) || !PyList_Check(rows) || !are_numbers(rows, columns)) {
        PyObject *class = (PyObject *)Py_TYPE(self);
        PyObject *base CG_AUTO_OBJECT = PyObject_GetAttrString(class, "__base__");
        return base ? method_super(base, "execute", self, positional, keywords) : NULL;
    }
    if (insert_numbers(table, columns, rows) < 0)
        return NULL;
    Py_INCREF(Py_None);
    return Py_None;
}

static const struct method methods[] = {{"execute", execute}, {NULL, NULL}};

PyObject *insert_processor(struct plugin *plugin, PyObject *globals)
{
    PyObject *base = PyDict_GetItemString(globals, PROCESSOR);
    if (base && PyType_Check(base))
        return method_subclass(plugin, PROCESSOR, base, methods);
    Py_INCREF(Py_None);
    return Py_None;
}

/* The hub's import_components with that processor; None when this hub's is another. New reference, or NULL. */
static PyObject *borrowed_import(struct plugin *plugin, PyObject *class)
{
    PyObject *globals CG_AUTO_OBJECT = borrowed_globals(class, "import_components");
    PyObject *processor CG_AUTO_OBJECT = globals ? insert_processor(plugin, globals) : NULL;
    if (!processor || processor == Py_None)
        return CG_STEAL(processor);
    PyObject *replaced CG_AUTO_OBJECT = Py_BuildValue("{s:O}", PROCESSOR, processor);
    return replaced ? borrowed_function(class, "import_components", replaced) : NULL;
}

PyObject *insert_components(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords)
{
    PyObject *class CG_AUTO_OBJECT = hub_get(IMPORTER);
    PyObject *import CG_AUTO_OBJECT = class ? borrowed_import(plugin, class) : NULL;
    PyObject *first CG_AUTO_OBJECT = import && import != Py_None ? PyTuple_Pack(1, importer) : NULL;
    PyObject *arguments CG_AUTO_OBJECT = first ? PySequence_Concat(first, positional) : NULL;
    if (arguments)
        return PyObject_Call(import, arguments, keywords);
    if (!import || PyErr_Occurred())
        return NULL;
    hub_log(HUB_LOG_WARNING, "import_components of this hub is another than known: it inserts in its own way");
    return method_super(class, "import_components", importer, positional, keywords);
}
