/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SERVICE_IMPORT_H
#define CLI_SERVICE_IMPORT_H

/*
 * One import of the service, as the client verbs see it: found by id or NVR, told to people, followed to its end.
 */

#include "service_client.h"

#include <stdio.h>

/*
 * Reads the import of that id, or the newest of that NVR. New reference. NULL with CG_E_USAGE (there is none) or the
 * client's errors.
 */
json_t *service_import_find(struct service_client *client, const char *id_or_nvr, struct cg_error *err);

/* A member that is a string, "" where it is not one. Borrowed. */
const char *service_import_text(const json_t *import, const char *member);

/* Where a finding of a report is, in words. Borrowed. */
const char *service_import_place(const json_t *finding);

/* Several lines for people: what it is, how far, what is wrong and what to do. 0, or -1 with CG_E_MEMORY. */
int service_import_show(FILE *out, const json_t *import, struct cg_error *err);

/* "2026-11-23T17:00:00.123Z  step  uploading  (replica)": one event. 0, or -1 with CG_E_MEMORY. */
int service_import_show_event(FILE *out, const json_t *event, struct cg_error *err);

/* Does it rest: is it over, or held for a person? */
bool service_import_rests(const json_t *import);

/*
 * What a program should make of how it ended: 0 imported; the exit status of the error for one rejected (1 where there
 * is none); 1 canceled; 5 held with an unknown outcome, 4 held for any other reason; 0 while it goes on. Fills `err`
 * for all but 0.
 */
int service_import_outcome(const json_t *import, struct cg_error *err);

/* Follows its events until it rests (or, UNTIL_OVER, is over), telling them on `out` (NULL: silently). New reference of
 * the import then; NULL with the client's errors, or CG_E_IO once `out` is a standard output that cannot be written. */
enum service_import_until { UNTIL_RESTS, UNTIL_OVER };
json_t *service_import_follow(struct service_client *client, const struct stop *stop, const char *id,
                              enum service_import_until until, FILE *out, struct cg_error *err);

#endif
