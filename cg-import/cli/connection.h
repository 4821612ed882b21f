/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_CONNECTION_H
#define CLI_CONNECTION_H

/* The options that say which hub and how to log in, and the profile they make. The same for all verbs. */

#include "koji/profile.h"
#include "options.h"

#include <stdbool.h>

/* Option ids; those of the verbs begin at OPTION_OF_VERB. */
enum connection_option {
    OPTION_PROFILE = 'p',
    OPTION_CONFIG = 'c',
    OPTION_HUB = OPTION_LONG_ONLY,
    OPTION_SERVERCA,
    OPTION_AUTHTYPE,
    OPTION_CERT,
    OPTION_PRINCIPAL,
    OPTION_KEYTAB,
    OPTION_USER,
    OPTION_PASSWORD_FILE,
    OPTION_RUNAS,
    OPTION_NOAUTH,
    OPTION_WEBURL,
    OPTION_TOPDIR,
    OPTION_OF_VERB,
};

/* Which hub; how to log in; how to look without logging in; where the hub's other faces are. */
extern const struct option_row connection_hub_rows[];
extern const struct option_row connection_login_rows[];
extern const struct option_row connection_place_rows[];

/* What was given; NULL where nothing was. All borrowed from the command line. */
struct connection {
    const char *profile;
    const char *config;
    const char *hub;
    const char *serverca;
    const char *authtype;
    const char *cert;
    const char *principal;
    const char *keytab;
    const char *user;
    const char *password_file;
    const char *runas;
    const char *weburl;
    const char *topdir;
    bool anonymous; /* no login, whatever the profile says */
};

/* Takes one of the options above. 1: taken, 0: it is none of them, -1: CG_E_USAGE. */
int connection_take(struct connection *connection, int id, const char *value, struct cg_error *err);

/* Was a hub named at all? */
bool connection_is_named(const struct connection *connection);

/*
 * Reads the profile, or makes one for --hub, and puts the other options over it. NULL with CG_E_USAGE (--profile and
 * --hub together), CG_E_CONFIG, CG_E_IO, CG_E_MEMORY.
 */
struct koji_profile *connection_profile(const struct connection *connection, struct cg_error *err);

#endif
