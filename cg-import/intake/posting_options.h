/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_POSTING_OPTIONS_H
#define INTAKE_POSTING_OPTIONS_H

/*
 * The options of a post: hub, tag, reserve, draft, reference; from the query, then from form fields.
 */

#include "intake/request.h"

#define POSTING_OPTION_MAX 4096 /* bytes of one value: a reference is a path */

/* Zero-initialise; release with posting_options_finish. NULL: not given. */
struct posting_options {
    char *hub, *tag, *reference;
    bool reserve, draft;
};

/* 1 taken, 0 if there is no such option, -1 with CG_E_USAGE (wrong value), CG_E_MEMORY. */
int posting_options_set(struct posting_options *options, const char *name, const char *value, struct cg_error *err);

/* Takes those of the query. 0 or -1. */
int posting_options_query(struct posting_options *options, const struct intake_request *request, struct cg_error *err);

/* What the store keeps: {"reserve", "draft", "tag"}. New reference, NULL with CG_E_MEMORY. */
json_t *posting_options_json(const struct posting_options *options, struct cg_error *err);

/* The inverse, for a retry with other metadata: options of an import and its hub. 0 or -1. */
int posting_options_from(struct posting_options *options, const struct store_import *import, struct cg_error *err);

void posting_options_finish(struct posting_options *options);

#endif
