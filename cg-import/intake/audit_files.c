/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The published audit log as files, C2SP tlog-tiles: GET /checkpoint, /tile/LEVEL/N, /tile/entries/N. */
#include "cg/tile.h"
#include "intake/published.h"
#include "intake/resources.h"
#include "intake/visible.h"

#include <string.h>

static void no_such_file(struct intake_request *request)
{
    struct cg_error err = {0};
    cg_fail(&err, CG_E_INCOMPLETE, "the published audit log has no such file");
    intake_fail(request, &err, NULL);
}

/* What a file is served as: the checkpoint changes, all others never do. */
static void answer_file(struct intake_request *request, const char *name, const char *type, const char *cache)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes content = {0};
    const char *directory = intake_options(request)->audit_directory;
    int found = directory ? published_file(directory, name, &content, &err) : 0;
    if (found < 0) {
        intake_fail(request, &err, NULL);
        return;
    }
    if (found == 0) {
        no_such_file(request);
        return;
    }
    intake_set_header(request, "Cache-Control", cache);
    intake_answer_bytes(request, 200, type, &content);
}

static void checkpoint_end(struct intake_request *request, void *state)
{
    (void)state;
    answer_file(request, "checkpoint", "text/plain; charset=utf-8", "no-cache");
}

const struct intake_handler intake_audit_checkpoint = {.end = checkpoint_end};

/* "tile/LEVEL/A/B/C/D" of those that the route has. 0, or -1 when that is no path of such a tile in its one spelling:
 * a value may hold an encoded slash, and entries are not for everyone. */
static int tile_name(const struct intake_request *request, const char *level, enum cg_tile_kind kind,
                     char name[CG_TILE_PATH_SIZE])
{
    static const char *const segments[] = {"a", "b", "c", "d"};
    struct cg_error ignored = {0};
    CG_AUTO_BYTES struct cg_bytes path = {0};
    struct cg_tile tile;
    if (cg_bytes_printf(&path, &ignored, "tile/%s", level) != 0)
        return -1;
    for (size_t i = 0; i < sizeof segments / sizeof segments[0] && intake_path(request, segments[i]); i++)
        if (cg_bytes_printf(&path, &ignored, "/%s", intake_path(request, segments[i])) != 0)
            return -1;
    if (cg_tile_parse_path(cg_bytes_text(&path), &tile, &ignored) != 0 || tile.kind != kind)
        return -1;
    cg_tile_path(&tile, name);
    return 0;
}

static void answer_tile(struct intake_request *request, const char *level, enum cg_tile_kind kind)
{
    char name[CG_TILE_PATH_SIZE];
    if (tile_name(request, level, kind, name) != 0)
        no_such_file(request);
    else
        answer_file(request, name, "application/octet-stream", "public, max-age=31536000, immutable");
}

static void tile_end(struct intake_request *request, void *state)
{
    (void)state;
    answer_tile(request, intake_path(request, "level"), CG_TILE_HASHES);
}

static void entries_end(struct intake_request *request, void *state)
{
    (void)state;
    if (visible_all_or_refuse(request) == 0)
        answer_tile(request, "entries", CG_TILE_ENTRIES);
}

const struct intake_handler intake_audit_tile = {.end = tile_end};
const struct intake_handler intake_audit_entries = {.end = entries_end};
