/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_VERSION_H
#define CG_VERSION_H

/* Of libcg itself and of the libraries it runs with, for people and bug reports. */

#include "cg/bytes.h"
#include "cg/error.h"

/* "0.1.0". Static. */
CG_API const char *cg_version(void);

/* Appends "jansson 2.14, OpenSSL 3.0.15, zlib 1.2.13, PCRE2 10.42". 0, or -1 with CG_E_MEMORY. */
CG_API int cg_version_libraries(struct cg_bytes *text, struct cg_error *err);

#endif
