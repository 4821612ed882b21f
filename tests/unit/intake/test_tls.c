/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS, and callers known by client certificate. Certificates are made by the openssl command when the test begins. */
#include "running_server.h"

#include "base/stop.h"
#include "cg/bytes.h"
#include "intake/tls_revocations.h"
#include "scratch.h"

#include <curl/curl.h>
#include <stdlib.h>

static void answer(struct intake_request *request, void *state)
{
    (void)state;
    intake_answer_json(request, 200, json_pack("{s:s?}", "caller", intake_caller(request)->name));
}

static int drop(struct intake_request *request, void *state, const char *data, size_t size)
{
    (void)state, (void)data, (void)size;
    struct cg_error err = {0};
    cg_fail(&err, CG_E_LIMIT, "the disk is full");
    intake_fail_status(request, 507, &err, NULL);
    return -1;
}

static const struct intake_handler handler = {.end = answer}, full = {.data = drop, .end = answer};
static const struct intake_route routes[] = {
    {"GET", "/open", 0, 0, &handler},
    {"GET", "/closed", STORE_ROLE_SUBMITTER, 0, &handler},
    {"PUT", "/full", 0, UINT64_MAX, &full},
};
static const struct intake_grant grants[] = {{"CN=osbs", STORE_ROLE_SUBMITTER, NULL, NULL}};

static struct intake *intake;

/* A CA, a certificate of the server, one of a client, and one of a stranger by a CA of the same name. */
static const char make_certificates[] =
    "set -e; cd \"$1\"; exec 2>/dev/null\n"
    "ca() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -subj /CN=ca -days 2; }\n"
    "leaf() { openssl req -newkey rsa:2048 -nodes -keyout $2.key -out $2.csr -subj /CN=$3\n"
    "  printf 'subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=%s\\n' $4 >$2.ext\n"
    "  openssl x509 -req -in $2.csr -CA $1.pem -CAkey $1.key -CAcreateserial -out $2.pem -days 2 -extfile $2.ext; }\n"
    "ca ca; ca other\n"
    "leaf ca server localhost serverAuth; leaf ca client osbs clientAuth; leaf ca nobody unknown clientAuth\n"
    "leaf other renewed localhost serverAuth; leaf other stranger osbs clientAuth; leaf ca wrong osbs serverAuth; leaf "
    "ca lost osbs clientAuth\n"
    "printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=sha256\\n"
    "default_crl_days=2\\ncertificate=ca.pem\\nprivate_key=ca.key\\n' >ca.conf; : >index; echo 01 >number\n"
    "openssl ca -config ca.conf -gencrl -out crl.pem\n"
    "openssl ca -config ca.conf -revoke lost.pem; openssl ca -config ca.conf -gencrl -out next.pem\n";

static int start(void **state)
{
    if (scratch_create(state) != 0)
        return -1;
    scratch_write("make", make_certificates);
    char command[600];
    snprintf(command, sizeof command, "sh '%s' '%s'", scratch_path("make"), scratch_path(""));
    if (system(command) != 0) {
        print_message("skipped: the openssl command is not there or makes no certificates\n");
        return 0;
    }
    static char crl[256];
    snprintf(crl, sizeof crl, "%s", scratch_path("crl.pem"));
    struct intake_options options = {
        .tls_cert = scratch_path("server.pem"),
        .tls_key = scratch_path("server.key"),
        .trust = {.client_ca = scratch_path("ca.pem"), .client_crl = crl, .grants = grants, .grant_count = 1},
    };
    intake = running_start(&options, routes, sizeof routes / sizeof routes[0]);
    return 0;
}

static int stop(void **state)
{
    if (intake)
        intake_stop(intake, 5);
    return scratch_remove(state);
}

static size_t take(char *data, size_t one, size_t size, void *body)
{
    return cg_bytes_append(body, data, one * size, NULL) == 0 ? size : 0;
}

static size_t give(char *buffer, size_t one, size_t size, void *context)
{
    (void)context;
    memset(buffer, 0, one * size);
    return size;
}

/* One request with the client certificate of that name (NULL: none); the status, 0 if there was no answer. */
static long ask(const char *method, const char *path, const char *certificate, struct cg_bytes *body)
{
    if (!intake)
        skip();
    char url[128], cert[32], key[32];
    snprintf(url, sizeof url, "https://127.0.0.1:%u%s", intake_port(intake), path);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, scratch_path("ca.pem"));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    if (strcmp(method, "PUT") == 0) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)1 << 30);
    }
    if (certificate) {
        snprintf(cert, sizeof cert, "%s.pem", certificate);
        snprintf(key, sizeof key, "%s.key", certificate);
        curl_easy_setopt(curl, CURLOPT_SSLCERT, scratch_path(cert));
        curl_easy_setopt(curl, CURLOPT_SSLKEY, scratch_path(key));
    }
    long status = 0;
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return status;
}

