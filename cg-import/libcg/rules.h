/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_RULES_H
#define LIBCG_RULES_H

/*
 * The rules that a schema cannot say, or cannot say in the packager's words: docs/rules.md lists every one with its
 * Koji source line. Split by subject; check.c calls rules_run().
 *
 * Rules work on any JSON value: what is missing or of a wrong type is the schema's to report, and is stepped over
 * here. A failure to record a finding is remembered in struct rules and ends the run, so that no rule has to hand it
 * upwards. Not the schema layer, and no file is looked at.
 */

#include "cg/check.h"
#include "cg/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sorted names of one kind that a hub knows. */
struct rules_names {
    const char **names; /* owned array of borrowed names */
    size_t count;
    bool asked; /* they came from the hub in question, and not from a stock hub */
};

/* One run over one document. */
struct rules {
    const json_t *document;
    struct cg_report *report;
    struct cg_error *err;
    bool failed; /* err says why; nothing more is recorded */
    struct rules_names content_generators;
    struct rules_names btypes;
    struct rules_names extensions;
    bool without_subdir; /* the hub is known to leave `subdir` out of account */
};

/* A place in the document, a chain on the caller's stack: its pointer is only written when there is a finding. */
struct rules_place {
    const struct rules_place *up; /* NULL: the document itself */
    const char *name;             /* the member's name, NULL for an item */
    size_t name_size;
    size_t index;
};

static inline struct rules_place rules_member(const struct rules_place *up, const char *name)
{
    return (struct rules_place){.up = up, .name = name, .name_size = __builtin_strlen(name)};
}

static inline struct rules_place rules_item(const struct rules_place *up, size_t index)
{
    return (struct rules_place){.up = up, .index = index};
}

/*
 * Applies all rules to `document`, adding to `report`. `hub` may be NULL. Returns 0, or -1 with CG_E_MEMORY.
 */
int rules_run(const json_t *document, const struct cg_hub_facts *hub, struct cg_report *report, struct cg_error *err);

/* Records a finding at `place`. `got` (the value there) and `expected` may be NULL. */
void rules_find(struct rules *rules, enum cg_level level, const char *rule, const struct rules_place *place,
                const json_t *got, const char *expected, const char *format, ...) __attribute__((format(printf, 7, 8)));

/* The subjects, in document order. Each takes the place of the document. */
void rules_build(struct rules *rules, const struct rules_place *root);
void rules_buildroots(struct rules *rules, const struct rules_place *root);
void rules_outputs(struct rules *rules, const struct rules_place *root);
void rules_destinations(struct rules *rules, const struct rules_place *root);
void rules_texts(struct rules *rules, const struct rules_place *root);

/* --- components (rules_component.c) --------------------------------------------------------------------------------
 */

/* What the components belong to: the hub forgives a file twice in a buildroot, and does not in an output. */
enum rules_components { RULES_COMPONENTS_OF_BUILDROOT, RULES_COMPONENTS_OF_OUTPUT };

/* `components` may be NULL or of any type. */
void rules_components(struct rules *rules, const struct rules_place *place, const json_t *components,
                      enum rules_components of);

/* --- outputs (rules_output.c, rules_archive.c) ---------------------------------------------------------------------
 */

enum cg_output_kind rules_output_kind(const json_t *output);

/* The build type of an archive output and where it stands. */
struct rules_btype {
    const char *name; /* NULL: none */
    size_t name_size;
    bool legacy;        /* in extra itself, not in extra.typeinfo */
    const json_t *info; /* what is said about the output as one of that type */
};

/* The first build type of an output as CG_Importer.prep_archive finds it: legacy names, then typeinfo. */
struct rules_btype rules_output_btype(const json_t *output);

/* Does the build itself have this type, as a legacy name or in typeinfo? */
bool rules_build_has_btype(const json_t *document, const struct rules_btype *btype);

/* Is it one of maven, win, image? */
bool rules_btype_is_legacy(const char *name);

/* Rules of one output that is neither rpm nor log. */
void rules_archive(struct rules *rules, const struct rules_place *place, const json_t *output);

/* Says that `name` at `place` is no build type of the hub, if it is none. */
void rules_btype_known(struct rules *rules, const struct rules_place *place, const char *name);

/* --- paths (rules_path.c) -------------------------------------------------------------------------------------------
 */

/* Bytes of one path below an upload directory: what Linux takes (PATH_MAX), less room for the hub's own part. */
#define RULES_PATH_MAX 3072

/*
 * Why `text` is not a path of names that stays where it is put: a phrase, or NULL if it is one. `size` counts all
 * bytes, a NUL among them is a fault.
 */
const char *rules_path_fault(const char *text, size_t size);

/* The name behind the last slash. */
const char *rules_path_name(const char *path);

/* --- numbers as Python reads them (rules_number.c) ------------------------------------------------------------------
 */

/* Reads what float() of ASCII text reads, "nan" and "inf" left out. Returns false if it is none. */
bool rules_python_float(const char *text, double *value);

/* Reads what int() of ASCII text reads; values beyond int64 are cut to its ends. Returns false if it is none. */
bool rules_python_int(const char *text, int64_t *value);

/* --- names known to a hub (rules_hub.c) -----------------------------------------------------------------------------
 */

/* Fills the lists from `hub`, or with those of a stock hub. Returns 0, or -1 with CG_E_MEMORY. */
int rules_hub_begin(struct rules *rules, const struct cg_hub_facts *hub);
void rules_hub_finish(struct rules *rules);

bool rules_names_have(const struct rules_names *names, const char *name);

/* --- equal things (rules_keys.c) ------------------------------------------------------------------------------------
 */

/* One key, and which item it is of. */
struct rules_key {
    const char *text; /* set by rules_keys_sort() */
    size_t offset;
    size_t size;
    size_t index; /* of the item */
    size_t first; /* the lowest index with the same key: index itself if it is the first; set by rules_keys_sort() */
};

/*
 * Keys of the items of a list, to find equal ones by sorting: no input makes it quadratic. Zero-initialise, but for
 * `rules`, where a failure is remembered. A key is begun, and what makes it up is added.
 */
struct rules_keys {
    struct rules *rules;
    struct cg_bytes text;
    struct rules_key *keys;
    size_t count;
    size_t capacity;
};

#define RULES_AUTO_KEYS CG_AUTO(rules_keys_finish)
#define RULES_NO_KEY SIZE_MAX

void rules_keys_begin(struct rules_keys *keys, size_t index);

/* Each adds to the key begun last: bytes as they are; a part that is kept apart from the next; the same of a string. */
void rules_keys_bytes(struct rules_keys *keys, const void *data, size_t size);
void rules_keys_part(struct rules_keys *keys, const void *data, size_t size);
void rules_keys_string(struct rules_keys *keys, const json_t *string);

/* A scalar as Python compares it: 1, 1.0 and true are equal, "1" is not. */
void rules_keys_scalar(struct rules_keys *keys, const json_t *scalar);

/* Sorts by key, then by index, and fills `first`. */
void rules_keys_sort(struct rules_keys *keys);

/* After sorting: the lowest index whose key is the one in `wanted`, or RULES_NO_KEY. */
size_t rules_keys_find(const struct rules_keys *keys, const struct rules_keys *wanted);

void rules_keys_finish(struct rules_keys *keys);

#endif
