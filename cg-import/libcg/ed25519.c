/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/ed25519.h"

#include <openssl/evp.h>

#include "openssl_error.h"

#define AUTO_CONTEXT CG_AUTO(free_context)
#define AUTO_KEY CG_AUTO(free_key)

struct cg_ed25519 {
    EVP_PKEY *key;
    unsigned char public_key[CG_ED25519_PUBLIC_SIZE];
};

static void free_context(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

struct cg_ed25519 *cg_ed25519_create(const unsigned char seed[CG_ED25519_SEED_SIZE], struct cg_error *err)
{
    CG_AUTO_ED25519 struct cg_ed25519 *key = calloc(1, sizeof *key);
    if (!key) {
        cg_fail_memory(err);
        return NULL;
    }
    size_t size = sizeof key->public_key;
    key->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, CG_ED25519_SEED_SIZE);
    if (!key->key || EVP_PKEY_get_raw_public_key(key->key, key->public_key, &size) != 1) {
        cg_fail_openssl(err, CG_E_INTERNAL, "make an Ed25519 key");
        return NULL;
    }
    return CG_STEAL(key);
}

void cg_ed25519_public(const struct cg_ed25519 *key, unsigned char public_key[CG_ED25519_PUBLIC_SIZE])
{
    memcpy(public_key, key->public_key, CG_ED25519_PUBLIC_SIZE);
}

int cg_ed25519_sign(const struct cg_ed25519 *key, const void *message, size_t size,
                    unsigned char signature[CG_ED25519_SIGNATURE_SIZE], struct cg_error *err)
{
    AUTO_CONTEXT EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context)
        return cg_fail_memory(err);
    size_t length = CG_ED25519_SIGNATURE_SIZE;
    if (EVP_DigestSignInit(context, NULL, NULL, NULL, key->key) != 1 ||
        EVP_DigestSign(context, signature, &length, message, size) != 1)
        return cg_fail_openssl(err, CG_E_INTERNAL, "sign with Ed25519");
    return 0;
}

/* 1: verified; 0: not; -1 with an error. */
static int verify_once(EVP_PKEY *key, const void *message, size_t size, const unsigned char *signature,
                       struct cg_error *err)
{
    AUTO_CONTEXT EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
        return cg_fail_openssl(err, CG_E_INTERNAL, "verify with Ed25519");
    if (EVP_DigestVerify(context, signature, CG_ED25519_SIGNATURE_SIZE, message, size) == 1)
        return 1;
    return cg_openssl_lacks_memory() ? cg_fail_memory(err) : 0;
}

int cg_ed25519_verify(const unsigned char public_key[CG_ED25519_PUBLIC_SIZE], const void *message, size_t size,
                      const unsigned char signature[CG_ED25519_SIGNATURE_SIZE], struct cg_error *err)
{
    AUTO_KEY EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, CG_ED25519_PUBLIC_SIZE);
    if (!key)
        return cg_fail_openssl(err, CG_E_INTERNAL, "verify with Ed25519");
    /* OpenSSL 3 says "not verified" as well where it lacks memory for the hash: a forgery is not said for that. */
    int verified = verify_once(key, message, size, signature, err);
    if (verified == 0)
        verified = verify_once(key, message, size, signature, err);
    if (verified == 0)
        return cg_fail(err, CG_E_SIGNATURE, "the signature is not this key's");
    return verified < 0 ? -1 : 0;
}

void cg_ed25519_destroy(struct cg_ed25519 *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->key);
    free(key);
}
