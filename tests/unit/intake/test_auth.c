/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is known how. */
#include "callers_stand_in.h"
#include "unit.h"

#include "intake/auth.h"
#include "intake/auth_kubernetes.h"
#include "intake/request_private.h"
#include "scratch.h"
#include "scripted_hub.h"

#include <stdio.h>

/* --- asking ---------------------------------------------------------------------------------------------------------
 */

static const struct intake_grant grants[] = {
    {"CN=osbs-*", STORE_ROLE_SUBMITTER, stand_in_generators, NULL},
    {"user:*@EXAMPLE.COM", STORE_ROLE_OPERATOR, NULL, NULL},
    {"serviceaccount:builds/*", STORE_ROLE_SUBMITTER, NULL, NULL},
    {"user:*", STORE_ROLE_AUDITOR, NULL, NULL},
};

static struct intake_options all_ways(void)
{
    return (struct intake_options){.trust = {.tokens = true,
                                             .sessions = {.idle_s = 60, .most_s = 600},
                                             .front_user_header = "X-Remote-User",
                                             .grants = grants,
                                             .grant_count = 4}};
}

static const struct request_origin over_tcp = {.listener = REQUEST_TCP};
static const struct request_origin over_unix = {.listener = REQUEST_UNIX};

/* What becomes of a request with up to two fields. */
static enum auth_result identify(const struct intake_options *options, const struct request_origin *origin,
                                 const struct gate_field *first, const struct gate_field *second,
                                 struct auth_caller *caller)
{
    struct cg_error err = {0};
    struct gate_head head = {0};
    if (first)
        head.fields[head.count++] = *first;
    if (second)
        head.fields[head.count++] = *second;
    struct auth *auth = auth_create(options, &err);
    assert_non_null(auth);
    enum auth_result result = auth_identify(auth, &head, origin, caller, &err);
    auth_destroy(auth);
    return result;
}

static void knows_tokens_of_the_store(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct auth_caller caller;
    struct gate_field good = {"authorization", "bearer cgi_good"};
    assert_int_equal(identify(&options, &over_tcp, &good, NULL, &caller), AUTH_KNOWN);
    assert_string_equal(caller.name, "osbs-prod");
    assert_int_equal(caller.roles, STORE_ROLE_SUBMITTER);
    assert_string_equal(caller.scope.content_generators[0], "osbs");
    assert_null(caller.scope.packages);
    auth_caller_finish(&caller);
}

static void refuses_what_is_no_good_token(void **state)
{
    (void)state;
    static const char *const values[] = {"Bearer cgi_wrong", "Bearer",       "Bearer ",           "Basic b3NiczpwYXNz",
                                         "cgi_good",         "Bearer other", "Bearer cgi_good x", "Bearer \"cgi_good\"",
                                         "Bearer cgi_good,"};
    struct intake_options options = all_ways();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct auth_caller caller;
        struct gate_field field = {"Authorization", values[i]};
        assert_int_equal(identify(&options, &over_tcp, &field, NULL, &caller), AUTH_REFUSED);
        assert_null(caller.name);
        auth_caller_finish(&caller);
    }
}

static void two_authorizations_are_refused(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct auth_caller caller;
    struct gate_field good = {"Authorization", "Bearer cgi_good"};
    assert_int_equal(identify(&options, &over_tcp, &good, &good, &caller), AUTH_REFUSED);
    auth_caller_finish(&caller);
}

static void tokens_can_be_switched_off(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    options.trust.tokens = false;
    struct auth_caller caller;
    struct gate_field good = {"Authorization", "Bearer cgi_good"};
    assert_int_equal(identify(&options, &over_tcp, &good, NULL, &caller), AUTH_REFUSED);
    auth_caller_finish(&caller);
}

static void a_database_that_is_away_is_no_refusal(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct auth_caller caller;
    struct gate_field down = {"Authorization", "Bearer cgi_down"};
    assert_int_equal(identify(&options, &over_tcp, &down, NULL, &caller), AUTH_FAILED);
    auth_caller_finish(&caller);
}

static void nothing_shown_is_anonymous(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct auth_caller caller;
    assert_int_equal(identify(&options, &over_tcp, NULL, NULL, &caller), AUTH_ANONYMOUS);
    assert_null(caller.name);
}

