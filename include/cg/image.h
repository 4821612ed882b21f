/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_IMAGE_H
#define CG_IMAGE_H

/*
 * Is an image archive what the metadata says of it? Facts of the archive, held against one output of a document.
 *
 * Pure: who has looked into the archive hands in what was found, as JSON that can be kept and looked at later:
 *
 *   {"form": "docker-archive" | "oci-layout" | "placeholder" | "none",
 *    "compression": "gzip" | ... | "none",
 *    "note": text,                                  of a placeholder: what it says of itself
 *    "faults": [{"kind": "broken" | "unread", "text"}],
 *    "images": [{"config_digest", "manifest_digest"?, "manifest_type"?, "architecture"?, "os"?, "labels"?, "diff_ids"?,
 *                "layers": [{"digest", "diff_id"}],  as they are in the archive, lowest first
 *                "rpmdb"?: null (there is none) | {"path", "backend", "rpms": [...]} | {"path", "backend", "fault"}}]}
 *
 * with digests as "sha256:HEX" and rpms as {"name", "epoch", "version", "release", "arch", "sigmd5"}, null for none. A
 * member that is missing is not known, and nothing is concluded from it. docs/rules.md has the rules; formats: Docker
 * Image Specification v1.2, OCI Image Format Specification 1.1.
 */

#include "cg/auto.h"
#include "cg/metadata.h"
#include "cg/report.h"

#include <stdbool.h>

/* Rpms, labels that a finding names; of the others it says how many they are. */
#define CG_IMAGE_NAMED_MOST 10

/* The rules, in the order of docs/rules.md. */
enum cg_image_rule {
    CG_IMAGE_BROKEN,
    CG_IMAGE_NONE,
    CG_IMAGE_UNREAD,
    CG_IMAGE_CONFIG_DIGEST,
    CG_IMAGE_LAYERS,
    CG_IMAGE_LAYER_SIZES,
    CG_IMAGE_MANIFEST_DIGEST,
    CG_IMAGE_ARCHITECTURE,
    CG_IMAGE_LABELS,
    CG_IMAGE_RPM_DATABASE,
    CG_IMAGE_RPM_MISSING,
    CG_IMAGE_RPM_EXTRA,
    CG_IMAGE_RPM_DIFFERS,
    CG_IMAGE_RULES /* their number */
};

/* What becomes of a finding; the numbers are those of enum cg_level. */
enum cg_image_level { CG_IMAGE_OFF = 0, CG_IMAGE_WARNING = CG_LEVEL_WARNING, CG_IMAGE_ERROR = CG_LEVEL_ERROR };

/* What a site chose for each rule. */
struct cg_image_levels {
    enum cg_image_level of[CG_IMAGE_RULES];
};

/* "image.broken": the id of the rule. */
CG_API const char *cg_image_rule_id(enum cg_image_rule rule);

/* Is it the id of one of these rules? */
CG_API bool cg_image_has_rule(const char *id);

/* The levels of docs/rules.md. */
CG_API struct cg_image_levels cg_image_levels_default(void);

/*
 * Changes them as `text` says: "LEVEL" for all rules or "RULE=LEVEL" for one, LEVEL being off, warning or error and
 * RULE an id, with or without "image.". 0, or -1 with CG_E_USAGE.
 */
CG_API int cg_image_levels_set(struct cg_image_levels *levels, const char *text, struct cg_error *err);

/* Does the output claim to be a container image, so that it is worth looking into its file? */
CG_API bool cg_image_is_claimed(const struct cg_output *output);

/*
 * Adds to `report` where the facts differ from output `index`. If the output is a placeholder, *note (which may be
 * NULL) is what is to be said about that, to be freed by the caller; else NULL. 0: as stated, 1: a finding was added,
 * -1 with CG_E_MEMORY.
 */
CG_API int cg_image_check(const struct cg_metadata *metadata, size_t index, const json_t *facts,
                          const struct cg_image_levels *levels, struct cg_report *report, char **note,
                          struct cg_error *err);

#endif
