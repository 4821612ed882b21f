/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hello.h"

#include "cursor.h"
#include "errors.h"
#include "table.h"

#include "cg/digest.h"
#include "cg/version.h"

/* The names of the methods that this copy has, "importBuild"; new reference, or NULL. */
static PyObject *abilities(void)
{
    PyObject *names CG_AUTO_OBJECT = PyList_New(0);
    if (!names)
        return NULL;
    for (const struct export *row = table_of_exports(); row->name; row++) {
        PyObject *name CG_AUTO_OBJECT = row->method ? PyUnicode_FromString(row->name) : NULL;
        if (row->method && (!name || PyList_Append(names, name) < 0))
            return NULL;
    }
    return CG_STEAL(names);
}

/* The tables of schema/hub-sql that the hub may use, "event": none where there is no database. New reference, or NULL.
 */
static PyObject *tables(void)
{
    static const char *const names[] = {"event", "answer", "seal"};
    struct cg_error err = {0};
    PyObject *list CG_AUTO_OBJECT = PyList_New(0);
    for (size_t i = 0; list && i < sizeof names / sizeof names[0]; i++) {
        PyObject *name CG_AUTO_OBJECT = PyUnicode_FromString(names[i]);
        if (!name)
            return NULL;
        int there = database_has(&hub_database, names[i], &err);
        if (there < 0)
            break;
        if (there && PyList_Append(list, name) < 0)
            return NULL;
    }
    return CG_STEAL(list);
}

static int schema_digest(struct cg_digests *digests, struct cg_error *err)
{
    const char *schema = cg_check_schema_text();
    struct cg_digest *digest CG_AUTO_DIGEST = cg_digest_create(CG_DIGEST_SHA256, err);
    if (!digest || cg_digest_update(digest, schema, strlen(schema), err) < 0)
        return -1;
    return cg_digest_read(digest, digests, err);
}

PyObject *hello(struct plugin *plugin, PyObject *const *arguments)
{
    struct cg_error err = {0};
    struct cg_digests schema = {0};
    struct cg_bytes libraries CG_AUTO_BYTES = {0};

    (void)plugin, (void)arguments;
    if (schema_digest(&schema, &err) < 0 || cg_version_libraries(&libraries, &err) < 0)
        return raise_error(&err);
    PyObject *names CG_AUTO_OBJECT = abilities();
    PyObject *there CG_AUTO_OBJECT = names ? tables() : NULL;
    if (!there)
        return NULL;
    return Py_BuildValue("{s:s,s:s,s:s,s:s,s:O,s:O}", "version", CG_VERSION, "libcg", cg_version(), "libraries",
                         cg_bytes_text(&libraries), "schema_sha256", schema.sha256, "abilities", names, "tables",
                         there);
}
