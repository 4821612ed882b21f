/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"

#include "cursor.h"
#include "errors.h"
#include "logic/outbox.h"
#include "logic/wire_text.h"

#include "cg/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* The decimal or text of an object, as the database takes it; NULL for None. The text belongs to `bytes`. */
struct text {
    PyObject *bytes;
};

#define AUTO_TEXT CG_AUTO(text_finish)
static void text_finish(struct text *text)
{
    Py_XDECREF(text->bytes);
}

/* str(object.attribute); None, "" and an attribute that is not there are NULL. Clears exceptions. */
static const char *text_of(struct text *text, PyObject *object)
{
    PyObject *string CG_AUTO_OBJECT = object && object != Py_None ? PyObject_Str(object) : NULL;
    text->bytes = string ? PyUnicode_AsUTF8String(string) : NULL;
    PyErr_Clear();
    return text->bytes ? PyBytes_AsString(text->bytes) : NULL;
}

/* --- who ---------------------------------------------------------------------------------------------------------- */

/* The session of the request: what is not known of it is left NULL. */
struct actor {
    struct text user_id;
    struct text user_name;
    struct text session_id;
};

static void actor_finish(struct actor *actor)
{
    text_finish(&actor->user_id);
    text_finish(&actor->user_name);
    text_finish(&actor->session_id);
}

static void read_actor(struct actor *actor, struct outbox_event *event)
{
    PyObject *session CG_AUTO_OBJECT = hub_context("session");
    PyObject *user_id CG_AUTO_OBJECT = session ? PyObject_GetAttrString(session, "user_id") : NULL;
    PyErr_Clear();
    PyObject *session_id CG_AUTO_OBJECT = session ? PyObject_GetAttrString(session, "id") : NULL;
    PyErr_Clear();
    PyObject *data CG_AUTO_OBJECT = session ? PyObject_GetAttrString(session, "user_data") : NULL;
    PyErr_Clear();
    PyObject *name CG_AUTO_OBJECT = data && PyDict_Check(data) ? PyMapping_GetItemString(data, "name") : NULL;
    PyErr_Clear();
    event->user_id = text_of(&actor->user_id, user_id);
    event->session_id = text_of(&actor->session_id, session_id);
    event->user_name = text_of(&actor->user_name, name);
}

/* --- what --------------------------------------------------------------------------------------------------------- */

/* Copies what is there of `names` (NULL-terminated) from one dict to another. 0, or -1 with an exception. */
static int copy_members(PyObject *from, PyObject *to, const char *const *names)
{
    for (; *names; names++) {
        PyObject *value = PyDict_GetItemString(from, *names);
        if (value && PyDict_SetItemString(to, *names, value) < 0)
            return -1;
    }
    return 0;
}

/* The outputs as the metadata have them, but for their components. New reference to a list. */
static PyObject *outputs_of(PyObject *metadata)
{
    static const char *const names[] = {"filename", "relpath",  "subdir",        "type",          "arch",
                                        "filesize", "checksum", "checksum_type", "metadata_only", NULL};
    PyObject *outputs = PyDict_Check(metadata) ? PyDict_GetItemString(metadata, "output") : NULL;
    PyObject *list CG_AUTO_OBJECT = PyList_New(0);
    Py_ssize_t count = outputs && PyList_Check(outputs) ? PyList_Size(outputs) : 0;
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *output = PyList_GetItem(outputs, i);
        PyObject *entry CG_AUTO_OBJECT = PyDict_New();
        if (!entry || !PyDict_Check(output) || copy_members(output, entry, names) < 0 || PyList_Append(list, entry) < 0)
            return NULL;
    }
    return CG_STEAL(list);
}

/* The name of the content generator that the metadata give. */
static const char *generator_of(PyObject *metadata, struct text *text)
{
    PyObject *buildroots = PyDict_Check(metadata) ? PyDict_GetItemString(metadata, "buildroots") : NULL;
    PyObject *first CG_AUTO_OBJECT = buildroots ? PySequence_GetItem(buildroots, 0) : NULL;
    PyErr_Clear();
    PyObject *generator = first && PyDict_Check(first) ? PyDict_GetItemString(first, "content_generator") : NULL;
    return text_of(text, generator && PyDict_Check(generator) ? PyDict_GetItemString(generator, "name") : NULL);
}

static PyObject *import_detail(PyObject *keywords)
{
    PyObject *metadata = PyDict_GetItemString(keywords, "metadata");
    PyObject *outputs CG_AUTO_OBJECT = outputs_of(metadata ? metadata : Py_None);
    PyObject *directory = PyDict_GetItemString(keywords, "directory");
    return outputs ? Py_BuildValue("{s:O,s:O}", "directory", directory ? directory : Py_None, "outputs", outputs)
                   : NULL;
}

/* {"old": n, "new": n} */
static PyObject *change_detail(PyObject *keywords)
{
    static const char *const names[] = {"old", "new", NULL};
    PyObject *detail CG_AUTO_OBJECT = PyDict_New();
    return detail && copy_members(keywords, detail, names) == 0 ? CG_STEAL(detail) : NULL;
}

