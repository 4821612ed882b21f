/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/small.h"

#include "koji/multicall.h"
#include "koji/upload_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const char method[] = "uploadFile";

/* Reads the whole file, which has `size` bytes. 0, or -1 with CG_E_IO, or CG_E_MISMATCH if it has another size. */
static int read_file(const char *path, size_t size, struct cg_bytes *content, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cg_fail_errno(err, "open", path);
    /* One byte of room more, to see a file that grew. */
    if (cg_bytes_reserve(content, size + 1, err) < 0)
        return -1;
    while (content->size <= size) {
        ssize_t got = read(fd, content->data + content->size, size + 1 - content->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cg_fail_errno(err, "read", path);
        if (got == 0)
            break;
        content->size += (size_t)got;
    }
    if (content->size != size)
        return cg_fail(err, CG_E_MISMATCH, "%s changed its size while it was read: it had %zu bytes", path, size);
    return 0;
}

/* Is the content what the metadata says? 0, or -1 with CG_E_MISMATCH and a finding. */
static int check_content(struct import_work *work, const struct import_parcel *parcel, const struct cg_bytes *content,
                         struct cg_error *err)
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create((unsigned)parcel->output->checksum_kind, err);
    struct cg_digests digests;
    if (!digest || cg_digest_update(digest, cg_bytes_text(content), content->size, err) < 0 ||
        cg_digest_read(digest, &digests, err) < 0)
        return -1;
    return import_parcel_judge(work, parcel, &digests, err);
}

static int add_parcel(struct import_work *work, const struct import_parcel *parcel, json_t *calls, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes content = {0};
    if (read_file(parcel->local_path, (size_t)parcel->output->size_bytes, &content, err) < 0 ||
        check_content(work, parcel, &content, err) < 0)
        return -1;
    json_t *params =
        koji_upload_file_params(parcel->hub_directory, parcel->filename, cg_bytes_text(&content), content.size, err);
    return params ? koji_multicall_add(calls, method, params, err) : -1;
}

/* Calls for all small parcels that wait and, when it is not too large, the metadata, which is last. */
static int make_calls(struct import_work *work, const struct import_parcels *parcels, json_t *calls,
                      struct cg_error *err)
{
    for (size_t i = 0; i < parcels->count; i++) {
        const struct import_parcel *parcel = &parcels->items[i];
        if (parcel->small && parcel->state == IMPORT_PARCEL_WAITS && add_parcel(work, parcel, calls, err) < 0)
            return -1;
    }
    if (work->text.size > IMPORT_SMALL_TOTAL_BYTES)
        return 0;
    json_t *params =
        koji_upload_file_params(work->directory, IMPORT_METADATA_NAME, work->text.data, work->text.size, err);
    return params ? koji_multicall_add(calls, method, params, err) : -1;
}

/* Marks what arrived. 1 when everything did, the metadata included. */
static int read_results(struct import_work *work, struct import_parcels *parcels, const json_t *results)
{
    size_t at = 0;
    bool all = true;
    for (size_t i = 0; i < parcels->count; i++) {
        struct import_parcel *parcel = &parcels->items[i];
        if (!parcel->small || parcel->state != IMPORT_PARCEL_WAITS)
            continue;
        struct cg_error ignored = {0};
        const json_t *answer = koji_multicall_result(results, at++, method, &ignored);
        if (json_is_true(answer)) {
            parcel->state = IMPORT_PARCEL_THERE;
            work->result->sent_bytes += parcel->output->size_bytes;
        } else {
            all = false;
        }
    }
    struct cg_error ignored = {0};
    const json_t *answer = koji_multicall_result(results, at, method, &ignored);
    return all && json_is_true(answer);
}

int import_small_send(struct import_work *work, struct import_parcels *parcels, struct cg_error *err)
{
    CG_AUTO_JSON json_t *calls = json_array();
    if (!calls)
        return cg_fail_memory(err);
    if (make_calls(work, parcels, calls, err) < 0)
        return -1;
    if (json_array_size(calls) == 0)
        return 0;
    CG_AUTO_JSON json_t *results = NULL;
    struct cg_error fault = {0};
    int sent = koji_session_multicall(work->session, KOJI_READ, calls, &results, &fault);
    if (sent == 0 && koji_session_sends(work->session) == 1)
        return read_results(work, parcels, results);
    /* A repeat may have met what the first try had written: an upload is looked for, not believed. */
    if (sent == 0 || fault.code == CG_E_TOO_LARGE || fault.code == CG_E_HUB_REFUSED)
        return 0;
    *err = fault;
    return -1;
}
