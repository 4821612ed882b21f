/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/login.h"
#include "unit.h"

/* Checks `principal` against a user as getLoggedInUser tells it. */
static int check(const char *principal, const char *user, const char *keytab, struct cg_error *err)
{
    const struct koji_profile profile = {.principal = (char *)(uintptr_t)principal,
                                         .keytab = (char *)(uintptr_t)keytab};
    CG_AUTO_JSON json_t *told = json_loads(user, JSON_DECODE_ANY, NULL);
    assert_non_null(told);
    *err = (struct cg_error){0};
    return koji_login_check_principal(&profile, told, err);
}

static const char osbs[] = "{\"name\": \"osbs\", \"krb_principals\": [\"osbs@OLD.TEST\", \"osbs@EXAMPLE.COM\"],"
                           " \"krb_principal\": \"osbs@OLD.TEST\"}";
/* A hub before 1.19. */
static const char one_principal[] = "{\"name\": \"builder\", \"krb_principal\": \"osbs@EXAMPLE.COM\"}";
/* httpd strips the realm. */
static const char name_only[] = "{\"name\": \"osbs\", \"krb_principals\": [], \"krb_principal\": null}";

static void the_principal_is_the_users(void **state)
{
    (void)state;
    struct cg_error err;
    assert_int_equal(check("osbs@EXAMPLE.COM", osbs, NULL, &err), 0);
    assert_int_equal(check("osbs@OLD.TEST", osbs, NULL, &err), 0);
    assert_int_equal(check("osbs", osbs, NULL, &err), 0);
    assert_int_equal(check("osbs@EXAMPLE.COM", one_principal, NULL, &err), 0);
    assert_int_equal(check("osbs@EXAMPLE.COM", name_only, NULL, &err), 0);
}

static void another_principal_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"nobody@EXAMPLE.COM",   "osbs@EXAMPLE.ORG", "osbs@EXAMPLE.CO", "osb", "osbss",
                                         "osbs/host@EXAMPLE.COM"};
    struct cg_error err;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(check(others[i], osbs, NULL, &err), -1);
        assert_int_equal(err.code, CG_E_AUTH);
    }
    assert_int_equal(check("builder@EXAMPLE.COM", one_principal, NULL, &err), -1);
    assert_int_equal(check("osb@EXAMPLE.COM", name_only, NULL, &err), -1);
    assert_int_equal(check("osbss@EXAMPLE.COM", name_only, NULL, &err), -1);
    assert_int_equal(check("osbs", "null", NULL, &err), -1);
}

static void the_refusal_says_whose_ticket_it_was(void **state)
{
    (void)state;
    struct cg_error err;
    check("nobody@EXAMPLE.COM", osbs, NULL, &err);
    assert_string_equal(err.hint, "run kinit for the principal, or set its `keytab` in the profile");
    check("nobody@EXAMPLE.COM", osbs, "osbs.keytab", &err);
    assert_string_equal(err.hint, "the first entry of the keytab, or what is in `ccache`, must be of the principal");
    assert_error(&err, CG_E_AUTH, "Kerberos logged in as osbs, not as the principal nobody@EXAMPLE.COM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_principal_is_the_users),
        cmocka_unit_test(another_principal_is_refused),
        cmocka_unit_test(the_refusal_says_whose_ticket_it_was),
    };
    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
