/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/value.h"

#include "cg/json.h"
#include "cg/printable.h"
#include "koji/wide_text.h"

#include <stdint.h>
#include <xmlrpc-c/base.h>

#define AUTO_VALUE CG_AUTO(value_release)
#define AUTO_BLOCK CG_AUTO(block_release)
#define AUTO_ENV CG_AUTO(xmlrpc_env_clean)

static void value_release(xmlrpc_value **value)
{
    if (*value)
        xmlrpc_DECREF(*value);
}

static void block_release(xmlrpc_mem_block **block)
{
    if (*block)
        xmlrpc_mem_block_free(*block);
}

/* Where a value stands in the parameters; a chain on the stack, written down only when something is wrong. */
struct place {
    const struct place *parent; /* NULL: the parameters themselves */
    const char *name;           /* member of a struct, or NULL: */
    size_t name_size;
    size_t index; /* element of an array */
};

static int append_place(const struct place *place, struct cg_bytes *pointer, struct cg_error *err)
{
    if (!place->parent)
        return 0;
    if (append_place(place->parent, pointer, err) != 0)
        return -1;
    if (place->name)
        return cg_pointer_push_name(pointer, place->name, place->name_size, err);
    return cg_pointer_push_index(pointer, place->index, err);
}

static int refuse_text(const struct place *place, const char *what, size_t byte, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    CG_AUTO_BYTES struct cg_bytes shown = {0};
    if (append_place(place, &pointer, err) != 0 || cg_printable_append(&shown, cg_bytes_text(&pointer), err) != 0)
        return -1;
    return cg_fail(err, CG_E_USAGE, "parameter %s has %s at byte %zu, which XML cannot carry", cg_bytes_text(&shown),
                   what, byte);
}

/* XML 1.0 section 2.2: no control character but tab, line feed and carriage return, no U+FFFE, U+FFFF. */
static int check_text(const struct place *place, const char *text, size_t size, struct cg_error *err)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') {
            char what[40];
            snprintf(what, sizeof what, "the control character 0x%02x", byte);
            return refuse_text(place, what, i, err);
        }
        if (byte == 0xEF && size - i >= 3 && (unsigned char)text[i + 1] == 0xBF && (unsigned char)text[i + 2] >= 0xBE)
            return refuse_text(place, "the noncharacter U+FFFE or U+FFFF", i, err);
    }
    return 0;
}

/* What xmlrpc-c reports while building a call out of checked values can only be want of memory. */
static int check_env(const xmlrpc_env *env, struct cg_error *err)
{
    return env->fault_occurred ? cg_fail_memory(err) : 0;
}

static xmlrpc_value *encode_text(const struct place *place, const char *text, size_t size, struct cg_error *err)
{
    if (check_text(place, text, size, err) != 0)
        return NULL;
    CG_AUTO_BYTES struct cg_bytes hidden = {0};
    if (wide_text_hide(text, size, &hidden, err) != 0)
        return NULL;
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    /* "_cr": a carriage return is sent as &#x0d; and not made a line feed. */
    xmlrpc_value *value = xmlrpc_string_new_lp_cr(&env, hidden.size, cg_bytes_text(&hidden));
    return check_env(&env, err) == 0 ? value : NULL;
}

static xmlrpc_value *encode(const struct place *place, const json_t *json, struct cg_error *err);

static xmlrpc_value *encode_array(const struct place *place, const json_t *json, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    AUTO_VALUE xmlrpc_value *array = xmlrpc_array_new(&env);
    if (check_env(&env, err) != 0) {
        array = NULL;
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        struct place inner = {.parent = place, .index = i};
        AUTO_VALUE xmlrpc_value *item = encode(&inner, json_array_get(json, i), err);
        if (!item)
            return NULL;
        xmlrpc_array_append_item(&env, array, item);
        if (check_env(&env, err) != 0)
            return NULL;
    }
    return CG_STEAL(array);
}

static xmlrpc_value *encode_struct(const struct place *place, const json_t *json, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    AUTO_VALUE xmlrpc_value *object = xmlrpc_struct_new(&env);
    if (check_env(&env, err) != 0) {
        object = NULL;
        return NULL;
    }
    /* jansson iterates const objects only through its non-const interface. */
    json_t *members = (json_t *)(uintptr_t)json;
    for (void *at = json_object_iter(members); at; at = json_object_iter_next(members, at)) {
        struct place inner = {
            .parent = place, .name = json_object_iter_key(at), .name_size = json_object_iter_key_len(at)};
        AUTO_VALUE xmlrpc_value *key = encode_text(&inner, inner.name, inner.name_size, err);
        AUTO_VALUE xmlrpc_value *item = key ? encode(&inner, json_object_iter_value(at), err) : NULL;
        if (!item)
            return NULL;
        xmlrpc_struct_set_value_v(&env, object, key, item);
        if (check_env(&env, err) != 0)
            return NULL;
    }
    return CG_STEAL(object);
}

/* A number of 32 bits is an <i4>, which is <int> by another name; koji/xmlrpcplus.py writes <i8> above, too. */
static xmlrpc_value *encode_integer(xmlrpc_env *env, json_int_t number)
{
    if (number >= INT32_MIN && number <= INT32_MAX)
        return xmlrpc_int_new(env, (int)number);
    return xmlrpc_i8_new(env, number);
}

/* A new reference, or NULL with the error recorded. */
static xmlrpc_value *encode(const struct place *place, const json_t *json, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    xmlrpc_value *value = NULL;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return encode_struct(place, json, err);
    case JSON_ARRAY:
        return encode_array(place, json, err);
    case JSON_STRING:
        return encode_text(place, json_string_value(json), json_string_length(json), err);
    case JSON_INTEGER:
        value = encode_integer(&env, json_integer_value(json));
        break;
    case JSON_REAL:
        value = xmlrpc_double_new(&env, json_real_value(json));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        value = xmlrpc_bool_new(&env, json_is_true(json));
        break;
    case JSON_NULL:
        value = xmlrpc_nil_new(&env);
        break;
    }
    return check_env(&env, err) == 0 ? value : NULL;
}

int koji_value_encode_call(const char *method, const json_t *params, struct cg_bytes *xml, struct cg_error *err)
{
    if (!json_is_array(params))
        return cg_fail(err, CG_E_USAGE, "the parameters of %s are no array", method);
    struct place top = {0};
    AUTO_VALUE xmlrpc_value *array = encode(&top, params, err);
    if (!array)
        return -1;
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    AUTO_BLOCK xmlrpc_mem_block *block = xmlrpc_mem_block_new(&env, 0);
    if (check_env(&env, err) != 0) {
        block = NULL;
        return -1;
    }
    /* The i8 dialect writes <i8> and <nil/>, which Python reads; the Apache one would prefix both with "ex:". */
    xmlrpc_serialize_call2(&env, block, method, array, xmlrpc_dialect_i8);
    if (check_env(&env, err) != 0)
        return -1;
    return wide_text_show(xmlrpc_mem_block_contents(block), xmlrpc_mem_block_size(block), xml, err);
}