static void believes_the_front_on_the_unix_socket_only(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct auth_caller caller;
    struct gate_field alice = {"X-Remote-User", "alice@EXAMPLE.COM"}, empty = {"X-Remote-User", ""};
    assert_int_equal(identify(&options, &over_tcp, &alice, NULL, &caller), AUTH_ANONYMOUS);
    assert_int_equal(identify(&options, &over_unix, &alice, NULL, &caller), AUTH_KNOWN);
    assert_string_equal(caller.name, "user:alice@EXAMPLE.COM");
    assert_int_equal(caller.roles, STORE_ROLE_OPERATOR);
    auth_caller_finish(&caller);
    assert_int_equal(identify(&options, &over_unix, &alice, &alice, &caller), AUTH_REFUSED);
    assert_int_equal(identify(&options, &over_unix, &empty, NULL, &caller), AUTH_REFUSED);
    options.trust.front_user_header = NULL;
    assert_int_equal(identify(&options, &over_unix, &alice, NULL, &caller), AUTH_ANONYMOUS);
}

static void the_first_grant_that_fits_counts(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct auth_caller caller;
    struct gate_field other = {"X-Remote-User", "bob@OTHER.ORG"};
    assert_int_equal(identify(&options, &over_unix, &other, NULL, &caller), AUTH_KNOWN);
    assert_int_equal(caller.roles, STORE_ROLE_AUDITOR);
    auth_caller_finish(&caller);
}

static void knows_certificates(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct auth_caller caller;
    struct request_origin origin = {.tls = true, .certificate_name = "osbs-1"};
    assert_int_equal(identify(&options, &origin, NULL, NULL, &caller), AUTH_KNOWN);
    assert_string_equal(caller.name, "CN=osbs-1");
    assert_int_equal(caller.roles, STORE_ROLE_SUBMITTER);
    assert_string_equal(caller.scope.content_generators[0], "osbs");
    auth_caller_finish(&caller);
    stpcpy(origin.certificate_name, "someone");
    assert_int_equal(identify(&options, &origin, NULL, NULL, &caller), AUTH_KNOWN);
    assert_int_equal(caller.roles, 0);
    auth_caller_finish(&caller);
}

/* --- sessions ----------------------------------------------------------------------------------------------------- */

static const struct gate_field cookie = {"Cookie", "theme=dark; cg_import_session=cgs_good"};

static void knows_sessions_by_their_cookie(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct auth_caller caller;
    assert_int_equal(identify(&options, &over_tcp, &cookie, NULL, &caller), AUTH_KNOWN);
    assert_string_equal(caller.name, "osbs-prod");
    assert_string_equal(auth_way_name(caller.way), "session");
    assert_int_equal(caller.roles, STORE_ROLE_SUBMITTER);
    assert_string_equal(caller.scope.content_generators[0], "osbs");
    assert_true(caller.expires_at == 1700000060);
    auth_caller_finish(&caller);
    options.trust.tokens = false;
    assert_int_equal(identify(&options, &over_tcp, &cookie, NULL, &caller), AUTH_ANONYMOUS);
}

static void a_cookie_that_is_not_good_is_as_none(void **state)
{
    (void)state;
    static const char *const values[] = {"cg_import_session=cgs_old",
                                         "cg_import_session=",
                                         "cg_import_session",
                                         "",
                                         "xcg_import_session=cgs_good",
                                         "cg_import_session=cgs_good; cg_import_session=x",
                                         "__Host-cg_import_session=cgs_good"};
    struct intake_options options = all_ways();
    struct request_origin certified = {.tls = false, .certificate_name = "osbs-1"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct auth_caller caller;
        struct gate_field field = {"Cookie", values[i]};
        assert_int_equal(identify(&options, &over_tcp, &field, NULL, &caller), AUTH_ANONYMOUS);
        assert_int_equal(identify(&options, &certified, &field, NULL, &caller), AUTH_KNOWN);
        assert_string_equal(caller.name, "CN=osbs-1");
        auth_caller_finish(&caller);
    }
    struct auth_caller caller;
    assert_int_equal(identify(&options, &over_tcp, &cookie, &cookie, &caller), AUTH_ANONYMOUS);
    struct gate_field down = {"Cookie", "cg_import_session=cgs_down"};
    assert_int_equal(identify(&options, &over_tcp, &down, NULL, &caller), AUTH_FAILED);
    auth_caller_finish(&caller);
}

