/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "incomplete.h"

#include "errors.h"
#include "hub.h"
#include "logic/moved_back.h"
#include "outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* The mark's name in the build's directory. */
#define MARK ".cg_import-incomplete"
/* Of the hub's context: a list of the marks of this request. */
#define MARKS "cgimport_marks"
/* Of the importer: the directory that it marked. */
#define BEGUN "cgimport_begun"

/* "DIRECTORY/.cg_import-incomplete" as the file system has it; "" with an exception set. */
static int mark_path(PyObject *directory, struct cg_bytes *path)
{
    struct cg_error err = {0};
    PyObject *bytes CG_AUTO_OBJECT = PyUnicode_EncodeFSDefault(directory);
    if (!bytes)
        return -1;
    if (cg_bytes_printf(path, &err, "%s/" MARK, PyBytes_AsString(bytes)) < 0)
        return raise_error(&err), -1;
    return 0;
}

/* Remembers the mark for the end of the request. */
static int remember(PyObject *directory)
{
    PyObject *context CG_AUTO_OBJECT = hub_get("kojihub.context");
    PyObject *marks CG_AUTO_OBJECT = context ? hub_context(MARKS) : NULL;
    if (!marks)
        return -1;
    if (marks != Py_None)
        return PyList_Append(marks, directory);
    PyObject *list CG_AUTO_OBJECT = Py_BuildValue("[O]", directory);
    return list ? PyObject_SetAttrString(context, MARKS, list) : -1;
}

/* A directory that is removed may be another request's by the end of this one. */
static void forget(PyObject *directory)
{
    PyObject *marks CG_AUTO_OBJECT = hub_context(MARKS);
    PyObject *removed CG_AUTO_OBJECT =
        marks && PyList_Check(marks) ? PyObject_CallMethod(marks, "remove", "O", directory) : NULL;
    (void)removed;
    PyErr_Clear();
}

int incomplete_begin(PyObject *importer)
{
    struct cg_error err = {0};
    struct cg_bytes path CG_AUTO_BYTES = {0};
    PyObject *build CG_AUTO_OBJECT = PyObject_GetAttrString(importer, "buildinfo");
    PyObject *directory CG_AUTO_OBJECT = build ? hub_call("koji.pathinfo.build", "(O)", build) : NULL;
    PyObject *made CG_AUTO_OBJECT = directory ? hub_call("koji.ensuredir", "(O)", directory) : NULL;
    if (!made || mark_path(directory, &path) < 0)
        return -1;
    int fd CG_AUTO_FD = open(path.data, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        cg_fail_errno(&err, "create", path.data);
        return raise_error(&err), -1;
    }
    return PyObject_SetAttrString(importer, BEGUN, directory) < 0 ? -1 : remember(directory);
}

/* --- putting back --------------------------------------------------------------------------------------------------
 */

static void move_back(PyObject *directory, PyObject *path)
{
    struct cg_error err = {0};
    PyObject *root CG_AUTO_OBJECT = PyUnicode_EncodeFSDefault(directory);
    PyObject *upload CG_AUTO_OBJECT = root ? PyUnicode_EncodeFSDefault(path) : NULL;
    int moved = upload ? 0 : -1;
    if (upload) {
        Py_BEGIN_ALLOW_THREADS;
        moved = moved_back(PyBytes_AsString(root), PyBytes_AsString(upload), &err);
        Py_END_ALLOW_THREADS;
    }
    if (moved < 0)
        hub_log(HUB_LOG_ERROR, "%s", err.code != CG_OK ? err.message : "a name that the file system does not take");
    PyErr_Clear();
}

static void move_all_back(PyObject *importer, PyObject *directory)
{
    PyObject *metadata CG_AUTO_OBJECT = PyObject_GetAttrString(importer, "metadata");
    PyObject *outputs = metadata && PyDict_Check(metadata) ? PyDict_GetItemString(metadata, "output") : NULL;
    Py_ssize_t count = outputs && PyList_Check(outputs) ? PyList_Size(outputs) : 0;
    PyErr_Clear();
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *path CG_AUTO_OBJECT = outputs_path(importer, PyList_GetItem(outputs, i));
        if (path && PyUnicode_Check(path))
            move_back(directory, path);
        PyErr_Clear();
    }
}

static void remove_directory(PyObject *directory)
{
    struct cg_error err = {0};
    PyObject *removed CG_AUTO_OBJECT = hub_call("koji.util.rmtree", "(O)", directory);
    if (!removed) {
        error_from_python(&err, CG_E_IO, "a directory of an import that failed cannot be removed");
        hub_log(HUB_LOG_ERROR, "%s", err.message);
    }
}

void incomplete_move_back(PyObject *importer)
{
    PyObject *directory CG_AUTO_OBJECT =
        PyObject_HasAttrString(importer, BEGUN) ? PyObject_GetAttrString(importer, BEGUN) : NULL;
    if (directory)
        move_all_back(importer, directory);
}

