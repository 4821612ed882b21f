/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_PURL_H
#define LIBCG_PURL_H

/*
 * Package URLs (package-url/purl-spec) of what Koji's metadata names.
 *
 * No namespace is guessed: metadata does not say which distribution an rpm is of. Qualifiers are in the order of their
 * keys, so that the same thing has one text.
 */

#include "cg/bytes.h"

#include <jansson.h>

/* pkg:rpm/NAME@VERSION-RELEASE?arch=...&epoch=... or, of a file or kojifile, pkg:generic/.... 0 or -1 with CG_E_MEMORY.
 */
int purl_component(const json_t *component, struct cg_bytes *out, struct cg_error *err);

/* pkg:generic/NAME@VERSION-RELEASE of a build's facts. 0 or -1 with CG_E_MEMORY. */
int purl_build(const json_t *facts, struct cg_bytes *out, struct cg_error *err);

/* pkg:oci/NAME@sha256:...?arch=...&repository_url=...&tag=... of an image; each but `pullspec` may be NULL. */
int purl_image(const char *pullspec, const char *digest, const char *arch, struct cg_bytes *out, struct cg_error *err);

/* "REGISTRY/PATH" of a pull spec, without tag and digest: how many bytes of it. */
size_t purl_repository_size(const char *pullspec);

/* A member that is a text, "" if it is not; a text or integer epoch as digits, "" for none (null, "(none)"). */
const char *purl_text(const json_t *object, const char *name);
#define PURL_EPOCH_SIZE 24
const char *purl_epoch(const json_t *component, char text[PURL_EPOCH_SIZE]);

#endif