static void by_tls_only_the_cookie_of_this_host_counts(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct request_origin by_tls = {.tls = true};
    struct gate_field field = {"Cookie", "cg_import_session=x; __Host-cg_import_session=cgs_good"};
    struct auth_caller caller;
    assert_int_equal(identify(&options, &by_tls, &cookie, NULL, &caller), AUTH_ANONYMOUS);
    assert_int_equal(identify(&options, &by_tls, &field, NULL, &caller), AUTH_KNOWN);
    auth_caller_finish(&caller);
    options.public_url = "https://cg-import.example.com";
    assert_int_equal(identify(&options, &over_tcp, &cookie, NULL, &caller), AUTH_ANONYMOUS);
    assert_int_equal(identify(&options, &over_tcp, &field, NULL, &caller), AUTH_KNOWN);
    auth_caller_finish(&caller);
    options.public_url = "http://cg-import.example.com";
    assert_int_equal(identify(&options, &by_tls, &cookie, NULL, &caller), AUTH_KNOWN);
    auth_caller_finish(&caller);
}

static void what_a_request_says_of_itself_counts_before_its_cookie(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct request_origin certified = {.certificate_name = "someone"};
    struct gate_field alice = {"X-Remote-User", "alice@EXAMPLE.COM"}, bad = {"Authorization", "Bearer cgi_wrong"};
    struct auth_caller caller;
    assert_int_equal(identify(&options, &over_unix, &cookie, &alice, &caller), AUTH_KNOWN);
    assert_string_equal(auth_way_name(caller.way), "front");
    auth_caller_finish(&caller);
    assert_int_equal(identify(&options, &over_tcp, &cookie, &bad, &caller), AUTH_REFUSED);
    auth_caller_finish(&caller);
    assert_int_equal(identify(&options, &certified, &cookie, NULL, &caller), AUTH_KNOWN);
    assert_string_equal(auth_way_name(caller.way), "session");
    auth_caller_finish(&caller);
}

static int sign_in(const struct intake_options *options, const char *text, struct secret *key,
                   struct auth_caller *caller)
{
    struct cg_error err = {0};
    AUTO_SECRET struct secret token = {0}, before = {0};
    struct auth *auth = auth_create(options, &err);
    assert_int_equal(secret_set(&token, text, &err), 0);
    int found = auth_sign_in(auth, &token, &before, key, caller, &err);
    auth_destroy(auth);
    return found;
}

static void signs_in_with_tokens_where_they_are_taken(void **state)
{
    (void)state;
    struct intake_options options = all_ways();
    struct auth_caller caller;
    AUTO_SECRET struct secret key = {0};
    assert_int_equal(sign_in(&options, "cgi_good", &key, &caller), 1);
    assert_string_equal(secret_reveal(&key), "cgs_good");
    assert_string_equal(caller.name, "osbs-prod");
    assert_string_equal(auth_way_name(caller.way), "session");
    assert_true(caller.expires_at == 1700000060);
    auth_caller_finish(&caller);
    assert_int_equal(sign_in(&options, "cgi_wrong", &key, &caller), 0);
    assert_int_equal(sign_in(&options, "cgi_down", &key, &caller), -1);
    options.trust.tokens = false;
    assert_int_equal(sign_in(&options, "cgi_good", &key, &caller), 0);
    assert_null(caller.name);
}

/* --- Kubernetes --------------------------------------------------------------------------------------------------- */

/* What the API server answers, by the token in the review. */
static void review(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    (void)context, (void)index;
    static const struct {
        const char *token;
        int status;
        const char *answer;
    } cases[] = {
        {"\"good\"", 201,
         "{\"status\":{\"authenticated\":true,\"audiences\":[\"other\",\"cg-import\"],"
         "\"user\":{\"username\":\"system:serviceaccount:builds:osbs\"}}}"},
        {"\"expired\"", 201, "{\"status\":{\"authenticated\":false,\"error\":\"token has expired\"}}"},
        {"\"silent\"", 201, "{\"status\":{\"user\":{\"username\":\"system:serviceaccount:builds:osbs\"}}}"},
        {"\"elsewhere\"", 201,
         "{\"status\":{\"authenticated\":true,\"audiences\":[\"other\"],"
         "\"user\":{\"username\":\"system:serviceaccount:builds:osbs\"}}}"},
        {"\"unaware\"", 201,
         "{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:builds:osbs\"}}}"},
        {"\"person\"", 201,
         "{\"status\":{\"authenticated\":true,\"audiences\":[\"cg-import\"],\"user\":{\"username\":\"alice\"}}}"},
        {"\"three\"", 201,
         "{\"status\":{\"authenticated\":true,\"audiences\":[\"cg-import\"],"
         "\"user\":{\"username\":\"system:serviceaccount:a:b:c\"}}}"},
        {"\"slash\"", 201,
         "{\"status\":{\"authenticated\":true,\"audiences\":[\"cg-import\"],"
         "\"user\":{\"username\":\"system:serviceaccount:builds/x:y\"}}}"},
        {"\"forbidden\"", 403, "{}"},
        {"\"broken\"", 500, "oops"},
        {"\"redirect\"", 302, "{}"},
        {"\"garbage\"", 200, "[1"},
    };
    reply->status = 404;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strstr(request->body, cases[i].token)) {
            reply->status = cases[i].status;
            snprintf(reply->body, sizeof reply->body, "%s", cases[i].answer);
        }
}

