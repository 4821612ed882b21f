/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "contents.h"

#include "cursor.h"
#include "errors.h"
#include "logic/content_stage.h"

#include <stdio.h>

/* The contents that a caller named. The texts belong to `objects`. */
struct wishes {
    struct content_id *ids;
    const char **paths; /* of stageContent: below the upload directory */
    size_t count;
    PyObject *objects; /* list of bytes that keeps the texts alive */
};

static void wishes_finish(struct wishes *wishes)
{
    free(wishes->ids);
    free(wishes->paths);
    Py_XDECREF(wishes->objects);
}

/* --- what the caller wants ---------------------------------------------------------------------------------------- */

/* The text of member `name`, kept alive by wishes->objects; NULL with CG_E_USAGE in `err`. */
static const char *text_member(PyObject *item, const char *name, struct wishes *wishes, struct cg_error *err)
{
    PyObject *value CG_AUTO_OBJECT = PyMapping_GetItemString(item, name);
    PyObject *bytes CG_AUTO_OBJECT = value ? PyUnicode_AsUTF8String(value) : NULL;
    const char *text = bytes ? PyBytes_AsString(bytes) : NULL;
    if (!text || strlen(text) != (size_t)PyBytes_Size(bytes) || PyList_Append(wishes->objects, bytes) < 0) {
        PyErr_Clear();
        cg_fail(err, CG_E_USAGE, "contents[%zu] has no text \"%s\"", wishes->count, name);
        return NULL;
    }
    return text;
}

static int size_member(PyObject *item, const struct wishes *wishes, uint64_t *size_bytes, struct cg_error *err)
{
    PyObject *value CG_AUTO_OBJECT = PyMapping_GetItemString(item, "size");
    long long size = value && PyLong_Check(value) && !PyBool_Check(value) ? PyLong_AsLongLong(value) : -1;
    PyErr_Clear();
    if (size < 0)
        return cg_fail(err, CG_E_USAGE, "contents[%zu] has no \"size\", a number of bytes", wishes->count);
    *size_bytes = (uint64_t)size;
    return 0;
}

static int check_digest(const struct content_id *id, size_t number, struct cg_error *err)
{
    size_t length = cg_digest_length(id->kind);
    if (strlen(id->checksum) != length || strspn(id->checksum, "0123456789abcdef") != length)
        return cg_fail(err, CG_E_USAGE, "contents[%zu]: \"%.100s\" is no %s in lower-case hexadecimal", number,
                       id->checksum, cg_digest_name(id->kind));
    return 0;
}

static int read_wish(PyObject *item, struct wishes *wishes, struct cg_error *err)
{
    if (!PyDict_Check(item))
        return cg_fail(err, CG_E_USAGE, "contents[%zu] is no struct", wishes->count);
    const char *kind = text_member(item, "checksum_type", wishes, err);
    const char *checksum = kind ? text_member(item, "checksum", wishes, err) : NULL;
    struct content_id id = {.kind = (enum cg_digest_kind)cg_digest_kind(kind), .checksum = checksum};
    if (!checksum || size_member(item, wishes, &id.size_bytes, err) < 0)
        return -1;
    if (id.kind != CG_DIGEST_MD5 && id.kind != CG_DIGEST_SHA256)
        return cg_fail(err, CG_E_USAGE, "contents[%zu] has the checksum_type \"%.40s\", expected sha256 or md5",
                       wishes->count, kind);
    if (check_digest(&id, wishes->count, err) < 0)
        return -1;
    wishes->ids[wishes->count] = id;
    return 0;
}

/* Uploads have a name in a directory below the upload directory, which the path does not leave. */
static int check_path(const char *path, size_t number, struct cg_error *err)
{
    for (const char *step = path;; step++) {
        size_t length = strcspn(step, "/");
        if (length == 0 || step[0] == '.')
            return cg_fail(err, CG_E_USAGE, "contents[%zu]: \"%.200s\" is no path of an upload", number, path);
        step += length;
        if (*step == '\0')
            return 0;
    }
}

enum wished { WISHED_KNOWN, WISHED_STAGED };

