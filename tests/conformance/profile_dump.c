/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Prints the profile that cg-import would use, as JSON, or the error; for comparing with koji's own read_config.
 *
 *     profile_dump SYSTEM_DIRECTORY HOME CONFIG_FILE|- PROFILE
 */

#include "koji/profile.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *auth_name(enum koji_auth auth)
{
    switch (auth) {
    case KOJI_AUTH_NONE:
        return "noauth";
    case KOJI_AUTH_SSL:
        return "ssl";
    case KOJI_AUTH_KERBEROS:
        return "kerberos";
    case KOJI_AUTH_PASSWORD:
        return "password";
    case KOJI_AUTH_ANY:
        break;
    }
    return NULL;
}

static int print_profile(const struct koji_profile *p)
{
    json_t *json =
        json_pack("{s:s? s:s? s:s? s:s? s:s? s:s? s:s? s:s? s:s? s:s? s:b s:i s:i s:b s:b s:i s:i s:i s:i}", "profile",
                  p->name, "server", p->server, "weburl", p->weburl, "topurl", p->topurl, "topdir", p->topdir,
                  "authtype", auth_name(p->authtype), "cert", p->cert, "serverca", p->serverca, "principal",
                  p->principal, "keytab", p->keytab, "no_ssl_verify", p->no_ssl_verify, "max_retries", p->max_retries,
                  "retry_interval", p->retry_interval_s, "anon_retry", p->anon_retry, "offline_retry", p->offline_retry,
                  "offline_retry_interval", p->offline_retry_interval_s, "timeout", p->timeout_s, "auth_timeout",
                  p->auth_timeout_s, "poll_interval", p->poll_interval_s);
    json_dumpf(json, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(json);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("usage: profile_dump SYSTEM_DIRECTORY HOME CONFIG_FILE|- PROFILE\n", stderr);
        return 2;
    }
    struct cg_error err = {0};
    struct koji_profile_sources sources = {.system_directory = argv[1], .home = argv[2]};
    if (strcmp(argv[3], "-") != 0)
        sources.config_file = argv[3];
    AUTO_KOJI_PROFILE struct koji_profile *profile = koji_profile_load(argv[4], &sources, &err);
    if (profile)
        return print_profile(profile);
    fprintf(stderr, "%s: %s\n%s\n", cg_code_info(err.code)->name, err.message, err.hint);
    return 1;
}
