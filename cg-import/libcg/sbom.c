/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which output a bill of materials is for, and what it says in either format. */
#include "libcg/sbom.h"

#include "libcg/purl.h"

#include <stdio.h>
#include <string.h>

/* Has this output something to bill: is it an image, or are there components in it? */
static bool has_bill(const json_t *output)
{
    return json_is_object(json_object_get(output, "image")) ||
           json_array_size(json_object_get(output, "components")) > 0;
}

static bool is_wanted(const json_t *output, const char *wanted)
{
    char position[24];
    snprintf(position, sizeof position, "%" JSON_INTEGER_FORMAT,
             json_integer_value(json_object_get(output, "position")));
    return !wanted || strcmp(wanted, position) == 0 || strcmp(wanted, purl_text(output, "arch")) == 0;
}

/* "0 (x86_64), 1 (s390x)" */
static int name_outputs(const json_t *facts, struct cg_bytes *names, struct cg_error *err)
{
    size_t i;
    const json_t *output;
    json_array_foreach(json_object_get(facts, "outputs"), i, output)
    {
        if (has_bill(output) &&
            cg_bytes_printf(names, err, "%s%zu (%s)", names->size ? ", " : "", i, purl_text(output, "arch")) != 0)
            return -1;
    }
    return 0;
}

int cg_sbom_output(const json_t *facts, const char *wanted, size_t *position, struct cg_error *err)
{
    size_t i, found = 0;
    const json_t *output;
    json_array_foreach(json_object_get(facts, "outputs"), i, output)
    {
        if (!has_bill(output) || !is_wanted(output, wanted))
            continue;
        *position = i;
        found++;
    }
    if (found == 1)
        return 0;
    CG_AUTO_BYTES struct cg_bytes names = {0};
    if (name_outputs(facts, &names, err) != 0)
        return -1;
    if (names.size == 0)
        return cg_fail(err, CG_E_USAGE, "%s has no image and no output with components", purl_text(facts, "nvr"));
    return cg_fail(err, CG_E_USAGE, "which output of %s: %s", purl_text(facts, "nvr"), cg_bytes_text(&names));
}

json_t *cg_sbom_make(enum cg_sbom form, const struct cg_attested *build, size_t position, struct cg_error *err)
{
    struct bill bill = {.build = build};
    bill.output = json_array_get(json_object_get(build->facts, "outputs"), position);
    bill.position = position;
    json_t *document = form == CG_SBOM_SPDX_2_3 ? sbom_spdx(&bill) : sbom_cyclonedx(&bill, form);
    if (document && !bill.failed)
        return document;
    json_decref(document);
    cg_fail_memory(err);
    return NULL;
}

json_t *bill_put(struct bill *bill, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) == 0)
        return value;
    bill->failed = true;
    return NULL;
}

json_t *bill_add(struct bill *bill, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) == 0)
        return value;
    bill->failed = true;
    return NULL;
}

json_t *bill_purl(const json_t *component)
{
    CG_AUTO_BYTES struct cg_bytes purl = {0};
    return purl_component(component, &purl, NULL) == 0 ? json_string(cg_bytes_text(&purl)) : NULL;
}

json_t *bill_image_purl(const struct bill *bill)
{
    const json_t *image = json_object_get(bill->output, "image");
    const char *pullspec = attested_pullspec(bill->build->facts, image);
    const char *arch = purl_text(bill->output, "arch");
    CG_AUTO_BYTES struct cg_bytes purl = {0};
    int made = image && pullspec ? purl_image(pullspec, attested_manifest(image), arch, &purl, NULL)
                                 : purl_build(bill->build->facts, &purl, NULL);
    return made == 0 ? json_string(cg_bytes_text(&purl)) : NULL;
}

json_t *bill_version(const json_t *component)
{
    const char *version = purl_text(component, "version"), *nvr = purl_text(component, "nvr");
    char text[PURL_EPOCH_SIZE];
    const char *epoch = purl_epoch(component, text);
    if (strcmp(purl_text(component, "type"), "rpm") != 0)
        return json_string(nvr);
    return json_sprintf("%s%s%s-%s", epoch, *epoch ? ":" : "", version, purl_text(component, "release"));
}

const char *bill_name(const json_t *component)
{
    const char *filename = purl_text(component, "filename");
    return *filename ? filename : purl_text(component, "name");
}

const json_t *bill_component(const struct bill *bill, const json_t *index)
{
    const json_t *components = json_object_get(bill->build->facts, "components");
    return json_object_get(json_array_get(components, (size_t)json_integer_value(index)), "component");
}
