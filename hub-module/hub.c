/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub.h"

#include "errors.h"

#include <stdarg.h>

#define LOGGER "koji.plugin.cg_import"
/* Bytes of one line in the log: findings of a long report are many. */
#define LOG_LINE_SIZE 16384

PyObject *hub_get(const char *path)
{
    char part[128];
    size_t length = strcspn(path, ".");
    snprintf(part, sizeof part, "%.*s", (int)length, path);
    PyObject *object = PyImport_ImportModule(part);
    path += length;
    while (object && *path == '.') {
        length = strcspn(++path, ".");
        snprintf(part, sizeof part, "%.*s", (int)length, path);
        PyObject *inner = PyObject_GetAttrString(object, part);
        Py_DECREF(object);
        object = inner;
        path += length;
    }
    return object;
}

PyObject *hub_call(const char *path, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    PyObject *arguments CG_AUTO_OBJECT = Py_VaBuildValue(format, values);
    va_end(values);
    PyObject *function CG_AUTO_OBJECT = arguments ? hub_get(path) : NULL;
    return function ? PyObject_CallObject(function, arguments) : NULL;
}

PyObject *hub_context(const char *name)
{
    PyObject *context CG_AUTO_OBJECT = hub_get("kojihub.context");
    PyObject *value = context ? PyObject_GetAttrString(context, name) : NULL;
    if (!value && context && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        Py_INCREF(Py_None);
        value = Py_None;
    }
    return value;
}

/* --- database ----------------------------------------------------------------------------------------------------- */

/* A cursor of the request's connection on which the statement ran; NULL with an exception. */
static PyObject *executed(const char *sql, PyObject *parameters)
{
    PyObject *connection CG_AUTO_OBJECT = hub_context("cnx");
    PyObject *cursor CG_AUTO_OBJECT = connection ? PyObject_CallMethod(connection, "cursor", NULL) : NULL;
    PyObject *done CG_AUTO_OBJECT = NULL;
    if (cursor && parameters)
        done = PyObject_CallMethod(cursor, "execute", "sO", sql, parameters);
    else if (cursor)
        done = PyObject_CallMethod(cursor, "execute", "s", sql);
    return done ? CG_STEAL(cursor) : NULL;
}

PyObject *hub_rows(const char *sql, PyObject *parameters)
{
    PyObject *cursor CG_AUTO_OBJECT = executed(sql, parameters);
    PyObject *rows CG_AUTO_OBJECT = cursor ? PyObject_CallMethod(cursor, "fetchall", NULL) : NULL;
    PyObject *closed CG_AUTO_OBJECT = rows ? PyObject_CallMethod(cursor, "close", NULL) : NULL;
    return closed ? CG_STEAL(rows) : NULL;
}

long hub_execute(const char *sql, PyObject *parameters)
{
    PyObject *context CG_AUTO_OBJECT = hub_get("kojihub.context");
    PyObject *cursor CG_AUTO_OBJECT = context ? executed(sql, parameters) : NULL;
    PyObject *count CG_AUTO_OBJECT = cursor ? PyObject_GetAttrString(cursor, "rowcount") : NULL;
    PyObject *closed CG_AUTO_OBJECT = count ? PyObject_CallMethod(cursor, "close", NULL) : NULL;
    if (!closed || PyObject_SetAttrString(context, "commit_pending", Py_True) < 0)
        return -1;
    long rows = PyLong_AsLong(count);
    return rows < 0 && !PyErr_Occurred() ? 0 : rows;
}

static int savepoint(const char *verb, const char *name)
{
    char sql[128];
    snprintf(sql, sizeof sql, "%s %s", verb, name);
    PyObject *cursor CG_AUTO_OBJECT = executed(sql, NULL);
    return cursor ? 0 : -1;
}

int hub_savepoint(const char *name)
{
    return savepoint("SAVEPOINT", name);
}

int hub_savepoint_release(const char *name)
{
    return savepoint("RELEASE SAVEPOINT", name);
}

