/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/image_archive.h"

#include "cg/json.h"
#include "content/image_path.h"

#include <archive_entry.h>
#include <stdio.h>
#include <string.h>

/* Links followed from one to the next: docker save of old makes one, no more. */
#define LINKS_MOST 8

/* --- the bytes of one entry ----------------------------------------------------------------------------------------
 */

/* The entry as the source of another stream; its first piece is looked at before. */
struct entry_source {
    struct image_tar *tar;
    const void *first;
    size_t first_size;
    bool failed; /* the archive itself broke, and not what is in the entry */
};

static ssize_t pull_entry(void *context, const void **data, struct cg_error *err)
{
    struct entry_source *source = context;
    if (source->first_size > 0) {
        *data = source->first;
        ssize_t size = (ssize_t)source->first_size;
        source->first_size = 0;
        return size;
    }
    uint64_t offset;
    ssize_t size = image_tar_pull(source->tar, data, &offset, err);
    source->failed = source->failed || size < 0;
    return size;
}

static int peek(struct entry_source *source, struct cg_error *err)
{
    ssize_t size = pull_entry(source, &source->first, err);
    source->first_size = size > 0 ? (size_t)size : 0;
    return size < 0 ? -1 : 0;
}

/* --- documents -----------------------------------------------------------------------------------------------------
 */

static bool looks_like_document(const struct entry_source *source, int64_t size)
{
    const char *text = source->first;
    size_t i = 0;
    while (i < source->first_size && strchr(" \t\r\n", text[i]) && text[i])
        i++;
    return size <= (int64_t)IMAGE_DOCUMENT_MOST && i < source->first_size && (text[i] == '{' || text[i] == '[');
}

static int read_document(struct image_archive *archive, struct image_member *member, struct entry_source *source,
                         struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    const void *data;
    ssize_t size;
    if (!digest)
        return -1;
    while ((size = pull_entry(source, &data, err)) > 0)
        if (image_budget_take(&archive->budget->json_bytes, (uint64_t)size, "bytes of configurations", err) < 0 ||
            cg_bytes_append(&text, data, (size_t)size, err) < 0)
            return -1;
    if (size < 0 || cg_digest_update(digest, cg_bytes_text(&text), text.size, err) < 0 ||
        cg_digest_read(digest, &member->layer->packed, err) < 0)
        return -1;
    member->layer->unpacked = member->layer->packed;
    struct cg_error failure = {0};
    member->document = cg_json_read(cg_bytes_text(&text), text.size, NULL, &failure);
    if (!member->document && failure.code == CG_E_MEMORY)
        return cg_fail_memory(err);
    member->kind = member->document ? IMAGE_MEMBER_DOCUMENT : IMAGE_MEMBER_OTHER;
    return 0;
}

/* --- layers and other files ----------------------------------------------------------------------------------------
 */

static int keep_text(struct image_member *member, const struct entry_source *source, int64_t size, struct cg_error *err)
{
    if (size > IMAGE_TEXT_MOST || source->first_size == 0)
        return 0;
    member->text = strndup(source->first, source->first_size);
    return member->text ? 0 : cg_fail_memory(err);
}

/* A broken layer does not keep the rest of the archive from being read. */
static int settle_layer(struct image_member *member, const struct entry_source *source, const struct cg_error *failure,
                        struct cg_error *err)
{
    if (source->failed || failure->code != CG_E_FORM) {
        *err = *failure;
        return -1;
    }
    member->kind = IMAGE_MEMBER_LAYER;
    member->fault = strdup(failure->message);
    return member->fault ? 0 : cg_fail_memory(err);
}

static int read_layer(struct image_archive *archive, struct image_member *member, struct entry_source *source,
                      struct cg_error *err)
{
    const struct image_source from = {.pull = pull_entry, .context = source};
    struct cg_error failure = {0};
    AUTO_IMAGE_STREAM struct image_stream *stream = image_stream_open(from, archive->budget, &failure);
    int is_layer =
        stream ? image_layer_read(member->layer, stream, archive->budget, archive->directory_fd, &failure) : -1;
    if (is_layer < 0)
        return settle_layer(member, source, &failure, err);
    member->kind = is_layer ? IMAGE_MEMBER_LAYER : IMAGE_MEMBER_OTHER;
    return 0;
}

/* --- the archive ---------------------------------------------------------------------------------------------------
 */

