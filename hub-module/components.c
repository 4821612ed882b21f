/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "components.h"

#include "borrowed.h"
#include "buildroot.h"
#include "errors.h"
#include "hub.h"
#include "lookup.h"

#define IMPORTER "kojihub.CG_Importer"
#define SAVEPOINT "cgimport_lookup"
/* Fewer components of a kind than these are asked for one by one in the time that fetching takes. */
#define WORTH_FETCHING 8

/* --- answers in place of the hub's look-ups ------------------------------------------------------------------------
 */
/* self of each: (what was fetched, the hub's own function). */

static PyObject *ask_hub(PyObject *self, PyObject *positional, PyObject *keywords)
{
    return PyObject_Call(PyTuple_GetItem(self, 1), positional, keywords);
}

/* The rows that were fetched for the key, borrowed; NULL when there are none. */
static PyObject *fetched(PyObject *self, PyObject *key)
{
    PyObject *rows = key && key != Py_None ? PyDict_GetItem(PyTuple_GetItem(self, 0), key) : NULL;
    return rows && PyList_Size(rows) <= 1 ? rows : NULL;
}

/* Are the keywords just `strict` with this truth? */
static bool is_strict(PyObject *keywords, bool expected)
{
    PyObject *strict = keywords && PyDict_Size(keywords) == 1 ? PyDict_GetItemString(keywords, "strict") : NULL;
    return strict == (expected ? Py_True : Py_False);
}

/* get_rpm(component, strict=False) */
static PyObject *answer_get_rpm(PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *component = PyTuple_Size(positional) == 1 ? PyTuple_GetItem(positional, 0) : NULL;
    if (!component || !PyDict_Check(component) || !is_strict(keywords, false))
        return ask_hub(self, positional, keywords);
    PyObject *key CG_AUTO_OBJECT = lookup_key(&lookup_rpm, component);
    PyObject *rows = fetched(self, key);
    if (!key)
        return NULL;
    if (!rows)
        return ask_hub(self, positional, keywords);
    if (PyList_Size(rows) == 1)
        return PyDict_Copy(PyList_GetItem(rows, 0));
    Py_INCREF(Py_None);
    return Py_None;
}

/* list_archives(filename=..., size=...) */
static PyObject *answer_list_archives(PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *filename = keywords ? PyDict_GetItemString(keywords, "filename") : NULL;
    PyObject *size = keywords ? PyDict_GetItemString(keywords, "size") : NULL;
    if (PyTuple_Size(positional) > 0 || !filename || !size || PyDict_Size(keywords) != 2)
        return ask_hub(self, positional, keywords);
    PyObject *component CG_AUTO_OBJECT = Py_BuildValue("{s:O,s:O}", "filename", filename, "filesize", size);
    PyObject *key CG_AUTO_OBJECT = component ? lookup_key(&lookup_file, component) : NULL;
    PyObject *rows = fetched(self, key);
    if (!key)
        return NULL;
    if (!rows)
        return ask_hub(self, positional, keywords);
    return hub_call("copy.deepcopy", "(O)", rows);
}

/* get_archive(id, strict=True), get_build(id, strict=True): the same id is asked once. */
static PyObject *answer_once(PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *known = PyTuple_GetItem(self, 0);
    PyObject *id = PyTuple_Size(positional) == 1 ? PyTuple_GetItem(positional, 0) : NULL;
    if (!id || !PyLong_CheckExact(id) || !is_strict(keywords, true))
        return ask_hub(self, positional, keywords);
    PyObject *before = PyDict_GetItem(known, id);
    if (before)
        return hub_call("copy.deepcopy", "(O)", before);
    PyObject *answer CG_AUTO_OBJECT = ask_hub(self, positional, keywords);
    if (!answer || PyDict_SetItem(known, id, answer) < 0)
        return NULL;
    return hub_call("copy.deepcopy", "(O)", answer);
}

#define WITH_KEYWORDS(function) __extension__(PyCFunction)(void (*)(void))(function)
static PyMethodDef get_rpm = {"get_rpm", WITH_KEYWORDS(answer_get_rpm), METH_VARARGS | METH_KEYWORDS, NULL};
static PyMethodDef list_archives = {"list_archives", WITH_KEYWORDS(answer_list_archives), METH_VARARGS | METH_KEYWORDS,
                                    NULL};
static PyMethodDef get_archive = {"get_archive", WITH_KEYWORDS(answer_once), METH_VARARGS | METH_KEYWORDS, NULL};
static PyMethodDef get_build = {"get_build", WITH_KEYWORDS(answer_once), METH_VARARGS | METH_KEYWORDS, NULL};

