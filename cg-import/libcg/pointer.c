/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 6901 JSON pointers: building and following. */
#include "cg/json.h"

#include <string.h>

int cg_pointer_push_name(struct cg_bytes *pointer, const char *name, size_t size, struct cg_error *err)
{
    size_t before = pointer->size;
    int result = cg_bytes_append(pointer, "/", 1, err);
    for (size_t i = 0; result == 0 && i < size; i++) {
        if (name[i] == '~')
            result = cg_bytes_append(pointer, "~0", 2, err);
        else if (name[i] == '/')
            result = cg_bytes_append(pointer, "~1", 2, err);
        else if (name[i] == '\0')
            result = cg_bytes_append_text(pointer, "\\u0000", err);
        else
            result = cg_bytes_append(pointer, name + i, 1, err);
    }
    if (result < 0 && pointer->data)
        cg_pointer_pop(pointer, before);
    return result;
}

int cg_pointer_push_index(struct cg_bytes *pointer, size_t index, struct cg_error *err)
{
    return cg_bytes_printf(pointer, err, "/%zu", index);
}

void cg_pointer_pop(struct cg_bytes *pointer, size_t size)
{
    if (size >= pointer->size)
        return;
    pointer->size = size;
    pointer->data[size] = '\0';
}

/* Is `token` well formed (RFC 6901 section 3), and does it say `name` once ~0 and ~1 are resolved? */
static bool token_is(const char *token, size_t token_size, const char *name, size_t name_size)
{
    size_t at = 0;
    for (size_t i = 0; i < token_size; i++, at++) {
        char byte = token[i];
        if (byte == '~') {
            i++;
            if (i == token_size || (token[i] != '0' && token[i] != '1'))
                return false;
            byte = token[i] == '0' ? '~' : '/';
        }
        if (at == name_size || name[at] != byte)
            return false;
    }
    return at == name_size;
}

static json_t *get_member(const json_t *object, const char *token, size_t size)
{
    if (!memchr(token, '~', size))
        return json_object_getn(object, token, size);
    /* jansson's object iterators take no const object; nothing is changed through them here. */
    json_t *members = (json_t *)object;
    for (void *at = json_object_iter(members); at; at = json_object_iter_next(members, at))
        if (token_is(token, size, json_object_iter_key(at), json_object_iter_key_len(at)))
            return json_object_iter_value(at);
    return NULL;
}

static json_t *get_element(const json_t *array, const char *token, size_t size)
{
    /* No array has as many elements as a number of 18 digits says. */
    size_t index = 0;
    if (size == 0 || size > 18 || (token[0] == '0' && size > 1))
        return NULL;
    for (size_t i = 0; i < size; i++) {
        if (token[i] < '0' || token[i] > '9')
            return NULL;
        index = index * 10 + (size_t)(token[i] - '0');
    }
    return json_array_get(array, index);
}

json_t *cg_pointer_get(const json_t *document, const char *pointer)
{
    const json_t *value = document;
    while (value && *pointer) {
        if (*pointer != '/')
            return NULL;
        const char *token = pointer + 1;
        size_t size = strcspn(token, "/");
        value = json_is_array(value) ? get_element(value, token, size) : get_member(value, token, size);
        pointer = token + size;
    }
    return (json_t *)value;
}
