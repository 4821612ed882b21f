/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/value.h"

#include "cg/base64.h"
#include "cg/printable.h"
#include "koji/reply_gate.h"
#include "koji/wide_text.h"

#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <xmlrpc-c/base.h>

#define AUTO_VALUE CG_AUTO(value_release)
#define AUTO_ENV CG_AUTO(xmlrpc_env_clean)

static void value_release(xmlrpc_value **value)
{
    if (*value)
        xmlrpc_DECREF(*value);
}

/* xmlrpc-c's limits belong to the process and are set once; pthread_once is the one state of this file. */
static void set_limits(void)
{
    xmlrpc_env env;
    xmlrpc_env_init(&env);
    xmlrpc_init(&env);
    xmlrpc_env_clean(&env);
    /* The gate has bounded what the hub sent; wide_text_hide makes four bytes ten at most. */
    xmlrpc_limit_set(XMLRPC_XML_SIZE_LIMIT_ID, (size_t)KOJI_REPLY_MAX * 5 / 2);
    xmlrpc_limit_set(XMLRPC_NESTING_LIMIT_ID, KOJI_REPLY_DEPTH_MAX);
}

static void prepare_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_limits);
}

/* xmlrpc-c's words may quote the reply. */
static int refuse_reply(const xmlrpc_env *env, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes words = {0};
    if (cg_printable_append(&words, env->fault_string ? env->fault_string : "", err) != 0)
        return -1;
    return cg_fail(err, CG_E_HUB_REPLY, "the reply is no XML-RPC: %.200s", cg_bytes_text(&words));
}

static json_t *checked(json_t *json, struct cg_error *err)
{
    if (!json)
        cg_fail_memory(err);
    return json;
}

static json_t *decode(const xmlrpc_value *value, struct cg_error *err);

/* The text of a string value, appended to `text`. Reading a value by its own type fails for want of memory only. */
static int read_text(const xmlrpc_value *value, struct cg_bytes *text, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    size_t size = 0;
    const char *hidden = NULL;
    xmlrpc_read_string_lp(&env, value, &size, &hidden);
    if (env.fault_occurred)
        return cg_fail_memory(err);
    int result = wide_text_show(hidden, size, text, err);
    free((void *)(uintptr_t)hidden);
    return result;
}

static json_t *decode_text(const xmlrpc_value *value, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (read_text(value, &text, err) != 0)
        return NULL;
    return checked(json_stringn(cg_bytes_text(&text), text.size), err);
}

static json_t *decode_base64(const xmlrpc_value *value, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    size_t size = 0;
    const unsigned char *bytes = NULL;
    xmlrpc_read_base64(&env, value, &size, &bytes);
    if (env.fault_occurred)
        return checked(NULL, err);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    int result = cg_base64_encode(bytes, size, &text, err);
    free((void *)(uintptr_t)bytes);
    return result == 0 ? checked(json_string(cg_bytes_text(&text)), err) : NULL;
}

static json_t *decode_date(const xmlrpc_value *value, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    const char *text = NULL;
    xmlrpc_read_datetime_str(&env, value, &text);
    if (env.fault_occurred)
        return checked(NULL, err);
    json_t *json = json_string(text);
    free((void *)(uintptr_t)text);
    return checked(json, err);
}

static json_t *decode_array(const xmlrpc_value *value, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    CG_AUTO_JSON json_t *array = checked(json_array(), err);
    unsigned size = (unsigned)xmlrpc_array_size(&env, value);
    for (unsigned i = 0; array && i < size; i++) {
        AUTO_VALUE xmlrpc_value *item = NULL;
        xmlrpc_array_read_item(&env, value, i, &item);
        json_t *json = decode(item, err);
        if (!json)
            return NULL;
        if (json_array_append_new(array, json) != 0)
            return checked(NULL, err);
    }
    return CG_STEAL(array);
}

static int decode_member(json_t *object, const xmlrpc_value *key, const xmlrpc_value *item, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes name = {0};
    if (read_text(key, &name, err) != 0)
        return -1;
    json_t *json = decode(item, err);
    if (!json)
        return -1;
    return json_object_setn_new(object, cg_bytes_text(&name), name.size, json) == 0 ? 0 : cg_fail_memory(err);
}

