/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema_eval.h"

#include "cg/json.h"

#include <string.h>

/* Findings: made with their places, held back while it is open whether their branch counts, passed to the report. */

static int append_place(const struct schema_place *place, struct cg_bytes *pointer, struct cg_error *err)
{
    if (!place->parent)
        return cg_bytes_append_text(pointer, "", err);
    if (append_place(place->parent, pointer, err) < 0)
        return -1;
    if (place->name)
        return cg_pointer_push_name(pointer, place->name, place->size, err);
    return cg_pointer_push_index(pointer, place->size, err);
}

static int append_schema_place(const struct schema_node *node, const char *keyword, struct cg_bytes *pointer,
                               struct cg_error *err)
{
    const struct schema_document *document = node->scope->document;
    if (document->origin != SCHEMA_ROOT && cg_bytes_printf(pointer, err, "%s#", document->uri) < 0)
        return -1;
    if (cg_bytes_append_text(pointer, node->pointer, err) < 0)
        return -1;
    /* A schema that is false has no keyword: it is the place itself. */
    if (!keyword || node->verdict == SCHEMA_FALSE)
        return 0;
    return cg_pointer_push_name(pointer, keyword, strlen(keyword), err);
}

/* --- branches ----------------------------------------------------------------------------------------------------- */

void cg_schema_branch_begin(struct schema_run *run, struct schema_branch *branch)
{
    *branch = (struct schema_branch){.outer = run->branch};
    run->branch = branch;
}

void cg_schema_branch_end(struct schema_run *run, struct schema_branch *branch)
{
    run->branch = branch->outer;
}

static void pending_finish(struct schema_pending *pending)
{
    free((char *)(uintptr_t)pending->finding.rule);
    free((char *)(uintptr_t)pending->finding.pointer);
    free((char *)(uintptr_t)pending->finding.message);
    free((char *)(uintptr_t)pending->finding.expected);
    free((char *)(uintptr_t)pending->finding.got);
    free((char *)(uintptr_t)pending->finding.schema_pointer);
    *pending = (struct schema_pending){0};
}

void cg_schema_branch_finish(struct schema_branch *branch)
{
    for (size_t i = 0; i < branch->count; i++)
        pending_finish(&branch->pending[i]);
    free(branch->pending);
    *branch = (struct schema_branch){0};
}

/* Takes over the texts of `pending`, or drops them when enough are held. */
static int hold(struct schema_branch *branch, struct schema_pending *pending, struct cg_error *err)
{
    if (branch->count == CG_REPORT_MAX) {
        branch->dropped++;
        pending_finish(pending);
        return 0;
    }
    if (branch->count == branch->capacity) {
        size_t capacity = branch->capacity ? branch->capacity * 2 : 4;
        struct schema_pending *larger = realloc(branch->pending, capacity * sizeof *larger);
        if (!larger)
            return cg_fail_memory(err);
        branch->pending = larger;
        branch->capacity = capacity;
    }
    branch->pending[branch->count++] = *pending;
    *pending = (struct schema_pending){0};
    return 0;
}

int cg_schema_branch_pass_on(struct schema_run *run, struct schema_branch *branch)
{
    if (run->branch) {
        for (size_t i = 0; i < branch->count; i++)
            if (hold(run->branch, &branch->pending[i], run->err) < 0)
                return -1;
        run->branch->dropped += branch->dropped;
        return 0;
    }
    for (size_t i = 0; i < branch->count; i++)
        if (cg_report_add(run->report, &branch->pending[i].finding, run->err) < 0)
            return -1;
    /* The report is full by now, so what was not held is counted by it, whatever its text. */
    for (size_t i = 0; i < branch->dropped; i++)
        if (cg_report_add(run->report, &branch->pending[branch->count - 1].finding, run->err) < 0)
            return -1;
    return 0;
}

/* --- making findings ---------------------------------------------------------------------------------------------- */

/* The texts of a finding on their way. */
struct texts {
    struct cg_bytes rule;
    struct cg_bytes pointer;
    struct cg_bytes message;
    struct cg_bytes expected;
    struct cg_bytes got;
    struct cg_bytes schema_pointer;
};