static PyObject *promote_detail(PyObject *keywords)
{
    static const char *const names[] = {"draft_release", "target_release", NULL};
    PyObject *detail CG_AUTO_OBJECT = PyDict_New();
    return detail && copy_members(keywords, detail, names) == 0 ? CG_STEAL(detail) : NULL;
}

/* {"tag": name, "tag_id": n, "by": user}: the user that the tagging is for, which in a tag task is not the session's.
 */
static PyObject *tag_detail(PyObject *keywords)
{
    PyObject *tag = PyDict_GetItemString(keywords, "tag");
    PyObject *user = PyDict_GetItemString(keywords, "user");
    PyObject *name = tag && PyDict_Check(tag) ? PyDict_GetItemString(tag, "name") : NULL;
    PyObject *id = tag && PyDict_Check(tag) ? PyDict_GetItemString(tag, "id") : NULL;
    PyObject *by = user && PyDict_Check(user) ? PyDict_GetItemString(user, "name") : NULL;
    return Py_BuildValue("{s:O,s:O,s:O}", "tag", name ? name : Py_None, "tag_id", id ? id : Py_None, "by",
                         by ? by : Py_None);
}

/* --- the metadata of the build ------------------------------------------------------------------------------------ */

/* The sha256 of the metadata.json that the import wrote. 0, or -1 with the error. Reads without the lock. */
static int stored_metadata_digest(PyObject *build, struct cg_digests *digests, struct cg_error *err)
{
    struct cg_bytes path CG_AUTO_BYTES = {0};
    PyObject *directory CG_AUTO_OBJECT = hub_call("koji.pathinfo.build", "(O)", build);
    PyObject *bytes CG_AUTO_OBJECT = directory ? PyUnicode_EncodeFSDefault(directory) : NULL;
    if (!bytes)
        return error_from_python(err, CG_E_HUB_FAULT, "koji.pathinfo.build");
    if (cg_bytes_printf(&path, err, "%s/metadata.json", PyBytes_AsString(bytes)) < 0)
        return -1;
    int done = -1;
    Py_BEGIN_ALLOW_THREADS;
    CG_AUTO_FD int fd = open(path.data, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    done = fd < 0 ? cg_fail_errno(err, "open", path.data) : cg_digest_fd(fd, path.data, CG_DIGEST_SHA256, digests, err);
    Py_END_ALLOW_THREADS;
    return done;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* One kind of callback: which kind of event it makes, and of which build. */
struct record_kind {
    const char *callback;
    const char *kind;
    const char *build; /* the keyword that has the build */
    PyObject *(*detail)(PyObject *keywords);
};

static const struct record_kind kinds[] = {
    {"postImport", "import", "build", import_detail},
    {"postBuildStateChange", "state", "info", change_detail},
    {"postBuildPromote", "promote", "build", promote_detail},
    {"postTag", "tag", "build", tag_detail},
    {"postUntag", "untag", "build", tag_detail},
};

/* Does a keyword have this text? */
static bool says(PyObject *keywords, const char *name, const char *text)
{
    PyObject *value = PyDict_GetItemString(keywords, name);
    return value && PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, text) == 0;
}

/* The row of the callback; NULL when it tells of nothing that is recorded. */
static const struct record_kind *kind_of(const char *callback, PyObject *keywords)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].callback, callback) != 0)
            continue;
        bool other_import = i == 0 && !says(keywords, "type", "cg");
        return other_import ? NULL : &kinds[i];
    }
    return NULL;
}

/* The detail as JSON that the database takes and events() can hand out. 0, or -1 with an exception. */
static int detail_text(const struct record_kind *kind, PyObject *keywords, struct cg_bytes *text)
{
    struct cg_error err = {0};
    PyObject *detail CG_AUTO_OBJECT = kind->detail(keywords);
    PyObject *dump CG_AUTO_OBJECT = detail ? hub_call("json.dumps", "(O)", detail) : NULL;
    PyObject *bytes CG_AUTO_OBJECT = dump ? PyUnicode_AsUTF8String(dump) : NULL;
    if (!bytes)
        return -1;
    if (wire_text_spell(text, PyBytes_AsString(bytes), &err) < 0)
        return raise_error(&err), -1;
    return 0;
}

/* Is the record to be written? 1, 0 (said in the log), -1 with an exception. */
static int is_ready(struct plugin *plugin)
{
    struct cg_error err = {0};
    enum record_mode mode = hub_config(plugin)->record_mode;
    int ready = mode == RECORD_OFF ? 0 : outbox_ready(&hub_database, &err);
    if (ready == 0 && mode == RECORD_REQUIRED) {
        cg_fail(&err, CG_E_CONFIG, "the record of imports cannot be written: the hub's database is not prepared");
        cg_hint(&err, "have schema/hub-sql/install.sql applied");
        ready = -1;
    }
    if (ready < 0)
        raise_error(&err);
    if (ready == 0 && mode == RECORD_ON && !plugin->told_unrecorded) {
        hub_log(HUB_LOG_WARNING, "imports are not recorded: schema/hub-sql was not applied to the hub's database");
        plugin->told_unrecorded = true;
    }
    return ready;
}

