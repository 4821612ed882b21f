/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata_text.h"

#include "errors.h"
#include "hub.h"
#include "logic/upload_file.h"

#include "cg/json.h"

/* Appends a str. A lone surrogate becomes "?": no JSON text has one, and the check says so. */
static int append_str(PyObject *string, struct cg_bytes *text)
{
    struct cg_error err = {0};
    char *data = NULL;
    Py_ssize_t size = 0;
    PyObject *bytes CG_AUTO_OBJECT = PyUnicode_AsEncodedString(string, "utf-8", "replace");
    if (!bytes || PyBytes_AsStringAndSize(bytes, &data, &size) < 0)
        return -1;
    if (cg_bytes_append(text, data, (size_t)size, &err) < 0)
        return raise_error(&err), -1;
    return 0;
}

/* json.dumps(metadata, indent=2), which is what the hub stores of a struct. */
static int append_struct(PyObject *metadata, struct cg_bytes *text)
{
    PyObject *dumps CG_AUTO_OBJECT = hub_get("json.dumps");
    PyObject *arguments CG_AUTO_OBJECT = dumps ? PyTuple_Pack(1, metadata) : NULL;
    PyObject *keywords CG_AUTO_OBJECT = arguments ? Py_BuildValue("{s:i}", "indent", 2) : NULL;
    PyObject *string CG_AUTO_OBJECT = keywords ? PyObject_Call(dumps, arguments, keywords) : NULL;
    return string ? append_str(string, text) : -1;
}

/* The caller's id, UPLOAD_ANY_USER where it does not matter; -2 with an exception. */
static long long caller_for(enum metadata_access access)
{
    if (access == METADATA_ANY)
        return UPLOAD_ANY_USER;
    PyObject *id CG_AUTO_OBJECT = hub_get("kojihub.context.session.user_id");
    long long number = id ? PyLong_AsLongLong(id) : -2;
    return PyErr_Occurred() ? -2 : number;
}

static int append_fd(int fd, const char *name, struct cg_bytes *text, struct cg_error *err)
{
    char buffer[65536];
    ssize_t got = 0;
    while ((got = read(fd, buffer, sizeof buffer)) > 0) {
        if (text->size + (size_t)got > CG_JSON_SIZE_MAX)
            return cg_fail(err, CG_E_LIMIT, "%s has more than %u bytes", name, CG_JSON_SIZE_MAX);
        if (cg_bytes_append(text, buffer, (size_t)got, err) < 0)
            return -1;
    }
    return got < 0 ? cg_fail_errno(err, "read", name) : 0;
}

static int append_file(const char *name, PyObject *directory, enum metadata_access access, struct cg_bytes *text)
{
    struct cg_error err = {0};
    PyObject *work CG_AUTO_OBJECT = hub_call("koji.pathinfo.work", "()");
    PyObject *root CG_AUTO_OBJECT = work ? PyUnicode_EncodeFSDefault(work) : NULL;
    long long user = root ? caller_for(access) : -2;
    if (user == -2)
        return -1;
    if (!PyUnicode_Check(directory)) {
        cg_fail(&err, CG_E_USAGE, "an upload directory is needed to read %s", name);
        return raise_error(&err), -1;
    }
    PyObject *place CG_AUTO_OBJECT = PyUnicode_AsUTF8String(directory);
    if (!place)
        return -1;

    int status = -1;
    Py_BEGIN_ALLOW_THREADS;
    int fd CG_AUTO_FD = upload_file_open(PyBytes_AsString(root), PyBytes_AsString(place), name, user, &err);
    status = fd < 0 ? -1 : append_fd(fd, name, text, &err);
    Py_END_ALLOW_THREADS;
    return status < 0 ? (raise_error(&err), -1) : 0;
}

int metadata_text(PyObject *metadata, PyObject *directory, enum metadata_access access, struct cg_bytes *text)
{
    struct cg_error err = {0};
    if (PyDict_Check(metadata))
        return append_struct(metadata, text);
    if (metadata == Py_None)
        return append_file("metadata.json", directory, access, text);
    if (!PyUnicode_Check(metadata)) {
        cg_fail(&err, CG_E_USAGE, "the metadata is neither a struct nor a text nor the name of a file");
        return raise_error(&err), -1;
    }

    struct cg_bytes name CG_AUTO_BYTES = {0};
    if (append_str(metadata, &name) < 0)
        return -1;
    const char *end = name.size >= 5 ? name.data + name.size - 5 : "";
    if (strcmp(end, ".json") == 0)
        return append_file(name.data, directory, access, text);
    *text = CG_MOVE(name);
    return 0;
}

