/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/content_stage.h"

#include "base/beneath.h"

/* Is it worth looking at another place after this? What is no fault of this one place would come again. */
static bool is_of_the_place(const struct cg_error *failed)
{
    return failed->code == CG_E_IO || failed->code == CG_E_USAGE;
}

static int note(struct cg_bytes *notes, const struct content_place *place, const char *what, struct cg_error *err)
{
    return cg_bytes_printf(notes, err, "%s%s of %s: %s", notes->size > 0 ? "; " : "", place->path, place->nvr, what);
}

/* 1, 0, -1 as content_stage(). */
static int try_place(const struct content_staging *staging, const struct content_place *place, int directory,
                     enum staging_method *method, struct cg_bytes *notes, struct cg_error *err)
{
    struct cg_error failed = {0};
    CG_AUTO_FD int source = beneath_open_file(place->root, place->path, &failed);
    int staged = -1;
    if (source >= 0)
        staged = staging_place(source, directory, staging->target.name, staging->id, staging->seal, staging->links,
                               staging->threads, method, &failed);
    if (staged == 1)
        return 1;
    if (staged == 0)
        return note(notes, place, "is not what it was when it was imported", err);
    if (source < 0 && is_of_the_place(&failed))
        return note(notes, place, failed.message, err);
    *err = failed;
    return -1;
}

int content_stage(const struct content_staging *staging, enum staging_method *method, struct cg_bytes *notes,
                  struct cg_error *err)
{
    CG_AUTO_FD int directory = beneath_open_directory(staging->target.work, staging->target.directory, err);
    if (directory < 0)
        return -1;
    for (size_t i = 0; i < staging->places->count; i++) {
        const struct content_place *place = &staging->places->items[i];
        int staged = place->content == staging->content ? try_place(staging, place, directory, method, notes, err) : 0;
        if (staged != 0)
            return staged;
    }
    return 0;
}