static json_t *decode_struct(xmlrpc_value *value, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    CG_AUTO_JSON json_t *object = checked(json_object(), err);
    unsigned size = (unsigned)xmlrpc_struct_size(&env, value);
    for (unsigned i = 0; object && i < size; i++) {
        AUTO_VALUE xmlrpc_value *key = NULL;
        AUTO_VALUE xmlrpc_value *item = NULL;
        xmlrpc_struct_read_member(&env, value, i, &key, &item);
        if (decode_member(object, key, item, err) != 0)
            return NULL;
    }
    return CG_STEAL(object);
}

static json_t *decode_double(const xmlrpc_value *value, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    double number = 0;
    xmlrpc_read_double(&env, value, &number);
    if (isfinite(number))
        return checked(json_real(number), err);
    cg_fail(err, CG_E_HUB_REPLY, "the reply has a double that is not finite");
    return NULL;
}

static json_t *decode_integer(const xmlrpc_value *value, struct cg_error *err)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    xmlrpc_int64 number = 0;
    if (xmlrpc_value_type((xmlrpc_value *)(uintptr_t)value) == XMLRPC_TYPE_I8) {
        xmlrpc_read_i8(&env, value, &number);
    } else {
        int small = 0;
        xmlrpc_read_int(&env, value, &small);
        number = small;
    }
    return checked(json_integer(number), err);
}

static json_t *decode_boolean(const xmlrpc_value *value)
{
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    xmlrpc_bool truth = 0;
    xmlrpc_read_bool(&env, value, &truth);
    return json_boolean(truth);
}

/* A new reference, or NULL with the error recorded. Reads by a value's own type do not fail. */
static json_t *decode(const xmlrpc_value *value, struct cg_error *err)
{
    /* Some of xmlrpc-c's readers are not declared const. */
    xmlrpc_value *readable = (xmlrpc_value *)(uintptr_t)value;
    switch (xmlrpc_value_type(readable)) {
    case XMLRPC_TYPE_INT:
    case XMLRPC_TYPE_I8:
        return decode_integer(value, err);
    case XMLRPC_TYPE_BOOL:
        return decode_boolean(value);
    case XMLRPC_TYPE_DOUBLE:
        return decode_double(value, err);
    case XMLRPC_TYPE_DATETIME:
        return decode_date(value, err);
    case XMLRPC_TYPE_STRING:
        return decode_text(value, err);
    case XMLRPC_TYPE_BASE64:
        return decode_base64(value, err);
    case XMLRPC_TYPE_ARRAY:
        return decode_array(value, err);
    case XMLRPC_TYPE_STRUCT:
        return decode_struct(readable, err);
    case XMLRPC_TYPE_NIL:
        return json_null();
    case XMLRPC_TYPE_C_PTR:
    case XMLRPC_TYPE_DEAD:
        break;
    }
    cg_fail(err, CG_E_INTERNAL, "xmlrpc-c made a value of unknown type");
    return NULL;
}

int koji_value_decode_reply(const char *xml, size_t size, struct koji_reply *reply, struct cg_error *err)
{
    prepare_library();
    CG_AUTO_BYTES struct cg_bytes hidden = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (wide_text_hide(xml, size, &hidden, err) != 0)
        return -1;
    AUTO_ENV xmlrpc_env env;
    xmlrpc_env_init(&env);
    AUTO_VALUE xmlrpc_value *value = NULL;
    int fault = 0;
    const char *fault_text = NULL;
    xmlrpc_parse_response2(&env, cg_bytes_text(&hidden), hidden.size, &value, &fault, &fault_text);
    if (env.fault_occurred) {
        value = NULL;
        return refuse_reply(&env, err);
    }
    if (!fault_text) {
        json_t *json = decode(value, err);
        if (!json)
            return -1;
        *reply = (struct koji_reply){.value = json};
        return 0;
    }
    int shown = wide_text_show(fault_text, strlen(fault_text), &text, err);
    free((void *)(uintptr_t)fault_text);
    if (shown != 0 || cg_bytes_reserve(&text, 1, err) != 0)
        return -1;
    *reply = (struct koji_reply){.fault = fault, .text = cg_bytes_steal(&text)};
    return 0;
}

void koji_reply_finish(struct koji_reply *reply)
{
    json_decref(reply->value);
    free(reply->text);
    *reply = (struct koji_reply){0};
}
