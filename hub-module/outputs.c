/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outputs.h"

#include "borrowed.h"
#include "cursor.h"
#include "errors.h"
#include "hub.h"
#include "logic/content.h"
#include "logic/output_digests.h"

#define IMPORTER "kojihub.CG_Importer"
/* Files from so many bytes have seals (logic/seal.h). */
#define SEALED_FROM (1024 * 1024)

/* What the replaced names share: {path: digest} of what was read, and the path that was opened last. */
struct answers {
    PyObject *made;    /* dict of path to a (kind, digest) */
    PyObject *current; /* list of one: the (kind, digest) of the file that is open, or None */
};

/* --- the names that prep_outputs looks up --------------------------------------------------------------------------
 */

/* open(path, "rb"): nothing is left to read of a file whose digest is known. self: (made, current, open). */
static PyObject *answer_open(PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *made = PyTuple_GetItem(self, 0);
    PyObject *current = PyTuple_GetItem(self, 1);
    PyObject *path = PyTuple_Size(positional) > 0 ? PyTuple_GetItem(positional, 0) : NULL;
    PyObject *known = path && PyUnicode_Check(path) ? PyDict_GetItem(made, path) : NULL;

    PyObject *kept = known ? known : Py_None;
    Py_INCREF(kept);
    if (PyList_SetItem(current, 0, kept) < 0)
        return NULL;
    if (known)
        return hub_call("io.BytesIO", "()");
    return PyObject_Call(PyTuple_GetItem(self, 2), positional, keywords);
}

/* What makes an object of hashlib's face whose digest is `digest`. */
static PyObject *ready_digest(PyObject *digest)
{
    PyObject *partial CG_AUTO_OBJECT = hub_get("functools.partial");
    PyObject *face CG_AUTO_OBJECT = partial ? hub_get("types.SimpleNamespace") : NULL;
    PyObject *text CG_AUTO_OBJECT =
        face ? PyObject_CallFunctionObjArgs(partial, (PyObject *)&PyUnicode_Type, digest, NULL) : NULL;
    PyObject *names CG_AUTO_OBJECT =
        text ? Py_BuildValue("{s:O,s:O}", "hexdigest", text, "update", (PyObject *)&PyBool_Type) : NULL;
    PyObject *arguments CG_AUTO_OBJECT = names ? PyTuple_Pack(1, face) : NULL;
    return arguments ? PyObject_Call(partial, arguments, names) : NULL;
}

/* get_verify_class(kind): the hub says which kinds there are. self: (made, current, get_verify_class). */
static PyObject *answer_verify_class(PyObject *self, PyObject *kind)
{
    struct cg_error err = {0};
    PyObject *class CG_AUTO_OBJECT = PyObject_CallFunctionObjArgs(PyTuple_GetItem(self, 2), kind, NULL);
    PyObject *current = PyList_GetItem(PyTuple_GetItem(self, 1), 0);
    if (!class || !current)
        return NULL;
    if (current == Py_None || !PyObject_IsTrue(class))
        return CG_STEAL(class);
    int same = PyObject_RichCompareBool(PyTuple_GetItem(current, 0), kind, Py_EQ);
    if (same < 0)
        return NULL;
    if (same)
        return ready_digest(PyTuple_GetItem(current, 1));
    cg_fail(&err, CG_E_INTERNAL, "the digest that was made is of another kind than the hub asks for");
    return raise_error(&err);
}

#define WITH_KEYWORDS(function) __extension__(PyCFunction)(void (*)(void))(function)
static PyMethodDef open_definition = {"open", WITH_KEYWORDS(answer_open), METH_VARARGS | METH_KEYWORDS, NULL};
static PyMethodDef verify_definition = {"get_verify_class", answer_verify_class, METH_O, NULL};

/* Adds the built-in in place of `name`, which keeps `original` to hand on to. 0, or -1 with an exception. */
static int replace(PyObject *replaced, PyMethodDef *definition, const struct answers *answers, PyObject *original)
{
    PyObject *self CG_AUTO_OBJECT = original ? PyTuple_Pack(3, answers->made, answers->current, original) : NULL;
    PyObject *function CG_AUTO_OBJECT = self ? borrowed_replacement(definition, self) : NULL;
    return function ? PyDict_SetItemString(replaced, definition->ml_name, function) : -1;
}

/* The hub's prep_outputs with both names replaced; None when this hub's is another than known. */
static PyObject *borrowed_prepare(PyObject *class, const struct answers *answers)
{
    PyObject *globals CG_AUTO_OBJECT = borrowed_globals(class, "prep_outputs");
    PyObject *replaced CG_AUTO_OBJECT = globals ? PyDict_New() : NULL;
    PyObject *open_file CG_AUTO_OBJECT = replaced ? hub_get("builtins.open") : NULL;
    PyObject *verify = open_file ? PyDict_GetItemString(globals, "get_verify_class") : NULL;
    if (!open_file || replace(replaced, &open_definition, answers, open_file) < 0)
        return NULL;
    if (!verify) {
        Py_INCREF(Py_None);
        return Py_None;
    }
    return replace(replaced, &verify_definition, answers, verify) < 0
               ? NULL
               : borrowed_function(class, "prep_outputs", replaced);
}

