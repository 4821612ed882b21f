/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/auto.h"
#include "koji/profile.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The scratch directory holds "etc" and "home" in place of the system's. */
static struct koji_profile_sources sources(void)
{
    return (struct koji_profile_sources){.system_directory = scratch_path("etc"), .home = scratch_path("home")};
}

static struct koji_profile *load(const char *name, struct cg_error *err)
{
    struct koji_profile_sources from = sources();
    return koji_profile_load(name, &from, err);
}

static int clear(void **state)
{
    (void)state;
    scratch_clear();
    scratch_make_directory("etc");
    scratch_make_directory("home");
    return 0;
}

/* A message or path with "~" for the scratch directory. */
static void expand(char *text, size_t size, const char *pattern)
{
    size_t length = 0;
    for (const char *c = pattern; *c; c++)
        length += (size_t)snprintf(text + length, size - length, "%s", *c == '~' ? scratch_path("") : (char[]){*c, 0});
}

#define assert_scratch_error(err, code, pattern)                                                                       \
    do {                                                                                                               \
        char expected_[1000];                                                                                          \
        expand(expected_, sizeof expected_, (pattern));                                                                \
        assert_error((err), (code), expected_);                                                                        \
    } while (0)

static void has_kojis_defaults(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("etc/koji.conf", "[koji]\n");
    AUTO_KOJI_PROFILE struct koji_profile *p = load(NULL, &err);
    assert_non_null(p);
    assert_string_equal(p->name, "koji");
    assert_string_equal(p->server, "http://localhost/kojihub");
    assert_string_equal(p->weburl, "http://localhost/koji");
    assert_null(p->topurl);
    assert_string_equal(p->topdir, "/mnt/koji");
    assert_int_equal(p->authtype, KOJI_AUTH_ANY);
    assert_null(p->cert);
    assert_null(p->serverca);
    assert_false(p->no_ssl_verify);
    assert_null(p->principal);
    assert_null(p->keytab);
    assert_null(p->user);
    assert_false(secret_is_set(&p->password));
    assert_int_equal(p->max_retries, 30);
    assert_int_equal(p->retry_interval_s, 20);
    assert_false(p->anon_retry);
    assert_false(p->offline_retry);
    assert_int_equal(p->offline_retry_interval_s, 20);
    assert_int_equal(p->timeout_s, 43200);
    assert_int_equal(p->auth_timeout_s, 60);
    assert_int_equal(p->poll_interval_s, 6);
}

static void reads_every_key(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("home/.koji/config",
                  "[osbs]\nserver = https://hub.example.com/kojihub/\nweburl = https://web\ntopurl = https://files\n"
                  "topdir = ~/koji\nauthtype = ssl\ncert = ~/osbs.pem\nserverca = /ca.pem\nno_ssl_verify = yes\n"
                  "principal = osbs@EXAMPLE.COM\nkeytab = /etc/osbs.keytab\nmax_retries = 3\nretry_interval = 1_0\n"
                  "anon_retry = On\noffline_retry = TRUE\noffline_retry_interval = +7\ntimeout = 100\n"
                  "auth_timeout = 5\npoll_interval = 1\nunknown = ignored\n");
    AUTO_KOJI_PROFILE struct koji_profile *p = load("osbs", &err);
    assert_string_equal(err.message, "");
    assert_string_equal(p->server, "https://hub.example.com/kojihub");
    assert_string_equal(p->weburl, "https://web");
    assert_string_equal(p->topurl, "https://files");
    assert_string_equal(p->topdir, scratch_path("home/koji"));
    assert_int_equal(p->authtype, KOJI_AUTH_SSL);
    assert_string_equal(p->cert, scratch_path("home/osbs.pem"));
    assert_string_equal(p->serverca, "/ca.pem");
    assert_true(p->no_ssl_verify);
    assert_string_equal(p->principal, "osbs@EXAMPLE.COM");
    assert_string_equal(p->keytab, "/etc/osbs.keytab");
    assert_int_equal(p->max_retries, 3);
    assert_int_equal(p->retry_interval_s, 10);
    assert_true(p->anon_retry);
    assert_true(p->offline_retry);
    assert_int_equal(p->offline_retry_interval_s, 7);
    assert_int_equal(p->timeout_s, 100);
    assert_int_equal(p->auth_timeout_s, 5);
    assert_int_equal(p->poll_interval_s, 1);
}

