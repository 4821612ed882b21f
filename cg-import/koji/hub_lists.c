/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/hub_lists.h"

#include "koji/answer.h"
#include "koji/multicall.h"

#include <string.h>

/* A NULL-terminated list being made; `strings` has room for `most` and the NULL. */
static int add_string(char **strings, size_t *count, const char *text, size_t length, struct cg_error *err)
{
    strings[*count] = strndup(text, length);
    if (!strings[*count])
        return cg_fail_memory(err);
    (*count)++;
    return 0;
}

static int read_content_generators(struct koji_hub_lists *lists, json_t *answer, struct cg_error *err)
{
    if (!json_is_object(answer))
        return koji_answer_lacks("listCGs", "a struct", err);
    lists->cgs = json_incref(answer);
    lists->content_generators = calloc(json_object_size(answer) + 1, sizeof(char *));
    if (!lists->content_generators)
        return cg_fail_memory(err);
    size_t count = 0;
    const char *name;
    json_t *value;
    json_object_foreach(answer, name, value)
    {
        if (add_string(lists->content_generators, &count, name, strlen(name), err) < 0)
            return -1;
    }
    return 0;
}

static int read_btypes(struct koji_hub_lists *lists, const json_t *answer, struct cg_error *err)
{
    if (!json_is_array(answer))
        return koji_answer_lacks("listBTypes", "an array", err);
    lists->btypes = calloc(json_array_size(answer) + 1, sizeof(char *));
    if (!lists->btypes)
        return cg_fail_memory(err);
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(answer); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(answer, i), "name"));
        if (!name)
            return koji_answer_lacks("listBTypes", "a name", err);
        if (add_string(lists->btypes, &count, name, strlen(name), err) < 0)
            return -1;
    }
    return 0;
}

/* Words in a text separated by blanks, as archivetypes.extensions is written. */
static size_t count_words(const char *text)
{
    size_t words = 0;
    for (const char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
        words++;
        p += strcspn(p, " ");
    }
    return words;
}

static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

static int read_extensions(struct koji_hub_lists *lists, const json_t *answer, struct cg_error *err)
{
    if (!json_is_array(answer))
        return koji_answer_lacks("getArchiveTypes", "an array", err);
    size_t words = 0;
    for (size_t i = 0; i < json_array_size(answer); i++) {
        const char *extensions = json_string_value(json_object_get(json_array_get(answer, i), "extensions"));
        if (!extensions)
            return koji_answer_lacks("getArchiveTypes", "extensions", err);
        words += count_words(extensions);
    }
    lists->archive_extensions = calloc(words + 1, sizeof(char *));
    if (!lists->archive_extensions)
        return cg_fail_memory(err);
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(answer); i++) {
        const char *p = json_string_value(json_object_get(json_array_get(answer, i), "extensions"));
        for (p += strspn(p, " "); *p; p += strspn(p, " ")) {
            size_t length = strcspn(p, " ");
            if (add_string(lists->archive_extensions, &count, p, length, err) < 0)
                return -1;
            p += length;
        }
    }
    for (size_t i = 0; i < count; i++)
        lower(lists->archive_extensions[i]);
    return 0;
}

/* NULL when the hub is too old to tell, which is before 1.23. */
static int read_version(struct koji_hub_lists *lists, const json_t *answer, struct cg_error *err)
{
    const char *version = json_string_value(answer);
    lists->version = version ? strdup(version) : NULL;
    return version && !lists->version ? cg_fail_memory(err) : 0;
}

/* Of these the first three must be answered; hubs before 1.23 know no getKojiVersion. */
enum { CGS, BTYPES, ARCHIVE_TYPES, VERSION, HELP, CALLS };
static const char *const methods[CALLS] = {"listCGs", "listBTypes", "getArchiveTypes", "getKojiVersion",
                                           "system.methodHelp"};

int koji_hub_lists_add_calls(json_t *calls, struct cg_error *err)
{
    for (size_t i = 0; i < CALLS; i++)
        if (koji_multicall_add(calls, methods[i], i == HELP ? json_pack("[s]", KOJI_MODULE_HELLO) : json_array(), err) <
            0)
            return -1;
    return 0;
}

int koji_hub_lists_take(struct koji_session *session, const json_t *results, size_t first, struct koji_hub_lists *lists,
                        struct cg_error *err)
{
    json_t *answers[CALLS];
    for (size_t i = 0; i < CALLS; i++) {
        bool needed = i <= ARCHIVE_TYPES;
        struct cg_error ignored = {0};
        answers[i] = koji_multicall_result(results, first + i, methods[i], needed ? err : &ignored);
        if (!answers[i] && needed)
            return -1;
    }
    struct koji_hub_lists made = {0};
    if (koji_module_abilities(session, answers[HELP], &made.module, err) < 0 ||
        read_content_generators(&made, answers[CGS], err) < 0 || read_btypes(&made, answers[BTYPES], err) < 0 ||
        read_extensions(&made, answers[ARCHIVE_TYPES], err) < 0 || read_version(&made, answers[VERSION], err) < 0) {
        koji_hub_lists_finish(&made);
        return -1;
    }
    made.facts = (struct cg_hub_facts){
        .content_generators = (const char *const *)made.content_generators,
        .btypes = (const char *const *)made.btypes,
        .archive_extensions = (const char *const *)made.archive_extensions,
        .version = made.version,
    };
    *lists = made;
    return 0;
}

int koji_hub_lists_read(struct koji_session *session, struct koji_hub_lists *lists, struct cg_error *err)
{
    CG_AUTO_JSON json_t *calls = json_array();
    CG_AUTO_JSON json_t *results = NULL;
    if (koji_hub_lists_add_calls(calls, err) < 0 ||
        koji_session_multicall(session, KOJI_LOOK, calls, &results, err) < 0)
        return -1;
    return koji_hub_lists_take(session, results, 0, lists, err);
}

static void free_strings(char **strings)
{
    for (char **p = strings; p && *p; p++)
        free(*p);
    free(strings);
}

void koji_hub_lists_finish(struct koji_hub_lists *lists)
{
    free_strings(lists->content_generators);
    free_strings(lists->btypes);
    free_strings(lists->archive_extensions);
    free(lists->version);
    json_decref(lists->cgs);
    *lists = (struct koji_hub_lists){0};
}
