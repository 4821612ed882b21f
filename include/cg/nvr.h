/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_NVR_H
#define CG_NVR_H

/*
 * Koji's name-version-release: splitting, joining, and which parts a build may have.
 *
 * Implements koji/__init__.py parse_NVR, check_NVR, gen_draft_release and parse_target_release, the hub's
 * RegexNameInternal default (kojihub/app/kojiapp.py), and what Koji does not check but
 * is damaged by: a part that is "." or "..", or a slash, since the three parts are directories under
 * packages/NAME/VERSION/RELEASE. Not RPM version comparison.
 */

#include "cg/auto.h"
#include "cg/error.h"

#include <stdint.h>

/* A file name on Linux (NAME_MAX), bytes: each part is a directory (Koji's own MaxNameLengthInternal is 256). */
#define CG_NVR_PART_MAX 255

/* Owned strings. Release with cg_nvr_finish. */
struct cg_nvr {
    char *epoch; /* "" when the text had none */
    char *name;
    char *version;
    char *release;
};

#define CG_AUTO_NVR CG_AUTO(cg_nvr_finish)

/* Which part a message is about. */
enum cg_nvr_part { CG_NVR_NAME, CG_NVR_VERSION, CG_NVR_RELEASE };

/*
 * Splits "name-version-release" or "epoch:name-version-release" as parse_NVR does: at the last two dashes.
 * Returns 0, or -1 with CG_E_NVR (an empty part, fewer than two dashes) or CG_E_MEMORY; *nvr is unchanged then.
 */
CG_API int cg_nvr_parse(const char *text, struct cg_nvr *nvr, struct cg_error *err);

/*
 * Is `value` one that a build may have as this part? Returns 0, or -1 with CG_E_NVR and a message that begins with
 * the value, quoted, and says what is wrong with it.
 */
CG_API int cg_nvr_check(enum cg_nvr_part part, const char *value, struct cg_error *err);

/* "name-version-release", to be freed by the caller; NULL with CG_E_MEMORY. */
CG_API char *cg_nvr_join(const char *name, const char *version, const char *release, struct cg_error *err);

/*
 * The release a draft build has until it is promoted: "RELEASE,draft_BUILDID" (gen_draft_release). To be freed by the
 * caller; NULL with CG_E_MEMORY.
 */
CG_API char *cg_nvr_draft_release(const char *release, int64_t build_id, struct cg_error *err);

/*
 * The release that a draft is meant to get (parse_target_release), to be freed by the caller. Returns NULL with
 * CG_E_NVR when `draft_release` is not a draft's, CG_E_MEMORY.
 */
CG_API char *cg_nvr_target_release(const char *draft_release, struct cg_error *err);

/* Frees the parts and zeroes the struct. */
CG_API void cg_nvr_finish(struct cg_nvr *nvr);

#endif