/* --- fetching ------------------------------------------------------------------------------------------------------
 */

/* One kind of component: the method that decides, and the look-up of the hub's that is answered in its place. */
struct kind {
    const struct lookup *lookup;
    const char *method;
    PyMethodDef *replacement;
};

/* The answer of the hub's own function for the key of a component with one row. New reference, or NULL. */
static PyObject *hubs_answer(const struct kind *kind, PyObject *own, PyObject *key)
{
    PyObject *arguments CG_AUTO_OBJECT = NULL;
    PyObject *keywords CG_AUTO_OBJECT = PyDict_New();
    PyObject *component CG_AUTO_OBJECT = PyDict_New();
    for (Py_ssize_t i = 0; component && kind->lookup->fields[i].name; i++)
        if (PyDict_SetItemString(component, kind->lookup->fields[i].name, PyTuple_GetItem(key, i)) < 0)
            return NULL;
    if (!keywords || !component)
        return NULL;
    if (kind->replacement == &get_rpm) {
        arguments = PyTuple_Pack(1, component);
        return arguments ? PyObject_Call(own, arguments, keywords) : NULL;
    }
    arguments = PyTuple_New(0);
    if (!arguments || PyDict_SetItemString(keywords, "filename", PyTuple_GetItem(key, 0)) < 0 ||
        PyDict_SetItemString(keywords, "size", PyTuple_GetItem(key, 1)) < 0)
        return NULL;
    PyObject *list CG_AUTO_OBJECT = PyObject_Call(own, arguments, keywords);
    return list ? PySequence_GetItem(list, 0) : NULL;
}

/* Is the first row that was fetched what the hub itself says? 1, 0, or -1 with an exception. */
static int agrees(const struct kind *kind, PyObject *own, PyObject *found)
{
    PyObject *key = NULL;
    PyObject *rows = NULL;
    Py_ssize_t position = 0;
    while (PyDict_Next(found, &position, &key, &rows)) {
        if (PyList_Size(rows) != 1)
            continue;
        PyObject *answer CG_AUTO_OBJECT = hubs_answer(kind, own, key);
        return answer ? PyObject_RichCompareBool(answer, PyList_GetItem(rows, 0), Py_EQ) : -1;
    }
    return 1;
}

/* As `agrees` after fetching; what the database does not know is no failure of the import. New dict, None, or NULL. */
static PyObject *fetch(const struct kind *kind, PyObject *globals, PyObject *components)
{
    PyObject *fix = PyDict_GetItemString(globals, "_fix_rpm_row");
    PyObject *own = PyDict_GetItemString(globals, kind->replacement->ml_name);
    struct cg_error err = {0};
    if (hub_savepoint(SAVEPOINT) < 0)
        return NULL;
    PyObject *found CG_AUTO_OBJECT = fix && own ? lookup_fetch(kind->lookup, components, fix) : NULL;
    int same = found ? agrees(kind, own, found) : -1;
    if (same == 1)
        return hub_savepoint_release(SAVEPOINT) < 0 ? NULL : CG_STEAL(found);
    if (PyErr_Occurred())
        error_from_python(&err, CG_E_HUB_FAULT, kind->method);
    hub_log(HUB_LOG_WARNING, "%s of this hub is another than known, components are matched one by one: %s",
            kind->method, err.code != CG_OK ? err.message : "its answers differ");
    if (hub_savepoint_rollback(SAVEPOINT) < 0)
        return NULL;
    Py_INCREF(Py_None);
    return Py_None;
}

/* --- putting it together -------------------------------------------------------------------------------------------
 */

/* Adds (known, the hub's own) in place of the hub's look-up. */
static int replace(PyObject *replaced, PyMethodDef *definition, PyObject *globals, PyObject *known)
{
    PyObject *own = PyDict_GetItemString(globals, definition->ml_name);
    PyObject *self CG_AUTO_OBJECT = own ? PyTuple_Pack(2, known, own) : NULL;
    PyObject *function CG_AUTO_OBJECT = self ? borrowed_replacement(definition, self) : NULL;
    if (!own)
        return 0; /* the borrowing will find that the hub does without it */
    return function ? PyDict_SetItemString(replaced, definition->ml_name, function) : -1;
}

