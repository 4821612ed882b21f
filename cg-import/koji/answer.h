/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_ANSWER_H
#define KOJI_ANSWER_H

/*
 * What a hub's HTTP reply says: the value of a call, a fault, or that it was no answer of the hub at all.
 *
 * Statuses other than 200 come from httpd, from proxies or from kojiapp.py (text/plain). A page of HTML is never shown.
 */

#include "koji/http.h"

#include <jansson.h>

/*
 * Reads the reply to `method`. 0: *value is a new reference. -1: a fault of the hub (err->fault is set, see
 * koji/fault.h); or, with err->fault 0, no answer: CG_E_BUSY (408, 429, 5xx), CG_E_TOO_LARGE (413), CG_E_AUTH (401,
 * 403), CG_E_CONFIG (404, 405, redirects), CG_E_HUB_REFUSED (400), CG_E_HUB_REPLY (anything else).
 */
int koji_answer_read(const char *method, const struct koji_http_reply *reply, json_t **value, struct cg_error *err);

/* The same for a reply whose status is not 200. Returns -1, always. */
int koji_answer_fail_status(const char *method, const struct koji_http_reply *reply, struct cg_error *err);

/* An answer that came has not `what` in it, "an array". CG_E_HUB_REPLY; returns -1, always. */
int koji_answer_lacks(const char *method, const char *what, struct cg_error *err);

#endif
