/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/parcels.h"

#include "import/files.h"

#include <string.h>

/* "a/b" with "b" cut off: its length, 0 when there is no slash. */
static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

static int make_parcel(const struct import_work *work, size_t index, struct import_parcel *parcel, struct cg_error *err)
{
    parcel->output = &work->metadata->outputs[index];
    parcel->index = index;
    CG_AUTO_BYTES struct cg_bytes path = {0};
    CG_AUTO_BYTES struct cg_bytes local = {0};
    CG_AUTO_BYTES struct cg_bytes hub = {0};
    if (cg_output_path(parcel->output, &path, err) < 0 ||
        cg_bytes_printf(&local, err, "%s/%s", work->request->directory, path.data) < 0)
        return -1;
    size_t length = directory_length(path.data);
    if (cg_bytes_printf(&hub, err, "%s%s%.*s", work->directory, length > 0 ? "/" : "", (int)length, path.data) < 0)
        return -1;
    parcel->filename = path.data + (length > 0 ? length + 1 : 0);
    parcel->path = cg_bytes_steal(&path);
    parcel->local_path = cg_bytes_steal(&local);
    parcel->hub_directory = cg_bytes_steal(&hub);
    return 0;
}

/* In the order of the document, as long as they fit into one request beside the metadata. */
static void choose_small(struct import_parcels *parcels, size_t metadata_bytes)
{
    uint64_t used = metadata_bytes;
    for (size_t i = 0; i < parcels->count; i++) {
        uint64_t size_bytes = parcels->items[i].output->size_bytes;
        if (size_bytes > IMPORT_SMALL_BYTES || used + size_bytes > IMPORT_SMALL_TOTAL_BYTES)
            continue;
        parcels->items[i].small = true;
        used += size_bytes;
    }
}

int import_parcels_make(const struct import_work *work, struct import_parcels *parcels, struct cg_error *err)
{
    size_t count = work->metadata->output_count;
    AUTO_IMPORT_PARCELS struct import_parcels made = {.items = calloc(count + 1, sizeof *made.items)};
    if (!made.items)
        return cg_fail_memory(err);
    for (; made.count < count; made.count++) {
        struct import_parcel *parcel = &made.items[made.count];
        if (make_parcel(work, made.count, parcel, err) < 0)
            return -1;
        made.total_bytes += parcel->output->size_bytes;
    }
    choose_small(&made, work->text.size);
    *parcels = CG_MOVE(made);
    return 0;
}

unsigned import_parcel_kinds(const struct import_parcel *parcel)
{
    const struct cg_output *output = parcel->output;
    bool judged = output->checksum_kind == CG_DIGEST_SHA256 || output->size_bytes <= IMPORT_JUDGED_BYTES;
    return judged ? (unsigned)output->checksum_kind : 0;
}

int import_parcel_judge(const struct import_work *work, const struct import_parcel *parcel,
                        const struct cg_digests *digests, struct cg_error *err)
{
    const struct cg_output *output = parcel->output;
    const char *actual = cg_digests_get(digests, output->checksum_kind);
    if (!actual[0] || strcmp(actual, output->checksum) == 0)
        return 0;
    if (import_files_report_checksum(work->result->report, output, parcel->index, parcel->path, actual, err) < 0)
        return -1;
    return cg_fail(err, CG_E_MISMATCH, "%s has the %s %s, the metadata says %s", parcel->path,
                   cg_digest_name(output->checksum_kind), actual, output->checksum);
}

void import_parcels_finish(struct import_parcels *parcels)
{
    for (size_t i = 0; i < parcels->count; i++) {
        free(parcels->items[i].path);
        free(parcels->items[i].local_path);
        free(parcels->items[i].hub_directory);
    }
    free(parcels->items);
    *parcels = (struct import_parcels){0};
}