static void knows_every_authtype(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum koji_auth auth;
    } cases[] = {{"noauth", KOJI_AUTH_NONE},
                 {"ssl", KOJI_AUTH_SSL},
                 {"kerberos", KOJI_AUTH_KERBEROS},
                 {"password", KOJI_AUTH_PASSWORD}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        char text[100];
        snprintf(text, sizeof text, "[koji]\nauthtype = %s\n", cases[i].text);
        scratch_write("etc/koji.conf", text);
        AUTO_KOJI_PROFILE struct koji_profile *p = load("koji", &err);
        assert_int_equal(p->authtype, cases[i].auth);
    }
}

/* /etc/koji.conf.d, /etc/koji.conf, ~/.koji/config.d, ~/.koji/config: the later one wins, key by key. */
static void reads_the_files_in_kojis_order(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("etc/koji.conf.d/20.conf",
                  "[koji]\nweburl = 20\ntopurl = 20\nprincipal = 20\nkeytab = 20\ntimeout = 20\n");
    scratch_write("etc/koji.conf.d/10.conf", "[koji]\nweburl = 10\ntopdir = 10\n");
    scratch_write("etc/koji.conf.d/30.conf.rpmsave", "[koji]\nweburl = 30\n");
    scratch_write("etc/koji.conf", "[koji]\ntopurl = etc\nprincipal = etc\nkeytab = etc\n");
    scratch_write("home/.koji/config.d/a.conf", "[koji]\nprincipal = home.d\nkeytab = home.d\n");
    scratch_write("home/.koji/config", "[koji]\nkeytab = home\n");
    AUTO_KOJI_PROFILE struct koji_profile *p = load("koji", &err);
    assert_non_null(p);
    assert_string_equal(p->topdir, "10");
    assert_string_equal(p->weburl, "20");
    assert_int_equal(p->timeout_s, 20);
    assert_string_equal(p->topurl, "etc");
    assert_string_equal(p->principal, "home.d");
    assert_string_equal(p->keytab, "home");
}

static void reads_a_file_given_in_place_of_the_homes(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("etc/koji.conf", "[koji]\nweburl = etc\ntopurl = etc\n");
    scratch_write("home/.koji/config", "[koji]\nweburl = home\n");
    scratch_write("home/mine", "[koji]\ntopurl = mine\n");
    struct koji_profile_sources from = sources();
    from.config_file = "~/mine";
    AUTO_KOJI_PROFILE struct koji_profile *p = koji_profile_load("koji", &from, &err);
    assert_non_null(p);
    assert_string_equal(p->weburl, "etc");
    assert_string_equal(p->topurl, "mine");
}

static void finds_credentials_in_the_home(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("home/.koji/config", "[koji]\n[none]\ncert =\nserverca =\n");
    scratch_write("home/.koji/client.crt", "");
    scratch_write("home/.koji/serverca.crt", "");
    AUTO_KOJI_PROFILE struct koji_profile *p = load("koji", &err);
    assert_string_equal(p->cert, scratch_path("home/.koji/client.crt"));
    assert_string_equal(p->serverca, scratch_path("home/.koji/serverca.crt"));
    AUTO_KOJI_PROFILE struct koji_profile *none = load("none", &err);
    assert_null(none->cert);
    assert_null(none->serverca);
}

static void understands_the_obsolete_pkgurl(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"pkgurl = http://x/packages", "http://x"},
        {"pkgurl = http://x/packages/", "http://x"},
        {"pkgurl = http://x/pkgs", NULL},
        {"pkgurl = http://x/packages\ntopurl = http://y", "http://y"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        char text[200];
        snprintf(text, sizeof text, "[koji]\n%s\n", cases[i][0]);
        scratch_write("etc/koji.conf", text);
        AUTO_KOJI_PROFILE struct koji_profile *p = load("koji", &err);
        if (cases[i][1])
            assert_string_equal(p->topurl, cases[i][1]);
        else
            assert_null(p->topurl);
    }
}

