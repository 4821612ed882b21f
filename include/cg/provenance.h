/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_PROVENANCE_H
#define CG_PROVENANCE_H

/*
 * What a build is made of and where it came from, as its content-generator metadata says it: the facts that provenance
 * answers, attestations and bills of materials are made of.
 *
 * Facts are one JSON object, described in docs/provenance.md: names and digests under one name each, whichever content
 * generator wrote them and wherever it put them; what a document does not say is left out, never guessed. Nothing is
 * checked here: cg_check() does that. Not the metadata: that is kept byte for byte elsewhere.
 */

#include "cg/auto.h"
#include "cg/error.h"

/*
 * The facts of a document that has an object `build` with name, version and release as texts, and arrays `buildroots`
 * and `output`; other members may be missing or of any type. "components" has each distinct component once, as
 * {"digest", "component"}, where the digest is the sha256 of its canonical JSON (RFC 8785); buildroots and outputs
 * refer to them by index. New reference. NULL with CG_E_SYNTAX (no such document), CG_E_MEMORY.
 */
CG_API json_t *cg_provenance_facts(const json_t *document, struct cg_error *err);

/*
 * All texts under which a build is looked up: [{"kind", "value", "output"}]. Kinds: "manifest" and "config" (digests of
 * an image, "sha256:..."), "checksum" ("md5:..." of an output), "pullspec". `output` is the output's position, null for
 * what belongs to the whole build. New reference, NULL with CG_E_MEMORY.
 */
CG_API json_t *cg_provenance_keys(const json_t *facts, struct cg_error *err);

/*
 * The builds that this one was made from: the facts' parents and, for the builds that its kojifile components come
 * from, {"kind": "kojifile", "nvr"}. New reference, NULL with CG_E_MEMORY.
 */
CG_API json_t *cg_provenance_parents(const json_t *facts, struct cg_error *err);

/*
 * What changed from one build to another, both as facts in which "components" of buildroots and outputs are indexes:
 * {"components", "buildroot_components", "tools", "content_generators", "parents", "remote_sources"}, each {"added",
 * "removed", "changed", "same": how many}, and "source" {"from", "to"}, null where it is the same. Things are the same
 * when they have the same name and architecture. New reference, NULL with CG_E_MEMORY.
 */
CG_API json_t *cg_provenance_difference(const json_t *from, const json_t *to, struct cg_error *err);

#endif
