/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_HUB_FACTS_H
#define CLI_HUB_FACTS_H

/* What a hub tells about itself and about us. Changes nothing there. */

#include "koji/session.h"

#include <stdbool.h>

/* Zero-initialise; release with hub_facts_finish in every case. Strings and arrays of names owned. */
struct hub_facts {
    char *url;
    char *version;        /* "" when the hub does not tell */
    char *user;           /* NULL: not logged in */
    const char *authtype; /* "certificate"; static */
    bool header_session;  /* false: an old hub's session in the address */
    bool plugin;          /* our hub module is there */
    bool promotes;        /* drafts can be promoted: Koji 1.34 and later */
    json_t *my_generators;
    json_t *generators;
    json_t *btypes;
    json_t *extensions;
};

/* 0, or -1 with an error of the hub. */
int hub_facts_read(struct koji_session *session, struct hub_facts *facts, struct cg_error *err);

void hub_facts_finish(struct hub_facts *facts);

#endif