static struct scripted_hub *api;

static int start_api(void **state)
{
    static const struct scripted_behaviour behaviour = {.answer = review};
    if (scratch_create(state) != 0)
        return -1;
    scratch_write("token", "own-token\n");
    api = scripted_hub_start(&behaviour);
    return 0;
}

static int stop_api(void **state)
{
    scripted_hub_stop(api);
    return scratch_remove(state);
}

static struct intake_trust cluster(void)
{
    return (struct intake_trust){.kubernetes_url = scripted_hub_url(api),
                                 .kubernetes_token_file = scratch_path("token"),
                                 .kubernetes_audience = "cg-import",
                                 .grants = grants,
                                 .grant_count = 4};
}

static void reviews_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *token;
        int result;
        enum cg_code code;
        const char *said; /* the name, or a part of the message */
    } cases[] = {
        {"good", 1, CG_OK, "serviceaccount:builds/osbs"},
        {"expired", 0, CG_OK, ""},
        {"silent", 0, CG_OK, ""},
        {"elsewhere", 0, CG_OK, ""},
        {"unaware", 0, CG_OK, ""},
        {"person", 0, CG_OK, ""},
        {"three", 0, CG_OK, ""},
        {"slash", 0, CG_OK, ""},
        {"forbidden", -1, CG_E_CONFIG, "does not let the service review tokens (HTTP 403)"},
        {"broken", -1, CG_E_BUSY, "answered a review with HTTP 500; expected a TokenReview"},
        {"redirect", -1, CG_E_BUSY, "answered a review with HTTP 302; expected a TokenReview"},
        {"garbage", -1, CG_E_BUSY, "answered a review with HTTP 200; expected a TokenReview"},
    };
    struct intake_trust trust = cluster();
    struct cg_error err = {0};
    struct auth_kubernetes *kubernetes = auth_kubernetes_create(&trust, &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[AUTH_KUBERNETES_NAME_SIZE];
        assert_int_equal(auth_kubernetes_review(kubernetes, cases[i].token, 1000, name, &err), cases[i].result);
        if (cases[i].result < 0)
            assert_error_has(&err, cases[i].code, cases[i].said);
        else
            assert_string_equal(name, cases[i].said);
    }
    auth_kubernetes_destroy(kubernetes);
}

static void sends_a_token_review(void **state)
{
    (void)state;
    struct intake_trust trust = cluster();
    struct cg_error err = {0};
    struct auth_kubernetes *kubernetes = auth_kubernetes_create(&trust, &err);
    char name[AUTH_KUBERNETES_NAME_SIZE], authorization[64];
    size_t before = scripted_hub_count(api);
    assert_int_equal(auth_kubernetes_review(kubernetes, "good", 1000, name, &err), 1);
    const struct scripted_request *request = scripted_hub_request(api, before);
    assert_non_null(strstr(request->head, "/apis/authentication.k8s.io/v1/tokenreviews HTTP/1.1\r\n"));
    assert_true(scripted_header(request, "Authorization", authorization, sizeof authorization));
    assert_string_equal(authorization, "Bearer own-token");
    assert_string_equal(request->body, "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\","
                                       "\"spec\":{\"token\":\"good\",\"audiences\":[\"cg-import\"]}}");
    auth_kubernetes_destroy(kubernetes);
}

