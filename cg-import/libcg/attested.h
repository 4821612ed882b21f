/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_ATTESTED_H
#define LIBCG_ATTESTED_H

/* What statement and bills of materials have in common: names, digests, times and URIs of a build that is told of. */

#include "cg/attestation.h"
#include "cg/bytes.h"

#include <stdbool.h>

/* Seconds since 1970 as "2026-11-23T17:00:00Z". */
#define ATTESTED_TIME_SIZE 24
const char *attested_time(json_int_t seconds, char text[ATTESTED_TIME_SIZE]);

/*
 * When the told-of thing came to be, for what wants a time of its own: the end of the build, else the import's. Whole
 * seconds, "2026-11-23T17:00:00Z".
 */
const char *attested_when(const struct cg_attested *build, char text[ATTESTED_TIME_SIZE]);

/* "tag:cg-import,2026:hub/HUB/BELOW", BELOW being percent-encoded but for slashes. 0 or -1 with CG_E_MEMORY. */
int attested_uri(const struct cg_attested *build, const char *below, struct cg_bytes *out, struct cg_error *err);

/* Is "ALGORITHM" a cryptographic digest that in-toto, SPDX and CycloneDX know? */
bool attested_is_digest(const char *algorithm);

/* {"sha256": "...", ...} of an output's file: as the metadata says, and as the service computed. NULL without memory.
 */
json_t *attested_file_digests(const struct cg_attested *build, const json_t *output);

/* The first manifest digest of an image, "sha256:..."; NULL if it has none. Borrowed. */
const char *attested_manifest(const json_t *image);
/* The first pull spec of an image, else of the index; NULL if there is none. Borrowed. */
const char *attested_pullspec(const json_t *facts, const json_t *image);

#endif
