/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/bytes.h"
#include "cg/ed25519.h"

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct {
    const char *seed, *public_key, *message, *signature;
} samples[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static size_t from_hex(const char *hex, unsigned char *bytes)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return size;
}

static void signs_and_verifies_as_the_rfc_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct cg_error err = {0};
        unsigned char seed[32], public_key[32], message[8], signature[64];
        char hex[129];
        from_hex(samples[i].seed, seed);
        size_t size = from_hex(samples[i].message, message);
        CG_AUTO_ED25519 struct cg_ed25519 *key = cg_ed25519_create(seed, &err);
        cg_ed25519_public(key, public_key);
        cg_hex(hex, public_key, sizeof public_key);
        assert_string_equal(hex, samples[i].public_key);
        assert_int_equal(cg_ed25519_sign(key, message, size, signature, &err), 0);
        cg_hex(hex, signature, sizeof signature);
        assert_string_equal(hex, samples[i].signature);
        assert_int_equal(cg_ed25519_verify(public_key, message, size, signature, &err), 0);
    }
}

static void refuses_each_flipped_bit(void **state)
{
    (void)state;
    struct cg_error err = {0};
    unsigned char seed[32] = {7}, public_key[32], signature[64], message[4] = "text";
    CG_AUTO_ED25519 struct cg_ed25519 *key = cg_ed25519_create(seed, &err);
    cg_ed25519_public(key, public_key);
    assert_int_equal(cg_ed25519_sign(key, message, sizeof message, signature, &err), 0);
    struct {
        unsigned char *bytes;
        size_t size;
    } parts[] = {{public_key, 32}, {signature, 64}, {message, 4}};
    for (size_t part = 0; part < 3; part++)
        for (size_t bit = 0; bit < 8 * parts[part].size; bit++) {
            parts[part].bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
            assert_int_equal(cg_ed25519_verify(public_key, message, sizeof message, signature, &err), -1);
            assert_error(&err, CG_E_SIGNATURE, "the signature is not this key's");
            parts[part].bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
        }
    assert_int_equal(cg_ed25519_verify(public_key, message, sizeof message, signature, &err), 0);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        unsigned char seed[32] = {7}, public_key[32], signature[64];
        allocation_fail_at(n);
        CG_AUTO_ED25519 struct cg_ed25519 *key = cg_ed25519_create(seed, &err);
        if (key)
            cg_ed25519_public(key, public_key);
        bool good = key && cg_ed25519_sign(key, "text", 4, signature, &err) == 0 &&
                    cg_ed25519_verify(public_key, "text", 4, signature, &err) == 0;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_true(good);
            assert_true(n > 4 || !allocation_can_fail());
            return;
        }
        if (!good && err.code != CG_E_MEMORY && err.code != CG_E_INTERNAL)
            fail_msg("allocation %lu: %s", n, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_and_verifies_as_the_rfc_does),
        cmocka_unit_test(refuses_each_flipped_bit),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("ed25519", tests, NULL, NULL);
}
