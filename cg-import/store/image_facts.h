/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_IMAGE_FACTS_H
#define STORE_IMAGE_FACTS_H

/* What was found in contents that are image archives (cg/image.h), so that each is looked into once. */

#include "store/store.h"

#include <jansson.h>

/* Counts up when the facts change their form or a reader finds more than those before. */
#define STORE_IMAGE_READER 1

/* The facts on a content, a new reference. 1, 0 if none of this reader are kept, -1. */
int store_image_facts_find(struct store *store, const char *sha256, json_t **facts, struct cg_error *err);

/* Keeps them, in place of those of another reader. Facts on a content that is not in the index are not kept. 0, -1. */
int store_image_facts_keep(struct store *store, const char *sha256, const json_t *facts, struct cg_error *err);

#endif
