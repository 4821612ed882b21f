/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_PROFILE_H
#define KOJI_PROFILE_H

/*
 * A hub and how to log in to it, read from the koji command's own configuration.
 *
 * Implements koji/__init__.py read_config and read_config_files with Python's ConfigParser dialect (interpolation,
 * DEFAULT section, continuation lines): /etc/koji.conf.d, /etc/koji.conf, ~/.koji/config.d, ~/.koji/config, later
 * ones overriding; or, instead of the two in the home directory, one file given by --config. A profile is a section.
 * Keys and defaults are Koji's; keys we do not use are ignored.
 */

#include "base/secret.h"
#include "cg/error.h"

#include <stdbool.h>

enum koji_auth {
    KOJI_AUTH_ANY, /* not said: certificate if there is one, else password if a user is set, else GSSAPI */
    KOJI_AUTH_NONE,
    KOJI_AUTH_SSL,
    KOJI_AUTH_KERBEROS,
    KOJI_AUTH_PASSWORD,
};

/* Where a profile is looked for; zero-initialise and set what differs from the defaults. */
struct koji_profile_sources {
    const char *system_directory; /* NULL: "/etc" */
    const char *home;             /* NULL: $HOME, else the password database */
    const char *config_file;      /* --config; NULL: none */
};

/* All strings owned; NULL when not set, unless a default is named. */
struct koji_profile {
    char *name;
    char *server; /* XML-RPC URL, default http://localhost/kojihub; no trailing slash */
    char *weburl; /* default http://localhost/koji */
    char *topurl; /* where packages/ and work/ can be downloaded */
    char *topdir; /* the hub's volume if it is mounted here, default /mnt/koji */
    enum koji_auth authtype;
    char *cert;     /* PEM with certificate and key; default ~/.koji/client.crt if that exists */
    char *serverca; /* PEM of the CA; default ~/.koji/serverca.crt if that exists, else the system's */
    bool no_ssl_verify;
    char *principal;
    char *keytab;
    char *ccache; /* Kerberos credential cache */
    char *user;   /* for password login */
    struct secret password;
    char *runas;                  /* proxyuser: log in as another user */
    int max_retries;              /* 30; tries after the first */
    int retry_interval_s;         /* 20 */
    bool anon_retry;              /* false: calls without login are not repeated */
    bool offline_retry;           /* false; true: wait while the hub says it is offline */
    int offline_retry_interval_s; /* 20 */
    int timeout_s;                /* 43200: a CGImport hashes everything before it answers */
    int auth_timeout_s;           /* 60 */
    int poll_interval_s;          /* 6 */
};

#define AUTO_KOJI_PROFILE CG_AUTO(koji_profile_auto)

/*
 * Loads profile `name` (NULL: "koji"). Returns NULL with CG_E_CONFIG (no such profile: the message lists those there
 * are and the files read; a bad value with file and line), CG_E_IO, CG_E_MEMORY.
 */
struct koji_profile *koji_profile_load(const char *name, const struct koji_profile_sources *sources,
                                       struct cg_error *err);

/* A profile with defaults for a hub given by URL alone (--hub). NULL with CG_E_CONFIG, CG_E_MEMORY. */
struct koji_profile *koji_profile_for_url(const char *url, const struct koji_profile_sources *sources,
                                          struct cg_error *err);

/* Replaces an owned string field, e.g. koji_profile_set(&p->cert, "osbs.pem", err). 0, or -1 with CG_E_MEMORY. */
int koji_profile_set(char **field, const char *value, struct cg_error *err);

/* NULL is allowed. */
void koji_profile_destroy(struct koji_profile *profile);

static inline void koji_profile_auto(struct koji_profile **profile)
{
    koji_profile_destroy(*profile);
}

#endif