static int read_wishes(PyObject *list, enum wished wished, struct wishes *wishes, struct cg_error *err)
{
    Py_ssize_t count = PyList_Check(list) || PyTuple_Check(list) ? PySequence_Size(list) : -1;
    if (count < 0 || count > CONTENT_MOST)
        return cg_fail(err, CG_E_USAGE, "contents is no list of at most %d structs", CONTENT_MOST);
    wishes->ids = calloc((size_t)count + 1, sizeof *wishes->ids);
    wishes->paths = calloc((size_t)count + 1, sizeof *wishes->paths);
    wishes->objects = PyList_New(0);
    if (!wishes->ids || !wishes->paths || !wishes->objects)
        return cg_fail_memory(err);
    for (; wishes->count < (size_t)count; wishes->count++) {
        PyObject *item CG_AUTO_OBJECT = PySequence_GetItem(list, (Py_ssize_t)wishes->count);
        if (!item || read_wish(item, wishes, err) < 0)
            return item ? -1 : error_from_python(err, CG_E_INTERNAL, "contents");
        if (wished == WISHED_KNOWN)
            continue;
        const char *path = text_member(item, "path", wishes, err);
        if (!path || check_path(path, wishes->count, err) < 0)
            return -1;
        wishes->paths[wishes->count] = path;
    }
    return 0;
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

/* A path as the file system has it. New reference; NULL with an exception, also for a NULL object. */
static PyObject *bytes_of(PyObject *object)
{
    return object ? PyUnicode_EncodeFSDefault(object) : NULL;
}

static int viewer_of(struct plugin *plugin, struct content_viewer *viewer)
{
    PyObject *session CG_AUTO_OBJECT = hub_context("session");
    PyObject *asserted CG_AUTO_OBJECT = session ? PyObject_CallMethod(session, "assertLogin", NULL) : NULL;
    PyObject *user CG_AUTO_OBJECT = asserted ? PyObject_GetAttrString(session, "user_id") : NULL;
    if (!user)
        return -1;
    viewer->user_id = PyLong_AsLongLong(user);
    viewer->sight = hub_config(plugin)->content_sight;
    return PyErr_Occurred() ? -1 : 0;
}

/* Where the contents lie. 0, or -1 with an exception. */
static int find_places(struct plugin *plugin, const struct wishes *wishes, struct content_places *places)
{
    struct cg_error err = {0};
    struct content_viewer viewer = {0};
    if (viewer_of(plugin, &viewer) < 0)
        return -1;
    PyObject *object CG_AUTO_OBJECT = hub_get("koji.pathinfo.topdir");
    PyObject *topdir CG_AUTO_OBJECT = bytes_of(object);
    if (!topdir)
        return -1;
    if (content_find(&hub_database, &viewer, PyBytes_AsString(topdir), wishes->ids, wishes->count, places, &err) < 0) {
        raise_error(&err);
        return -1;
    }
    return 0;
}

PyObject *find_content(struct plugin *plugin, PyObject *const *arguments)
{
    struct cg_error err = {0};
    struct wishes wishes CG_AUTO(wishes_finish) = {0};
    struct content_places places AUTO_CONTENT_PLACES = {0};
    if (read_wishes(arguments[0], WISHED_KNOWN, &wishes, &err) < 0)
        return raise_error(&err);
    if (find_places(plugin, &wishes, &places) < 0)
        return NULL;
    PyObject *answer CG_AUTO_OBJECT = PyList_New(0);
    for (size_t i = 0, place = 0; answer && i < wishes.count; i++) {
        while (place < places.count && places.items[place].content < i)
            place++;
        bool known = place < places.count && places.items[place].content == i;
        if (PyList_Append(answer, known ? Py_True : Py_False) < 0)
            return NULL;
    }
    return CG_STEAL(answer);
}

/* --- staging ------------------------------------------------------------------------------------------------------ */

/* What all contents of one call share. */
struct stage_call {
    struct plugin *plugin;
    const char *directory;
    const char *work; /* the hub's work directory */
    const struct wishes *wishes;
    const struct content_places *places;
    bool seals; /* are there seals in the database? */
};

/* A path as the directory that it names below the upload directory, and the last part. 0, or -1. */
static int part_path(const struct stage_call *call, const char *path, struct cg_bytes *directory, const char **name,
                     struct cg_error *err)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (slash)
        return cg_bytes_printf(directory, err, "%s/%.*s", call->directory, (int)(slash - path), path);
    return cg_bytes_append_text(directory, call->directory, err);
}

/*
 * The hub's own rules for upload directories (names, the owner in .user), which also make the directory. Its answer
 * below the work directory goes to `below`. 0, or -1 with an exception.
 */
static int claim_directory(const struct stage_call *call, const char *directory, const char *name,
                           struct cg_bytes *below)
{
    struct cg_error err = {0};
    PyObject *path CG_AUTO_OBJECT = hub_call("kojihub.get_upload_path", "(ssO)", directory, name, Py_True);
    PyObject *bytes CG_AUTO_OBJECT = bytes_of(path);
    if (!bytes)
        return -1;
    const char *text = PyBytes_AsString(bytes);
    const char *last = strrchr(text, '/');
    size_t length = strlen(call->work);
    if (strncmp(text, call->work, length) != 0 || text[length] != '/' || !last || last <= text + length)
        cg_fail(&err, CG_E_USAGE, "\"%s\" is no directory for uploads", directory);
    else
        cg_bytes_append(below, text + length + 1, (size_t)(last - text) - length - 1, &err);
    if (err.code != CG_OK)
        raise_error(&err);
    return err.code == CG_OK ? 0 : -1;
}

