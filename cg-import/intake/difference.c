/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/difference.h"

#include "cg/json.h"

#include <string.h>

struct difference {
    json_t *list;
    struct cg_bytes pointer;
};

static int compare(struct difference *d, const json_t *posted, const json_t *there, struct cg_error *err);

/* A value as it is shown: NULL for one that is missing or long. */
static json_t *shown(const json_t *value)
{
    if (!value || json_object_size(value) > 0 || json_array_size(value) > 0)
        return NULL;
    if (json_string_length(value) > DIFFERENCE_VALUE_MAX)
        return NULL;
    return json_deep_copy(value);
}

static int tell(struct difference *d, const json_t *posted, const json_t *there, struct cg_error *err)
{
    json_t *one = json_pack("{s:s, s:o*, s:o*}", "pointer", cg_bytes_text(&d->pointer), "posted", shown(posted),
                            "there", shown(there));
    return json_array_append_new(d->list, one) == 0 ? 0 : cg_fail_memory(err);
}

static int compare_member(struct difference *d, const char *name, const json_t *posted, const json_t *there,
                          struct cg_error *err)
{
    size_t size = d->pointer.size;
    if (cg_pointer_push_name(&d->pointer, name, strlen(name), err) != 0)
        return -1;
    int compared = compare(d, posted, there, err);
    cg_pointer_pop(&d->pointer, size);
    return compared;
}

static int compare_objects(struct difference *d, const json_t *posted, const json_t *there, struct cg_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)posted, name, value)
    {
        if (compare_member(d, name, value, json_object_get(there, name), err) != 0)
            return -1;
    }
    json_object_foreach((json_t *)there, name, value)
    {
        if (!json_object_get(posted, name) && compare_member(d, name, NULL, value, err) != 0)
            return -1;
    }
    return 0;
}

static int compare_arrays(struct difference *d, const json_t *posted, const json_t *there, struct cg_error *err)
{
    size_t count = json_array_size(posted) > json_array_size(there) ? json_array_size(posted) : json_array_size(there);
    for (size_t i = 0; i < count && json_array_size(d->list) < DIFFERENCE_MAX; i++) {
        size_t size = d->pointer.size;
        if (cg_pointer_push_index(&d->pointer, i, err) != 0)
            return -1;
        int compared = compare(d, json_array_get(posted, i), json_array_get(there, i), err);
        cg_pointer_pop(&d->pointer, size);
        if (compared != 0)
            return -1;
    }
    return 0;
}

/* The depth is that of a checked document: CG_JSON_DEPTH_MAX. */
static int compare(struct difference *d, const json_t *posted, const json_t *there, struct cg_error *err)
{
    if (json_array_size(d->list) >= DIFFERENCE_MAX || (posted && there && json_equal(posted, there)))
        return 0;
    if (json_is_object(posted) && json_is_object(there))
        return compare_objects(d, posted, there, err);
    if (json_is_array(posted) && json_is_array(there))
        return compare_arrays(d, posted, there, err);
    return tell(d, posted, there, err);
}

json_t *difference_list(const json_t *posted, const json_t *there, struct cg_error *err)
{
    struct difference d = {.list = json_array()};
    bool is_done = d.list ? compare(&d, posted, there, err) == 0 : cg_fail_memory(err) == 0;
    cg_bytes_finish(&d.pointer);
    if (is_done)
        return d.list;
    json_decref(d.list);
    return NULL;
}
