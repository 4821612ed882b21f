/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connection.h"

#include "koji/login.h"

#include <stddef.h>
#include <string.h>

const struct option_row connection_hub_rows[] = {
    {OPTION_PROFILE, "profile", "NAME", "profile of the koji command's configuration (default: koji)"},
    {OPTION_CONFIG, "config", "FILE", "read this configuration instead of ~/.koji/config and ~/.koji/config.d"},
    {OPTION_HUB, "hub", "URL", "XML-RPC address of the hub, instead of a profile"},
    {OPTION_SERVERCA, "serverca", "FILE", "certificates (PEM) that may sign the hub's"},
    {0, NULL, NULL, NULL},
};

const struct option_row connection_login_rows[] = {
    {OPTION_AUTHTYPE, "authtype", "TYPE",
     "how to log in: ssl, kerberos or password (default: certificate if there is one, else password if a user is "
     "set, else kerberos)"},
    {OPTION_CERT, "cert", "FILE", "client certificate and key (PEM)"},
    {OPTION_PRINCIPAL, "principal", "NAME", "Kerberos principal"},
    {OPTION_KEYTAB, "keytab", "FILE", "Kerberos keytab of the principal"},
    {OPTION_USER, "user", "NAME", "user, for logging in by password"},
    {OPTION_PASSWORD_FILE, "password-file", "FILE", "file whose first line is the password"},
    {OPTION_RUNAS, "runas", "NAME", "act as another user, where the hub lets the login do so"},
    {0, NULL, NULL, NULL},
};

const struct option_row connection_place_rows[] = {
    {OPTION_WEBURL, "weburl", "URL", "address of the hub's web pages, for the address of the build"},
    {OPTION_TOPDIR, "topdir", "DIR", "where the hub's volume is mounted, for --link (default: /mnt/koji)"},
    {0, NULL, NULL, NULL},
};

static const struct {
    const char *name;
    enum koji_auth type;
} auth_types[] = {{"ssl", KOJI_AUTH_SSL},
                  {"kerberos", KOJI_AUTH_KERBEROS},
                  {"gssapi", KOJI_AUTH_KERBEROS},
                  {"password", KOJI_AUTH_PASSWORD},
                  {"noauth", KOJI_AUTH_NONE}};

static int auth_type(const char *name, enum koji_auth *type, struct cg_error *err)
{
    for (size_t i = 0; i < sizeof auth_types / sizeof auth_types[0]; i++)
        if (strcmp(name, auth_types[i].name) == 0) {
            *type = auth_types[i].type;
            return 0;
        }
    return cg_fail(err, CG_E_USAGE, "--authtype %s is not known; it may be ssl, kerberos or password", name);
}

/* Where the value of an option is kept. */
static const struct {
    int id;
    size_t offset;
} places[] = {
    {OPTION_PROFILE, offsetof(struct connection, profile)},
    {OPTION_CONFIG, offsetof(struct connection, config)},
    {OPTION_HUB, offsetof(struct connection, hub)},
    {OPTION_SERVERCA, offsetof(struct connection, serverca)},
    {OPTION_AUTHTYPE, offsetof(struct connection, authtype)},
    {OPTION_CERT, offsetof(struct connection, cert)},
    {OPTION_PRINCIPAL, offsetof(struct connection, principal)},
    {OPTION_KEYTAB, offsetof(struct connection, keytab)},
    {OPTION_USER, offsetof(struct connection, user)},
    {OPTION_PASSWORD_FILE, offsetof(struct connection, password_file)},
    {OPTION_RUNAS, offsetof(struct connection, runas)},
    {OPTION_WEBURL, offsetof(struct connection, weburl)},
    {OPTION_TOPDIR, offsetof(struct connection, topdir)},
};

int connection_take(struct connection *connection, int id, const char *value, struct cg_error *err)
{
    enum koji_auth type;
    if (id == OPTION_AUTHTYPE && auth_type(value, &type, err) < 0)
        return -1;
    if (id == OPTION_NOAUTH) {
        connection->anonymous = true;
        return 1;
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (places[i].id == id) {
            *(const char **)((char *)connection + places[i].offset) = value;
            return 1;
        }
    return 0;
}

bool connection_is_named(const struct connection *connection)
{
    return connection->profile || connection->config || connection->hub;
}

/* Puts the command line's word over the profile's. */
static int set_fields(const struct connection *connection, struct koji_profile *profile, struct cg_error *err)
{
    const struct {
        char **field;
        const char *value;
    } fields[] = {{&profile->serverca, connection->serverca},   {&profile->cert, connection->cert},
                  {&profile->principal, connection->principal}, {&profile->keytab, connection->keytab},
                  {&profile->user, connection->user},           {&profile->runas, connection->runas},
                  {&profile->weburl, connection->weburl},       {&profile->topdir, connection->topdir}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].value && koji_profile_set(fields[i].field, fields[i].value, err) < 0)
            return -1;
    if (connection->authtype && auth_type(connection->authtype, &profile->authtype, err) < 0)
        return -1;
    if (connection->password_file && secret_set_from_file(&profile->password, connection->password_file, err) < 0)
        return -1;
    if (connection->anonymous)
        profile->authtype = KOJI_AUTH_NONE;
    /* As with the koji command, a profile holds neither. */
    if (koji_login_choose(profile) == KOJI_AUTH_PASSWORD && (!profile->user || !secret_is_set(&profile->password)))
        return cg_fail(err, CG_E_USAGE, "logging in by password needs --user and --password-file");
    return 0;
}

struct koji_profile *connection_profile(const struct connection *connection, struct cg_error *err)
{
    if (connection->profile && connection->hub) {
        cg_fail(err, CG_E_USAGE, "--profile and --hub both name a hub: give one of them");
        return NULL;
    }
    struct koji_profile_sources sources = {.config_file = connection->config};
    AUTO_KOJI_PROFILE struct koji_profile *profile = connection->hub
                                                         ? koji_profile_for_url(connection->hub, &sources, err)
                                                         : koji_profile_load(connection->profile, &sources, err);
    if (!profile || set_fields(connection, profile, err) < 0)
        return NULL;
    return CG_STEAL(profile);
}
