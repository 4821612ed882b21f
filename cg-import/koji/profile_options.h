/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_PROFILE_OPTIONS_H
#define KOJI_PROFILE_OPTIONS_H

/* The options of a profile, from a configuration that is read: names, defaults and forms are Koji's (read_config). */

#include "koji/config_parser.h"
#include "koji/profile.h"

/*
 * Fills the fields of `profile`, which has its name and the defaults, from its section. `home` is what "~" means, NULL:
 * as usual. 0, or -1 with CG_E_CONFIG (file and line of a bad value), CG_E_MEMORY.
 */
int profile_options_read(struct koji_profile *profile, const struct config_parser *parser, const char *home,
                         struct cg_error *err);

/* Is it an http or https URL with a host and without blanks? */
bool profile_is_web_address(const char *url);

/* Cuts the slashes at the end off. */
void profile_cut_slashes(char *url);

#endif