static void remembers_answers_and_no_failures(void **state)
{
    (void)state;
    struct intake_trust trust = cluster();
    struct cg_error err = {0};
    struct auth_kubernetes *kubernetes = auth_kubernetes_create(&trust, &err);
    char name[AUTH_KUBERNETES_NAME_SIZE];
    size_t before = scripted_hub_count(api);
    assert_int_equal(auth_kubernetes_review(kubernetes, "good", 1000, name, &err), 1);
    assert_int_equal(auth_kubernetes_review(kubernetes, "expired", 1000, name, &err), 0);
    assert_int_equal(auth_kubernetes_review(kubernetes, "good", 1000 + AUTH_KUBERNETES_CACHE_MS - 1, name, &err), 1);
    assert_string_equal(name, "serviceaccount:builds/osbs");
    assert_int_equal(auth_kubernetes_review(kubernetes, "expired", 1001, name, &err), 0);
    assert_int_equal(scripted_hub_count(api) - before, 2);
    assert_int_equal(auth_kubernetes_review(kubernetes, "good", 1000 + AUTH_KUBERNETES_CACHE_MS, name, &err), 1);
    assert_int_equal(scripted_hub_count(api) - before, 3);
    assert_int_equal(auth_kubernetes_review(kubernetes, "broken", 1000, name, &err), -1);
    cg_error_clear(&err);
    assert_int_equal(auth_kubernetes_review(kubernetes, "broken", 1000, name, &err), -1);
    assert_int_equal(scripted_hub_count(api) - before, 5);
    auth_kubernetes_destroy(kubernetes);
}

static void an_api_server_that_is_away_is_no_refusal(void **state)
{
    (void)state;
    struct intake_trust trust = cluster();
    trust.kubernetes_url = "http://127.0.0.1:1";
    struct cg_error err = {0};
    struct auth_kubernetes *kubernetes = auth_kubernetes_create(&trust, &err);
    char name[AUTH_KUBERNETES_NAME_SIZE];
    assert_int_equal(auth_kubernetes_review(kubernetes, "good", 1000, name, &err), -1);
    assert_error_has(&err, CG_E_UNREACHABLE, "cannot ask http://127.0.0.1:1 about a token: ");
    trust.kubernetes_token_file = "/nonexistent/token";
    assert_int_equal(auth_kubernetes_review(kubernetes, "good", 1000, name, &err), -1);
    assert_error_has(&err, CG_E_IO, "cannot open /nonexistent/token");
    auth_kubernetes_destroy(kubernetes);
}

static void service_accounts_get_their_grant(void **state)
{
    (void)state;
    struct intake_options options = {.trust = cluster()};
    struct auth_caller caller;
    struct gate_field good = {"Authorization", "Bearer good"}, expired = {"Authorization", "Bearer expired"};
    struct gate_field own = {"Authorization", "Bearer cgi_good"};
    assert_int_equal(identify(&options, &over_tcp, &good, NULL, &caller), AUTH_KNOWN);
    assert_string_equal(caller.name, "serviceaccount:builds/osbs");
    assert_int_equal(caller.roles, STORE_ROLE_SUBMITTER);
    auth_caller_finish(&caller);
    assert_int_equal(identify(&options, &over_tcp, &expired, NULL, &caller), AUTH_REFUSED);
    /* One of our own tokens is nothing to be shown to a cluster. */
    size_t before = scripted_hub_count(api);
    assert_int_equal(identify(&options, &over_tcp, &own, NULL, &caller), AUTH_REFUSED);
    assert_int_equal(scripted_hub_count(api), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_tokens_of_the_store),
        cmocka_unit_test(refuses_what_is_no_good_token),
        cmocka_unit_test(two_authorizations_are_refused),
        cmocka_unit_test(tokens_can_be_switched_off),
        cmocka_unit_test(a_database_that_is_away_is_no_refusal),
        cmocka_unit_test(nothing_shown_is_anonymous),
        cmocka_unit_test(believes_the_front_on_the_unix_socket_only),
        cmocka_unit_test(the_first_grant_that_fits_counts),
        cmocka_unit_test(knows_certificates),
        cmocka_unit_test(knows_sessions_by_their_cookie),
        cmocka_unit_test(a_cookie_that_is_not_good_is_as_none),
        cmocka_unit_test(by_tls_only_the_cookie_of_this_host_counts),
        cmocka_unit_test(what_a_request_says_of_itself_counts_before_its_cookie),
        cmocka_unit_test(signs_in_with_tokens_where_they_are_taken),
        cmocka_unit_test(reviews_tokens),
        cmocka_unit_test(sends_a_token_review),
        cmocka_unit_test(remembers_answers_and_no_failures),
        cmocka_unit_test(an_api_server_that_is_away_is_no_refusal),
        cmocka_unit_test(service_accounts_get_their_grant),
    };
    return cmocka_run_group_tests_name("auth", tests, start_api, stop_api);
}
