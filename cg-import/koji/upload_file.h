/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_UPLOAD_FILE_H
#define KOJI_UPLOAD_FILE_H

/*
 * A small file as a call: uploadFile (kojihub.py), which can ride in a multicall with others.
 *
 * Base64 in XML costs the hub more than raw bytes (upload.h), so this is for files where a request of their own costs
 * more still. uploadFile answers false, not with a fault, when size or digest do not fit.
 */

#include "cg/error.h"

#include <jansson.h>
#include <stddef.h>

/* The params that put `size` bytes into `directory`/`filename`, with their sha256. New reference; NULL on failure. */
json_t *koji_upload_file_params(const char *directory, const char *filename, const void *data, size_t size,
                                struct cg_error *err);

#endif
