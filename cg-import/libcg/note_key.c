/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/note.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "cg/base64.h"
#include "note_name.h"
#include "openssl_error.h"
#include "utf8.h"

/* Go's golang.org/x/mod/sumdb/note writes signer keys so. */
static const char signer_mark[] = "PRIVATE+KEY+";

/* The type's byte and 32 bytes of key, as they stand in the base64 of a key. */
enum { KEY_DATA_SIZE = 1 + 32, KEY_DATA_LENGTH = CG_BASE64_LENGTH(KEY_DATA_SIZE), KEY_ID_DIGITS = 8 };
_Static_assert(CG_ED25519_SEED_SIZE == CG_ED25519_PUBLIC_SIZE, "one layout for both kinds of key");

struct cg_note_signer {
    struct cg_note_verifier verifier;
    struct cg_ed25519 *key;
};

/* A key's text taken apart: the name is borrowed from it. */
struct key_text {
    const char *name;
    size_t name_size;
    uint32_t key_id;
    unsigned char data[KEY_DATA_SIZE];
};

/* Unicode's White_Space. */
static bool is_space(uint32_t character)
{
    return (character >= 0x09 && character <= 0x0d) || character == 0x20 || character == 0x85 || character == 0xa0 ||
           character == 0x1680 || (character >= 0x2000 && character <= 0x200a) || character == 0x2028 ||
           character == 0x2029 || character == 0x202f || character == 0x205f || character == 0x3000;
}

bool cg_note_name_is_good(const char *name, size_t size)
{
    if (size == 0 || size > CG_NOTE_NAME_MAX)
        return false;
    for (size_t i = 0; i < size;) {
        uint32_t character;
        size_t length = cg_utf8_decode(name + i, size - i, &character);
        if (length == 0 || character < 0x20 || character == '+' || is_space(character))
            return false;
        i += length;
    }
    return true;
}

uint32_t cg_note_read_id(const unsigned char bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void cg_note_write_id(uint32_t key_id, unsigned char bytes[4])
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(key_id >> (24 - 8 * i));
}

int cg_note_key_id(const char *name, enum cg_note_type type, const unsigned char public_key[CG_ED25519_PUBLIC_SIZE],
                   uint32_t *key_id, struct cg_error *err)
{
    unsigned char text[CG_NOTE_NAME_MAX + 2 + CG_ED25519_PUBLIC_SIZE], digest[EVP_MAX_MD_SIZE];
    size_t size = strlen(name);
    memcpy(text, name, size);
    text[size++] = '\n';
    text[size++] = (unsigned char)type;
    memcpy(text + size, public_key, CG_ED25519_PUBLIC_SIZE);
    size += CG_ED25519_PUBLIC_SIZE;
    if (EVP_Digest(text, size, digest, NULL, EVP_sha256(), NULL) != 1)
        return cg_fail_openssl(err, CG_E_INTERNAL, "make a SHA-256");
    *key_id = cg_note_read_id(digest);
    return 0;
}

/* Eight lower-case hexadecimal digits. */
static bool read_id(const char *text, uint32_t *key_id)
{
    static const char digits[] = "0123456789abcdef";
    *key_id = 0;
    for (size_t i = 0; i < KEY_ID_DIGITS; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return false;
        *key_id = *key_id << 4 | (uint32_t)(digit - digits);
    }
    return true;
}

/* Takes "NAME+KEYID+BASE64" apart; false when it is not of that form with 33 bytes in base64. */
static bool take_apart(const char *text, struct key_text *key)
{
    const char *plus = strchr(text, '+');
    if (!plus || !cg_note_name_is_good(text, (size_t)(plus - text)) || !read_id(plus + 1, &key->key_id))
        return false;
    const char *data = plus + 1 + KEY_ID_DIGITS;
    key->name = text;
    key->name_size = (size_t)(plus - text);
    return *data == '+' && cg_base64_decode_exactly(data + 1, strlen(data + 1), key->data, KEY_DATA_SIZE, NULL) == 0;
}

static bool is_known_type(int type)
{
    return type == CG_NOTE_ED25519 || type == CG_NOTE_COSIGNATURE;
}

int cg_note_verifier_make(const char *name, enum cg_note_type type,
                          const unsigned char public_key[CG_ED25519_PUBLIC_SIZE], struct cg_note_verifier *verifier,
                          struct cg_error *err)
{
    if (!cg_note_name_is_good(name, strlen(name)))
        return cg_fail(err, CG_E_FORM,
                       "\"%.80s\" is no name of a key: 1 to %u bytes of UTF-8 without spaces, controls and plus", name,
                       CG_NOTE_NAME_MAX);
    struct cg_note_verifier made = {.type = type};
    memcpy(made.name, name, strlen(name) + 1);
    memcpy(made.public_key, public_key, sizeof made.public_key);
    if (cg_note_key_id(name, type, public_key, &made.key_id, err) < 0)
        return -1;
    *verifier = made;
    return 0;
}

