/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/files.h"

#include "cg/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* What is wrong with one output's file, on its way into the report. */
struct fault {
    const char *rule;
    const char *member;   /* of the output: what the pointer ends in */
    const char *expected; /* NULL: what the metadata states, `got` is what the file has */
    const char *got;
    const char *message;
};

static int add_finding(struct cg_report *report, const struct cg_output *output, size_t index,
                       const struct fault *fault, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes pointer = {0};
    if (cg_bytes_printf(&pointer, err, "/output/%zu/%s", index, fault->member) < 0)
        return -1;
    CG_AUTO_FREE char *stated =
        json_dumps(json_object_get(output->json, fault->member), JSON_ENCODE_ANY | JSON_COMPACT);
    if (!stated)
        return cg_fail_memory(err);
    struct cg_finding finding = {
        .level = CG_LEVEL_ERROR,
        .rule = fault->rule,
        .pointer = cg_bytes_text(&pointer),
        .message = fault->message,
        .expected = fault->expected ? fault->expected : stated,
        .got = fault->expected ? stated : fault->got,
    };
    return cg_report_add(report, &finding, err) < 0 ? -1 : 1;
}

/* The file cannot be opened: says why. */
static int report_missing(struct cg_report *report, const struct cg_output *output, size_t index, const char *path,
                          struct cg_error *err)
{
    char reason[128];
    int saved = errno;
    if (strerror_r(saved, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", saved);
    CG_AUTO_BYTES struct cg_bytes message = {0};
    if (cg_bytes_printf(&message, err, saved == ENOENT ? "there is no file %s" : "the file %s cannot be read: %s", path,
                        reason) < 0)
        return -1;
    struct fault fault = {.rule = "file.missing",
                          .member = "filename",
                          .message = message.data,
                          .expected = "a file that can be read in the directory of the outputs"};
    return add_finding(report, output, index, &fault, err);
}

static int report_irregular(struct cg_report *report, const struct cg_output *output, size_t index, const char *path,
                            struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes message = {0};
    if (cg_bytes_printf(&message, err, "%s is not a regular file", path) < 0)
        return -1;
    struct fault fault = {
        .rule = "file.not-regular", .member = "filename", .message = message.data, .expected = "a regular file"};
    return add_finding(report, output, index, &fault, err);
}

static int report_size(struct cg_report *report, const struct cg_output *output, size_t index, const char *path,
                       uint64_t size_bytes, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes message = {0};
    CG_AUTO_BYTES struct cg_bytes got = {0};
    if (cg_bytes_printf(&message, err, "%s has another size than the metadata states", path) < 0 ||
        cg_bytes_printf(&got, err, "%" PRIu64, size_bytes) < 0)
        return -1;
    struct fault fault = {.rule = "file.size", .member = "filesize", .message = message.data, .got = got.data};
    return add_finding(report, output, index, &fault, err);
}

int import_files_report_checksum(struct cg_report *report, const struct cg_output *output, size_t index,
                                 const char *path, const char *actual, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes message = {0};
    CG_AUTO_BYTES struct cg_bytes got = {0};
    if (cg_bytes_printf(&message, err, "%s has another %s than the metadata states", path,
                        cg_digest_name(output->checksum_kind)) < 0 ||
        cg_bytes_printf(&got, err, "\"%s\"", actual) < 0)
        return -1;
    struct fault fault = {.rule = "file.checksum", .member = "checksum", .message = message.data, .got = got.data};
    return add_finding(report, output, index, &fault, err);
}

/* Presence, kind and size of one file. 0: as stated, 1: a finding was added, -1. */
static int check_file(const struct cg_output *output, size_t index, int directory, const char *path,
                      struct cg_report *report, struct cg_error *err)
{
    /* O_NONBLOCK: a FIFO would wait for a writer. */
    CG_AUTO_FD int fd = openat(directory, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return report_missing(report, output, index, path, err);
    struct stat status;
    if (fstat(fd, &status) < 0)
        return cg_fail_errno(err, "look at", path);
    if (!S_ISREG(status.st_mode))
        return report_irregular(report, output, index, path, err);
    if ((uint64_t)status.st_size != output->size_bytes)
        return report_size(report, output, index, path, (uint64_t)status.st_size, err);
    return 0;
}

/* The files that are to be read. `index` and `hashing` have an entry for each. */
struct readings {
    struct import_hashing *hashing; /* paths owned */
    size_t *index;                  /* of the output */
    size_t count;
};

static void readings_finish(struct readings *readings)
{
    for (size_t i = 0; i < readings->count; i++)
        free((char *)(uintptr_t)readings->hashing[i].path);
    free(readings->hashing);
    free(readings->index);
}

/* Looks at every file, and notes those of the stated size. 0 or 1 as check_file of any of them, -1. */
static int check_presence(const struct cg_metadata *metadata, int directory, struct readings *readings,
                          struct cg_report *report, struct cg_error *err)
{
    int result = 0;
    for (size_t i = 0; i < metadata->output_count; i++) {
        const struct cg_output *output = &metadata->outputs[i];
        CG_AUTO_BYTES struct cg_bytes path = {0};
        if (cg_output_path(output, &path, err) < 0)
            return -1;
        int one = check_file(output, i, directory, path.data, report, err);
        if (one < 0)
            return -1;
        result |= one;
        if (one != 0)
            continue;
        readings->index[readings->count] = i;
        readings->hashing[readings->count++] = (struct import_hashing){
            .path = cg_bytes_steal(&path), .kind = output->checksum_kind, .size_bytes = output->size_bytes};
    }
    return result;
}

/* 0: all as stated, 1: a finding was added, -1. */
static int check_checksums(const struct cg_metadata *metadata, int directory, struct readings *readings,
                           const struct import_hashing_watch *watch, struct cg_report *report, struct cg_error *err)
{
    if (import_hash(readings->hashing, readings->count, directory, watch, err) < 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < readings->count; i++) {
        const struct import_hashing *file = &readings->hashing[i];
        const struct cg_output *output = &metadata->outputs[readings->index[i]];
        const char *actual = cg_digests_get(&file->digests, output->checksum_kind);
        if (strcmp(actual, output->checksum) == 0)
            continue;
        if (import_files_report_checksum(report, output, readings->index[i], file->path, actual, err) < 0)
            return -1;
        result = 1;
    }
    return result;
}

int import_files_check(const struct cg_metadata *metadata, const char *directory, enum import_files_depth depth,
                       const struct import_hashing_watch *watch, struct cg_report *report, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return cg_fail_errno(err, "open directory", directory);
    CG_AUTO(readings_finish)
    struct readings readings = {
        .hashing = calloc(metadata->output_count + 1, sizeof *readings.hashing),
        .index = calloc(metadata->output_count + 1, sizeof *readings.index),
    };
    if (!readings.hashing || !readings.index)
        return cg_fail_memory(err);
    int present = check_presence(metadata, fd, &readings, report, err);
    int right = 0;
    if (present >= 0 && depth == IMPORT_FILES_CHECKSUMS)
        right = check_checksums(metadata, fd, &readings, watch, report, err);
    if (present < 0 || right < 0)
        return -1;
    if (present == 1 || right == 1)
        cg_report_sort(report, metadata->document);
    return present | right;
}