static struct image_member *add_member(struct image_archive *archive, const char *name, struct cg_error *err)
{
    if (archive->count >= IMAGE_MEMBERS_MOST) {
        cg_fail(err, CG_E_LIMIT, "more than %d members", IMAGE_MEMBERS_MOST);
        return NULL;
    }
    /* The array grows by doubling. */
    if ((archive->count & (archive->count - 1)) == 0) {
        size_t room = archive->count ? 2 * archive->count : 1;
        struct image_member *grown = realloc(archive->members, room * sizeof *grown);
        if (!grown) {
            cg_fail_memory(err);
            return NULL;
        }
        archive->members = grown;
    }
    struct image_member *member = &archive->members[archive->count];
    *member = (struct image_member){
        .kind = IMAGE_MEMBER_OTHER, .name = strdup(name), .layer = calloc(1, sizeof *member->layer)};
    archive->count++;
    if (!member->name || !member->layer) {
        cg_fail_memory(err);
        return NULL;
    }
    member->layer->number = (unsigned)archive->count;
    return member;
}

static int add_alias(struct image_archive *archive, const char *name, struct archive_entry *entry, struct cg_error *err)
{
    const char *hard = archive_entry_hardlink(entry), *symbolic = archive_entry_symlink(entry);
    CG_AUTO_BYTES struct cg_bytes target = {0};
    int cleaned =
        hard ? image_path_clean(&target, hard, err) : image_path_resolve(&target, name, symbolic ? symbolic : "", err);
    struct image_member *member = cleaned < 0 ? NULL : add_member(archive, name, err);
    if (!member)
        return -1;
    member->kind = IMAGE_MEMBER_ALIAS;
    member->target = strdup(cg_bytes_text(&target));
    return member->target ? 0 : cg_fail_memory(err);
}

static int take_entry(struct image_archive *archive, struct image_tar *tar, struct archive_entry *entry,
                      struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes name = {0};
    if (image_path_clean(&name, archive_entry_pathname(entry), err) < 0)
        return -1;
    if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) == AE_IFLNK)
        return add_alias(archive, cg_bytes_text(&name), entry, err);
    if (archive_entry_filetype(entry) != AE_IFREG)
        return 0;
    struct image_member *member = add_member(archive, cg_bytes_text(&name), err);
    struct entry_source source = {.tar = tar};
    if (!member || peek(&source, err) < 0)
        return -1;
    if (looks_like_document(&source, archive_entry_size(entry)))
        return read_document(archive, member, &source, err);
    if (keep_text(member, &source, archive_entry_size(entry), err) < 0)
        return -1;
    return read_layer(archive, member, &source, err);
}

int image_archive_read(struct image_archive *archive, struct image_source source, struct cg_error *err)
{
    AUTO_IMAGE_STREAM struct image_stream *stream = image_stream_open(source, archive->budget, err);
    if (!stream)
        return -1;
    snprintf(archive->compression, sizeof archive->compression, "%s", image_stream_compression(stream));
    AUTO_IMAGE_TAR struct image_tar *tar = image_tar_open(stream, err);
    if (!tar)
        return -1;
    struct archive_entry *entry;
    struct cg_error failure = {0};
    int more;
    while ((more = image_tar_next(tar, &entry, &failure)) == 1)
        if (take_entry(archive, tar, entry, err) < 0)
            return -1;
    if (more < 0 && image_tar_is_none(tar))
        return 0;
    if (more < 0 && err)
        *err = failure;
    return more < 0 ? -1 : 1;
}

int image_archive_find(const struct image_archive *archive, const char *name, const struct image_member **member,
                       struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    *member = NULL;
    if (image_path_clean(&path, name, err) < 0)
        return -1;
    const char *wanted = cg_bytes_text(&path);
    for (unsigned links = 0; links <= LINKS_MOST; links++) {
        size_t i = archive->count;
        while (i > 0 && strcmp(archive->members[i - 1].name, wanted) != 0)
            i--;
        if (i == 0)
            return 0;
        if (archive->members[i - 1].kind != IMAGE_MEMBER_ALIAS) {
            *member = &archive->members[i - 1];
            return 0;
        }
        wanted = archive->members[i - 1].target;
    }
    return 0;
}

void image_archive_finish(struct image_archive *archive)
{
    for (size_t i = 0; i < archive->count; i++) {
        struct image_member *member = &archive->members[i];
        free(member->name);
        free(member->target);
        free(member->fault);
        free(member->text);
        free(member->layer);
        json_decref(member->document);
    }
    free(archive->members);
    archive->members = NULL;
    archive->count = 0;
}
