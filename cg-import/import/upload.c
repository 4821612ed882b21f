/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* _DEFAULT_SOURCE: getentropy(3). */
#define _DEFAULT_SOURCE
#include "import/upload.h"

#include "import/lanes.h"
#include "import/link.h"
#include "import/small.h"
#include "import/stage.h"
#include "koji/multicall.h"
#include "koji/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A name that nobody used before: 128 random bits. */
static int choose_directory(struct import_work *work, struct cg_error *err)
{
    unsigned char random[16];
    char digits[2 * sizeof random + 1];
    if (getentropy(random, sizeof random) < 0)
        return cg_fail_errno(err, "get", "random bytes");
    cg_hex(digits, random, sizeof random);
    snprintf(work->directory, sizeof work->directory, "cg-import/%s", digits);
    return 0;
}

/* Asks the hub for the files that the journal says it has. New reference to the answers, NULL on failure. */
static json_t *ask_for_files(struct import_work *work, const struct import_parcels *parcels, struct cg_error *err)
{
    CG_AUTO_JSON json_t *calls = json_array();
    for (size_t i = 0; i < parcels->count; i++) {
        const struct import_parcel *parcel = &parcels->items[i];
        if (koji_multicall_add(calls, "checkUpload", json_pack("[s, s]", parcel->hub_directory, parcel->filename),
                               err) < 0)
            return NULL;
    }
    json_t *results = NULL;
    koji_session_multicall(work->session, KOJI_READ, calls, &results, err);
    return results;
}

/*
 * What an earlier run sent: files that the journal names and the hub still has are there; of the others the hub may
 * have a part. A hub cleans its work directory, so the journal alone is not believed.
 */
static int find_sent(struct import_work *work, struct import_parcels *parcels, const struct import_record *record,
                     struct cg_error *err)
{
    CG_AUTO_JSON json_t *results = ask_for_files(work, parcels, err);
    if (!results)
        return -1;
    for (size_t i = 0; i < parcels->count; i++) {
        struct import_parcel *parcel = &parcels->items[i];
        struct cg_error ignored = {0};
        const json_t *answer = koji_multicall_result(results, i, "checkUpload", &ignored);
        const json_t *size = json_object_get(answer, "size");
        const json_t *recorded = json_object_get(record->files, parcel->path);
        if (!json_is_integer(size))
            continue;
        parcel->resume_bytes = parcel->output->size_bytes;
        if (json_is_integer(recorded) && json_equal(recorded, size) &&
            (uint64_t)json_integer_value(size) == parcel->output->size_bytes)
            parcel->state = IMPORT_PARCEL_THERE;
    }
    return 0;
}

/* Goes on in the directory of an earlier run, or begins a new one. */
static int begin(struct import_work *work, struct import_parcels *parcels, struct cg_error *err)
{
    const struct import_record *record = import_journal_record(work->journal);
    if (record && record->directory && strlen(record->directory) < sizeof work->directory) {
        snprintf(work->directory, sizeof work->directory, "%s", record->directory);
        import_note(work, "going on with the upload of an earlier run, work/%s", work->directory);
        return import_parcels_make(work, parcels, err) < 0 ? -1 : find_sent(work, parcels, record, err);
    }
    if (choose_directory(work, err) < 0 || import_parcels_make(work, parcels, err) < 0)
        return -1;
    enum import_journal_when when =
        parcels->total_bytes < IMPORT_JOURNAL_FILE_BYTES ? IMPORT_JOURNAL_WITH_NEXT : IMPORT_JOURNAL_NOW;
    return import_journal_directory(work->journal, work->directory, when, err);
}

/* Says what a broken upload leaves. One that had a wrong file in it is not gone on with. */
static void tell_left(struct import_work *work, const struct cg_error *failure)
{
    struct cg_error ignored = {0};
    if (failure->code == CG_E_MISMATCH)
        import_journal_import_failed(work->journal, &ignored);
    if (work->result->sent_bytes == 0)
        return;
    const struct import_record *record = import_journal_record(work->journal);
    import_left_on_hub(work, "%" PRIu64 " bytes of uploads in work/%s%s; the hub removes them by itself in time",
                       work->result->sent_bytes, work->directory,
                       record && record->directory ? ", which the same command run again goes on with" : "");
}

int import_upload(struct import_work *work, struct import_parcels *parcels, struct cg_error *err)
{
    import_tell_step(work, IMPORT_STEP_UPLOAD, NULL);
    if (begin(work, parcels, err) < 0)
        return -1;
    if (work->request->transfer == IMPORT_LINK)
        return import_link(work, parcels, err);
    if (import_stage(work, parcels, err) < 0)
        return -1;
    if (import_lanes_send(work, parcels, IMPORT_LANES_LARGE, err) < 0) {
        tell_left(work, err);
        return -1;
    }
    return 0;
}

/* The metadata as a raw upload, when it is too large for a call or its call did not go well. */
static int send_metadata(struct import_work *work, uint64_t resume_bytes, struct cg_error *err)
{
    CG_AUTO_FILE FILE *file = tmpfile();
    if (!file || fwrite(work->text.data, 1, work->text.size, file) != work->text.size || fflush(file) != 0)
        return cg_fail_errno(err, "write", "a temporary file");
    AUTO_KOJI_LANE struct koji_lane *lane = koji_lane_create_over(work->session, err);
    if (!lane)
        return -1;
    rewind(file);
    struct koji_upload upload = {
        .fd = fileno(file),
        .local_name = IMPORT_METADATA_NAME,
        .directory = work->directory,
        .filename = IMPORT_METADATA_NAME,
        .size_bytes = work->text.size,
        .resume_bytes = resume_bytes,
    };
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    return koji_lane_upload(lane, &upload, &digests, &sent_bytes, err);
}

/* The request that had all small files went wrong somehow: each is looked for on the hub and sent if need be. */
static int send_one_by_one(struct import_work *work, struct import_parcels *parcels, struct cg_error *err)
{
    for (size_t i = 0; i < parcels->count; i++)
        if (parcels->items[i].state == IMPORT_PARCEL_WAITS)
            parcels->items[i].resume_bytes = parcels->items[i].output->size_bytes;
    if (import_lanes_send(work, parcels, IMPORT_LANES_ALL, err) < 0)
        return -1;
    return send_metadata(work, work->text.size, err);
}

int import_upload_rest(struct import_work *work, struct import_parcels *parcels, struct cg_error *err)
{
    int sent = import_small_send(work, parcels, err);
    if (sent == 0)
        sent = send_one_by_one(work, parcels, err) < 0 ? -1 : 1;
    if (sent < 0) {
        tell_left(work, err);
        return -1;
    }
    if (work->listener->progress)
        work->listener->progress(work->listener->context, parcels->total_bytes, parcels->total_bytes);
    return 0;
}
