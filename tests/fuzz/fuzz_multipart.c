/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The form reader: what it tells does not depend on how the body was cut, and what is put into a form comes out of it.
 * The first byte says how long the pieces are.
 */
#include "cg/bytes.h"
#include "intake/multipart.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TYPE "multipart/form-data; boundary=\"b d\""

struct told {
    struct cg_bytes text;
    bool in_part;
    unsigned parts;
};

static int on_begin(void *context, const struct multipart_part *part, struct cg_error *err)
{
    struct told *told = context;
    assert(!told->in_part);
    told->in_part = true;
    told->parts++;
    return cg_bytes_printf(&told->text, err, "<%s|%s>", part->name, part->filename ? part->filename : "");
}

static int on_data(void *context, const char *data, size_t size, struct cg_error *err)
{
    struct told *told = context;
    assert(told->in_part && size > 0);
    return cg_bytes_append(&told->text, data, size, err);
}

static int on_end(void *context, struct cg_error *err)
{
    struct told *told = context;
    (void)err;
    assert(told->in_part);
    told->in_part = false;
    return 0;
}

static const struct multipart_events events = {on_begin, on_data, on_end};

static int read_in_pieces(const char *type, const char *body, size_t size, size_t piece, struct told *told)
{
    struct cg_error err = {0};
    MULTIPART_AUTO struct multipart *multipart = multipart_create(type, &events, told, &err);
    assert(multipart);
    int read = 0;
    for (size_t at = 0; at < size && read == 0; at += piece)
        read = multipart_feed(multipart, body + at, size - at < piece ? size - at : piece, &err);
    return read == 0 ? multipart_finish(multipart, &err) : -1;
}

static void check_cuts(const char *body, size_t size, size_t piece)
{
    struct told whole = {0}, cut = {0};
    int read = read_in_pieces(TYPE, body, size, size ? size : 1, &whole);
    assert(read_in_pieces(TYPE, body, size, piece, &cut) == read);
    assert(cut.parts == whole.parts && cut.text.size == whole.text.size);
    assert(whole.text.size == 0 || memcmp(cut.text.data, whole.text.data, whole.text.size) == 0);
    assert(read != 0 || !whole.in_part);
    cg_bytes_finish(&whole.text);
    cg_bytes_finish(&cut.text);
}

/* Any data without the delimiter in it comes out as it went in. */
static void check_round(const char *content, size_t size, size_t piece)
{
    static const char head[] = "--b d\r\nContent-Disposition: form-data; name=x\r\n\r\n", tail[] = "\r\n--b d--";
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes body = {0};
    if (size >= 7)
        for (size_t i = 0; i + 7 <= size; i++)
            if (memcmp(content + i, "\r\n--b d", 7) == 0)
                return;
    cg_bytes_append_text(&body, head, &err);
    cg_bytes_append(&body, content, size, &err);
    cg_bytes_append_text(&body, tail, &err);
    struct told told = {0};
    assert(read_in_pieces(TYPE, body.data, body.size, piece, &told) == 0);
    assert(told.parts == 1 && told.text.size == size + 4);
    assert(size == 0 || memcmp(told.text.data + 4, content, size) == 0);
    cg_bytes_finish(&told.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t piece = data[0] % 61U + 1;
    const char *body = (const char *)data + 1;
    check_cuts(body, size - 1, piece);
    check_round(body, size - 1, piece);
    return 0;
}
