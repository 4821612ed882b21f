/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import.h"

#include "buildroot.h"
#include "check.h"
#include "components.h"
#include "cursor.h"
#include "errors.h"
#include "exclusive.h"
#include "incomplete.h"
#include "insert.h"
#include "logic/answers.h"
#include "metadata_text.h"
#include "method.h"
#include "outputs.h"
#include "parsing.h"

#include "cg/digest.h"

#define IMPORTER "kojihub.CG_Importer"

/* --- what the subclass does otherwise ------------------------------------------------------------------------------
 */

static PyObject *hubs_own(const char *name, PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *class CG_AUTO_OBJECT = hub_get(IMPORTER);
    return class ? method_super(class, name, self, positional, keywords) : NULL;
}

/* get_metadata(metadata, directory): judged before anything else is done; preImport need not do it again. */
static PyObject *get_metadata(struct plugin *plugin, PyObject *self, PyObject *positional, PyObject *keywords)
{
    struct cg_bytes text CG_AUTO_BYTES = {0};
    PyObject *metadata = NULL;
    PyObject *directory = NULL;
    PyObject *parsed CG_AUTO_OBJECT = parsing_get_metadata(plugin, self, positional, keywords);
    if (!parsed || !PyArg_ParseTuple(positional, "OO:get_metadata", &metadata, &directory))
        return NULL;
    PyObject *context CG_AUTO_OBJECT = hub_get("kojihub.context");
    if (!context || metadata_text(metadata, directory, METADATA_ANY, &text) < 0 ||
        check_text(plugin, &text, parsed) < 0 || PyObject_SetAttrString(context, CHECK_JUDGED, parsed) < 0)
        return NULL;
    return CG_STEAL(parsed);
}

/* prep_build(token): with the locks, so that it sees what another import of this build has done. */
static PyObject *prep_build(struct plugin *plugin, PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *metadata CG_AUTO_OBJECT = PyObject_GetAttrString(self, "metadata");
    (void)plugin;
    if (!metadata || exclusive_take(metadata) < 0)
        return NULL;
    PyObject *prepared CG_AUTO_OBJECT = hubs_own("prep_build", self, positional, keywords);
    return prepared && incomplete_clean(self) == 0 ? CG_STEAL(prepared) : NULL;
}

static PyObject *import_outputs(struct plugin *plugin, PyObject *self, PyObject *positional, PyObject *keywords)
{
    (void)plugin;
    return incomplete_begin(self) < 0 ? NULL : hubs_own("import_outputs", self, positional, keywords);
}

/* check_build_dir(delete=False): before the hub deletes the directory, the uploads go back to their place. */
static PyObject *check_build_dir(struct plugin *plugin, PyObject *self, PyObject *positional, PyObject *keywords)
{
    PyObject *delete = keywords ? PyDict_GetItemString(keywords, "delete") : NULL;
    (void)plugin;
    if (!delete &&PyTuple_Size(positional) > 0)
        delete = PyTuple_GetItem(positional, 0);
    if (delete &&PyObject_IsTrue(delete) == 1)
        incomplete_move_back(self);
    return hubs_own("check_build_dir", self, positional, keywords);
}

static const struct method methods[] = {
    {"get_metadata", get_metadata},
    {"prep_build", prep_build},
    {"prep_outputs", outputs_prepare},
    {"match_components", components_match},
    {"import_buildroot", buildroot_import},
    {"import_components", insert_components},
    {"import_outputs", import_outputs},
    {"check_build_dir", check_build_dir},
    {NULL, NULL},
};

/* --- answers per key -----------------------------------------------------------------------------------------------
 */

/* Who asks, under which key, for what. */
struct request {
    int64_t user_id;
    PyObject *key; /* bytes, owned */
    struct cg_digests digests;
    const char *metadata_sha256; /* of digests; NULL when the metadata cannot be read (any more) */
};

static void request_finish(struct request *request)
{
    Py_XDECREF(request->key);
}

/* The digest of the metadata as they were given. */
static void digest_metadata(struct request *request, PyObject *const *arguments)
{
    struct cg_error err = {0};
    struct cg_bytes text CG_AUTO_BYTES = {0};
    struct cg_digest *digest CG_AUTO_DIGEST = cg_digest_create(CG_DIGEST_SHA256, &err);
    if (digest && metadata_text(arguments[0], arguments[1], METADATA_ANY, &text) == 0 &&
        cg_digest_update(digest, cg_bytes_text(&text), text.size, &err) == 0 &&
        cg_digest_read(digest, &request->digests, &err) == 0)
        request->metadata_sha256 = request->digests.sha256;
    PyErr_Clear();
}

