/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rpms in an image against the components of the output. */
#include "rules_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One rpm, of the components or of the image. Borrowed texts, "" for none. */
struct rpm {
    const char *name, *version, *release, *arch;
    const char *sigmd5; /* NULL: not known */
    int64_t epoch;      /* 0 stands for none as well: rpm compares them as equal */
    bool matched;
};

struct rpms {
    struct rpm *list; /* owned */
    size_t count;
};

static void rpms_finish(struct rpms *rpms)
{
    free(rpms->list);
}

#define AUTO_RPMS CG_AUTO(rpms_finish)

/* --- reading -------------------------------------------------------------------------------------------------------
 */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Generators write a number, digits, null, "(none)" or nothing. */
static int64_t epoch_of(const json_t *rpm)
{
    const json_t *epoch = json_object_get(rpm, "epoch");
    return json_is_string(epoch) ? strtoll(json_string_value(epoch), NULL, 10) : json_integer_value(epoch);
}

static struct rpm read_rpm(const json_t *json)
{
    return (struct rpm){.name = text_of(json, "name"),
                        .version = text_of(json, "version"),
                        .release = text_of(json, "release"),
                        .arch = text_of(json, "arch"),
                        .sigmd5 = json_string_value(json_object_get(json, "sigmd5")),
                        .epoch = epoch_of(json)};
}

/* By what makes two the same package, then by what makes them the same build of it. */
static int compare_packages(const struct rpm *a, const struct rpm *b)
{
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->arch, b->arch);
}

static int compare_builds(const void *left, const void *right)
{
    const struct rpm *a = left, *b = right;
    int order = compare_packages(a, b);
    if (order == 0)
        order = (a->epoch > b->epoch) - (a->epoch < b->epoch);
    if (order == 0)
        order = strcmp(a->version, b->version);
    return order ? order : strcmp(a->release, b->release);
}

/* `type` of those that are taken, NULL for all. */
static int read_rpms(struct rpms *rpms, const json_t *array, const char *type, struct cg_error *err)
{
    const json_t *entry;
    size_t i;
    rpms->list = calloc(json_array_size(array) + 1, sizeof *rpms->list);
    if (!rpms->list)
        return cg_fail_memory(err);
    json_array_foreach(array, i, entry)
    {
        if (!type || strcmp(text_of(entry, "type"), type) == 0)
            rpms->list[rpms->count++] = read_rpm(entry);
    }
    qsort(rpms->list, rpms->count, sizeof *rpms->list, compare_builds);
    return 0;
}

/* --- comparing -----------------------------------------------------------------------------------------------------
 */

/* "openssl-1:3.0.7-27.el9.x86_64" */
static const char *show(const struct rpm *rpm, char text[256])
{
    char epoch[24] = "";
    if (rpm->epoch != 0)
        snprintf(epoch, sizeof epoch, "%" PRId64 ":", rpm->epoch);
    snprintf(text, 256, "%.80s-%s%.60s-%.60s.%.16s", rpm->name, epoch, rpm->version, rpm->release, rpm->arch);
    return text;
}

/* Pairs those of the same build, and names the pairs whose contents differ. */
static void match_builds(struct image_check *check, struct rpms *stated, struct rpms *actual,
                         struct image_names *differing)
{
    for (size_t s = 0, a = 0; s < stated->count && a < actual->count;) {
        struct rpm *said = &stated->list[s], *there = &actual->list[a];
        int order = compare_builds(said, there);
        if (order == 0) {
            char text[256];
            said->matched = there->matched = true;
            if (said->sigmd5 && there->sigmd5 && strcmp(said->sigmd5, there->sigmd5) != 0)
                image_names_add(check, differing, "%s (sigmd5 %.32s, stated %.32s)", show(there, text), there->sigmd5,
                                said->sigmd5);
        }
        s += order <= 0;
        a += order >= 0;
    }
}

/* Pairs those of one package that are left: another build of it is in the image. */
static void match_packages(struct image_check *check, struct rpms *stated, struct rpms *actual,
                           struct image_names *differing)
{
    for (size_t s = 0, a = 0; s < stated->count && a < actual->count;) {
        struct rpm *said = &stated->list[s], *there = &actual->list[a];
        int order = compare_packages(said, there);
        if (said->matched || there->matched) {
            s += said->matched;
            a += there->matched;
            continue;
        }
        if (order == 0) {
            char is[256], should[256];
            said->matched = there->matched = true;
            image_names_add(check, differing, "%s (stated %s)", show(there, is), show(said, should));
        }
        s += order <= 0;
        a += order >= 0;
    }
}

static void name_unmatched(struct image_check *check, const struct rpms *rpms, struct image_names *names)
{
    char text[256];
    for (size_t i = 0; i < rpms->count; i++)
        if (!rpms->list[i].matched)
            image_names_add(check, names, "%s", show(&rpms->list[i], text));
}

/* "3 rpms are WHAT: names" */
static void find_rpms(struct image_check *check, enum cg_image_rule rule, struct image_names *names, const char *what)
{
    if (names->count > 0)
        image_find(check, rule, "/components", NULL, NULL, "%zu rpm%s %s: %s", names->count,
                   names->count == 1 ? " is" : "s are", what, image_names_text(check, names));
}

static void compare_rpms(struct image_check *check, struct rpms *stated, struct rpms *actual)
{
    CG_AUTO(image_names_finish) struct image_names missing = {0};
    CG_AUTO(image_names_finish) struct image_names extra = {0};
    CG_AUTO(image_names_finish) struct image_names differing = {0};
    match_builds(check, stated, actual, &differing);
    match_packages(check, stated, actual, &differing);
    name_unmatched(check, stated, &missing);
    name_unmatched(check, actual, &extra);
    find_rpms(check, CG_IMAGE_RPM_MISSING, &missing, "not in the image, though among the components");
    find_rpms(check, CG_IMAGE_RPM_EXTRA, &extra, "in the image, though not among the components");
    find_rpms(check, CG_IMAGE_RPM_DIFFERS, &differing, "in the image in another build than stated");
}

void image_check_rpms(struct image_check *check)
{
    const json_t *database = json_object_get(check->image, "rpmdb");
    const json_t *components = json_object_get(check->output->json, "components");
    const char *fault = json_string_value(json_object_get(database, "fault"));
    AUTO_RPMS struct rpms stated = {0};
    AUTO_RPMS struct rpms actual = {0};
    if (check->failed || !database || !json_is_array(components))
        return;
    if (read_rpms(&stated, components, "rpm", check->err) < 0 ||
        read_rpms(&actual, json_object_get(database, "rpms"), NULL, check->err) < 0) {
        check->failed = true;
        return;
    }
    if (fault)
        image_find(check, CG_IMAGE_RPM_DATABASE, "/components", NULL, NULL,
                   "the rpm database %s of the image (%s) cannot be read: %s", text_of(database, "path"),
                   text_of(database, "backend"), fault);
    else if (json_is_object(database))
        compare_rpms(check, &stated, &actual);
    else if (stated.count > 0)
        image_find(check, CG_IMAGE_RPM_DATABASE, "/components", NULL, NULL,
                   "the image has no rpm database, and %zu rpm%s among the components", stated.count,
                   stated.count == 1 ? " is" : "s are");
}