/* Has the importer decide by the hub's own function on `replaced`. 0, or -1 with an exception. */
static int decide_by(PyObject *class, PyObject *importer, const char *method, PyObject *replaced)
{
    PyObject *function CG_AUTO_OBJECT = borrowed_function(class, method, replaced);
    if (!function)
        return -1;
    if (function == Py_None) {
        hub_log(HUB_LOG_WARNING, "%s of this hub is another than known: it matches one by one", method);
        return 0;
    }
    PyObject *bound CG_AUTO_OBJECT = hub_call("types.MethodType", "(OO)", function, importer);
    return bound ? PyObject_SetAttrString(importer, method, bound) : -1;
}

static bool are_many(PyObject *components, const char *kind)
{
    Py_ssize_t count = PyList_Size(components);
    int many = 0;
    for (Py_ssize_t i = 0; i < count && many < WORTH_FETCHING; i++) {
        PyObject *component = PyList_GetItem(components, i);
        PyObject *type = PyDict_Check(component) ? PyDict_GetItemString(component, "type") : NULL;
        many += type && PyUnicode_Check(type) && PyUnicode_CompareWithASCIIString(type, kind) == 0;
    }
    return many == WORTH_FETCHING;
}

static int prepare_kind(const struct kind *kind, PyObject *class, PyObject *importer, PyObject *components)
{
    if (!are_many(components, kind->lookup->component))
        return 0;
    PyObject *globals CG_AUTO_OBJECT = borrowed_globals(class, kind->method);
    PyObject *known CG_AUTO_OBJECT = globals ? fetch(kind, globals, components) : NULL;
    PyObject *replaced CG_AUTO_OBJECT = known ? PyDict_New() : NULL;
    if (!replaced)
        return -1;
    if (known == Py_None)
        return 0;
    if (kind->replacement == &get_rpm && buildroot_remember(importer, known) < 0)
        return -1;
    return replace(replaced, kind->replacement, globals, known) < 0
               ? -1
               : decide_by(class, importer, kind->method, replaced);
}

/* Of archives and builds that many components name, each is asked for once. */
static int prepare_kojifiles(PyObject *class, PyObject *importer)
{
    PyObject *globals CG_AUTO_OBJECT = borrowed_globals(class, "match_kojifile");
    PyObject *replaced CG_AUTO_OBJECT = globals ? PyDict_New() : NULL;
    PyObject *archives CG_AUTO_OBJECT = replaced ? PyDict_New() : NULL;
    PyObject *builds CG_AUTO_OBJECT = archives ? PyDict_New() : NULL;
    if (!builds || replace(replaced, &get_archive, globals, archives) < 0 ||
        replace(replaced, &get_build, globals, builds) < 0)
        return -1;
    return decide_by(class, importer, "match_kojifile", replaced);
}

static int prepare(PyObject *class, PyObject *importer, PyObject *components)
{
    PyObject *globals CG_AUTO_OBJECT = borrowed_globals(class, "match_rpm");
    bool drafts = globals && PyDict_GetItemString(globals, "reject_draft");
    const struct kind rpm = {drafts ? &lookup_rpm : &lookup_rpm_before_drafts, "match_rpm", &get_rpm};
    const struct kind file = {&lookup_file, "match_file", &list_archives};
    if (!globals || prepare_kind(&rpm, class, importer, components) < 0 ||
        prepare_kind(&file, class, importer, components) < 0)
        return -1;
    return prepare_kojifiles(class, importer);
}

/* The hub's own methods hold again. An exception that is set stays. */
static void forget(PyObject *importer)
{
    static const char *const methods[] = {"match_rpm", "match_file", "match_kojifile"};
    PyObject *type = NULL;
    PyObject *value = NULL;
    PyObject *traceback = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *attributes CG_AUTO_OBJECT = PyObject_GetAttrString(importer, "__dict__");
    for (size_t i = 0; attributes && i < sizeof methods / sizeof methods[0]; i++)
        if (PyDict_GetItemString(attributes, methods[i]))
            (void)PyDict_DelItemString(attributes, methods[i]);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

PyObject *components_match(struct plugin *plugin, PyObject *importer, PyObject *positional, PyObject *keywords)
{
    PyObject *components = PyTuple_Size(positional) == 1 ? PyTuple_GetItem(positional, 0) : NULL;
    PyObject *class CG_AUTO_OBJECT = hub_get(IMPORTER);
    (void)plugin;
    if (!class)
        return NULL;
    if (components && PyList_Check(components) && PyList_Size(components) > 0 &&
        prepare(class, importer, components) < 0)
        return NULL;
    PyObject *matched = method_super(class, "match_components", importer, positional, keywords);
    forget(importer);
    return matched;
}
