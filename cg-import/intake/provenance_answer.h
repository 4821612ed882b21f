/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_PROVENANCE_ANSWER_H
#define INTAKE_PROVENANCE_ANSWER_H

/* For the resources below /v1/provenance/builds/{build}: the build that is meant. */

#include "intake/request.h"

/*
 * What the trail says of the build of this name, on the hub that the query names, if the caller may see it: as
 * store_provenance_get(). New reference; NULL after the request was answered (404, or the store's failure).
 */
json_t *provenance_answer_build(struct intake_request *request, const char *name);

#endif
