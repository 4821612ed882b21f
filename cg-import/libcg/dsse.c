/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/dsse.h"

#include <string.h>

#include "cg/base64.h"
#include "cg/canon.h"
#include "cg/json.h"
#include "utf8.h"

int cg_dsse_pae(const char *payload_type, const void *payload, size_t size, struct cg_bytes *pae, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes made = {0};
    if (cg_bytes_printf(&made, err, "DSSEv1 %zu %s %zu ", strlen(payload_type), payload_type, size) < 0 ||
        cg_bytes_append(&made, payload, size, err) < 0)
        return -1;
    return cg_bytes_append(pae, made.data, made.size, err);
}

static int check_utf8(const char *what, const char *text, struct cg_error *err)
{
    uint32_t character;
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length)
        if ((length = cg_utf8_decode(text, left, &character)) == 0)
            return cg_fail(err, CG_E_FORM, "the %s of an envelope is not UTF-8", what);
    return 0;
}

/* The envelope as a value, of the base64 texts. */
static int write_envelope(const char *key_id, const char *payload_type, const char *payload, const char *signature,
                          struct cg_bytes *envelope, struct cg_error *err)
{
    CG_AUTO_JSON json_t *value = json_pack("{s:s, s:s, s:[{s:s}]}", "payload", payload, "payloadType", payload_type,
                                           "signatures", "sig", signature);
    json_t *first = json_array_get(json_object_get(value, "signatures"), 0);
    if (!value || (key_id && json_object_set_new(first, "keyid", json_string(key_id)) < 0))
        return cg_fail_memory(err);
    return cg_canon(value, envelope, err);
}

int cg_dsse_sign(const struct cg_ed25519 *key, const char *key_id, const char *payload_type, const void *payload,
                 size_t size, struct cg_bytes *envelope, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes pae = {0}, payload_text = {0}, signature_text = {0};
    unsigned char signature[CG_ED25519_SIGNATURE_SIZE];
    if (check_utf8("payload type", payload_type, err) < 0 || check_utf8("key id", key_id ? key_id : "", err) < 0)
        return -1;
    if (cg_dsse_pae(payload_type, payload, size, &pae, err) < 0 ||
        cg_ed25519_sign(key, pae.data, pae.size, signature, err) < 0 ||
        cg_base64_encode(payload, size, &payload_text, err) < 0 ||
        cg_base64_encode(signature, sizeof signature, &signature_text, err) < 0)
        return -1;
    return write_envelope(key_id, payload_type, cg_bytes_text(&payload_text), cg_bytes_text(&signature_text), envelope,
                          err);
}

/* The bytes of a member in base64, which may be the URL-safe kind too (protocol.md, "base64 encoding"). */
static int read_base64(const json_t *object, const char *name, struct cg_bytes *data, struct cg_error *err)
{
    const json_t *member = json_object_get(object, name);
    if (!json_is_string(member))
        return cg_fail(err, CG_E_FORM, "an envelope without a text \"%s\"", name);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_bytes_append(&text, json_string_value(member), json_string_length(member), err) < 0)
        return -1;
    for (size_t i = 0; i < text.size; i++)
        text.data[i] = text.data[i] == '-' ? '+' : text.data[i] == '_' ? '/' : text.data[i];
    struct cg_error failure = {0};
    if (cg_base64_decode(text.data, text.size, data, &failure) < 0)
        return cg_fail(err, failure.code, "\"%s\" of an envelope: %s", name, failure.message);
    return 0;
}

/* Did one of the keys make this signature? 1, 0, or -1 with an error. */
static int is_signed_by_one(const json_t *signature, const struct cg_bytes *pae, const struct cg_dsse_key *keys,
                            size_t count, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes bytes = {0};
    if (read_base64(signature, "sig", &bytes, err) < 0)
        return -1;
    for (size_t i = 0; i < count && bytes.size == CG_ED25519_SIGNATURE_SIZE; i++) {
        struct cg_error failure = {0};
        if (cg_ed25519_verify(keys[i].public_key, pae->data, pae->size, (const unsigned char *)bytes.data, &failure) ==
            0)
            return 1;
        if (failure.code != CG_E_SIGNATURE)
            return cg_fail(err, failure.code, "%s", failure.message);
    }
    return 0;
}

static json_t *read_envelope(const char *text, size_t size, struct cg_error *err)
{
    if (size > CG_DSSE_SIZE_MAX) {
        cg_fail(err, CG_E_LIMIT, "an envelope of %zu bytes, at most %u are read", size, CG_DSSE_SIZE_MAX);
        return NULL;
    }
    struct cg_error failure = {0};
    CG_AUTO_JSON json_t *value = cg_json_read(text, size, NULL, &failure);
    if (!value) {
        enum cg_code code = failure.code == CG_E_SYNTAX ? CG_E_FORM : failure.code;
        cg_fail(err, code, "the envelope: %s", failure.message);
        return NULL;
    }
    if (!json_is_object(value) || !json_is_array(json_object_get(value, "signatures")) ||
        !json_is_string(json_object_get(value, "payloadType"))) {
        cg_fail(err, CG_E_FORM, "an envelope has a text \"payloadType\" and a list \"signatures\"");
        return NULL;
    }
    return CG_STEAL(value);
}

int cg_dsse_verify(const char *envelope, size_t envelope_size, const struct cg_dsse_key *keys, size_t count,
                   const char *payload_type, struct cg_bytes *payload, struct cg_error *err)
{
    CG_AUTO_JSON json_t *value = read_envelope(envelope, envelope_size, err);
    CG_AUTO_BYTES struct cg_bytes body = {0}, pae = {0};
    if (!value || read_base64(value, "payload", &body, err) < 0)
        return -1;
    const json_t *type = json_object_get(value, "payloadType"), *signatures = json_object_get(value, "signatures");
    if (json_string_length(type) != strlen(payload_type) || strcmp(json_string_value(type), payload_type) != 0)
        return cg_fail(err, CG_E_FORM, "the payload is of type \"%.80s\", expected \"%s\"", json_string_value(type),
                       payload_type);
    if (json_array_size(signatures) > CG_DSSE_SIGNATURES_MAX)
        return cg_fail(err, CG_E_LIMIT, "an envelope with %zu signatures, at most %u are read",
                       json_array_size(signatures), CG_DSSE_SIGNATURES_MAX);
    if (cg_dsse_pae(payload_type, cg_bytes_text(&body), body.size, &pae, err) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(signatures); i++) {
        int result = is_signed_by_one(json_array_get(signatures, i), &pae, keys, count, err);
        if (result != 0)
            return result < 0 ? -1 : cg_bytes_append(payload, body.data, body.size, err);
    }
    return cg_fail(err, CG_E_SIGNATURE, "none of the %zu signatures of the envelope is by a trusted key",
                   json_array_size(signatures));
}
