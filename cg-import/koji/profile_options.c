/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/profile_options.h"

#include "koji/profile_files.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What the readers below share. */
struct loading {
    struct koji_profile *profile;
    const struct config_parser *parser;
    const char *home; /* what "~" means, NULL: as usual */
    struct cg_error *err;
};

/* The value of a koji option, to be freed: 1, 0 if it is not set, -1. */
static int get(const struct loading *loading, const char *option, char **value, struct config_place *place)
{
    return config_parser_get(loading->parser, loading->profile->name, option, value, place, loading->err);
}

static int refuse(const struct loading *loading, const struct config_place *place, const char *option,
                  const char *value, const char *expected)
{
    return cg_fail(loading->err, CG_E_CONFIG, "%s:%zu: %s is \"%s\", expected %s", place->file, place->line, option,
                   value, expected);
}

/* Python's int(): white space around, a sign, single underscores between digits. */
static bool parse_integer(const char *text, int *number)
{
    long value = 0;
    while (isspace((unsigned char)*text))
        text++;
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    do {
        if (!isdigit((unsigned char)*text))
            return false;
        value = value * 10 + (*text++ - '0');
        if (value > INT_MAX)
            return false;
        text += *text == '_';
    } while (text[-1] == '_' || isdigit((unsigned char)*text));
    while (isspace((unsigned char)*text))
        text++;
    *number = negative ? -(int)value : (int)value;
    return *text == '\0';
}

static int read_integer(const struct loading *loading, const char *option, int *field)
{
    CG_AUTO_FREE char *value = NULL;
    struct config_place place;
    int found = get(loading, option, &value, &place);
    if (found != 1)
        return found;
    int number;
    if (!parse_integer(value, &number) || number < 0)
        return refuse(loading, &place, option, value, "a whole number that is not negative");
    *field = number;
    return 0;
}

/* configparser.py BOOLEAN_STATES. */
static int parse_boolean(const char *text)
{
    static const char *const no[] = {"0", "no", "false", "off"};
    static const char *const yes[] = {"1", "yes", "true", "on"};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        if (strcasecmp(text, no[i]) == 0)
            return 0;
        if (strcasecmp(text, yes[i]) == 0)
            return 1;
    }
    return -1;
}

static int read_boolean(const struct loading *loading, const char *option, bool *field)
{
    CG_AUTO_FREE char *value = NULL;
    struct config_place place;
    int found = get(loading, option, &value, &place);
    if (found != 1)
        return found;
    int truth = parse_boolean(value);
    if (truth < 0)
        return refuse(loading, &place, option, value, "yes or no, on or off, true or false, 1 or 0");
    *field = truth == 1;
    return 0;
}

static int read_authtype(const struct loading *loading)
{
    static const struct {
        const char *name;
        enum koji_auth auth;
    } known[] = {{"noauth", KOJI_AUTH_NONE},
                 {"ssl", KOJI_AUTH_SSL},
                 {"kerberos", KOJI_AUTH_KERBEROS},
                 {"password", KOJI_AUTH_PASSWORD}};
    CG_AUTO_FREE char *value = NULL;
    struct config_place place;
    int found = get(loading, "authtype", &value, &place);
    if (found != 1)
        return found;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(value, known[i].name) != 0)
            continue;
        loading->profile->authtype = known[i].auth;
        return 0;
    }
    return refuse(loading, &place, "authtype", value, "noauth, ssl, password or kerberos");
}

static int read_text(const struct loading *loading, const char *option, char **field)
{
    char *value = NULL;
    struct config_place place;
    int found = get(loading, option, &value, &place);
    if (found != 1)
        return found;
    free(*field);
    *field = value;
    return 0;
}

/* Expands "~"; an empty path becomes NULL. */
static int settle_path(const struct loading *loading, char **field)
{
    char *expanded = *field && **field ? profile_expand_home(*field, loading->home, loading->err) : NULL;
    if (*field && **field && !expanded)
        return -1;
    free(*field);
    *field = expanded;
    return 0;
}

/* A path that is `fallback` when the option is not set and that file exists; "OPTION =" asks for none. */
static int read_credential(const struct loading *loading, const char *option, const char *fallback, char **field)
{
    if (read_text(loading, option, field) != 0)
        return -1;
    if (*field)
        return settle_path(loading, field);
    CG_AUTO_FREE char *path = profile_expand_home(fallback, loading->home, loading->err);
    if (!path)
        return -1;
    if (access(path, F_OK) == 0)
        *field = CG_STEAL(path);
    return 0;
}

