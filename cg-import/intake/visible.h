/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_VISIBLE_H
#define INTAKE_VISIBLE_H

/* What a request's caller may see: everything for auditors, else its scope; what it may not see is not there. */

#include "intake/request.h"

/* Borrowed for the request. */
const struct store_scope *visible_scope(const struct intake_request *request);

/* Does the caller see all imports, whosever they are: an auditor, or an operator whose scope is everything? */
bool visible_is_all(const struct intake_caller *caller);

/* For what tells of all imports at once: 0, or -1 after the request of a caller that does not see all was answered
 * (403).
 */
int visible_all_or_refuse(struct intake_request *request);

/* Does the scope show imports of this content generator and package? */
bool visible_covers(const struct store_scope *scope, const char *content_generator, const char *package);

/*
 * The import of the path's {id} within `scope`, with outputs. 0; -1 after the request was answered (404, or the
 * store's failure).
 */
int visible_import(struct intake_request *request, const struct store_scope *scope, struct store_import *import);

/* Answers 404. */
void visible_nothing(struct intake_request *request);

#endif
