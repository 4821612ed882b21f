/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/images.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* All images of one build. */
struct looking {
    const struct import_images *images;
    const struct import_images_watch *watch;
    uint64_t done_bytes; /* of the images before this one */
    uint64_t total_bytes;
};

static void moved_on(void *context, uint64_t done_bytes)
{
    const struct looking *looking = context;
    if (looking->watch->progress)
        looking->watch->progress(looking->watch->context, looking->done_bytes + done_bytes, looking->total_bytes);
}

static bool is_regular(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* Facts that may be otherwise the next time are not kept: the reader failed, or its librpm cannot read the database. */
static bool are_final(const json_t *facts)
{
    const json_t *entry;
    size_t i;
    json_array_foreach(json_object_get(facts, "faults"), i, entry)
    {
        const char *kind = json_string_value(json_object_get(entry, "kind"));
        if (!kind || strcmp(kind, "broken") != 0)
            return false;
    }
    json_array_foreach(json_object_get(facts, "images"), i, entry)
    {
        if (json_object_get(json_object_get(entry, "rpmdb"), "fault"))
            return false;
    }
    return true;
}

/* The facts, from the keeper or from the file; null when there is no file to look into. */
static json_t *find_facts(struct looking *looking, int directory, const char *path, struct cg_error *err)
{
    const struct import_image_keeper *keeper = looking->images->keeper;
    json_t *facts = keeper ? keeper->find(keeper->context, path) : NULL;
    if (facts)
        return facts;
    CG_AUTO_FD int fd = openat(directory, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || !is_regular(fd))
        return json_null();
    struct image_inspect_options options = looking->images->reader;
    options.progress = moved_on;
    options.context = looking;
    options.stop = looking->watch->stop;
    facts = image_inspect(fd, &options, err);
    if (facts && keeper && are_final(facts))
        keeper->keep(keeper->context, path, facts);
    return facts;
}

static int check_output(struct looking *looking, const struct cg_metadata *metadata, size_t index, int directory,
                        struct cg_report *report, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    CG_AUTO_FREE char *note = NULL;
    if (cg_output_path(&metadata->outputs[index], &path, err) < 0)
        return -1;
    CG_AUTO_JSON json_t *facts = find_facts(looking, directory, path.data, err);
    if (!facts)
        return -1;
    if (json_is_null(facts))
        return 0;
    int found = cg_image_check(metadata, index, facts, &looking->images->levels, report, &note, err);
    if (note && looking->watch->note)
        looking->watch->note(looking->watch->context, note);
    return found;
}

int import_images_check(const struct cg_metadata *metadata, const char *directory, const struct import_images *images,
                        const struct import_images_watch *watch, struct cg_report *report, struct cg_error *err)
{
    struct looking looking = {.images = images, .watch = watch};
    CG_AUTO_FD int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return cg_fail_errno(err, "open directory", directory);
    for (size_t i = 0; i < metadata->output_count; i++)
        if (cg_image_is_claimed(&metadata->outputs[i]))
            looking.total_bytes += metadata->outputs[i].size_bytes;
    int found = 0;
    for (size_t i = 0; i < metadata->output_count; i++) {
        if (!cg_image_is_claimed(&metadata->outputs[i]))
            continue;
        int one = check_output(&looking, metadata, i, fd, report, err);
        if (one < 0)
            return -1;
        found |= one;
        looking.done_bytes += metadata->outputs[i].size_bytes;
    }
    if (found)
        cg_report_sort(report, metadata->document);
    return found;
}