static void texts_finish(struct texts *texts)
{
    cg_bytes_finish(&texts->rule);
    cg_bytes_finish(&texts->pointer);
    cg_bytes_finish(&texts->message);
    cg_bytes_finish(&texts->expected);
    cg_bytes_finish(&texts->got);
    cg_bytes_finish(&texts->schema_pointer);
}

static int write_texts(const struct schema_violation *violation, const char *message, struct texts *texts,
                       struct cg_error *err)
{
    const struct schema_target *target = violation->target;
    const char *description = violation->wanted ? cg_schema_text(violation->wanted->json, "description") : NULL;
    const char *expected = description ? description : violation->expected;
    const char *subject = target->place->of_name ? "the name " : "";
    if (cg_bytes_printf(&texts->rule, err, "schema.%s", violation->keyword ? violation->keyword : "false") < 0 ||
        append_place(target->place, &texts->pointer, err) < 0 ||
        cg_bytes_printf(&texts->message, err, "%s%s", subject, message) < 0 ||
        append_schema_place(violation->node, violation->keyword, &texts->schema_pointer, err) < 0)
        return -1;
    if (expected && cg_bytes_append_text(&texts->expected, expected, err) < 0)
        return -1;
    return cg_schema_words_value(target->value, CG_REPORT_GOT_MAX + 8, &texts->got, err);
}

int cg_schema_violation(struct schema_run *run, const struct schema_violation *violation, const char *format, ...)
{
    if (run->mode == SCHEMA_QUIET)
        return 1;
    char message[CG_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);

    CG_AUTO(texts_finish) struct texts texts = {0};
    if (write_texts(violation, message, &texts, run->err) < 0)
        return -1;
    CG_AUTO(pending_finish)
    struct schema_pending pending = {
        .finding = {.level = CG_LEVEL_ERROR,
                    .rule = cg_bytes_steal(&texts.rule),
                    .pointer = cg_bytes_steal(&texts.pointer),
                    .message = cg_bytes_steal(&texts.message),
                    .expected = cg_bytes_steal(&texts.expected),
                    .got = cg_bytes_steal(&texts.got),
                    .schema_pointer = cg_bytes_steal(&texts.schema_pointer)},
        .depth = violation->target->place->depth,
        .op = violation->op,
    };
    int result =
        run->branch ? hold(run->branch, &pending, run->err) : cg_report_add(run->report, &pending.finding, run->err);
    return result < 0 ? -1 : 1;
}

struct schema_violation cg_schema_violation_of(const struct schema_node *node, const struct schema_check *check,
                                               const struct schema_target *target)
{
    return (struct schema_violation){
        .node = node, .keyword = check->keyword, .op = check->op, .target = target, .wanted = node};
}

/* The names a misspelt one may have been meant to be: those of `properties`. */
static int append_known_names(const struct schema_node *node, struct cg_bytes *text, struct cg_error *err)
{
    const json_t *properties = json_object_get(node->json, "properties");
    const char *between = "one of \"";
    for (struct schema_cursor m = cg_schema_first(properties); m.name; m = cg_schema_next(properties, m)) {
        if (cg_bytes_append_text(text, between, err) < 0 || cg_bytes_append(text, m.name, m.size, err) < 0)
            return -1;
        between = "\", \"";
    }
    return cg_bytes_append_text(text, text->size > 0 ? "\"" : "no such member", err);
}

int cg_schema_violation_not_allowed(struct schema_run *run, const struct schema_node *node, const char *keyword,
                                    const struct schema_node *forbidden, const struct schema_target *target)
{
    if (run->mode == SCHEMA_QUIET)
        return 1;
    CG_AUTO_BYTES struct cg_bytes names = {0};
    struct schema_violation violation = {.node = forbidden, .keyword = keyword, .target = target};
    if (!keyword)
        return cg_schema_violation(run, &violation, "nothing is allowed here");
    if (!target->place->name)
        return cg_schema_violation(run, &violation, "item %zu is not allowed", target->place->size);
    if (append_known_names(node, &names, run->err) < 0)
        return -1;
    /* A member forbidden by its name is what the schema's author wrote about; any other may be misspelt. */
    violation.wanted = strcmp(keyword, "properties") == 0 ? node : NULL;
    violation.expected = violation.wanted ? "no such member" : names.data;
    return cg_schema_violation(run, &violation, "\"%s\" is not allowed", target->place->name);
}