/* --- the files -----------------------------------------------------------------------------------------------------
 */

PyObject *outputs_path(PyObject *importer, PyObject *output)
{
    PyObject *join CG_AUTO_OBJECT = hub_get("koji.util.joinpath");
    PyObject *work CG_AUTO_OBJECT = join ? hub_call("koji.pathinfo.work", "()") : NULL;
    PyObject *directory CG_AUTO_OBJECT = work ? PyObject_GetAttrString(importer, "directory") : NULL;
    PyObject *name CG_AUTO_OBJECT = directory ? PyMapping_GetItemString(output, "filename") : NULL;
    PyObject *relpath = name && PyDict_Check(output) ? PyDict_GetItemString(output, "relpath") : NULL;
    if (!name)
        return NULL;
    if (relpath)
        return PyObject_CallFunctionObjArgs(join, work, directory, relpath, name, NULL);
    PyObject *none CG_AUTO_OBJECT = PyUnicode_FromString("");
    return none ? PyObject_CallFunctionObjArgs(join, work, directory, none, name, NULL) : NULL;
}

/* One file to read, with what keeps its texts alive. */
struct file {
    PyObject *path;
    PyObject *encoded;
    PyObject *kind;
    PyObject *checksum; /* bytes, of a file with a seal; else NULL */
    struct content_id said;
    struct content_seal seal;
};

struct files {
    struct file *items;
    struct output_digest *digests; /* of the same places */
    PyObject *numbers;             /* dict of path to place */
    size_t count;
};

static void files_finish(struct files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        Py_DECREF(files->items[i].path);
        Py_DECREF(files->items[i].encoded);
        Py_DECREF(files->items[i].kind);
        Py_XDECREF(files->items[i].checksum);
    }
    free(files->items);
    free(files->digests);
    Py_XDECREF(files->numbers);
}

/*
 * Is the path among the files? Each is read once, however many outputs name it. With another kind of digest the hub
 * reads it itself, both times.
 */
static bool is_taken(const struct files *files, PyObject *path, unsigned kind)
{
    PyObject *number = PyDict_GetItem(files->numbers, path);
    if (!number)
        return false;
    struct output_digest *digest = &files->digests[PyLong_AsSsize_t(number)];
    if (digest->kind != kind)
        digest->kind = 0;
    return true;
}

/* What the output says of a large file, so that its seal can be asked for. Small ones are read as fast as looked up. */
static void take_said(struct file *file, PyObject *output, enum cg_digest_kind kind)
{
    PyObject *checksum CG_AUTO_OBJECT = PyMapping_GetItemString(output, "checksum");
    PyObject *size CG_AUTO_OBJECT = PyMapping_GetItemString(output, "filesize");
    PyObject *bytes CG_AUTO_OBJECT = checksum && PyUnicode_Check(checksum) ? PyUnicode_AsUTF8String(checksum) : NULL;
    long long size_bytes = size && PyLong_Check(size) ? PyLong_AsLongLong(size) : -1;
    PyErr_Clear();
    if (!bytes || size_bytes < SEALED_FROM || strlen(PyBytes_AsString(bytes)) != (size_t)PyBytes_Size(bytes) ||
        strlen(PyBytes_AsString(bytes)) != cg_digest_length(kind))
        return;
    file->said = (struct content_id){kind, PyBytes_AsString(bytes), (uint64_t)size_bytes};
    file->checksum = CG_STEAL(bytes);
}

/*
 * Takes one output in, unless something about it is wrong: the hub will come to it and say what. 0, or -1 with
 * MemoryError.
 */
static int take_output(struct files *files, PyObject *importer, PyObject *output)
{
    PyObject *kind CG_AUTO_OBJECT = PyDict_Check(output) ? PyMapping_GetItemString(output, "checksum_type") : NULL;
    PyObject *name CG_AUTO_OBJECT = kind && PyUnicode_Check(kind) ? PyUnicode_AsUTF8String(kind) : NULL;
    unsigned digest = name ? cg_digest_kind(PyBytes_AsString(name)) : 0;
    PyObject *path CG_AUTO_OBJECT = digest ? outputs_path(importer, output) : NULL;
    PyObject *encoded CG_AUTO_OBJECT = path && PyUnicode_Check(path) ? PyUnicode_EncodeFSDefault(path) : NULL;
    PyErr_Clear();
    if (!encoded || is_taken(files, path, digest))
        return 0;
    PyObject *number CG_AUTO_OBJECT = PyLong_FromSize_t(files->count);
    if (!number || PyDict_SetItem(files->numbers, path, number) < 0)
        return -1;
    files->digests[files->count] = (struct output_digest){.path = PyBytes_AsString(encoded), .kind = digest};
    struct file *file = &files->items[files->count++];
    *file = (struct file){.path = CG_STEAL(path), .encoded = CG_STEAL(encoded), .kind = CG_STEAL(kind)};
    take_said(file, output, (enum cg_digest_kind)digest);
    return 0;
}

