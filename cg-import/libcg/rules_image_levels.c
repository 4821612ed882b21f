/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/image.h"

#include <string.h>

static const char prefix[] = "image.";

/* In the order of enum cg_image_rule. */
static const struct {
    const char *id;
    enum cg_image_level level;
} rules[CG_IMAGE_RULES] = {
    {"image.broken", CG_IMAGE_ERROR},
    {"image.none", CG_IMAGE_WARNING},
    {"image.unread", CG_IMAGE_WARNING},
    {"image.config-digest", CG_IMAGE_ERROR},
    {"image.layers", CG_IMAGE_ERROR},
    {"image.layer-sizes", CG_IMAGE_ERROR},
    {"image.manifest-digest", CG_IMAGE_WARNING},
    {"image.architecture", CG_IMAGE_ERROR},
    {"image.labels", CG_IMAGE_WARNING},
    {"image.rpm-database", CG_IMAGE_WARNING},
    {"image.rpm-missing", CG_IMAGE_WARNING},
    {"image.rpm-extra", CG_IMAGE_WARNING},
    {"image.rpm-differs", CG_IMAGE_WARNING},
};

static const char *const level_names[] = {"off", "warning", "error"};

const char *cg_image_rule_id(enum cg_image_rule rule)
{
    return rules[rule].id;
}

bool cg_image_has_rule(const char *id)
{
    for (size_t i = 0; i < CG_IMAGE_RULES; i++)
        if (strcmp(rules[i].id, id) == 0)
            return true;
    return false;
}

struct cg_image_levels cg_image_levels_default(void)
{
    struct cg_image_levels levels;
    for (size_t i = 0; i < CG_IMAGE_RULES; i++)
        levels.of[i] = rules[i].level;
    return levels;
}

static int find_level(const char *name, enum cg_image_level *level, struct cg_error *err)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++)
        if (strcmp(level_names[i], name) == 0) {
            *level = (enum cg_image_level)i;
            return 0;
        }
    return cg_fail(err, CG_E_USAGE, "a level of image findings is off, warning or error, not \"%s\"", name);
}

static int find_rule(const char *name, size_t size, size_t *rule, struct cg_error *err)
{
    if (size >= strlen(prefix) && strncmp(name, prefix, strlen(prefix)) == 0) {
        name += strlen(prefix);
        size -= strlen(prefix);
    }
    for (*rule = 0; *rule < CG_IMAGE_RULES; ++*rule) {
        const char *known = rules[*rule].id + strlen(prefix);
        if (strlen(known) == size && strncmp(known, name, size) == 0)
            return 0;
    }
    return cg_fail(err, CG_E_USAGE, "there is no rule image.%.*s", (int)size, name);
}

int cg_image_levels_set(struct cg_image_levels *levels, const char *text, struct cg_error *err)
{
    const char *sign = strchr(text, '=');
    enum cg_image_level level = CG_IMAGE_OFF;
    size_t rule;
    if (find_level(sign ? sign + 1 : text, &level, err) < 0)
        return -1;
    if (sign) {
        if (find_rule(text, (size_t)(sign - text), &rule, err) < 0)
            return -1;
        levels->of[rule] = level;
        return 0;
    }
    for (size_t i = 0; i < CG_IMAGE_RULES; i++)
        levels->of[i] = level;
    return 0;
}