static void refuses_bad_values_with_file_and_line(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"timeout = soon", "~/etc/koji.conf:2: timeout is \"soon\", expected a whole number that is not negative"},
        {"timeout =", "~/etc/koji.conf:2: timeout is \"\", expected a whole number that is not negative"},
        {"timeout = 1.5", "~/etc/koji.conf:2: timeout is \"1.5\", expected a whole number that is not negative"},
        {"timeout = 1_", "~/etc/koji.conf:2: timeout is \"1_\", expected a whole number that is not negative"},
        {"timeout = 1__0", "~/etc/koji.conf:2: timeout is \"1__0\", expected a whole number that is not negative"},
        {"timeout = _1", "~/etc/koji.conf:2: timeout is \"_1\", expected a whole number that is not negative"},
        {"max_retries = -1", "~/etc/koji.conf:2: max_retries is \"-1\", expected a whole number that is not negative"},
        {"timeout = 2147483648",
         "~/etc/koji.conf:2: timeout is \"2147483648\", expected a whole number that is not negative"},
        {"anon_retry = maybe",
         "~/etc/koji.conf:2: anon_retry is \"maybe\", expected yes or no, on or off, true or false, 1 or 0"},
        {"no_ssl_verify = never",
         "~/etc/koji.conf:2: no_ssl_verify is \"never\", expected yes or no, on or off, true or false, 1 or 0"},
        {"authtype = token", "~/etc/koji.conf:2: authtype is \"token\", expected noauth, ssl, password or kerberos"},
        {"server = hub.example.com",
         "~/etc/koji.conf:2: server is \"hub.example.com\", expected a URL that begins with http:// or https://"},
        {"server =", "~/etc/koji.conf:2: server is \"\", expected a URL that begins with http:// or https://"},
        {"server = https:///x",
         "~/etc/koji.conf:2: server is \"https:///x\", expected a URL that begins with http:// or https://"},
        {"server = https://a b",
         "~/etc/koji.conf:2: server is \"https://a b\", expected a URL that begins with http:// or https://"},
        {"server = https://h\xC3\xBC",
         "~/etc/koji.conf:2: server is \"https://h\xC3\xBC\", expected a URL that begins with http:// or https://"},
        {"unused = %(none)s",
         "~/etc/koji.conf:2: option \"unused\" in section \"koji\" refers to an option that is not "
         "there: none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        char text[200];
        snprintf(text, sizeof text, "[koji]\n%s\n", cases[i][0]);
        scratch_write("etc/koji.conf", text);
        assert_null(load("koji", &err));
        assert_scratch_error(&err, CG_E_CONFIG, cases[i][1]);
    }
}

static void bounds_numbers(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("etc/koji.conf", "[koji]\ntimeout = 2147483647\nmax_retries = 0\n");
    AUTO_KOJI_PROFILE struct koji_profile *p = load("koji", &err);
    assert_int_equal(p->timeout_s, 2147483647);
    assert_int_equal(p->max_retries, 0);
}

static void tells_which_profiles_there_are(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char expected[1000];
    assert_null(load("osbs", &err));
    assert_string_equal(err.hint, "no configuration file was found; write a section [osbs] into ~/.koji/config");
    assert_error(&err, CG_E_CONFIG, "no configuration for profile name: osbs; there is none at all");

    scratch_write("etc/koji.conf", "[koji]\n[brew]\n");
    scratch_write("home/.koji/config", "[stage]\n");
    assert_null(load("osbs", &err));
    expand(expected, sizeof expected, "looked in ~/etc/koji.conf, ~/home/.koji/config");
    assert_string_equal(err.hint, expected);
    assert_error(&err, CG_E_CONFIG, "no configuration for profile name: osbs; there is koji, brew, stage");
    assert_null(load("DEFAULT", &err));
    assert_error_has(&err, CG_E_CONFIG, "no configuration for profile name: DEFAULT");
}