static void serves_tls_without_a_certificate(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes body = {0};
    assert_int_equal(ask("GET", "/open", NULL, &body), 200);
    assert_int_equal(ask("GET", "/closed", NULL, &body), 401);
}

static void knows_a_certificate_of_its_ca(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes body = {0};
    assert_int_equal(ask("GET", "/closed", "client", &body), 200);
    assert_string_equal(cg_bytes_text(&body), "{\"caller\":\"CN=osbs\"}");
}

static void a_certificate_without_a_grant_may_nothing(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes body = {0};
    assert_int_equal(ask("GET", "/closed", "nobody", &body), 403);
}

static void a_strangers_certificate_is_none(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes body = {0};
    long status = ask("GET", "/closed", "stranger", &body);
    assert_true(status == 401 || status == 0);
}

static void a_servers_certificate_is_no_clients(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes body = {0};
    assert_int_equal(ask("GET", "/closed", "wrong", &body), 401);
}

static void a_revoked_certificate_is_none_from_then_on(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes body = {0};
    char crl[256], next[256];
    assert_int_equal(ask("GET", "/closed", "lost", &body), 200);
    snprintf(crl, sizeof crl, "%s", scratch_path("crl.pem"));
    snprintf(next, sizeof next, "%s", scratch_path("next.pem"));
    assert_int_equal(rename(next, crl), 0);
    assert_int_equal(ask("GET", "/closed", "lost", &body), 401);
    assert_int_equal(ask("GET", "/closed", "client", &body), 200);
    /* Whom to let in is not known without the list. */
    assert_int_equal(rename(crl, next), 0);
    assert_int_equal(ask("GET", "/closed", "client", &body), 401);
    scratch_write("crl.pem", "no list");
    assert_int_equal(ask("GET", "/closed", "client", &body), 401);
    assert_int_equal(ask("GET", "/open", "client", &body), 200);
    assert_int_equal(rename(next, crl), 0);
    assert_int_equal(ask("GET", "/closed", "client", &body), 200);
    assert_int_equal(ask("GET", "/closed", "lost", &body), 401);
}

static void a_list_that_is_none_is_told_at_the_start(void **state)
{
    (void)state;
    struct cg_error err = {0};
    char expected[300];
    scratch_write("none", "no list");
    assert_null(tls_revocations_open(scratch_path("none"), NULL, &err));
    snprintf(expected, sizeof expected, "%s has no CRL in PEM form", scratch_path("none"));
    assert_int_equal(err.code, CG_E_CONFIG);
    assert_memory_equal(err.message, expected, strlen(expected));
    err = (struct cg_error){0};
    assert_null(tls_revocations_open("/nonexistent", NULL, &err));
    assert_error(&err, CG_E_IO, "cannot open /nonexistent: No such file or directory");
}

static void a_failure_in_a_large_body_is_told_over_tls(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes body = {0};
    assert_int_equal(ask("PUT", "/full", NULL, &body), 507);
    assert_non_null(strstr(cg_bytes_text(&body), "the service has no room for it at the moment"));
    assert_null(strstr(cg_bytes_text(&body), "the disk is full"));
}

static void plain_http_gets_no_answer(void **state)
{
    (void)state;
    if (!intake)
        skip();
    char text[256];
    running_exchange(intake, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof text);
    assert_null(strstr(text, "HTTP/1.1"));
}

static void a_bad_key_is_told_at_the_start(void **state)
{
    (void)state;
    if (!intake)
        skip();
    const struct router router = {.count = 1, .tables = {{routes, 1}}};
    struct cg_error err = {0};
    struct intake_options options = {
        .address = "127.0.0.1", .tls_cert = scratch_path("server.pem"), .tls_key = scratch_path("client.key")};
    assert_null(server_start(&options, &router, &err));
    assert_error(&err, CG_E_CONFIG, "cannot start the HTTP server; are certificate and key good?");
}

/* --- another certificate ------------------------------------------------------------------------------------------ */

/* A client that trusts this CA and keeps its connection. */
static CURL *open_client(const struct intake *server, const char *ca, struct cg_bytes *body)
{
    char url[128];
    snprintf(url, sizeof url, "https://127.0.0.1:%u/open", intake_port(server));
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, scratch_path(ca));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    return curl;
}