int hub_savepoint_rollback(const char *name)
{
    PyObject *type = NULL;
    PyObject *value = NULL;
    PyObject *traceback = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    int done = savepoint("ROLLBACK TO SAVEPOINT", name);
    if (type) {
        PyErr_Clear();
        PyErr_Restore(type, value, traceback);
    }
    return done;
}

/* --- the caller --------------------------------------------------------------------------------------------------- */

int hub_logged_in(void)
{
    PyObject *session CG_AUTO_OBJECT = hub_context("session");
    PyObject *logged_in CG_AUTO_OBJECT = session ? PyObject_GetAttrString(session, "logged_in") : NULL;
    return logged_in ? PyObject_IsTrue(logged_in) : -1;
}

int hub_has_permission(const char *name)
{
    PyObject *session CG_AUTO_OBJECT = hub_context("session");
    int logged_in = session ? hub_logged_in() : -1;
    if (logged_in <= 0)
        return logged_in;
    PyObject *named CG_AUTO_OBJECT = PyObject_CallMethod(session, "hasPerm", "s", name);
    PyObject *admin CG_AUTO_OBJECT = named ? PyObject_CallMethod(session, "hasPerm", "s", "admin") : NULL;
    if (!admin)
        return -1;
    return PyObject_IsTrue(named) == 1 || PyObject_IsTrue(admin) == 1;
}

/* --- log and configuration ---------------------------------------------------------------------------------------- */

static void log_text(enum hub_log_level level, const char *text)
{
    PyObject *message CG_AUTO_OBJECT = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    PyObject *logger CG_AUTO_OBJECT = message ? hub_call("logging.getLogger", "(s)", LOGGER) : NULL;
    PyObject *done CG_AUTO_OBJECT =
        logger ? PyObject_CallMethod(logger, "log", "isO", (int)level, "%s", message) : NULL;
    (void)done;
}

void hub_log(enum hub_log_level level, const char *format, ...)
{
    char line[LOG_LINE_SIZE];
    PyObject *type = NULL;
    PyObject *value = NULL;
    PyObject *traceback = NULL;
    va_list values;

    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    PyErr_Fetch(&type, &value, &traceback);
    log_text(level, line);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

/* "/etc/koji-hub/hub.conf" unless httpd's configuration names another. New reference of bytes; NULL for the default. */
static PyObject *hub_config_file(void)
{
    PyObject *request CG_AUTO_OBJECT = hub_context("environ");
    PyObject *path CG_AUTO_OBJECT =
        request && request != Py_None ? PyObject_CallMethod(request, "get", "s", "koji.hub.ConfigFile") : NULL;
    PyObject *bytes = path && path != Py_None ? PyUnicode_EncodeFSDefault(path) : NULL;
    PyErr_Clear();
    return bytes;
}

const struct hub_config *hub_config(struct plugin *plugin)
{
    struct cg_error err = {0};
    struct cg_bytes faults CG_AUTO_BYTES = {0};
    struct cg_bytes path CG_AUTO_BYTES = {0};
    PyObject *type = NULL;
    PyObject *value = NULL;
    PyObject *traceback = NULL;

    PyErr_Fetch(&type, &value, &traceback);
    PyObject *file CG_AUTO_OBJECT = hub_config_file();
    const char *name = file ? PyBytes_AsString(file) : "/etc/koji-hub/hub.conf";
    const char *slash = strrchr(name, '/');
    if (cg_bytes_printf(&path, &err, "%.*s/plugins/cg_import.conf", slash ? (int)(slash - name) : 1,
                        slash ? name : ".") == 0)
        hub_config_load(&plugin->config, &plugin->mark, path.data, &faults, &err);
    if (faults.size > 0)
        hub_log(HUB_LOG_ERROR, "%s: %s; the defaults hold there", path.data, faults.data);
    PyErr_Restore(type, value, traceback);
    return &plugin->config;
}
