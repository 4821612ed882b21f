/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/submission_outputs.h"

#include "content/reference.h"
#include "content/spool.h"
#include "intake/output_verdict.h"
#include "store/contents.h"

#include <inttypes.h>
#include <string.h>

#define OUTPUTS_MAX 10000U
#define OUTPUT_BYTES_MAX (1024ULL * 1024 * 1024 * 1024)

/* --- what the metadata names ---------------------------------------------------------------------------------------
 */

static int copy_output(struct store_output *to, unsigned position, const struct cg_output *from, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_output_path(from, &path, err) != 0)
        return -1;
    to->position = position;
    to->size_bytes = from->size_bytes;
    to->path = cg_bytes_steal(&path);
    to->checksum_type = strdup(cg_digest_name(from->checksum_kind));
    to->checksum = strdup(from->checksum);
    return to->path && to->checksum_type && to->checksum ? 0 : cg_fail_memory(err);
}

int submission_list_outputs(struct submission *s, struct cg_error *err)
{
    const struct intake_limits *limits = &s->service->limits;
    size_t count = s->metadata->output_count;
    size_t most = limits->outputs ? limits->outputs : OUTPUTS_MAX;
    uint64_t most_bytes = limits->output_bytes ? limits->output_bytes : OUTPUT_BYTES_MAX;
    if (count > most)
        return cg_fail(err, CG_E_LIMIT, "the build has %zu outputs, at most %zu are taken", count, most);
    s->outputs = calloc(count ? count : 1, sizeof *s->outputs);
    if (!s->outputs)
        return cg_fail_memory(err);
    s->output_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct cg_output *output = &s->metadata->outputs[i];
        if (output->size_bytes > most_bytes)
            return cg_fail(err, CG_E_LIMIT, "output %s has %" PRIu64 " bytes, at most %" PRIu64 " are taken",
                           output->filename, output->size_bytes, most_bytes);
        if (copy_output(&s->outputs[i], (unsigned)i, output, err) != 0)
            return -1;
    }
    return 0;
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int submission_find_output(const struct submission *s, const char *filename, size_t *index, struct cg_error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < s->output_count; i++) {
        if (strcmp(s->outputs[i].path, filename) == 0) {
            *index = i;
            return 0;
        }
        if (strcmp(last_component(s->outputs[i].path), filename) == 0) {
            *index = i;
            found++;
        }
    }
    if (found == 1)
        return 0;
    if (found == 0)
        return cg_fail(err, CG_E_MISMATCH, "file %.200s is no output of the metadata", filename);
    cg_fail(err, CG_E_MISMATCH, "file %.200s may be any of %zu outputs", filename, found);
    return cg_hint(err, "give the output's relpath/filename as the file's name");
}

/* --- the files that are them ---------------------------------------------------------------------------------------
 */

int submission_place(struct submission *s, size_t index, const struct cg_digests *digests, struct cg_error *err)
{
    struct store_output *output = &s->outputs[index];
    if (output->sha256)
        return cg_fail(err, CG_E_USAGE, "output %s was sent twice", output->path);
    if (output_verdict(output, digests, &s->refusal, err) != 0)
        return -1;
    if (store_content_add(s->service->store, digests, err) != 0)
        return -1;
    output->sha256 = strdup(digests->sha256);
    output->received_bytes = digests->size_bytes;
    return output->sha256 ? 0 : cg_fail_memory(err);
}

/* Does the store know a content that accepting will link? adler32 is too weak for that. 1, 0, -1. */
static int is_known(const struct submission *s, const struct store_output *output, struct cg_error *err)
{
    unsigned kind = cg_digest_kind(output->checksum_type);
    struct cg_digests known;
    if (kind == CG_DIGEST_ADLER32)
        return 0;
    return store_content_find(s->service->store, (enum cg_digest_kind)kind, output->checksum, output->size_bytes,
                              &s->caller->scope, &known, err);
}

static int take_one(struct submission *s, size_t index, const char *root, const char *directory, struct cg_error *err)
{
    int known = is_known(s, &s->outputs[index], err);
    if (known != 0)
        return known < 0 ? -1 : 0;
    CG_AUTO_BYTES struct cg_bytes path = {0};
    const char *separator = *directory ? "/" : "";
    if (cg_bytes_printf(&path, err, "%s%s%s", directory, separator, s->outputs[index].path) != 0)
        return -1;
    CG_AUTO_FD int fd = reference_open(s->service->roots, s->service->root_count, root, cg_bytes_text(&path), err);
    /* What cannot be opened is a mistake of the post, and an answer that a caller can act on. */
    if (fd < 0 && err->code == CG_E_IO) {
        err->code = CG_E_MISMATCH;
        snprintf(err->message, sizeof err->message, "cannot open %.400s below %.200s", cg_bytes_text(&path), root);
    }
    if (fd < 0)
        return -1;
    struct cg_digests digests;
    if (spool_take(s->service->spool, fd, &digests, err) != 0)
        return refusal_of_content(&s->refusal, err);
    return submission_place(s, index, &digests, err);
}

int submission_take_referenced(struct submission *s, struct cg_error *err)
{
    if (!s->options.reference)
        return 0;
    CG_AUTO_FREE char *root = strdup(s->options.reference);
    if (!root)
        return cg_fail_memory(err);
    char *directory = strchr(root, ':');
    *directory++ = '\0';
    for (size_t size = strlen(directory); size > 0 && directory[size - 1] == '/'; size--)
        directory[size - 1] = '\0';
    for (size_t i = 0; i < s->output_count; i++)
        if (!s->outputs[i].sha256 && take_one(s, i, root, directory, err) != 0)
            return -1;
    return 0;
}
