/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/login.h"
#include "koji/answer.h"
#include "koji/value.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_file(const char *path)
{
    struct stat status;
    return path && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

enum koji_auth koji_login_choose(const struct koji_profile *profile)
{
    if (profile->authtype != KOJI_AUTH_ANY)
        return profile->authtype;
    if (is_file(profile->cert))
        return KOJI_AUTH_SSL;
    return profile->user && profile->user[0] ? KOJI_AUTH_PASSWORD : KOJI_AUTH_KERBEROS;
}

char *koji_login_base_url(const struct koji_profile *profile, enum koji_auth auth, struct cg_error *err)
{
    static const char plain[] = "http://";
    CG_AUTO_BYTES struct cg_bytes url = {0};
    bool force = (auth == KOJI_AUTH_SSL || auth == KOJI_AUTH_KERBEROS) &&
                 strncasecmp(profile->server, plain, strlen(plain)) == 0;
    const char *rest = force ? profile->server + strlen(plain) : profile->server;
    if (cg_bytes_printf(&url, err, "%s%s", force ? "https://" : "", rest) < 0)
        return NULL;
    return cg_bytes_steal(&url);
}

static int set_variable(const char *name, const char *value, struct cg_error *err)
{
    const char *old = getenv(name);
    if (old && strcmp(old, value) == 0)
        return 0;
    return setenv(name, value, 1) == 0 ? 0 : cg_fail_memory(err);
}

/*
 * A ticket in the credential cache wins over the keytab, whoever it is for. So a keytab without a cache of its own gets
 * one in memory, named after it.
 */
int koji_login_set_tickets(const struct koji_profile *profile, struct cg_error *err)
{
    if (profile->ccache && set_variable("KRB5CCNAME", profile->ccache, err) < 0)
        return -1;
    if (!profile->keytab)
        return 0;
    if (set_variable("KRB5_CLIENT_KTNAME", profile->keytab, err) < 0)
        return -1;
    if (profile->ccache)
        return 0;
    CG_AUTO_BYTES struct cg_bytes cache = {0};
    if (cg_bytes_printf(&cache, err, "MEMORY:cg-import %s %s", profile->principal ? profile->principal : "",
                        profile->keytab) < 0)
        return -1;
    return set_variable("KRB5CCNAME", cg_bytes_text(&cache), err);
}

static bool is_same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

bool koji_login_same_tickets(const struct koji_profile *one, const struct koji_profile *other)
{
    bool own_cache = one->keytab && !one->ccache;
    return is_same(one->keytab, other->keytab) && is_same(one->ccache, other->ccache) &&
           (!own_cache || is_same(one->principal, other->principal));
}

static int prepare_kerberos(const struct koji_profile *profile, struct cg_error *err)
{
    if (profile->keytab && access(profile->keytab, R_OK) != 0)
        return cg_fail(err, CG_E_CONFIG, "cannot read the keytab %s: %s", profile->keytab, strerror(errno));
    return koji_login_set_tickets(profile, err);
}

static int prepare_certificate(const struct koji_profile *profile, struct cg_error *err)
{
    if (!profile->cert) {
        cg_fail(err, CG_E_CONFIG, "no client certificate to log in with");
        return cg_hint(err, "set `cert` in the profile, or put it at ~/.koji/client.crt");
    }
    if (access(profile->cert, R_OK) != 0)
        return cg_fail(err, CG_E_CONFIG, "cannot read the client certificate %s: %s", profile->cert, strerror(errno));
    if (profile->serverca && access(profile->serverca, R_OK) != 0)
        return cg_fail(err, CG_E_CONFIG, "cannot read the server's CA %s: %s", profile->serverca, strerror(errno));
    return 0;
}

int koji_login_prepare(const struct koji_profile *profile, enum koji_auth auth, struct cg_error *err)
{
    switch (auth) {
    case KOJI_AUTH_SSL:
        return prepare_certificate(profile, err);
    case KOJI_AUTH_KERBEROS:
        return prepare_kerberos(profile, err);
    case KOJI_AUTH_PASSWORD:
        if (profile->user && profile->user[0] && secret_is_set(&profile->password))
            return 0;
        return cg_fail(err, CG_E_CONFIG, "login by password needs `user` and `password` in the profile");
    default:
        return cg_fail(err, CG_E_CONFIG, "the profile says not to log in");
    }
}

/* Does `found` name the principal that is wanted? One without realm is of the default realm, whichever that is. */
static bool is_principal(const char *wanted, const char *found)
{
    if (!found)
        return false;
    if (strcmp(wanted, found) == 0)
        return true;
    size_t length = strcspn(wanted, "@");
    return !strchr(wanted, '@') && strncmp(wanted, found, length) == 0 && found[length] == '@';
}

int koji_login_check_principal(const struct koji_profile *profile, const json_t *user, struct cg_error *err)
{
    const char *wanted = profile->principal;
    const char *name = json_string_value(json_object_get(user, "name"));
    const json_t *principals = json_object_get(user, "krb_principals");
    for (size_t i = 0; i < json_array_size(principals); i++)
        if (is_principal(wanted, json_string_value(json_array_get(principals, i))))
            return 0;
    /* Hubs before 1.19 know one a user. Where httpd strips the realm (GssapiLocalName) the hub knows the name alone. */
    const char *only = json_string_value(json_object_get(user, "krb_principal"));
    if (is_principal(wanted, only))
        return 0;
    size_t length = strcspn(wanted, "@");
    if (json_array_size(principals) == 0 && !only && name && strlen(name) == length &&
        strncmp(wanted, name, length) == 0)
        return 0;
    cg_fail(err, CG_E_AUTH, "Kerberos logged in as %s, not as the principal %s", name ? name : "nobody", wanted);
    return cg_hint(err, profile->keytab
                            ? "the first entry of the keytab, or what is in `ccache`, must be of the principal"
                            : "run kinit for the principal, or set its `keytab` in the profile");
}

/* Named arguments as Koji takes them: a last struct with __starstar. */
static json_t *make_params(const struct koji_login *login)
{
    bool password = login->auth == KOJI_AUTH_PASSWORD;
    const struct koji_profile *profile = login->profile;
    CG_AUTO_JSON json_t *named =
        password ? json_pack("{s:n}", "opts") : json_pack("{s:s?}", "proxyuser", profile->runas);
    bool made = named != NULL;
    if (login->renew)
        made = made && json_object_set_new(named, "renew", json_true()) == 0 &&
               json_object_set_new(named, "exclusive", json_false()) == 0;
    made = made && json_object_set_new(named, "__starstar", json_true()) == 0;
    if (!made)
        return NULL;
    if (password)
        return json_pack("[s,s,O]", profile->user, secret_reveal(&profile->password), named);
    return json_pack("[O]", named);
}

/* Why GSSAPI failed, from libcurl's debug text, for people. */
static int fail_gss(const char *server, const char *text, struct cg_error *err)
{
    static const struct {
        const char *part;
        enum cg_code code;
        const char *hint;
    } known[] = {
        {"No credentials were supplied", CG_E_AUTH, "run kinit, or set `keytab` and `principal` in the profile"},
        {"No Kerberos credentials available", CG_E_AUTH, "run kinit, or set `keytab` and `principal` in the profile"},
        {"Ticket expired", CG_E_AUTH, "run kinit again"},
        {"Cannot contact any KDC", CG_E_UNREACHABLE, "the Kerberos server does not answer; it may be back later"},
        {"Cannot find KDC", CG_E_CONFIG, "krb5.conf does not say where the realm's Kerberos server is"},
        {"Decrypt integrity check failed", CG_E_AUTH, "the keytab is outdated: get a new one"},
        {"not found in Kerberos database", CG_E_CONFIG, "`server` must use the host name the hub's principal has"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!strstr(text, known[i].part))
            continue;
        cg_fail(err, known[i].code, "Kerberos login at %s failed: %s", server, text);
        return cg_hint(err, "%s", known[i].hint);
    }
    if (text[0])
        return cg_fail(err, CG_E_AUTH, "Kerberos login at %s failed: %s", server, text);
    cg_fail(err, CG_E_AUTH, "%s refused the Kerberos ticket (HTTP 401)", server);
    return cg_hint(err, "the hub's keytab may be outdated: its administrators see why in httpd's error log");
}

int koji_login_send(const struct koji_login *login, struct koji_http *http, struct koji_http_reply *reply,
                    json_t **answer, struct cg_error *err)
{
    bool password = login->auth == KOJI_AUTH_PASSWORD;
    const char *method = password ? "login" : "sslLogin";
    const struct koji_ticket nobody = {0};
    CG_AUTO_JSON json_t *params = make_params(login);
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    CG_AUTO_BYTES struct cg_bytes url = {0};
    CG_AUTO(koji_address_finish) struct koji_address address = {0};
    if (!params)
        return cg_fail_memory(err);
    if (koji_value_encode_call(method, params, &xml, err) < 0 ||
        cg_bytes_printf(&url, err, "%s%s", login->base_url, password ? "" : "/ssllogin") < 0 ||
        koji_address_make(&address, cg_bytes_text(&url), NULL, login->renew ? login->renew : &nobody, err) < 0)
        return -1;

    const struct koji_http_request request = {
        .url = secret_reveal(&address.url),
        .content_type = "text/xml",
        .headers = {address.id_line[0] ? address.id_line : NULL,
                    secret_is_set(&address.key_line) ? secret_reveal(&address.key_line) : NULL},
        .certificate = login->auth == KOJI_AUTH_SSL ? login->profile->cert : NULL,
        .negotiate = login->auth == KOJI_AUTH_KERBEROS ? KOJI_HTTP_NEGOTIATE : KOJI_HTTP_NO_NEGOTIATE,
        .body = xml.data,
        .body_size = xml.size,
        .timeout_s = login->profile->auth_timeout_s > 0 ? (unsigned)login->profile->auth_timeout_s : 0,
        .stop = login->stop,
        .abort_from = login->abort_from,
    };
    int sent = koji_http_send(http, &request, reply, err);
    if (login->auth == KOJI_AUTH_KERBEROS && sent == 0 && reply->status == 401)
        return fail_gss(login->profile->server, koji_http_gss_text(http), err);
    return sent < 0 ? -1 : koji_answer_read(method, reply, answer, err);
}
