/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/hub_lists.h"

#include <string.h>

static int add(struct name_list *list, const char *name, size_t length, struct cg_error *err)
{
    if (list->count + 1 >= list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        char **names = realloc(list->names, capacity * sizeof names[0]);
        if (!names)
            return cg_fail_memory(err);
        list->names = names;
        list->capacity = capacity;
    }
    char *copy = strndup(name, length);
    if (!copy)
        return cg_fail_memory(err);
    list->names[list->count++] = copy;
    list->names[list->count] = NULL;
    return 0;
}

int hub_lists_add(struct name_list *list, const char *name, struct cg_error *err)
{
    return add(list, name, strlen(name), err);
}

int hub_lists_add_words(struct name_list *list, const char *words, struct cg_error *err)
{
    for (;;) {
        words += strspn(words, " ");
        size_t length = strcspn(words, " ");
        if (length == 0)
            return 0;
        if (add(list, words, length, err) < 0)
            return -1;
        words += length;
    }
}

static const char *const *names_of(const struct name_list *list)
{
    static const char *const none[] = {NULL};
    return list->count > 0 ? (const char *const *)list->names : none;
}

struct cg_hub_facts hub_lists_facts(const struct hub_lists *lists)
{
    return (struct cg_hub_facts){.content_generators = names_of(&lists->content_generators),
                                 .btypes = names_of(&lists->btypes),
                                 .archive_extensions = names_of(&lists->extensions)};
}

static void finish(struct name_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct name_list){0};
}

void hub_lists_finish(struct hub_lists *lists)
{
    finish(&lists->content_generators);
    finish(&lists->btypes);
    finish(&lists->extensions);
}
