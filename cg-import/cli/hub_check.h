/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_HUB_CHECK_H
#define CLI_HUB_CHECK_H

/* What check asks a hub: its lists, and whether a tag would take the build. Never logs in, changes nothing. */

#include "connection.h"

#include "cg/metadata.h"
#include "cg/report.h"
#include "koji/hub_lists.h"
#include "koji/session.h"

/* Zero-initialise; release with hub_check_finish in every case. */
struct hub_check {
    struct koji_profile *profile;
    struct koji_session *session;
    struct koji_hub_lists lists;
};

/* Connects and reads the lists. 0, or -1 with an error of the profile or the hub. */
int hub_check_begin(struct hub_check *hub, const struct connection *connection, struct cg_error *err);

/*
 * Is there a tag of that name that takes builds? 1: yes; 0: no, and `why` says "the hub has no tag TAG"; -1: the hub
 * could not be asked.
 */
int hub_check_tag_is_open(struct koji_session *session, const char *tag, struct cg_bytes *why, struct cg_error *err);

/*
 * Is there the tag, and does it take the package? Adds to `report`: hub.tag (error) when there is no such tag or it is
 * locked, hub.tag-package (warning) when the package is not listed there: an import with --tag lists it if the user may
 * do so. 0, or -1 when the hub could not be asked.
 */
int hub_check_tag(struct hub_check *hub, const char *tag, const struct cg_metadata *metadata, struct cg_report *report,
                  struct cg_error *err);

void hub_check_finish(struct hub_check *hub);

#endif