static int take_outputs(struct files *files, PyObject *importer)
{
    PyObject *metadata CG_AUTO_OBJECT = PyObject_GetAttrString(importer, "metadata");
    PyObject *outputs = metadata && PyDict_Check(metadata) ? PyDict_GetItemString(metadata, "output") : NULL;
    Py_ssize_t count = outputs && PyList_Check(outputs) ? PyList_Size(outputs) : 0;
    PyErr_Clear();
    files->items = calloc((size_t)count + 1, sizeof files->items[0]);
    files->digests = calloc((size_t)count + 1, sizeof files->digests[0]);
    files->numbers = PyDict_New();
    if (!files->items || !files->digests || !files->numbers)
        return PyErr_NoMemory(), -1;
    for (Py_ssize_t i = 0; i < count; i++)
        if (take_output(files, importer, PyList_GetItem(outputs, i)) < 0)
            return -1;
    return 0;
}

/* Asks for the seals of large files, where the database keeps some. 0, or -1 with an exception. */
static int find_seals(struct files *files)
{
    struct cg_error err = {0};
    int kept = database_has(&hub_database, "seal", &err);
    for (size_t i = 0; kept == 1 && i < files->count; i++) {
        struct file *file = &files->items[i];
        if (!file->checksum)
            continue;
        if (content_seal_find(&hub_database, &file->said, &file->seal, &err) < 0)
            break;
        files->digests[i].said = &file->said;
        files->digests[i].seal = &file->seal;
    }
    if (err.code == CG_OK)
        return 0;
    raise_error(&err);
    return -1;
}

/* Keeps those that the reading made. 0, or -1 with an exception. */
static int keep_seals(const struct files *files)
{
    struct cg_error err = {0};
    for (size_t i = 0; i < files->count; i++) {
        const struct file *file = &files->items[i];
        if (!files->digests[i].said || file->seal.standing != SEAL_MADE)
            continue;
        if (content_seal_keep(&hub_database, &file->said, &file->seal, &err) == 0)
            continue;
        raise_error(&err);
        return -1;
    }
    return 0;
}

/* Reads all files and puts their digests into `made`. 0, or -1 with an exception. */
static int read_files(struct plugin *plugin, PyObject *importer, PyObject *made)
{
    struct files files CG_AUTO(files_finish) = {0};
    unsigned threads = hub_config(plugin)->digest_threads;
    if (take_outputs(&files, importer) < 0 || find_seals(&files) < 0)
        return -1;
    Py_BEGIN_ALLOW_THREADS;
    output_digests_make(files.digests, files.count, threads);
    Py_END_ALLOW_THREADS;
    if (keep_seals(&files) < 0)
        return -1;
    for (size_t i = 0; i < files.count; i++) {
        const struct output_digest *digest = &files.digests[i];
        if (!digest->made || digest->kind == 0)
            continue;
        const char *text = cg_digests_get(&digest->digests, (enum cg_digest_kind)digest->kind);
        PyObject *pair CG_AUTO_OBJECT = Py_BuildValue("(Os)", files.items[i].kind, text);
        if (!pair || PyDict_SetItem(made, files.items[i].path, pair) < 0)
            return -1;
    }
    return 0;
}

PyObject *outputs_prepare(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords)
{
    PyObject *class CG_AUTO_OBJECT = hub_get(IMPORTER);
    PyObject *made CG_AUTO_OBJECT = class ? PyDict_New() : NULL;
    PyObject *current CG_AUTO_OBJECT = made ? Py_BuildValue("[O]", Py_None) : NULL;
    if (!current)
        return NULL;
    const struct answers answers = {made, current};
    PyObject *prepare CG_AUTO_OBJECT = borrowed_prepare(class, &answers);
    if (!prepare)
        return NULL;
    if (prepare == Py_None) {
        hub_log(HUB_LOG_WARNING, "prep_outputs of this hub is another than known: it makes the digests itself");
        return method_super(class, "prep_outputs", importer, positional, keywords);
    }
    if (read_files(plugin, importer, made) < 0)
        return NULL;
    return PyObject_CallFunctionObjArgs(prepare, importer, NULL);
}
