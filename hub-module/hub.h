/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_HUB_H
#define CG_HUB_HUB_H

/*
 * Talking to the hub that the plugin is loaded in: kojihub's functions, its database connection, its log.
 *
 * Everything goes through the running request: kojihub.context (koji/context.py), whose connection commits when the
 * request succeeded. Needs the interpreter's lock. Every function fails with an exception set, the hub's own where it
 * was the hub that failed.
 */

#include "plugin.h"

/* The object at a dotted path, the first part being a module: "kojihub.get_build". New reference, or NULL. */
PyObject *hub_get(const char *path);

/* Calls it with positional arguments as Py_BuildValue makes them; the format is a tuple's: "(is)". New, or NULL. */
PyObject *hub_call(const char *path, const char *format, ...);

/* kojihub.context.NAME; None when the request has none. New reference, or NULL. */
PyObject *hub_context(const char *name);

/*
 * Runs one statement on the request's connection. `parameters` is a tuple, list or dict (borrowed) or NULL; the
 * placeholders are psycopg2's. hub_rows returns a list of tuples; hub_execute for what changes rows: it makes the
 * request commit, and returns how many rows there were, or -1.
 */
PyObject *hub_rows(const char *sql, PyObject *parameters);
long hub_execute(const char *sql, PyObject *parameters);

/*
 * SAVEPOINT, RELEASE, ROLLBACK TO. `name` is an SQL name of the caller's choice. 0, or -1. Rolling back keeps the
 * exception that is set, if any.
 */
int hub_savepoint(const char *name);
int hub_savepoint_release(const char *name);
int hub_savepoint_rollback(const char *name);

/* Is the caller logged in; -1 with an exception. */
int hub_logged_in(void);

/* Has the caller the permission `name` (or admin)? 1, 0, or -1 with an exception. */
int hub_has_permission(const char *name);

enum hub_log_level { HUB_LOG_INFO = 20, HUB_LOG_WARNING = 30, HUB_LOG_ERROR = 40 };

/* A line in the hub's log, as "koji.plugin.cg_import". Keeps the exception that is set; a failure to log is silent. */
void hub_log(enum hub_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The configuration in force, read anew when the file changed: plugins/cg_import.conf beside the hub's own file
 * (koji.hub.ConfigFile of httpd's environment), so /etc/koji-hub/plugins/cg_import.conf unless the site moved it.
 * Faults are logged once, the safe defaults hold. Borrowed; never NULL.
 */
const struct hub_config *hub_config(struct plugin *plugin);

#endif