/* --- addresses ---------------------------------------------------------------------------------------------------- */

void profile_cut_slashes(char *url)
{
    for (size_t size = strlen(url); size > 0 && url[size - 1] == '/'; size--)
        url[size - 1] = '\0';
}

bool profile_is_web_address(const char *url)
{
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    if (scheme == 0 || url[scheme] == '\0' || url[scheme] == '/')
        return false;
    /* What is not ASCII must be percent-encoded or Punycode. */
    for (const char *c = url; *c; c++)
        if (*c <= 0x20 || *c >= 0x7F)
            return false;
    return true;
}

static int read_server(const struct loading *loading)
{
    CG_AUTO_FREE char *value = NULL;
    struct config_place place;
    int found = get(loading, "server", &value, &place);
    if (found < 0)
        return -1;
    if (found == 0)
        return koji_profile_set(&loading->profile->server, "http://localhost/kojihub", loading->err);
    if (!profile_is_web_address(value))
        return refuse(loading, &place, "server", value, "a URL that begins with http:// or https://");
    profile_cut_slashes(value);
    return koji_profile_set(&loading->profile->server, value, loading->err);
}

/* The obsolete pkgurl is topurl with "/packages" behind it (the koji command's get_options). */
static int read_topurl(const struct loading *loading)
{
    static const char suffix[] = "/packages";
    char **topurl = &loading->profile->topurl;
    if (read_text(loading, "topurl", topurl) != 0)
        return -1;
    if (*topurl && **topurl)
        return 0;
    CG_AUTO_FREE char *pkgurl = NULL;
    if (read_text(loading, "pkgurl", &pkgurl) != 0)
        return -1;
    size_t size = pkgurl ? strlen(pkgurl) : 0;
    if (size > 0 && pkgurl[size - 1] == '/')
        size--;
    size_t cut = sizeof suffix - 1;
    if (size < cut || strncmp(pkgurl + size - cut, suffix, cut) != 0)
        return 0;
    pkgurl[size - cut] = '\0';
    return koji_profile_set(topurl, pkgurl, loading->err);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static int read_credentials(const struct loading *loading)
{
    struct koji_profile *profile = loading->profile;
    if (read_authtype(loading) != 0)
        return -1;
    if (read_credential(loading, "cert", "~/.koji/client.crt", &profile->cert) != 0)
        return -1;
    if (read_credential(loading, "serverca", "~/.koji/serverca.crt", &profile->serverca) != 0)
        return -1;
    if (read_text(loading, "principal", &profile->principal) != 0 ||
        read_text(loading, "keytab", &profile->keytab) != 0)
        return -1;
    /* Koji takes any text, even "false", for yes: a slip that would turn verification off without anyone's wish. */
    return read_boolean(loading, "no_ssl_verify", &profile->no_ssl_verify);
}

static int read_numbers(const struct loading *loading)
{
    struct koji_profile *profile = loading->profile;
    const struct {
        const char *option;
        int *field;
    } numbers[] = {
        {"max_retries", &profile->max_retries},
        {"retry_interval", &profile->retry_interval_s},
        {"offline_retry_interval", &profile->offline_retry_interval_s},
        {"timeout", &profile->timeout_s},
        {"auth_timeout", &profile->auth_timeout_s},
        {"poll_interval", &profile->poll_interval_s},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (read_integer(loading, numbers[i].option, numbers[i].field) != 0)
            return -1;
    if (read_boolean(loading, "anon_retry", &profile->anon_retry) != 0)
        return -1;
    return read_boolean(loading, "offline_retry", &profile->offline_retry);
}

int profile_options_read(struct koji_profile *profile, const struct config_parser *parser, const char *home,
                         struct cg_error *err)
{
    const struct loading loading = {.profile = profile, .parser = parser, .home = home, .err = err};
    if (config_parser_check(parser, profile->name, err) != 0)
        return -1;
    if (read_server(&loading) != 0 || read_text(&loading, "weburl", &profile->weburl) != 0 ||
        read_topurl(&loading) != 0)
        return -1;
    if (read_text(&loading, "topdir", &profile->topdir) != 0 || settle_path(&loading, &profile->topdir) != 0)
        return -1;
    return read_credentials(&loading) != 0 ? -1 : read_numbers(&loading);
}
