/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/image_reader.h"

#include "content/image_confine.h"
#include "content/image_describe.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define READ_SIZE (256U * 1024U)

static json_t *no_facts(const char *compression)
{
    return json_pack("{s:s, s:s, s:[], s:[]}", "form", "none", "compression", compression, "faults", "images");
}

/* A failure becomes a fault, unless there is no memory to write it down. */
static int tell_failure(json_t *facts, const struct cg_error *failure, struct cg_error *err)
{
    if (failure->code == CG_E_FORM)
        return image_describe_fault(facts, "broken", failure->message, err);
    return image_describe_fault(facts, "unread", failure->message, err);
}

json_t *image_read(struct image_source source, struct image_budget budget, int directory_fd, const char *directory,
                   struct cg_error *err)
{
    CG_AUTO(image_archive_finish)
    struct image_archive archive = {.budget = &budget, .directory_fd = directory_fd, .compression = "none"};
    struct cg_error failure = {0};
    int read = image_archive_read(&archive, source, &failure);
    CG_AUTO_JSON json_t *facts = no_facts(archive.compression);
    if (!facts) {
        cg_fail_memory(err);
        return NULL;
    }
    if (read == 1)
        read = image_describe(&archive, directory, facts, &failure);
    if (read < 0 && tell_failure(facts, &failure, err) < 0)
        return NULL;
    return CG_STEAL(facts);
}

/* --- the process ---------------------------------------------------------------------------------------------------
 */

struct file_source {
    int fd;
    char buffer[READ_SIZE];
};

static ssize_t pull_file(void *context, const void **data, struct cg_error *err)
{
    struct file_source *file = context;
    ssize_t size;
    do
        size = read(file->fd, file->buffer, sizeof file->buffer);
    while (size < 0 && errno == EINTR);
    *data = file->buffer;
    return size < 0 ? cg_fail_errno(err, "read", "the archive") : size;
}

static int write_facts(const json_t *facts, struct cg_error *err)
{
    if (json_dumpfd(facts, IMAGE_READER_RESULT, JSON_COMPACT) < 0)
        return cg_fail(err, CG_E_IO, "cannot write the facts");
    return 0;
}

static int read_and_tell(const struct image_limits *limits, struct cg_error *err)
{
    char directory[PATH_MAX];
    if (fchdir(IMAGE_READER_DIRECTORY) < 0 || !getcwd(directory, sizeof directory))
        return cg_fail_errno(err, "enter", "the reader's directory");
    if (image_confine(limits, IMAGE_READER_DIRECTORY, err) < 0)
        return -1;
    struct file_source *file = malloc(sizeof *file);
    if (!file)
        return cg_fail_memory(err);
    file->fd = IMAGE_READER_ARCHIVE;
    const struct image_source source = {.pull = pull_file, .context = file};
    CG_AUTO_JSON json_t *facts = image_read(source, IMAGE_BUDGET, IMAGE_READER_DIRECTORY, directory, err);
    free(file);
    return facts ? write_facts(facts, err) : -1;
}

/* Ended by _exit(): librpm's own clearing up is not needed, and not trusted any more. */
int image_reader_main(int argc, char **argv)
{
    struct image_limits limits = {0};
    struct cg_error err = {0};
    if (argc != 4) {
        fputs("cg-import: " IMAGE_READER_VERB " is for cg-import itself: see cg-import check\n", stderr);
        return 2;
    }
    limits.memory_bytes = strtoull(argv[1], NULL, 10);
    limits.file_bytes = strtoull(argv[2], NULL, 10);
    limits.cpu_s = strtoull(argv[3], NULL, 10);
    if (read_and_tell(&limits, &err) < 0) {
        CG_AUTO_JSON json_t *facts = no_facts("none");
        if (!facts || tell_failure(facts, &err, NULL) < 0 || write_facts(facts, NULL) < 0)
            _exit(1);
    }
    _exit(0);
}
