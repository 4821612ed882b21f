/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lookup.h"

#include "errors.h"
#include "hub.h"

/* clang-format off */
#define RPM_COLUMNS                                                                                                    \
    {"rpminfo.id", "id"}, {"rpminfo.build_id", "build_id"}, {"rpminfo.buildroot_id", "buildroot_id"},                  \
    {"rpminfo.name", "name"}, {"rpminfo.version", "version"}, {"rpminfo.release", "release"},                          \
    {"rpminfo.epoch", "epoch"}, {"rpminfo.arch", "arch"}, {"rpminfo.external_repo_id", "external_repo_id"},            \
    {"external_repo.name", "external_repo_name"}, {"rpminfo.payloadhash", "payloadhash"}, {"rpminfo.size", "size"},    \
    {"rpminfo.buildtime", "buildtime"}, {"rpminfo.metadata_only", "metadata_only"}, {"rpminfo.extra", "extra"}

static const struct lookup_column rpm_columns[] = {RPM_COLUMNS, {"rpminfo.draft", "draft"}, {NULL, NULL}};
static const struct lookup_column rpm_columns_before_drafts[] = {RPM_COLUMNS, {NULL, NULL}};

static const struct lookup_column archive_columns[] = {
    {"archiveinfo.id", "id"}, {"archiveinfo.type_id", "type_id"}, {"archiveinfo.btype_id", "btype_id"},
    {"btype.name", "btype"}, {"archiveinfo.build_id", "build_id"}, {"archiveinfo.buildroot_id", "buildroot_id"},
    {"archiveinfo.filename", "filename"}, {"archiveinfo.size", "size"}, {"archiveinfo.checksum", "checksum"},
    {"archiveinfo.checksum_type", "checksum_type"}, {"archiveinfo.metadata_only", "metadata_only"},
    {"archiveinfo.extra", "extra"}, {"archivetypes.name", "type_name"},
    {"archivetypes.description", "type_description"}, {"archivetypes.extensions", "type_extensions"},
    {"archivetypes.compression_type", "compression_type"}, {NULL, NULL}};

#define RPM_FIELDS {{"name", "text"}, {"version", "text"}, {"release", "text"}, {"arch", "text"}, {NULL, NULL}}
#define RPM_FROM                                                                                                       \
    "JOIN rpminfo ON rpminfo.name = want.k0 AND rpminfo.version = want.k1 AND rpminfo.release = want.k2 "              \
    "AND rpminfo.arch = want.k3 JOIN external_repo ON rpminfo.external_repo_id = external_repo.id"
#define ARCHIVE_JOINS                                                                                                  \
    " JOIN archivetypes ON archiveinfo.type_id = archivetypes.id JOIN btype ON archiveinfo.btype_id = btype.id"
/* clang-format on */

const struct lookup lookup_rpm = {"rpm", RPM_FIELDS, rpm_columns, RPM_FROM};
const struct lookup lookup_rpm_before_drafts = {"rpm", RPM_FIELDS, rpm_columns_before_drafts, RPM_FROM};
const struct lookup lookup_file = {
    "file",
    {{"filename", "text"}, {"filesize", "bigint"}, {NULL, NULL}},
    archive_columns,
    "JOIN archiveinfo ON archiveinfo.filename = want.k0 AND archiveinfo.size = want.k1" ARCHIVE_JOINS};

/* --- keys ----------------------------------------------------------------------------------------------------------
 */

/* A str that PostgreSQL takes as text, or an int that is a bigint and no bool. */
static bool is_ordinary(PyObject *value, const char *type)
{
    bool ordinary = false;
    if (strcmp(type, "bigint") == 0) {
        ordinary = PyLong_CheckExact(value);
        if (ordinary)
            (void)PyLong_AsLongLong(value);
    } else if (PyUnicode_Check(value)) {
        PyObject *bytes CG_AUTO_OBJECT = PyUnicode_AsUTF8String(value);
        ordinary = bytes && strlen(PyBytes_AsString(bytes)) == (size_t)PyBytes_Size(bytes);
    }
    ordinary = ordinary && !PyErr_Occurred();
    PyErr_Clear();
    return ordinary;
}

PyObject *lookup_key(const struct lookup *lookup, PyObject *component)
{
    PyObject *list CG_AUTO_OBJECT = PyList_New(0);
    for (const struct lookup_field *field = lookup->fields; list && field->name; field++) {
        PyObject *value = PyDict_GetItemString(component, field->name);
        if (!value || !is_ordinary(value, field->type)) {
            Py_INCREF(Py_None);
            return Py_None;
        }
        if (PyList_Append(list, value) < 0)
            return NULL;
    }
    return list ? PyList_AsTuple(list) : NULL;
}