int cg_note_verifier_parse(const char *vkey, struct cg_note_verifier *verifier, struct cg_error *err)
{
    struct key_text key;
    if (!take_apart(vkey, &key))
        return cg_fail(err, CG_E_FORM, "\"%.80s\" is no verifier key, which reads NAME+KEYID+BASE64", vkey);
    if (!is_known_type(key.data[0]))
        return cg_fail(err, CG_E_FORM,
                       "the key \"%.80s\" is of type 0x%02x, expected 0x01 (Ed25519) or 0x04 (cosignature)", vkey,
                       key.data[0]);
    char name[CG_NOTE_NAME_MAX + 1] = "";
    memcpy(name, key.name, key.name_size);
    struct cg_note_verifier made = {0};
    if (cg_note_verifier_make(name, (enum cg_note_type)key.data[0], key.data + 1, &made, err) < 0)
        return -1;
    if (made.key_id != key.key_id)
        return cg_fail(err, CG_E_FORM, "the key id of \"%.80s\" is not that of the key, %08" PRIx32, vkey, made.key_id);
    *verifier = made;
    return 0;
}

/* Appends "NAME+KEYID+" and the base64 of the type and 32 bytes. */
static int put_key(const struct cg_note_verifier *verifier, const unsigned char *bytes, struct cg_bytes *text,
                   struct cg_error *err)
{
    unsigned char data[KEY_DATA_SIZE] = {(unsigned char)verifier->type};
    memcpy(data + 1, bytes, sizeof data - 1);
    /* All room first: a text that grows would leave a copy of a secret behind. */
    int result = cg_bytes_reserve(text, strlen(verifier->name) + KEY_ID_DIGITS + 2 + KEY_DATA_LENGTH, err);
    if (result == 0)
        result = cg_bytes_printf(text, err, "%s+%08" PRIx32 "+", verifier->name, verifier->key_id);
    if (result == 0)
        result = cg_base64_encode(data, sizeof data, text, err);
    OPENSSL_cleanse(data, sizeof data);
    return result;
}

int cg_note_verifier_format(const struct cg_note_verifier *verifier, struct cg_bytes *vkey, struct cg_error *err)
{
    return put_key(verifier, verifier->public_key, vkey, err);
}

struct cg_note_signer *cg_note_signer_create(const char *name, enum cg_note_type type,
                                             const unsigned char seed[CG_ED25519_SEED_SIZE], struct cg_error *err)
{
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = calloc(1, sizeof *signer);
    if (!signer) {
        cg_fail_memory(err);
        return NULL;
    }
    unsigned char public_key[CG_ED25519_PUBLIC_SIZE];
    signer->key = cg_ed25519_create(seed, err);
    if (!signer->key)
        return NULL;
    cg_ed25519_public(signer->key, public_key);
    return cg_note_verifier_make(name, type, public_key, &signer->verifier, err) < 0 ? NULL : CG_STEAL(signer);
}

struct cg_note_signer *cg_note_signer_parse(const char *skey, struct cg_error *err)
{
    struct key_text key = {0};
    bool good = strncmp(skey, signer_mark, strlen(signer_mark)) == 0 && take_apart(skey + strlen(signer_mark), &key) &&
                is_known_type(key.data[0]);
    char name[CG_NOTE_NAME_MAX + 1] = "";
    memcpy(name, good ? key.name : "", good ? key.name_size : 0);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer =
        good ? cg_note_signer_create(name, (enum cg_note_type)key.data[0], key.data + 1, err) : NULL;
    OPENSSL_cleanse(key.data, sizeof key.data);
    if (!good)
        cg_fail(err, CG_E_FORM, "not a signer key, which reads PRIVATE+KEY+NAME+KEYID+BASE64");
    if (signer && signer->verifier.key_id != key.key_id) {
        cg_fail(err, CG_E_FORM, "the key id of the signer key of %s is not that of the key", name);
        return NULL;
    }
    return CG_STEAL(signer);
}

int cg_note_signer_reveal(const struct cg_note_signer *signer, const unsigned char seed[CG_ED25519_SEED_SIZE],
                          struct cg_bytes *skey, struct cg_error *err)
{
    if (cg_bytes_reserve(skey, strlen(signer_mark) + CG_NOTE_NAME_MAX + KEY_ID_DIGITS + 2 + KEY_DATA_LENGTH, err) < 0)
        return -1;
    return cg_bytes_append_text(skey, signer_mark, err) < 0 ? -1 : put_key(&signer->verifier, seed, skey, err);
}

const struct cg_note_verifier *cg_note_signer_verifier(const struct cg_note_signer *signer)
{
    return &signer->verifier;
}

const struct cg_ed25519 *cg_note_signer_key(const struct cg_note_signer *signer)
{
    return signer->key;
}

void cg_note_signer_destroy(struct cg_note_signer *signer)
{
    if (!signer)
        return;
    cg_ed25519_destroy(signer->key);
    free(signer);
}
