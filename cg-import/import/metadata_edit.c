/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/metadata_edit.h"

#include "cg/json.h"

/* text[0..start) + middle + text[end..) takes the place of `text`. */
static int splice(struct cg_bytes *text, size_t start, size_t end, const struct cg_bytes *middle, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes made = {0};
    if (cg_bytes_reserve(&made, text->size + middle->size, err) < 0 ||
        cg_bytes_append(&made, text->data, start, err) < 0 ||
        cg_bytes_append(&made, middle->data, middle->size, err) < 0 ||
        cg_bytes_append(&made, text->data + end, text->size - end, err) < 0)
        return -1;
    struct cg_bytes old = *text;
    *text = made;
    made = old;
    return 0;
}

int import_metadata_set(struct cg_bytes *text, const char *name, const char *value, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    CG_AUTO_BYTES struct cg_bytes middle = {0};
    size_t start;
    size_t end;
    if (cg_bytes_printf(&pointer, err, "/build/%s", name) < 0)
        return -1;
    int found = cg_json_locate(cg_bytes_text(text), text->size, cg_bytes_text(&pointer), &start, &end, err);
    if (found < 0)
        return -1;
    if (found == 1) {
        if (cg_bytes_append_text(&middle, value, err) < 0)
            return -1;
        return splice(text, start, end, &middle, err);
    }

    found = cg_json_locate(cg_bytes_text(text), text->size, "/build", &start, &end, err);
    if (found < 0)
        return -1;
    if (found == 0 || text->data[start] != '{')
        return cg_fail(err, CG_E_SYNTAX, "the document has no build object to put %s into", name);
    /* A build that was accepted has members, so a comma is always right. */
    if (cg_bytes_printf(&middle, err, "\"%s\": %s, ", name, value) < 0)
        return -1;
    return splice(text, start + 1, start + 1, &middle, err);
}
