/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/stage.h"

#include "import/upload.h"
#include "koji/hub_module.h"

/* The kinds of digest that the hub keeps of archives. */
static bool is_stageable(const struct import_parcel *parcel)
{
    enum cg_digest_kind kind = parcel->output->checksum_kind;
    return parcel->state == IMPORT_PARCEL_WAITS && !parcel->small &&
           (kind == CG_DIGEST_SHA256 || kind == CG_DIGEST_MD5);
}

/* The hub has the parcel's file: as if it had been sent. */
static int take_staged(struct import_work *work, const struct import_parcels *parcels, struct import_parcel *parcel,
                       struct cg_error *err)
{
    uint64_t size_bytes = parcel->output->size_bytes;
    parcel->state = IMPORT_PARCEL_THERE;
    work->result->linked_bytes += size_bytes;
    if (work->listener->progress)
        work->listener->progress(work->listener->context, work->result->linked_bytes, parcels->total_bytes);
    return size_bytes < IMPORT_JOURNAL_FILE_BYTES ? 0
                                                  : import_journal_file(work->journal, parcel->path, size_bytes, err);
}

/* Asks for the chosen parcels, `count` of them. */
static int stage(struct import_work *work, struct import_parcels *parcels, struct import_parcel *const *chosen,
                 const struct koji_stage_wish *wishes, size_t count, struct cg_error *err)
{
    CG_AUTO_JSON json_t *staged = NULL;
    struct cg_error failed = {0};
    if (koji_module_stage(work->session, work->directory, wishes, count, &staged, &failed) < 0) {
        if (failed.fault == 0 && failed.code != CG_E_HUB_REPLY) {
            *err = failed;
            return -1;
        }
        import_note(work, "the hub cannot tell what it holds, all is sent: %s", failed.message);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        if (json_is_string(json_array_get(staged, i)) && take_staged(work, parcels, chosen[i], err) < 0)
            return -1;
    return 0;
}

int import_stage(struct import_work *work, struct import_parcels *parcels, struct cg_error *err)
{
    if (!(work->lists->module & KOJI_MODULE_STAGES))
        return 0;
    CG_AUTO_FREE struct koji_stage_wish *wishes = calloc(parcels->count + 1, sizeof *wishes);
    CG_AUTO_FREE struct import_parcel **chosen = calloc(parcels->count + 1, sizeof(struct import_parcel *));
    size_t count = 0;
    if (!wishes || !chosen)
        return cg_fail_memory(err);
    for (size_t i = 0; i < parcels->count && count < KOJI_STAGE_MOST; i++) {
        struct import_parcel *parcel = &parcels->items[i];
        if (!is_stageable(parcel))
            continue;
        chosen[count] = parcel;
        wishes[count++] = (struct koji_stage_wish){.path = parcel->path,
                                                   .kind = parcel->output->checksum_kind,
                                                   .checksum = parcel->output->checksum,
                                                   .size_bytes = parcel->output->size_bytes};
    }
    return count > 0 ? stage(work, parcels, chosen, wishes, count, err) : 0;
}