static void wants_a_given_file_to_be_there(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct koji_profile_sources from = sources();
    from.config_file = scratch_path("none");
    assert_null(koji_profile_load("koji", &from, &err));
    assert_scratch_error(&err, CG_E_CONFIG, "the configuration file ~/none cannot be opened");
    scratch_make_directory("empty");
    from.config_file = scratch_path("empty");
    assert_null(koji_profile_load("koji", &from, &err));
    assert_scratch_error(&err, CG_E_CONFIG, "there are no *.conf files in the directory ~/empty");
    scratch_make_directory("odd/x.conf");
    from.config_file = scratch_path("odd");
    assert_null(koji_profile_load("koji", &from, &err));
    assert_scratch_error(&err, CG_E_CONFIG, "the configuration file ~/odd/x.conf cannot be opened");
}

/* ConfigParser.read() passes over a file that may not be read; listing a directory that may not be read fails. */
static void treats_unreadable_places_as_koji_does(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        print_message("skipped: root may read everything\n");
        return;
    }
    struct cg_error err = {0};
    char expected[1000];
    scratch_write_bytes("etc/koji.conf", "[koji]\n", 7, 0);
    assert_null(load("koji", &err));
    expand(expected, sizeof expected, "looked in ~/etc/koji.conf; not readable: ~/etc/koji.conf");
    assert_string_equal(err.hint, expected);
    cg_error_clear(&err);
    scratch_make_directory("etc/koji.conf.d");
    assert_int_equal(chmod(scratch_path("etc/koji.conf.d"), 0), 0);
    assert_null(load("koji", &err));
    assert_int_equal(chmod(scratch_path("etc/koji.conf.d"), 0700), 0);
    assert_scratch_error(&err, CG_E_IO, "cannot list ~/etc/koji.conf.d: Permission denied");
}

static void makes_a_profile_of_an_address(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct koji_profile_sources from = sources();
    scratch_write("etc/koji.conf", "[koji]\nweburl = not read\n");
    scratch_write("home/.koji/client.crt", "");
    AUTO_KOJI_PROFILE struct koji_profile *p = koji_profile_for_url("https://hub/kojihub/", &from, &err);
    assert_non_null(p);
    assert_string_equal(p->server, "https://hub/kojihub");
    assert_string_equal(p->name, "https://hub/kojihub/");
    assert_string_equal(p->weburl, "http://localhost/koji");
    assert_string_equal(p->cert, scratch_path("home/.koji/client.crt"));
    assert_null(koji_profile_for_url("hub", &from, &err));
    assert_error(&err, CG_E_CONFIG,
                 "the hub's address is \"hub\", expected a URL that begins with http:// or https://");
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    scratch_write("etc/koji.conf.d/a.conf", "[koji]\nserver = https://hub/x\ncert = ~/c\n");
    scratch_write("home/.koji/config", "[koji]\npkgurl = http://x/packages\nauthtype = ssl\n");
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        allocation_fail_at(n);
        AUTO_KOJI_PROFILE struct koji_profile *p = load("koji", &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_string_equal(p->topurl, "http://x");
            assert_true(n > 30 || !allocation_can_fail());
            return;
        }
        /* opendir() says that memory was short through errno. */
        if (!p)
            assert_true(err.code == CG_E_MEMORY || err.code == CG_E_IO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(has_kojis_defaults, clear),
        cmocka_unit_test_setup(reads_every_key, clear),
        cmocka_unit_test_setup(knows_every_authtype, clear),
        cmocka_unit_test_setup(reads_the_files_in_kojis_order, clear),
        cmocka_unit_test_setup(reads_a_file_given_in_place_of_the_homes, clear),
        cmocka_unit_test_setup(finds_credentials_in_the_home, clear),
        cmocka_unit_test_setup(understands_the_obsolete_pkgurl, clear),
        cmocka_unit_test_setup(refuses_bad_values_with_file_and_line, clear),
        cmocka_unit_test_setup(bounds_numbers, clear),
        cmocka_unit_test_setup(tells_which_profiles_there_are, clear),
        cmocka_unit_test_setup(wants_a_given_file_to_be_there, clear),
        cmocka_unit_test_setup(treats_unreadable_places_as_koji_does, clear),
        cmocka_unit_test_setup(makes_a_profile_of_an_address, clear),
        cmocka_unit_test_setup(survives_every_failed_allocation, clear),
    };
    return cmocka_run_group_tests_name("profile", tests, scratch_create, scratch_remove);
}