/* --- metadata on its way in --------------------------------------------------------------------------------------- */

/* The metadata argument of the call that the hub is at, if that is a CGImport; None if not. New, or NULL. */
static PyObject *sent_metadata(void)
{
    PyObject *method CG_AUTO_OBJECT = hub_context("method");
    PyObject *params CG_AUTO_OBJECT = method ? hub_context("params") : NULL;
    if (!params)
        return NULL;
    if (!PyUnicode_Check(method) || PyUnicode_CompareWithASCIIString(method, "CGImport") != 0 || params == Py_None) {
        Py_INCREF(Py_None);
        return Py_None;
    }
    PyObject *decode CG_AUTO_OBJECT = hub_get("koji.decode_args");
    PyObject *tuple CG_AUTO_OBJECT = decode ? PySequence_Tuple(params) : NULL;
    PyObject *decoded CG_AUTO_OBJECT = tuple ? PyObject_CallObject(decode, tuple) : NULL;
    PyObject *positional CG_AUTO_OBJECT = decoded ? PySequence_GetItem(decoded, 0) : NULL;
    PyObject *named CG_AUTO_OBJECT = positional ? PySequence_GetItem(decoded, 1) : NULL;
    if (!named)
        return NULL;
    if (PySequence_Size(positional) > 0)
        return PySequence_GetItem(positional, 0);
    return PyMapping_GetItemString(named, "metadata");
}

/* A struct as the caller sent it: what CG_Importer.assert_cg_access and prep_build put into it is taken out. */
static PyObject *as_sent(PyObject *parsed)
{
    static const char *const legacy[] = {"maven", "win", "image"};
    PyObject *copy CG_AUTO_OBJECT = hub_call("copy.deepcopy", "(O)", parsed);
    PyObject *buildroots = copy ? PyDict_GetItemString(copy, "buildroots") : NULL;
    PyObject *build = copy ? PyDict_GetItemString(copy, "build") : NULL;
    PyObject *extra = build && PyDict_Check(build) ? PyDict_GetItemString(build, "extra") : NULL;
    PyObject *typeinfo = extra && PyDict_Check(extra) ? PyDict_GetItemString(extra, "typeinfo") : NULL;
    if (!copy)
        return NULL;

    for (Py_ssize_t i = 0; buildroots && PyList_Check(buildroots) && i < PyList_Size(buildroots); i++) {
        PyObject *buildroot = PyList_GetItem(buildroots, i);
        if (PyDict_Check(buildroot) && PyDict_GetItemString(buildroot, "cg_id") &&
            PyDict_DelItemString(buildroot, "cg_id") < 0)
            return NULL;
    }
    if (!typeinfo || !PyDict_Check(typeinfo))
        return CG_STEAL(copy);
    for (size_t i = 0; i < sizeof legacy / sizeof legacy[0]; i++) {
        PyObject *value = PyDict_GetItemString(typeinfo, legacy[i]);
        if (value && value == PyDict_GetItemString(extra, legacy[i]) && PyDict_DelItemString(typeinfo, legacy[i]) < 0)
            return NULL;
    }
    if (PyDict_Size(typeinfo) == 0 && PyDict_DelItemString(extra, "typeinfo") < 0)
        return NULL;
    return CG_STEAL(copy);
}

int metadata_text_of_import(PyObject *parsed, PyObject *directory, struct cg_bytes *text)
{
    PyObject *sent CG_AUTO_OBJECT = sent_metadata();
    if (sent && !PyDict_Check(sent) && (sent != Py_None || !PyDict_Check(parsed)))
        return metadata_text(sent, directory, METADATA_ANY, text);
    if (!sent)
        return -1;
    PyObject *clean CG_AUTO_OBJECT = as_sent(parsed);
    return clean ? append_struct(clean, text) : -1;
}
