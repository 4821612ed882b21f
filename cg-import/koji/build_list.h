/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_BUILD_LIST_H
#define KOJI_BUILD_LIST_H

/*
 * The builds of a content generator, page by page (kojihub.py listBuilds), and what the hub's tables say of one.
 *
 * Pages are in the order of build ids and leave no state out: the rows of builds stay for good, so no build slips from
 * one page to the page before while the list is read. The calls are those of Koji 1.31 and later.
 */

#include "koji/session.h"

/* NULL and 0: any. */
struct koji_build_filter {
    const char *content_generator; /* set */
    const char *package;
    double completed_after, completed_before; /* seconds since 1970 */
};

/* How many builds there are. 0, or -1 with CG_E_HUB_REPLY, CG_E_HUB_REFUSED (no such generator) or the session's codes.
 */
int koji_build_list_count(struct koji_session *session, const struct koji_build_filter *filter, uint64_t *count,
                          struct cg_error *err);

/* At most `limit` builds from the `offset`-th on: new reference to an array of what listBuilds answers, each with an
 * integer build_id and state and a text nvr. 0 or -1 as above. */
int koji_build_list_page(struct koji_session *session, const struct koji_build_filter *filter, uint64_t offset,
                         unsigned limit, json_t **builds, struct cg_error *err);

/*
 * A metadata document as far as the hub's tables tell, for cg_provenance_facts(): the build, its archives and the rpms
 * in its images; not its buildroots, logs and files in images. `build` is an answer of getBuild or listBuilds. New
 * reference; NULL with CG_E_HUB_REPLY, CG_E_MEMORY or the session's codes.
 */
json_t *koji_build_document(struct koji_session *session, const json_t *build, const char *content_generator,
                            struct cg_error *err);

/* The release that a build's metadata name: of a draft that which it is to have. Owned; NULL with CG_E_MEMORY. */
char *koji_target_release(const char *release, struct cg_error *err);

#endif
