/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SBOM_H
#define LIBCG_SBOM_H

/* For the bills of materials: one output being billed, and what both formats say in their own ways. */

#include "libcg/attested.h"

struct bill {
    const struct cg_attested *build;
    const json_t *output;
    size_t position;
    bool failed; /* memory was missing */
};

/* Both steal `value`, NULL when there was no memory for it. Borrowed; NULL when it is not there. */
json_t *bill_put(struct bill *bill, json_t *object, const char *name, json_t *value);
json_t *bill_add(struct bill *bill, json_t *array, json_t *value);

/* New references, NULL without memory. */
json_t *bill_purl(const json_t *component);
json_t *bill_image_purl(const struct bill *bill);
json_t *bill_version(const json_t *component); /* "[EPOCH:]VERSION-RELEASE", of a kojifile its NVR */
/* Borrowed. */
const char *bill_name(const json_t *component);
const json_t *bill_component(const struct bill *bill, const json_t *index);

json_t *sbom_spdx(struct bill *bill);
json_t *sbom_cyclonedx(struct bill *bill, enum cg_sbom form);

#endif
