/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_REPRESENTATION_H
#define INTAKE_REPRESENTATION_H

/*
 * The one place that turns what the store holds into the JSON of schema/openapi.yaml.
 */

#include "intake/request.h"

#define REPRESENTATION_BASE_SIZE 512

/* What stands before "/v1": the configured public URL, or scheme and Host of the request, or "" for relative ones. */
void representation_base(const struct intake_request *request, char base[REPRESENTATION_BASE_SIZE]);

enum representation_detail {
    REPRESENTATION_LISTED, /* without outputs, which lists do not have */
    REPRESENTATION_WHOLE,  /* with `outputs`, `missing` and `retry` */
};

/* schemas/import. New reference, NULL with CG_E_MEMORY. */
json_t *representation_import(const char *base, const struct store_import *import, enum representation_detail detail,
                              struct cg_error *err);

/* Id, place and state of an import, for a 409. New reference, NULL with CG_E_MEMORY. */
json_t *representation_reference(const char *base, const struct store_import *import, struct cg_error *err);

/* A time as RFC 3339, null for 0: "not". New reference. */
json_t *representation_time(double seconds);

/* schemas/event. New reference, NULL with CG_E_MEMORY. */
json_t *representation_event(const struct store_event *event, struct cg_error *err);

/* Answers with the whole import: the status, `Location` where `status` is 200 or 202 of a post, and `deduplicated`. */
enum representation_dedup { REPRESENTATION_NO_POST, REPRESENTATION_NEW, REPRESENTATION_KNOWN };
void representation_answer(struct intake_request *request, unsigned status, const struct store_import *import,
                           enum representation_dedup dedup);

#endif