/* Does a new client that trusts this CA, and it alone, get an answer? */
static bool is_trusted(const struct intake *server, const char *ca)
{
    CG_AUTO_BYTES struct cg_bytes body = {0};
    CURL *curl = open_client(server, ca, &body);
    CURLcode result = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    assert_true(result == CURLE_OK || result == CURLE_PEER_FAILED_VERIFICATION);
    return result == CURLE_OK;
}

static int set_tls(struct intake *server, const char *cert, const char *key, struct cg_error *err)
{
    char paths[2][256];
    snprintf(paths[0], sizeof paths[0], "%s", scratch_path(cert));
    snprintf(paths[1], sizeof paths[1], "%s", scratch_path(key));
    return intake_set_tls(server, paths[0], paths[1], NULL, err);
}

static void a_certificate_is_renewed_while_it_serves(void **state)
{
    (void)state;
    if (!intake)
        skip();
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes body = {0};
    struct intake_options options = {.tls_cert = scratch_path("server.pem"), .tls_key = scratch_path("server.key")};
    struct intake *server = running_start(&options, routes, 1);
    unsigned port = intake_port(server);
    CURL *kept = open_client(server, "ca.pem", &body);
    assert_int_equal(curl_easy_perform(kept), CURLE_OK);
    assert_true(is_trusted(server, "ca.pem") && !is_trusted(server, "other.pem"));
    assert_int_equal(set_tls(server, "server.pem", "server.key", &err), 0);
    assert_int_equal(set_tls(server, "renewed.pem", "renewed.key", &err), 1);
    assert_true(is_trusted(server, "other.pem") && !is_trusted(server, "ca.pem"));
    /* Who is connected stays so, over more than one sweep. */
    for (unsigned i = 0; i < 3; i++) {
        long connections = -1;
        assert_int_equal(curl_easy_perform(kept), CURLE_OK);
        curl_easy_getinfo(kept, CURLINFO_NUM_CONNECTS, &connections);
        assert_int_equal(connections, 0);
        stop_sleep(NULL, 200);
    }
    assert_int_equal(set_tls(server, "renewed.pem", "renewed.key", &err), 0);
    assert_int_equal(set_tls(server, "server.pem", "server.key", &err), 1);
    assert_true(is_trusted(server, "ca.pem"));
    assert_int_equal(intake_port(server), port);
    curl_easy_cleanup(kept);
    intake_stop(server, 5);
}

static void a_bad_certificate_leaves_what_was(void **state)
{
    (void)state;
    if (!intake)
        skip();
    static const struct {
        const char *cert, *key, *message;
        enum cg_code code;
    } cases[] = {
        {"server.pem", "client.key", "cannot start the HTTP server; are certificate and key good?", CG_E_CONFIG},
        {"empty", "server.key", "/empty is empty or cannot be read; expected PEM", CG_E_CONFIG},
        {"no-such-file", "server.key", "/no-such-file: No such file or directory", CG_E_IO},
    };
    struct intake_options options = {.tls_cert = scratch_path("server.pem"), .tls_key = scratch_path("server.key")};
    struct intake *server = running_start(&options, routes, 1);
    scratch_write("empty", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        assert_int_equal(set_tls(server, cases[i].cert, cases[i].key, &err), -1);
        assert_int_equal(err.code, cases[i].code);
        assert_non_null(strstr(err.message, cases[i].message));
        assert_true(is_trusted(server, "ca.pem"));
    }
    struct cg_error err = {0};
    assert_int_equal(intake_set_tls(server, NULL, NULL, NULL, &err), -1);
    assert_string_equal(err.hint, "restart the service for that");
    assert_error(&err, CG_E_CONFIG, "TLS is switched off in the configuration");
    intake_stop(server, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_tls_without_a_certificate),
        cmocka_unit_test(knows_a_certificate_of_its_ca),
        cmocka_unit_test(a_certificate_without_a_grant_may_nothing),
        cmocka_unit_test(a_strangers_certificate_is_none),
        cmocka_unit_test(a_servers_certificate_is_no_clients),
        cmocka_unit_test(a_revoked_certificate_is_none_from_then_on),
        cmocka_unit_test(a_list_that_is_none_is_told_at_the_start),
        cmocka_unit_test(a_failure_in_a_large_body_is_told_over_tls),
        cmocka_unit_test(plain_http_gets_no_answer),
        cmocka_unit_test(a_bad_key_is_told_at_the_start),
        cmocka_unit_test(a_certificate_is_renewed_while_it_serves),
        cmocka_unit_test(a_bad_certificate_leaves_what_was),
    };
    return cmocka_run_group_tests_name("tls", tests, start, stop);
}