void incomplete_undo(PyObject *importer)
{
    PyObject *type = NULL;
    PyObject *value = NULL;
    PyObject *traceback = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *directory CG_AUTO_OBJECT =
        PyObject_HasAttrString(importer, BEGUN) ? PyObject_GetAttrString(importer, BEGUN) : NULL;
    struct cg_bytes mark CG_AUTO_BYTES = {0};
    if (directory && mark_path(directory, &mark) == 0 && access(mark.data, F_OK) == 0) {
        move_all_back(importer, directory);
        remove_directory(directory);
    }
    if (directory)
        forget(directory);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

/*
 * The build as its directory is named, for which the hub has made it ready (CG_Importer.prep_build): of a draft it
 * knows the release to come, and of one without a reservation not yet the id, so that there is no directory: None. New
 * reference, or NULL.
 */
static PyObject *build_placed(PyObject *importer)
{
    PyObject *build CG_AUTO_OBJECT = PyObject_GetAttrString(importer, "buildinfo");
    PyObject *draft = build ? PyDict_GetItemString(build, "draft") : NULL;
    int is_draft = draft ? PyObject_IsTrue(draft) : 0;
    if (!build || is_draft < 0)
        return NULL;
    if (!is_draft)
        return CG_STEAL(build);
    PyObject *id = PyDict_GetItemString(build, "build_id");
    int reserved = id ? PyObject_IsTrue(id) : 0;
    if (reserved <= 0)
        return reserved < 0 ? NULL : Py_BuildValue("");
    PyObject *copy CG_AUTO_OBJECT = PyDict_Copy(build);
    PyObject *target CG_AUTO_OBJECT = copy ? PyMapping_GetItemString(copy, "release") : NULL;
    PyObject *release CG_AUTO_OBJECT = target ? hub_call("koji.gen_draft_release", "(OO)", target, id) : NULL;
    return release && PyDict_SetItemString(copy, "release", release) == 0 ? CG_STEAL(copy) : NULL;
}

/* The directory that the build has on one volume, if an import that died left it there. */
static int clean_volume(PyObject *importer, PyObject *build, PyObject *volume)
{
    struct cg_bytes mark CG_AUTO_BYTES = {0};
    struct stat st;
    PyObject *copy CG_AUTO_OBJECT = PyDict_Copy(build);
    if (!copy || PyDict_SetItemString(copy, "volume_name", volume) < 0)
        return -1;
    PyObject *directory CG_AUTO_OBJECT = hub_call("koji.pathinfo.build", "(O)", copy);
    PyObject *bytes CG_AUTO_OBJECT = directory ? PyUnicode_EncodeFSDefault(directory) : NULL;
    if (!bytes || mark_path(directory, &mark) < 0)
        return -1;
    /* A symbolic link stands for the build on another volume, which is looked at, too. */
    if (lstat(PyBytes_AsString(bytes), &st) < 0 || !S_ISDIR(st.st_mode) || access(mark.data, F_OK) < 0)
        return 0;
    hub_log(HUB_LOG_WARNING, "an import died and left %s: its files go back to where they were uploaded",
            PyBytes_AsString(bytes));
    move_all_back(importer, directory);
    remove_directory(directory);
    return 0;
}

int incomplete_clean(PyObject *importer)
{
    PyObject *build CG_AUTO_OBJECT = build_placed(importer);
    if (!build || build == Py_None)
        return build ? 0 : -1;
    PyObject *rows CG_AUTO_OBJECT = hub_rows("SELECT name FROM volume ORDER BY id", NULL);
    Py_ssize_t count = rows ? PyList_Size(rows) : -1;
    for (Py_ssize_t i = 0; i < count; i++)
        if (clean_volume(importer, build, PyTuple_GetItem(PyList_GetItem(rows, i), 0)) < 0)
            return -1;
    return count < 0 ? -1 : 0;
}

/* --- the end -------------------------------------------------------------------------------------------------------
 */

int incomplete_finish(struct plugin *plugin, const char *event, PyObject *keywords)
{
    PyObject *marks CG_AUTO_OBJECT = hub_context(MARKS);
    Py_ssize_t count = marks && PyList_Check(marks) ? PyList_Size(marks) : 0;
    (void)plugin, (void)event, (void)keywords;
    for (Py_ssize_t i = 0; i < count; i++) {
        struct cg_bytes path CG_AUTO_BYTES = {0};
        if (mark_path(PyList_GetItem(marks, i), &path) == 0 && unlink(path.data) < 0 && errno != ENOENT)
            hub_log(HUB_LOG_WARNING, "%s cannot be removed: %s", path.data, strerror(errno));
    }
    PyErr_Clear();
    return 0;
}
