/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"
#include "utf8.h"

#include <string.h>

/*
 * Characters that XML 1.0 has no way to write (section 2.2, Char). The hub stores them, and every XML-RPC reply that
 * quotes them afterwards, the one to CGImport first, is unreadable to every client.
 */
static bool is_writable(uint32_t character)
{
    return character == '\t' || character == '\n' || character == '\r' ||
           (character >= 0x20 && character != 0xFFFE && character != 0xFFFF);
}

/* The first character that cannot be written, or 0 with *found false. */
static uint32_t find_unwritable(const char *text, size_t size, bool *found)
{
    *found = false;
    while (size > 0) {
        uint32_t character;
        size_t length = cg_utf8_decode(text, size, &character);
        if (length == 0)
            return 0;
        if (!is_writable(character)) {
            *found = true;
            return character;
        }
        text += length;
        size -= length;
    }
    return 0;
}

static void check_text(struct rules *rules, const struct rules_place *place, const char *text, size_t size,
                       const json_t *got, const char *what)
{
    bool found;
    uint32_t character = find_unwritable(text, size, &found);
    if (found)
        rules_find(rules, CG_LEVEL_ERROR, "text.character", place, got,
                   "text without it; atomic-reactor writes such characters as \\x1b",
                   "%s has the character U+%04X, after which no client can read the hub's answers about the build",
                   what, (unsigned)character);
}

/* All texts below a value; json.h bounds the depth. */
static void walk(struct rules *rules, const struct rules_place *place, json_t *value)
{
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item)
    {
        struct rules_place at = rules_item(place, i);
        walk(rules, &at, item);
    }
    for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
        struct rules_place member = {
            .up = place, .name = json_object_iter_key(at), .name_size = json_object_iter_key_len(at)};
        check_text(rules, &member, member.name, member.name_size, NULL, "the name");
        walk(rules, &member, json_object_iter_value(at));
    }
    if (json_is_string(value))
        check_text(rules, place, json_string_value(value), json_string_length(value), value, "the text");
}

static void walk_members(struct rules *rules, const struct rules_place *place, const json_t *object,
                         const char *const *names)
{
    for (; *names; names++) {
        struct rules_place member = rules_member(place, *names);
        walk(rules, &member, json_object_get(object, *names));
    }
}

void rules_texts(struct rules *rules, const struct rules_place *root)
{
    static const char *const of_build[] = {"source", "owner", "extra", NULL};
    /* Tools are written and never read again. */
    static const char *const of_buildroot[] = {"host", "content_generator", "container", "extra", NULL};
    static const char *const of_output[] = {"extra", NULL};
    struct rules_place build = rules_member(root, "build"), buildroots = rules_member(root, "buildroots");
    struct rules_place outputs = rules_member(root, "output");
    size_t i;
    json_t *item;
    walk_members(rules, &build, json_object_get(rules->document, "build"), of_build);
    json_array_foreach(json_object_get(rules->document, "buildroots"), i, item)
    {
        struct rules_place place = rules_item(&buildroots, i);
        walk_members(rules, &place, item, of_buildroot);
    }
    json_array_foreach(json_object_get(rules->document, "output"), i, item)
    {
        struct rules_place place = rules_item(&outputs, i);
        if (rules_output_kind(item) != CG_OUTPUT_LOG) /* of a log nothing is stored */
            walk_members(rules, &place, item, of_output);
    }
}