/* Without the interpreter's lock: all bytes are read. */
static int stage_unlocked(const struct content_staging *staging, enum staging_method *method, struct cg_bytes *notes,
                          struct cg_error *err)
{
    int staged = -1;
    Py_BEGIN_ALLOW_THREADS;
    staged = content_stage(staging, method, notes, err);
    Py_END_ALLOW_THREADS;
    return staged;
}

/* 1, 0, or -1 with the error in `err`. */
static int stage_found(const struct stage_call *call, size_t number, const struct content_target *target,
                       enum staging_method *method, struct cg_error *err)
{
    struct content_seal seal = {.standing = SEAL_UNKNOWN};
    struct cg_bytes notes CG_AUTO_BYTES = {0};
    const struct hub_config *config = hub_config(call->plugin);
    const struct content_id *id = &call->wishes->ids[number];
    const struct content_staging staging = {.places = call->places,
                                            .content = number,
                                            .id = id,
                                            .target = *target,
                                            .links = config->content_links,
                                            .threads = config->digest_threads,
                                            .seal = call->seals ? &seal : NULL};
    if (call->seals && content_seal_find(&hub_database, id, &seal, err) < 0)
        return -1;
    int staged = stage_unlocked(&staging, method, &notes, err);
    if (notes.size > 0)
        hub_log(HUB_LOG_WARNING, "content %s: %s", id->checksum, notes.data);
    if (staged == 1 && seal.standing == SEAL_MADE && content_seal_keep(&hub_database, id, &seal, err) < 0)
        return -1;
    return staged;
}

/* How the content was staged, as the caller is told: a word, or None. New reference; NULL with an exception. */
static PyObject *stage_one(const struct stage_call *call, size_t number)
{
    struct cg_error err = {0};
    struct cg_bytes directory CG_AUTO_BYTES = {0};
    struct cg_bytes below CG_AUTO_BYTES = {0};
    const char *name = NULL;
    enum staging_method method = STAGING_COPY;
    if (part_path(call, call->wishes->paths[number], &directory, &name, &err) < 0)
        return raise_error(&err);
    if (claim_directory(call, directory.data, name, &below) < 0)
        return NULL;
    struct content_target target = {call->work, cg_bytes_text(&below), name};
    int staged = stage_found(call, number, &target, &method, &err);
    if (staged < 0)
        return raise_error(&err);
    return staged ? PyUnicode_FromString(staging_method_name(method)) : Py_BuildValue("");
}

static PyObject *stage_all(struct stage_call *call)
{
    struct cg_error err = {0};
    PyObject *path CG_AUTO_OBJECT = hub_call("koji.pathinfo.work", "()");
    PyObject *work CG_AUTO_OBJECT = bytes_of(path);
    PyObject *answer CG_AUTO_OBJECT = work ? PyList_New(0) : NULL;
    if (!answer)
        return NULL;
    call->work = PyBytes_AsString(work);
    int seals = database_has(&hub_database, "seal", &err);
    if (seals < 0)
        return raise_error(&err);
    call->seals = seals == 1;
    for (size_t i = 0; i < call->wishes->count; i++) {
        PyObject *staged CG_AUTO_OBJECT = stage_one(call, i);
        if (!staged || PyList_Append(answer, staged) < 0)
            return NULL;
    }
    return CG_STEAL(answer);
}

PyObject *stage_content(struct plugin *plugin, PyObject *const *arguments)
{
    struct cg_error err = {0};
    struct wishes wishes CG_AUTO(wishes_finish) = {0};
    struct content_places places AUTO_CONTENT_PLACES = {0};
    PyObject *bytes CG_AUTO_OBJECT = PyUnicode_Check(arguments[0]) ? PyUnicode_AsUTF8String(arguments[0]) : NULL;
    const char *directory = bytes ? PyBytes_AsString(bytes) : NULL;
    PyErr_Clear();
    if (!directory || strlen(directory) != (size_t)PyBytes_Size(bytes))
        cg_fail(&err, CG_E_USAGE, "directory is no text");
    if (err.code != CG_OK || read_wishes(arguments[1], WISHED_STAGED, &wishes, &err) < 0)
        return raise_error(&err);
    if (find_places(plugin, &wishes, &places) < 0)
        return NULL;
    struct stage_call call = {.plugin = plugin, .directory = directory, .wishes = &wishes, .places = &places};
    return stage_all(&call);
}
