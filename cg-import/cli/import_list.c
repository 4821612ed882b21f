/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Imports the builds of a list, a result for each as soon as it is there. */
#include "import_command.h"

#include "base/clock.h"

#include <inttypes.h>

/* How the items of a list ended. */
struct import_counts {
    size_t imported, already, checked, failed, not_begun;
};

static void count_items(const struct import_batch *batch, struct import_counts *counts)
{
    *counts = (struct import_counts){0};
    for (size_t i = 0; i < batch->count; i++) {
        const struct import_batch_item *item = &batch->items[i];
        counts->imported += item->result.outcome == IMPORT_DONE;
        counts->already += item->result.outcome == IMPORT_ALREADY;
        counts->checked += item->result.outcome == IMPORT_CHECKED;
        counts->failed += item->error.code != CG_OK;
        counts->not_begun += item->error.code == CG_OK && item->result.outcome == IMPORT_NOTHING;
    }
}

/*
 * The exit status that says what a caller must do about the worst item: a person is needed for an unknown outcome, then
 * for a conflict, a refusal, something local; only if nothing else is left does trying again alone help.
 */
static int worse_exit(int a, int b)
{
    static const int order[] = {EXIT_UNKNOWN, EXIT_CONFLICT, EXIT_REFUSED, EXIT_LOCAL, EXIT_TEMPORARY};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_DONE;
}

static int list_exit(const struct import_batch *batch, const struct cg_error *err)
{
    int status = cg_code_info(err->code)->exit_status;
    for (size_t i = 0; i < batch->count; i++)
        status = worse_exit(status, cg_code_info(batch->items[i].error.code)->exit_status);
    return status;
}

static void print_item_json(const struct import_batch_item *item)
{
    CG_AUTO_JSON json_t *object = import_show_json(&item->result, &item->error);
    CG_AUTO_JSON json_t *place =
        json_pack("{s:o, s:o, s:I, s:f}", "metadata", output_string(item->metadata_path), "directory",
                  output_string(item->directory), "line", (json_int_t)item->line, "seconds", item->seconds);
    if (object && place)
        json_object_update(object, place);
    output_json(stdout, object, NULL);
}

static void item_ended(void *context, const struct import_batch_item *item, size_t ended, size_t count)
{
    struct import_command *command = context;
    if (command->json) {
        print_item_json(item);
    } else {
        progress_clear(&command->progress);
        import_show_text(command, item->metadata_path, &item->result, &item->error);
    }
    progress_update(&command->progress, ended, count, clock_monotonic_ms());
}

static void show_summary(struct import_command *command, const struct import_batch *batch, uint64_t took_ms,
                         const struct cg_error *err)
{
    struct import_counts counts;
    count_items(batch, &counts);
    double seconds = (double)took_ms / 1000;
    if (command->json) {
        CG_AUTO_JSON json_t *object =
            json_pack("{s:{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:i}}", "summary", "builds", (json_int_t)batch->count,
                      "imported", (json_int_t)counts.imported, "already", (json_int_t)counts.already, "checked",
                      (json_int_t)counts.checked, "failed", (json_int_t)counts.failed, "not_begun",
                      (json_int_t)counts.not_begun, "seconds", seconds, "exit", list_exit(batch, err));
        if (object && err->code != CG_OK)
            json_object_set_new(object, "error", output_error_json(err, cg_code_info(err->code)->exit_status));
        output_json(stdout, object, NULL);
        return;
    }
    /* The list itself could not be read: that was said. */
    if (batch->count == 0)
        return;
    progress_say(&command->progress, "%zu build%s in %.1f s: %zu %s, %zu there already, %zu failed, %zu not begun",
                 batch->count, batch->count == 1 ? "" : "s", seconds,
                 counts.checked > 0 ? counts.checked : counts.imported,
                 command->request.extent == IMPORT_DRY_RUN ? "would be accepted" : "imported", counts.already,
                 counts.failed, counts.not_begun);
}

int import_list(struct import_command *command)
{
    CG_AUTO(import_batch_finish) struct import_batch batch = {0};
    struct cg_error err = {0};
    uint64_t begun_ms = clock_monotonic_ms();
    if (import_batch_read(command->list, &batch, &err) == 0 && import_connect(command, &err) == 0 &&
        import_login(command, NULL, &err) == 0) {
        progress_begin(&command->progress, "importing", "imported", PROGRESS_BUILDS, clock_monotonic_ms());
        progress_update(&command->progress, 0, batch.count, clock_monotonic_ms());
        import_batch_run(command->session, &command->greeting.lists, &command->request, command->jobs, item_ended,
                         command, &batch, &err);
        progress_end(&command->progress, clock_monotonic_ms());
    }
    if (err.code != CG_OK)
        output_error(stderr, "cannot import the list", &err);
    show_summary(command, &batch, clock_monotonic_ms() - begun_ms, &err);
    return list_exit(&batch, &err);
}
