/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cursor.h"

#include "errors.h"

/* The values as a tuple of str and None; NULL with an exception. */
static PyObject *parameters_of(const char *const *values, size_t count)
{
    PyObject *tuple CG_AUTO_OBJECT = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; tuple && i < count; i++) {
        PyObject *value = Py_None;
        if (values[i])
            value = PyUnicode_FromString(values[i]);
        else
            Py_INCREF(Py_None);
        if (!value || PyTuple_SetItem(tuple, (Py_ssize_t)i, value) < 0)
            return NULL;
    }
    return CG_STEAL(tuple);
}

/* A copy of a cell's text, NULL for None. 0, or -1 with an exception. */
static int copy_cell(PyObject *row, Py_ssize_t column, char **cell)
{
    PyObject *value CG_AUTO_OBJECT = PySequence_GetItem(row, column);
    if (!value || value == Py_None)
        return value ? 0 : -1;
    PyObject *bytes CG_AUTO_OBJECT = PyUnicode_AsUTF8String(value);
    const char *text = bytes ? PyBytes_AsString(bytes) : NULL;
    if (!text)
        return -1;
    *cell = strdup(text);
    if (!*cell)
        PyErr_NoMemory();
    return *cell ? 0 : -1;
}

static int copy_row(PyObject *list, size_t number, struct database_rows *rows)
{
    PyObject *row CG_AUTO_OBJECT = PySequence_GetItem(list, (Py_ssize_t)number);
    Py_ssize_t columns = row ? PySequence_Size(row) : -1;
    if (columns < 0)
        return -1;
    if (!rows->cells) {
        rows->columns = (size_t)columns;
        rows->cells = calloc(rows->count * rows->columns + 1, sizeof *rows->cells);
    }
    if (!rows->cells) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t column = 0; column < rows->columns; column++)
        if (copy_cell(row, (Py_ssize_t)column, &rows->cells[number * rows->columns + column]) < 0)
            return -1;
    return 0;
}

/* 0, or -1 with an exception; what was copied before is freed by the caller. */
static int copy_rows(PyObject *list, struct database_rows *rows)
{
    Py_ssize_t count = PySequence_Size(list);
    if (count < 0)
        return -1;
    rows->count = (size_t)count;
    for (size_t i = 0; i < rows->count; i++)
        if (copy_row(list, i, rows) < 0)
            return -1;
    return 0;
}

static int run(const char *sql, PyObject *parameters, struct database_rows *rows)
{
    if (!rows)
        return hub_execute(sql, parameters) < 0 ? -1 : 0;
    PyObject *list CG_AUTO_OBJECT = hub_rows(sql, parameters);
    if (!list)
        return -1;
    struct database_rows made CG_AUTO(database_rows_finish) = {0};
    if (copy_rows(list, &made) < 0)
        return -1;
    *rows = CG_MOVE(made);
    return 0;
}

static int run_on_hub(void *context, const char *sql, const char *const *values, size_t count,
                      struct database_rows *rows, struct cg_error *err)
{
    (void)context;
    PyObject *parameters CG_AUTO_OBJECT = parameters_of(values, count);
    if (parameters && run(sql, parameters, rows) == 0)
        return 0;
    return error_from_python(err, CG_E_HUB_FAULT, "the hub's database");
}

const struct database hub_database = {.run = run_on_hub, .context = NULL};
