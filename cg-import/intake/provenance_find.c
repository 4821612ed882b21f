/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET of /v1/provenance/builds: which builds are made of, from or by something. */
#include "intake/parameter.h"
#include "intake/resources.h"
#include "intake/visible.h"
#include "store/provenance.h"

#include <stddef.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 500
#define TEXT_MAX 512
/* Numbers that the database and JSON hold. */
#define NUMBER_MAX 9007199254740991U

/* Where in the filter a parameter goes. */
static const struct {
    const char *name;
    size_t offset;
} texts[] =
    {
        {"nvr", offsetof(struct store_provenance_filter, nvr)},
        {"hub", offsetof(struct store_provenance_filter, hub)},
        {"digest", offsetof(struct store_provenance_filter, digest)},
        {"pullspec", offsetof(struct store_provenance_filter, pullspec)},
        {"rpm", offsetof(struct store_provenance_filter, rpm)},
        {"built_with", offsetof(struct store_provenance_filter, built_with)},
        {"component", offsetof(struct store_provenance_filter, component)},
        {"source", offsetof(struct store_provenance_filter, source)},
        {"commit", offsetof(struct store_provenance_filter, commit)},
        {"parent", offsetof(struct store_provenance_filter, parent)},
        {"content_generator", offsetof(struct store_provenance_filter, content_generator)},
        {"submitter", offsetof(struct store_provenance_filter, submitter)},
},
  times[] =
      {
          {"since", offsetof(struct store_provenance_filter, since)},
          {"until", offsetof(struct store_provenance_filter, until)},
},
  numbers[] = {
      {"build_id", offsetof(struct store_provenance_filter, build_id)},
      {"task_id", offsetof(struct store_provenance_filter, task_id)},
      {"after", offsetof(struct store_provenance_filter, after)},
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static int read_texts(const struct intake_request *request, struct store_provenance_filter *filter,
                      struct cg_error *err)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *text = intake_query(request, texts[i].name);
        size_t size = text ? strlen(text) : 1;
        if (size == 0 || size > TEXT_MAX)
            return cg_fail(err, CG_E_USAGE, "%s has %zu bytes, expected 1 to %d", texts[i].name, size, TEXT_MAX);
        memcpy((char *)filter + texts[i].offset, &text, sizeof text);
    }
    return 0;
}

static int read_numbers(const struct intake_request *request, struct store_provenance_filter *filter,
                        struct cg_error *err)
{
    for (size_t i = 0; i < COUNT(times); i++) {
        const char *text = intake_query(request, times[i].name);
        double seconds = 0;
        if (text && parameter_time(times[i].name, text, &seconds, err) != 0)
            return -1;
        memcpy((char *)filter + times[i].offset, &seconds, sizeof seconds);
    }
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const char *text = intake_query(request, numbers[i].name);
        uint64_t number = 0;
        if (text && parameter_number(numbers[i].name, text, 1, NUMBER_MAX, &number, err) != 0)
            return -1;
        int64_t value = (int64_t)number;
        memcpy((char *)filter + numbers[i].offset, &value, sizeof value);
    }
    return 0;
}

static int read_state(const struct intake_request *request, struct store_provenance_filter *filter,
                      struct cg_error *err)
{
    static const char *const names[] = {"imported", "not-imported", "any"};
    const char *state = intake_query(request, "state");
    filter->state = STORE_PROVENANCE_IMPORTED;
    for (size_t i = 0; state && i < COUNT(names); i++)
        if (strcmp(state, names[i]) == 0) {
            filter->state = (enum store_provenance_state)i;
            return 0;
        }
    if (state)
        return cg_fail(err, CG_E_USAGE, "state is \"%.40s\", expected imported, not-imported or any", state);
    return 0;
}

static int read_filter(const struct intake_request *request, struct store_provenance_filter *filter,
                       struct cg_error *err)
{
    uint64_t limit = LIMIT_DEFAULT;
    const char *text = intake_query(request, "limit");
    if (text && parameter_number("limit", text, 1, LIMIT_MAX, &limit, err) != 0)
        return -1;
    filter->limit = (unsigned)limit;
    if (read_texts(request, filter, err) != 0 || read_numbers(request, filter, err) != 0)
        return -1;
    if (filter->after > INT32_MAX)
        return cg_fail(err, CG_E_USAGE, "after is no \"next\" of a page before");
    return read_state(request, filter, err);
}

static void find_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_provenance_filter filter = {0};
    json_t *answer = NULL;
    if (read_filter(request, &filter, &err) == 0 &&
        store_provenance_find(intake_options(request)->store, &filter, visible_scope(request), &answer, &err) == 0)
        intake_answer_json(request, 200, answer);
    else
        intake_fail(request, &err, NULL);
}

const struct intake_handler intake_provenance_find = {.end = find_end};