static int build_id_of(PyObject *build, int64_t *build_id)
{
    PyObject *id = build && PyDict_Check(build) ? PyDict_GetItemString(build, "id") : NULL;
    if (!id && build && PyDict_Check(build))
        id = PyDict_GetItemString(build, "build_id");
    *build_id = id && PyLong_Check(id) ? PyLong_AsLongLong(id) : 0;
    if (*build_id == 0)
        PyErr_SetString(PyExc_RuntimeError, "a callback tells of a build without an id");
    return PyErr_Occurred() ? -1 : 0;
}

/* Adds what only an import has. A digest that cannot be made is said in the log; the import stands all the same. */
static void add_import(PyObject *keywords, struct outbox_event *event, struct text *generator,
                       struct cg_digests *digests)
{
    struct cg_error err = {0};
    PyObject *metadata = PyDict_GetItemString(keywords, "metadata");
    event->content_generator = generator_of(metadata ? metadata : Py_None, generator);
    if (stored_metadata_digest(PyDict_GetItemString(keywords, "build"), digests, &err) == 0)
        event->metadata_sha256 = digests->sha256;
    else
        hub_log(HUB_LOG_ERROR, "import of build %lld: %s", (long long)event->build_id, err.message);
}

static int write_event(const struct record_kind *kind, PyObject *keywords)
{
    struct cg_error err = {0};
    struct actor actor CG_AUTO(actor_finish) = {{NULL}, {NULL}, {NULL}};
    struct text generator AUTO_TEXT = {NULL};
    struct cg_bytes detail CG_AUTO_BYTES = {0};
    struct cg_digests digests = {0};
    struct outbox_event event = {.kind = kind->kind};
    if (build_id_of(PyDict_GetItemString(keywords, kind->build), &event.build_id) < 0)
        return -1;
    if (strcmp(kind->kind, "state") == 0 && says(keywords, "attribute", "volume_id"))
        event.kind = "volume";
    read_actor(&actor, &event);
    if (detail_text(kind, keywords, &detail) < 0)
        return -1;
    event.detail = cg_bytes_text(&detail);
    if (kind->detail == import_detail)
        add_import(keywords, &event, &generator, &digests);
    if (outbox_write(&hub_database, &event, &err) < 0) {
        raise_error(&err);
        return -1;
    }
    return 0;
}

int record_event(struct plugin *plugin, const char *event, PyObject *keywords)
{
    const struct record_kind *kind = kind_of(event, keywords);
    if (!kind)
        return 0;
    int ready = is_ready(plugin);
    return ready == 1 ? write_event(kind, keywords) : ready;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* One event; names of the hub's own tables may have what the wire cannot carry. New reference, or NULL. */
static PyObject *event_of(const char *json)
{
    struct cg_error err = {0};
    struct cg_bytes text CG_AUTO_BYTES = {0};
    if (wire_text_spell(&text, json, &err) < 0)
        return raise_error(&err);
    return hub_call("json.loads", "(s)", cg_bytes_text(&text));
}

/* The rows as a list of Python values. New reference, or NULL. */
static PyObject *list_of(const struct database_rows *rows)
{
    PyObject *list CG_AUTO_OBJECT = PyList_New(0);
    for (size_t i = 0; list && i < rows->count; i++) {
        PyObject *event CG_AUTO_OBJECT = event_of(database_cell(rows, i, 0));
        if (!event || PyList_Append(list, event) < 0)
            return NULL;
    }
    return CG_STEAL(list);
}

/* A whole number of an argument; -1 with an error for anything else. */
static int64_t number_of(PyObject *argument, const char *name, struct cg_error *err)
{
    bool whole = PyLong_Check(argument) && !PyBool_Check(argument);
    int64_t number = whole ? PyLong_AsLongLong(argument) : -1;
    PyErr_Clear();
    if (number < 0)
        cg_fail(err, CG_E_USAGE, "%s is no number from 0", name);
    return number;
}

PyObject *events(struct plugin *plugin, PyObject *const *arguments)
{
    struct cg_error err = {0};
    struct database_rows rows AUTO_DATABASE_ROWS = {0};
    const char *permission = hub_config(plugin)->events_permission;
    int64_t after = number_of(arguments[0], "after", &err);
    int64_t limit = number_of(arguments[1], "limit", &err);
    int allowed = hub_has_permission(permission);
    if (allowed < 0)
        return NULL;
    if (!allowed) {
        cg_error_clear(&err);
        cg_fail(&err, CG_E_DENIED, "%s permission required", permission);
    }
    if (err.code != CG_OK || outbox_read(&hub_database, after, limit, &rows, &err) < 0)
        return raise_error(&err);
    return list_of(&rows);
}