static int request_begin(struct request *request, PyObject *const *arguments)
{
    struct cg_error err = {0};
    if (!PyUnicode_Check(arguments[3])) {
        cg_fail(&err, CG_E_USAGE, "the key is no text");
        return raise_error(&err), -1;
    }
    PyObject *id CG_AUTO_OBJECT = hub_get("kojihub.context.session.user_id");
    request->key = id ? PyUnicode_AsEncodedString(arguments[3], "utf-8", "strict") : NULL;
    request->user_id = request->key ? PyLong_AsLongLong(id) : -1;
    if (PyErr_Occurred())
        return -1;
    digest_metadata(request, arguments);
    return 0;
}

/* The answer as JSON text: what XML-RPC would make of it, read back the same. */
static PyObject *answer_text(PyObject *build)
{
    PyObject *plain CG_AUTO_OBJECT = hub_call("koji.util.encode_datetime_recurse", "(O)", build);
    return plain ? hub_call("json.dumps", "(O)", plain) : NULL;
}

static int keep_answer(const struct request *request, PyObject *build, PyObject *text)
{
    struct cg_error err = {0};
    PyObject *id = PyDict_Check(build) ? PyDict_GetItemString(build, "id") : NULL;
    PyObject *nvr = PyDict_Check(build) ? PyDict_GetItemString(build, "nvr") : NULL;
    PyObject *nvr_bytes CG_AUTO_OBJECT = nvr ? PyUnicode_AsUTF8String(nvr) : NULL;
    PyObject *text_bytes CG_AUTO_OBJECT = PyUnicode_AsUTF8String(text);
    if (!id || !nvr_bytes || !text_bytes) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_KeyError, "the hub's answer has no id or no nvr");
        return -1;
    }
    struct answer answer = {.metadata_sha256 = (char *)(uintptr_t)(request->metadata_sha256),
                            .nvr = PyBytes_AsString(nvr_bytes),
                            .build_id = PyLong_AsLongLong(id),
                            .text = PyBytes_AsString(text_bytes)};
    if (answer_keep(&hub_database, request->user_id, PyBytes_AsString(request->key), &answer, &err) < 0)
        return raise_error(&err), -1;
    return 0;
}

/* What a caller with a key is told, which is kept in the import's transaction. New reference, or NULL. */
static PyObject *answer_kept(const struct request *request, PyObject *build)
{
    PyObject *text CG_AUTO_OBJECT = answer_text(build);
    return text && keep_answer(request, build, text) == 0 ? hub_call("json.loads", "(O)", text) : NULL;
}

/* --- the import ----------------------------------------------------------------------------------------------------
 */

/* What the caller is told of the import; `request` is NULL without a key. New reference, or NULL and nothing is left.
 */
static PyObject *do_import(struct plugin *plugin, PyObject *const *arguments, const struct request *request)
{
    PyObject *base CG_AUTO_OBJECT = hub_get(IMPORTER);
    PyObject *class CG_AUTO_OBJECT = base ? method_subclass(plugin, "CG_Importer", base, methods) : NULL;
    PyObject *importer CG_AUTO_OBJECT = class ? PyObject_CallObject(class, NULL) : NULL;
    if (!importer)
        return NULL;
    PyObject *build CG_AUTO_OBJECT =
        PyObject_CallMethod(importer, "do_import", "OOO", arguments[0], arguments[1], arguments[2]);
    PyObject *answer CG_AUTO_OBJECT = build && request ? answer_kept(request, build) : NULL;
    if (!build || (request && !answer)) {
        incomplete_undo(importer);
        return NULL;
    }
    return request ? CG_STEAL(answer) : CG_STEAL(build);
}

static PyObject *import_once(struct plugin *plugin, PyObject *const *arguments)
{
    struct cg_error err = {0};
    struct request request CG_AUTO(request_finish) = {0};
    struct answer answer AUTO_ANSWER = {0};
    if (request_begin(&request, arguments) < 0)
        return NULL;
    int known = answer_find(&hub_database, request.user_id, PyBytes_AsString(request.key), request.metadata_sha256,
                            &answer, &err);
    if (known < 0)
        return raise_error(&err);
    return known > 0 ? hub_call("json.loads", "(s)", answer.text) : do_import(plugin, arguments, &request);
}

/* What was judged is not remembered beyond the import it was for. */
static void forget_judged(void)
{
    PyObject *type = NULL;
    PyObject *value = NULL;
    PyObject *traceback = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *context CG_AUTO_OBJECT = hub_get("kojihub.context");
    if (context)
        (void)PyObject_SetAttrString(context, CHECK_JUDGED, Py_None);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

PyObject *import_build(struct plugin *plugin, PyObject *const *arguments)
{
    struct cg_error err = {0};
    int logged_in = hub_logged_in();
    if (logged_in < 0)
        return NULL;
    if (!logged_in) {
        cg_fail(&err, CG_E_AUTH, "Not logged-in");
        return raise_error(&err);
    }
    PyObject *build = arguments[3] == Py_None ? do_import(plugin, arguments, NULL) : import_once(plugin, arguments);
    forget_judged();
    return build;
}
