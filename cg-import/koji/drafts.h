/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_DRAFTS_H
#define KOJI_DRAFTS_H

/*
 * Which draft builds a hub has for an NVR (kojihub.py listBuilds, koji/__init__.py gen_draft_release).
 *
 * A draft's release is the one it is to have when it is promoted, followed by ",draft_" and its build id.
 */

#include "koji/session.h"

struct cg_metadata;

/* The newest drafts that are told of: each is a build of the very NVR by the same content generator. */
#define KOJI_DRAFTS_MOST 20

/*
 * Complete drafts that have the metadata's NVR as their target, newest first: `*count` build ids in `ids`. A hub
 * without drafts has none. 0, or -1 with CG_E_HUB_REPLY, CG_E_MEMORY or the session's codes.
 */
int koji_drafts_find(struct koji_session *session, const struct cg_metadata *metadata, int64_t ids[KOJI_DRAFTS_MOST],
                     size_t *count, struct cg_error *err);

#endif
