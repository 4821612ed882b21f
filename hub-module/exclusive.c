/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exclusive.h"

#include "cursor.h"
#include "errors.h"
#include "hub.h"
#include "logic/locks.h"
#include "refusal.h"

/* koji.BUILD_STATES */
enum { STATE_BUILDING = 0, STATE_FAILED = 3, STATE_CANCELED = 4 };

/* build.build_id where the metadata reserve one, else 0. */
static long long reserved_id(PyObject *build)
{
    PyObject *id = PyDict_GetItemString(build, "build_id");
    long long number = id && PyLong_CheckExact(id) ? PyLong_AsLongLong(id) : 0;
    PyErr_Clear();
    return number;
}

/* (name, version, release) where all are texts; None where not. New reference, or NULL. */
static PyObject *nvr_of(PyObject *build)
{
    PyObject *name = PyDict_GetItemString(build, "name");
    PyObject *version = PyDict_GetItemString(build, "version");
    PyObject *release = PyDict_GetItemString(build, "release");
    if (name && version && release && PyUnicode_Check(name) && PyUnicode_Check(version) && PyUnicode_Check(release))
        return PyTuple_Pack(3, name, version, release);
    Py_INCREF(Py_None);
    return Py_None;
}

static int take(enum lock_kind kind, const char *name)
{
    struct cg_error err = {0};
    if (lock_take(&hub_database, kind, name, &err) < 0)
        return raise_error(&err), -1;
    return 0;
}

static int take_nvr(PyObject *nvr)
{
    PyObject *dash CG_AUTO_OBJECT = PyUnicode_FromString("-");
    PyObject *text CG_AUTO_OBJECT = dash ? PyUnicode_Join(dash, nvr) : NULL;
    PyObject *bytes CG_AUTO_OBJECT = text ? PyUnicode_AsEncodedString(text, "utf-8", "replace") : NULL;
    return bytes ? take(LOCK_NVR, PyBytes_AsString(bytes)) : -1;
}

/* The metadata's build, borrowed; NULL when there is none. */
static PyObject *build_of(PyObject *metadata)
{
    PyObject *build = metadata && PyDict_Check(metadata) ? PyDict_GetItemString(metadata, "build") : NULL;
    return build && PyDict_Check(build) ? build : NULL;
}

int exclusive_take(PyObject *metadata)
{
    PyObject *build = build_of(metadata);
    char number[32];
    if (!build)
        return 0;
    long long id = reserved_id(build);
    snprintf(number, sizeof number, "%lld", id);
    if (id > 0 && take(LOCK_RESERVATION, number) < 0)
        return -1;
    PyObject *nvr CG_AUTO_OBJECT = nvr_of(build);
    if (!nvr)
        return -1;
    return nvr == Py_None ? 0 : take_nvr(nvr);
}

/* --- looking again -------------------------------------------------------------------------------------------------
 */

/* (id, state) of the one row of a query, or zeros when there is none. 0, or -1 with an exception. */
static int read_state(const char *sql, PyObject *values, long *id, int *state)
{
    PyObject *rows CG_AUTO_OBJECT = values ? hub_rows(sql, values) : NULL;
    *id = 0;
    if (!rows || PyList_Size(rows) == 0)
        return rows ? 0 : -1;
    return PyArg_ParseTuple(PyList_GetItem(rows, 0), "li", id, state) ? 0 : -1;
}

static int look_at_reservation(long long reserved)
{
    char text[80];
    long id = 0;
    int state = 0;
    PyObject *values CG_AUTO_OBJECT = Py_BuildValue("(L)", reserved);
    if (read_state("SELECT id, state FROM build WHERE id = %s", values, &id, &state) < 0)
        return -1;
    if (id > 0 && state == STATE_BUILDING)
        return 0;
    snprintf(text, sizeof text, "Build ID %lld is not in BUILDING state", reserved);
    return refuse(text);
}

static int look_at_nvr(PyObject *nvr)
{
    char text[1024];
    long id = 0;
    int state = 0;
    if (read_state("SELECT build.id, build.state FROM build JOIN package ON build.pkg_id = package.id "
                   "WHERE package.name = %s AND build.version = %s AND build.release = %s",
                   nvr, &id, &state) < 0)
        return -1;
    if (id == 0 || state == STATE_FAILED || state == STATE_CANCELED)
        return 0;
    PyObject *dash CG_AUTO_OBJECT = PyUnicode_FromString("-");
    PyObject *joined CG_AUTO_OBJECT = dash ? PyUnicode_Join(dash, nvr) : NULL;
    PyObject *bytes CG_AUTO_OBJECT = joined ? PyUnicode_AsEncodedString(joined, "utf-8", "replace") : NULL;
    if (!bytes)
        return -1;
    snprintf(text, sizeof text, "Build already exists: %.900s (id=%ld)", PyBytes_AsString(bytes), id);
    return refuse(text);
}

int exclusive_before_import(struct plugin *plugin, const char *event, PyObject *keywords)
{
    PyObject *type = PyDict_GetItemString(keywords, "type");
    PyObject *metadata = PyDict_GetItemString(keywords, "metadata");
    PyObject *build = build_of(metadata);

    (void)plugin, (void)event;
    if (!type || !PyUnicode_Check(type) || PyUnicode_CompareWithASCIIString(type, "cg") != 0 || !build)
        return 0;
    if (exclusive_take(metadata) < 0)
        return -1;
    long long reserved = reserved_id(build);
    if (reserved > 0)
        return look_at_reservation(reserved);
    PyObject *nvr CG_AUTO_OBJECT = nvr_of(build);
    if (!nvr)
        return -1;
    return nvr == Py_None ? 0 : look_at_nvr(nvr);
}
