/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules_image.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- findings ------------------------------------------------------------------------------------------------------
 */

void image_find(struct image_check *check, enum cg_image_rule rule, const char *place, const char *expected,
                const char *got, const char *format, ...)
{
    if (check->failed || check->levels->of[rule] == CG_IMAGE_OFF)
        return;
    char pointer[64];
    char message[CG_REPORT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    snprintf(pointer, sizeof pointer, "/output/%zu%s", check->index, place);
    const struct cg_finding finding = {.level = (enum cg_level)check->levels->of[rule],
                                       .rule = cg_image_rule_id(rule),
                                       .pointer = pointer,
                                       .message = message,
                                       .expected = expected,
                                       .got = got};
    check->found = true;
    check->failed = cg_report_add(check->report, &finding, check->err) < 0;
}

void image_names_add(struct image_check *check, struct image_names *names, const char *format, ...)
{
    if (names->count++ >= CG_IMAGE_NAMED_MOST || check->failed)
        return;
    char name[256];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    check->failed = (names->text.size > 0 && cg_bytes_append_text(&names->text, ", ", check->err) < 0) ||
                    cg_bytes_append_text(&names->text, name, check->err) < 0;
}

const char *image_names_text(struct image_check *check, struct image_names *names)
{
    if (names->count > CG_IMAGE_NAMED_MOST && !check->failed)
        check->failed =
            cg_bytes_printf(&names->text, check->err, " and %zu more", names->count - CG_IMAGE_NAMED_MOST) < 0;
    return cg_bytes_text(&names->text);
}

void image_names_finish(struct image_names *names)
{
    cg_bytes_finish(&names->text);
}

/* --- looking at the output -----------------------------------------------------------------------------------------
 */

static const json_t *docker_of(const struct cg_output *output)
{
    return json_object_get(json_object_get(output->json, "extra"), "docker");
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* What a generator calls a container image; ociarchive is coreos-assembler's. */
bool cg_image_is_claimed(const struct cg_output *output)
{
    return output->kind == CG_OUTPUT_ARCHIVE &&
           (strcmp(output->type, "docker-image") == 0 || strcmp(output->type, "ociarchive") == 0 ||
            json_is_object(docker_of(output)));
}

/* Of several images in one archive the one whose id the output names, else the first. */
static const json_t *find_image(const json_t *images, const char *id)
{
    const json_t *image;
    size_t i;
    json_array_foreach(images, i, image)
    {
        const char *digest = text_of(image, "config_digest");
        if (id && digest && strcmp(id, digest) == 0)
            return image;
    }
    return json_array_get(images, 0);
}

/* --- digests -------------------------------------------------------------------------------------------------------
 */

static void check_config_digest(struct image_check *check)
{
    const char *stated = text_of(docker_of(check->output), "id"), *actual = text_of(check->image, "config_digest");
    if (stated && actual && strcmp(stated, actual) != 0)
        image_find(check, CG_IMAGE_CONFIG_DIGEST, "/extra/docker/id", stated, actual,
                   "the image in the archive has another id, which is the digest of its configuration");
}

/* Place `i` of a list of digests or of objects with the digest `member`; NULL if there is none. */
static const char *digest_at(const json_t *list, size_t i, const char *member)
{
    const json_t *value = json_array_get(list, i);
    return member ? text_of(value, member) : json_string_value(value);
}

/* Finds the first difference of a list from the layers in the archive. */
static void compare_layers(struct image_check *check, enum cg_image_rule rule, const char *place, const json_t *stated,
                           const char *member, const char *fact, const char *whose)
{
    const json_t *layers = json_object_get(check->image, "layers");
    if (json_array_size(stated) != json_array_size(layers)) {
        image_find(check, rule, place, NULL, NULL, "%s names %zu layers, the archive has %zu", whose,
                   json_array_size(stated), json_array_size(layers));
        return;
    }
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const char *said = digest_at(stated, i, member), *actual = text_of(json_array_get(layers, i), fact);
        if (!said || !actual || strcmp(said, actual) == 0)
            continue;
        image_find(check, rule, place, said, actual, "layer %zu (from 0) in the archive is another than %s names", i,
                   whose);
        return;
    }
}

/* A layer that is missing or broken in the archive was told of already, and what is left compares to nothing. */
static void check_layers(struct image_check *check)
{
    const json_t *diff_ids = json_object_get(check->image, "diff_ids");
    if (json_is_array(diff_ids))
        compare_layers(check, CG_IMAGE_LAYERS, "/filename", diff_ids, NULL, "diff_id", "the image's configuration");
    else if (text_of(check->image, "config_digest"))
        image_find(check, CG_IMAGE_LAYERS, "/filename", NULL, NULL, "the image's configuration names no layers");

    /* Sizes are not compared: generators write that of the files, of the archive or of the compressed layer. */
    const json_t *sizes = json_object_get(docker_of(check->output), "layer_sizes");
    const char *member = text_of(json_array_get(sizes, 0), "diff_id") ? "diff_id" : "digest";
    if (json_array_size(sizes) > 0)
        compare_layers(check, CG_IMAGE_LAYER_SIZES, "/extra/docker/layer_sizes", sizes, member, member, "the metadata");
}

/* Only where the archive has the manifest, and the metadata names one of the same type. */
static void check_manifest(struct image_check *check)
{
    const char *type = text_of(check->image, "manifest_type"), *actual = text_of(check->image, "manifest_digest");
    const json_t *digests = json_object_get(docker_of(check->output), "digests");
    const char *stated = type ? text_of(digests, type) : NULL;
    if (stated && actual && strcmp(stated, actual) != 0)
        image_find(check, CG_IMAGE_MANIFEST_DIGEST, "/extra/docker/digests", stated, actual,
                   "the manifest in the archive (%s) is another than stated", type);
}

/* --- what the configuration says ------------------------------------------------------------------------------------
 */

/* rpm's words for machines and Go's, https://go.dev/doc/install/source#environment, which images use. */
static const char *go_word(const char *arch)
{
    static const char *const words[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"},   {"ppc64le", "ppc64le"},
                                           {"s390x", "s390x"},  {"i386", "386"},        {"i686", "386"},
                                           {"armv7hl", "arm"},  {"riscv64", "riscv64"}, {"ppc64", "ppc64"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], arch) == 0)
            return words[i][1];
    return NULL;
}