/* Puts {key: []} for each component of the kind that has a key. */
static int take_keys(const struct lookup *lookup, PyObject *components, PyObject *found)
{
    Py_ssize_t count = PyList_Size(components);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *component = PyList_GetItem(components, i);
        PyObject *type = PyDict_Check(component) ? PyDict_GetItemString(component, "type") : NULL;
        if (!type || !PyUnicode_Check(type) || PyUnicode_CompareWithASCIIString(type, lookup->component) != 0)
            continue;
        PyObject *key CG_AUTO_OBJECT = lookup_key(lookup, component);
        PyObject *none CG_AUTO_OBJECT = key && key != Py_None ? PyList_New(0) : NULL;
        if (!key || (none && PyDict_SetItem(found, key, none) < 0))
            return -1;
    }
    return PyErr_Occurred() ? -1 : 0;
}

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

/* The wanted keys come as one JSON text, since the hub's cursor makes an SQL row of every list. */
static int statement(const struct lookup *lookup, struct cg_bytes *sql, struct cg_error *err)
{
    const struct lookup_field *field = lookup->fields;
    if (cg_bytes_append_text(sql, "SELECT want.*", err) < 0)
        return -1;
    for (const struct lookup_column *column = lookup->columns; column->sql; column++)
        if (cg_bytes_printf(sql, err, ", %s", column->sql) < 0)
            return -1;
    if (cg_bytes_append_text(sql, " FROM (SELECT ", err) < 0)
        return -1;
    for (size_t i = 0; field[i].name; i++)
        if (cg_bytes_printf(sql, err, "%s(key ->> %zu)::%s AS k%zu", i > 0 ? ", " : "", i, field[i].type, i) < 0)
            return -1;
    return cg_bytes_printf(sql, err, " FROM json_array_elements(%%s::json) AS key) AS want %s", lookup->from);
}

/* Fetches the rows of keys[from] to keys[to - 1]. New reference to a list, or NULL. */
static PyObject *fetch_rows(const char *sql, PyObject *keys, Py_ssize_t from, Py_ssize_t to)
{
    PyObject *some CG_AUTO_OBJECT = PyList_GetSlice(keys, from, to);
    PyObject *text CG_AUTO_OBJECT = some ? hub_call("json.dumps", "(O)", some) : NULL;
    PyObject *values CG_AUTO_OBJECT = text ? PyTuple_Pack(1, text) : NULL;
    return values ? hub_rows(sql, values) : NULL;
}

/* One row as the hub's dict. */
static PyObject *row_dict(const struct lookup *lookup, PyObject *row, Py_ssize_t keys, PyObject *fix)
{
    PyObject *dict CG_AUTO_OBJECT = PyDict_New();
    for (Py_ssize_t i = 0; dict && lookup->columns[i].sql; i++)
        if (PyDict_SetItemString(dict, lookup->columns[i].name, PyTuple_GetItem(row, keys + i)) < 0)
            return NULL;
    return dict ? PyObject_CallFunctionObjArgs(fix, dict, NULL) : NULL;
}

static int take_rows(const struct lookup *lookup, PyObject *rows, PyObject *fix, PyObject *found)
{
    Py_ssize_t keys = 0;
    while (lookup->fields[keys].name)
        keys++;
    Py_ssize_t count = PyList_Size(rows);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *row = PyList_GetItem(rows, i);
        PyObject *key CG_AUTO_OBJECT = PyTuple_GetSlice(row, 0, keys);
        PyObject *list = key ? PyDict_GetItem(found, key) : NULL;
        PyObject *dict CG_AUTO_OBJECT = list ? row_dict(lookup, row, keys, fix) : NULL;
        if (!dict || PyList_Append(list, dict) < 0)
            return -1;
    }
    return 0;
}

PyObject *lookup_fetch(const struct lookup *lookup, PyObject *components, PyObject *fix)
{
    struct cg_error err = {0};
    struct cg_bytes sql CG_AUTO_BYTES = {0};
    PyObject *found CG_AUTO_OBJECT = PyDict_New();
    if (!found || take_keys(lookup, components, found) < 0)
        return NULL;
    if (statement(lookup, &sql, &err) < 0)
        return raise_error(&err);

    PyObject *keys CG_AUTO_OBJECT = PyDict_Keys(found);
    Py_ssize_t count = keys ? PyList_Size(keys) : -1;
    for (Py_ssize_t i = 0; i < count; i += LOOKUP_BATCH) {
        Py_ssize_t end = i + LOOKUP_BATCH < count ? i + LOOKUP_BATCH : count;
        PyObject *rows CG_AUTO_OBJECT = fetch_rows(sql.data, keys, i, end);
        if (!rows || take_rows(lookup, rows, fix, found) < 0)
            return NULL;
    }
    return count < 0 ? NULL : CG_STEAL(found);
}
