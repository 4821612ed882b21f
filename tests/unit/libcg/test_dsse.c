/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/dsse.h"

static const char type[] = "application/vnd.in-toto+json", body[] = "{\"a\":1}";

static struct cg_ed25519 *make_key(unsigned char first, struct cg_dsse_key *trusted)
{
    unsigned char seed[CG_ED25519_SEED_SIZE] = {first};
    struct cg_ed25519 *key = cg_ed25519_create(seed, NULL);
    assert_non_null(key);
    cg_ed25519_public(key, trusted->public_key);
    return key;
}

static void signs_and_verifies(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_dsse_key trusted[2];
    CG_AUTO_ED25519 struct cg_ed25519 *other = make_key(2, &trusted[0]), *key = make_key(1, &trusted[1]);
    CG_AUTO_BYTES struct cg_bytes envelope = {0}, payload = {0};
    assert_non_null(other);
    assert_int_equal(cg_dsse_sign(key, "example.com/k", type, body, strlen(body), &envelope, &err), 0);
    static const char begin[] = "{\"payload\":\"eyJhIjoxfQ==\",\"payloadType\":\"application/vnd.in-toto+json\","
                                "\"signatures\":[{\"keyid\":\"example.com/k\",\"sig\":\"";
    assert_memory_equal(envelope.data, begin, strlen(begin));
    assert_int_equal(cg_dsse_verify(envelope.data, envelope.size, trusted, 2, type, &payload, &err), 0);
    assert_string_equal(payload.data, body);
    assert_int_equal(cg_dsse_verify(envelope.data, envelope.size, trusted, 1, type, &payload, &err), -1);
    assert_error(&err, CG_E_SIGNATURE, "none of the 1 signatures of the envelope is by a trusted key");
    assert_int_equal(cg_dsse_verify(envelope.data, envelope.size, trusted, 2, "text/plain", &payload, &err), -1);
    assert_error(&err, CG_E_FORM, "the payload is of type \"application/vnd.in-toto+json\", expected \"text/plain\"");
}

static void encodes_lengths_so_that_texts_cannot_run_together(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes pae = {0};
    assert_int_equal(cg_dsse_pae("a b", "c\0d", 3, &pae, &err), 0);
    assert_int_equal(pae.size, 18);
    assert_memory_equal(pae.data, "DSSEv1 3 a b 3 c\0d", 18);
}

/* RFC 4648 section 5 is allowed in an envelope. */
static void reads_url_safe_base64(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_dsse_key trusted;
    CG_AUTO_ED25519 struct cg_ed25519 *key = make_key(1, &trusted);
    CG_AUTO_BYTES struct cg_bytes envelope = {0}, payload = {0};
    assert_int_equal(cg_dsse_sign(key, NULL, "t", "\xff\xff\xff\xfb\xff\xbf", 6, &envelope, &err), 0);
    assert_null(strstr(envelope.data, "keyid"));
    for (char *p = envelope.data; *p; p++)
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    assert_non_null(strstr(envelope.data, "____-_-_"));
    assert_int_equal(cg_dsse_verify(envelope.data, envelope.size, &trusted, 1, "t", &payload, &err), 0);
    assert_memory_equal(payload.data, "\xff\xff\xff\xfb\xff\xbf", 6);
}

static void says_what_is_wrong_with_an_envelope(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", NULL},
        {"[]", "an envelope has a text \"payloadType\" and a list \"signatures\""},
        {"{\"payloadType\":\"t\",\"payload\":\"\"}",
         "an envelope has a text \"payloadType\" and a list \"signatures\""},
        {"{\"payloadType\":1,\"signatures\":[]}", "an envelope has a text \"payloadType\" and a list \"signatures\""},
        {"{\"payloadType\":\"t\",\"signatures\":[]}", "an envelope without a text \"payload\""},
        {"{\"payloadType\":\"t\",\"signatures\":[],\"payload\":\"A\"}",
         "\"payload\" of an envelope: 1 characters of base64, expected a multiple of 4"},
        {"{\"payloadType\":\"t\",\"signatures\":[1],\"payload\":\"\"}", "an envelope without a text \"sig\""},
        {"{\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"A\"}],\"payload\":\"\"}",
         "\"sig\" of an envelope: 1 characters of base64, expected a multiple of 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        struct cg_dsse_key trusted = {{1}};
        CG_AUTO_BYTES struct cg_bytes payload = {0};
        assert_int_equal(cg_dsse_verify(cases[i].text, strlen(cases[i].text), &trusted, 1, "t", &payload, &err), -1);
        if (cases[i].message)
            assert_error(&err, CG_E_FORM, cases[i].message);
        else
            assert_error_has(&err, CG_E_FORM, "the envelope: ");
        assert_int_equal(payload.size, 0);
    }
}

static void keeps_the_limit_of_signatures(void **state)
{
    (void)state;
    for (unsigned count = 15; count <= 17; count++) {
        struct cg_error err = {0};
        struct cg_dsse_key trusted = {{1}};
        CG_AUTO_BYTES struct cg_bytes text = {0}, payload = {0};
        cg_bytes_append_text(&text, "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[", &err);
        for (unsigned i = 0; i < count; i++)
            cg_bytes_printf(&text, &err, "%s{\"sig\":\"\"}", i ? "," : "");
        cg_bytes_append_text(&text, "]}", &err);
        assert_int_equal(cg_dsse_verify(text.data, text.size, &trusted, 1, "t", &payload, &err), -1);
        if (count <= 16)
            assert_error_has(&err, CG_E_SIGNATURE, "signatures of the envelope is by a trusted key");
        else
            assert_error(&err, CG_E_LIMIT, "an envelope with 17 signatures, at most 16 are read");
    }
}

static void refuses_what_json_cannot_hold(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_dsse_key trusted;
    CG_AUTO_ED25519 struct cg_ed25519 *key = make_key(1, &trusted);
    CG_AUTO_BYTES struct cg_bytes envelope = {0};
    assert_int_equal(cg_dsse_sign(key, NULL, "\xff", "", 0, &envelope, &err), -1);
    assert_error(&err, CG_E_FORM, "the payload type of an envelope is not UTF-8");
    assert_int_equal(cg_dsse_sign(key, "\xff", "t", "", 0, &envelope, &err), -1);
    assert_error(&err, CG_E_FORM, "the key id of an envelope is not UTF-8");
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct cg_dsse_key trusted;
    CG_AUTO_ED25519 struct cg_ed25519 *key = make_key(1, &trusted);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes envelope = {0}, payload = {0};
        allocation_fail_at(n);
        bool good = cg_dsse_sign(key, "k", type, body, strlen(body), &envelope, &err) == 0 &&
                    cg_dsse_verify(envelope.data, envelope.size, &trusted, 1, type, &payload, &err) == 0;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_true(good);
            assert_true(n > 8 || !allocation_can_fail());
            return;
        }
        if (!good && err.code != CG_E_MEMORY && err.code != CG_E_INTERNAL)
            fail_msg("allocation %lu: %s", n, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_and_verifies),
        cmocka_unit_test(encodes_lengths_so_that_texts_cannot_run_together),
        cmocka_unit_test(reads_url_safe_base64),
        cmocka_unit_test(says_what_is_wrong_with_an_envelope),
        cmocka_unit_test(keeps_the_limit_of_signatures),
        cmocka_unit_test(refuses_what_json_cannot_hold),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("dsse", tests, NULL, NULL);
}