static void check_architecture(struct image_check *check)
{
    const char *of_image = text_of(json_object_get(json_object_get(check->output->json, "extra"), "image"), "arch");
    const char *stated = of_image ? of_image : text_of(check->output->json, "arch");
    const char *word = stated ? go_word(stated) : NULL, *actual = text_of(check->image, "architecture");
    if (word && actual && strcmp(word, actual) != 0)
        image_find(check, CG_IMAGE_ARCHITECTURE, of_image ? "/extra/image/arch" : "/arch", word, actual,
                   "the image in the archive is for another machine than %s", stated);
}

/* Names the labels of one list that the other has not, or has otherwise. */
static void add_label_names(struct image_check *check, struct image_names *names, const json_t *stated,
                            const json_t *actual)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)stated, name, value)
    {
        if (!json_equal(value, json_object_get(actual, name)))
            image_names_add(check, names, "%s", name);
    }
    json_object_foreach((json_t *)(uintptr_t)actual, name, value)
    {
        if (!json_object_get(stated, name))
            image_names_add(check, names, "%s", name);
    }
}

static void check_labels(struct image_check *check)
{
    const json_t *config = json_object_get(json_object_get(docker_of(check->output), "config"), "config");
    const json_t *stated = json_object_get(config, "Labels"), *actual = json_object_get(check->image, "labels");
    CG_AUTO(image_names_finish) struct image_names names = {0};
    if (!config || !text_of(check->image, "config_digest"))
        return;
    add_label_names(check, &names, stated, actual);
    if (names.count > 0)
        image_find(check, CG_IMAGE_LABELS, "/extra/docker/config", NULL, NULL,
                   "%zu label%s not the same in the image's configuration: %s", names.count,
                   names.count == 1 ? " is" : "s are", image_names_text(check, &names));
}

/* --- the archive ---------------------------------------------------------------------------------------------------
 */

/* Broken ones in one finding, so that a wreck does not fill the report. */
static void check_faults(struct image_check *check, const json_t *faults)
{
    static const struct {
        const char *kind;
        enum cg_image_rule rule;
        const char *phrase;
    } kinds[] = {{"broken", CG_IMAGE_BROKEN, "the image archive is broken"},
                 {"unread", CG_IMAGE_UNREAD, "could not judge the image archive"}};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        size_t i, count = 0;
        const json_t *fault;
        const char *first = NULL;
        json_array_foreach(faults, i, fault)
        {
            const char *kind = text_of(fault, "kind");
            if (!kind || strcmp(kind, kinds[k].kind) != 0)
                continue;
            first = first ? first : text_of(fault, "text");
            count++;
        }
        if (count > 1)
            image_find(check, kinds[k].rule, "/filename", NULL, NULL, "%s: %s (and %zu more)", kinds[k].phrase,
                       first ? first : "", count - 1);
        else if (count == 1)
            image_find(check, kinds[k].rule, "/filename", NULL, NULL, "%s: %s", kinds[k].phrase, first ? first : "");
    }
}

static void check_image(struct image_check *check)
{
    check_config_digest(check);
    check_layers(check);
    check_manifest(check);
    check_architecture(check);
    check_labels(check);
    image_check_rpms(check);
}

/* Says why nothing can be held against the metadata; NULL without memory. */
static char *placeholder_note(const struct cg_output *output, const json_t *facts, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    const char *own = text_of(facts, "note");
    if (cg_bytes_printf(&text, err, "%s is a placeholder, not an image, so nothing of it was compared: %s",
                        output->filename, own ? own : "") < 0)
        return NULL;
    return cg_bytes_steal(&text);
}

int cg_image_check(const struct cg_metadata *metadata, size_t index, const json_t *facts,
                   const struct cg_image_levels *levels, struct cg_report *report, char **note, struct cg_error *err)
{
    const struct cg_output *output = &metadata->outputs[index];
    const json_t *images = json_object_get(facts, "images"), *faults = json_object_get(facts, "faults");
    const char *form = text_of(facts, "form");
    struct image_check check = {.output = output,
                                .index = index,
                                .image = find_image(images, text_of(docker_of(output), "id")),
                                .levels = levels,
                                .report = report,
                                .err = err};
    if (note)
        *note = NULL;
    if (form && strcmp(form, "placeholder") == 0) {
        if (note && !(*note = placeholder_note(output, facts, err)))
            return -1;
        return 0;
    }
    check_faults(&check, faults);
    if (check.image && json_array_size(faults) == 0)
        check_image(&check);
    else if (!check.image && json_array_size(faults) == 0)
        image_find(&check, CG_IMAGE_NONE, "/filename", "a docker-archive or an OCI image layout", NULL,
                   "the file is no image archive");
    return check.failed ? -1 : check.found;
}
