/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>

/* A progress whose output is kept in memory: no terminal, so bars would be as wide as no window. */
struct told {
    char *text;
    size_t size;
    size_t seen;
    FILE *stream;
    struct progress progress;
};

static void begin(struct told *told, enum progress_form form)
{
    *told = (struct told){0};
    told->stream = open_memstream(&told->text, &told->size);
    assert_non_null(told->stream);
    progress_init(&told->progress, told->stream, form);
}

static void end(struct told *told)
{
    progress_finish(&told->progress);
    fclose(told->stream);
    free(told->text);
}

/* What was told since the last look. */
static void assert_told(struct told *told, const char *expected)
{
    fflush(told->stream);
    assert_string_equal(told->size > 0 ? told->text + told->seen : "", expected);
    told->seen = told->size;
}

#define MIB (1024ULL * 1024ULL)

static void tells_tenths_but_not_too_often(void **state)
{
    (void)state;
    struct told told;
    begin(&told, PROGRESS_LINES);
    progress_begin(&told.progress, "uploading", "uploaded", PROGRESS_BYTES, 1000);
    progress_update(&told.progress, 10 * MIB, 100 * MIB, 1000 + PROGRESS_LINE_MS - 1);
    assert_told(&told, "");
    progress_update(&told.progress, 10 * MIB, 100 * MIB, 1000 + PROGRESS_LINE_MS);
    assert_told(&told, "cg-import: uploading 10 % 10.0 MiB of 100.0 MiB\n");
    progress_update(&told.progress, 19 * MIB, 100 * MIB, 1000 + 2 * PROGRESS_LINE_MS);
    assert_told(&told, "");
    progress_update(&told.progress, 45 * MIB, 100 * MIB, 1000 + 3 * PROGRESS_LINE_MS);
    assert_told(&told, "cg-import: uploading 45 % 45.0 MiB of 100.0 MiB 3.5 MiB/s 0:16 left\n");
    progress_update(&told.progress, 100 * MIB, 100 * MIB, 1000 + 4 * PROGRESS_LINE_MS);
    assert_told(&told, "");
    progress_end(&told.progress, 1000 + 4 * PROGRESS_LINE_MS);
    assert_told(&told, "cg-import: uploaded 100.0 MiB in 0:20, 5.0 MiB/s\n");
    end(&told);
}

static void tells_that_slow_work_is_alive(void **state)
{
    (void)state;
    struct told told;
    begin(&told, PROGRESS_LINES);
    progress_begin(&told.progress, "uploading", "uploaded", PROGRESS_BYTES, 0);
    progress_update(&told.progress, 1, 100 * MIB, PROGRESS_LINE_MAX_MS - 1);
    assert_told(&told, "");
    progress_update(&told.progress, 1, 100 * MIB, PROGRESS_LINE_MAX_MS);
    assert_told(&told, "cg-import: uploading 0 % 1 B of 100.0 MiB\n");
    progress_end(&told.progress, 2 * PROGRESS_LINE_MAX_MS);
    assert_told(&told, "cg-import: uploaded 1 B in 2:00, 0 B/s\n");
    end(&told);
}

static void says_nothing_when_quiet(void **state)
{
    (void)state;
    struct told told;
    begin(&told, PROGRESS_NONE);
    progress_begin(&told.progress, "uploading", "uploaded", PROGRESS_BYTES, 0);
    progress_update(&told.progress, MIB, 2 * MIB, 100 * PROGRESS_LINE_MAX_MS);
    progress_say(&told.progress, "note");
    progress_end(&told.progress, 200 * PROGRESS_LINE_MAX_MS);
    assert_told(&told, "");
    end(&told);
}

static void tells_nothing_of_what_was_not_begun_or_moved_nothing(void **state)
{
    (void)state;
    struct told told;
    begin(&told, PROGRESS_LINES);
    progress_update(&told.progress, MIB, 2 * MIB, PROGRESS_LINE_MAX_MS);
    progress_end(&told.progress, 2 * PROGRESS_LINE_MAX_MS);
    progress_begin(&told.progress, "uploading", "uploaded", PROGRESS_BYTES, 0);
    progress_update(&told.progress, 0, 0, 1);
    progress_end(&told.progress, 2 * PROGRESS_LINE_MAX_MS);
    assert_told(&told, "");
    end(&told);
}

/* Without a window's width a bar shows nothing, but is taken away as it would be. */
static void takes_the_bar_away_before_other_lines(void **state)
{
    (void)state;
    struct told told;
    begin(&told, PROGRESS_BAR);
    progress_begin(&told.progress, "uploading", "uploaded", PROGRESS_BYTES, 0);
    progress_say(&told.progress, "before");
    assert_told(&told, "cg-import: before\n");
    progress_update(&told.progress, MIB, 2 * MIB, 1);
    assert_told(&told, "\r\033[K");
    progress_update(&told.progress, MIB, 2 * MIB, PROGRESS_REPAINT_MS);
    assert_told(&told, "");
    progress_update(&told.progress, MIB, 2 * MIB, PROGRESS_REPAINT_MS + 1);
    assert_told(&told, "\r\033[K");
    progress_say(&told.progress, "%s %d", "in between", 1);
    assert_told(&told, "\r\033[Kcg-import: in between 1\n");
    progress_say(&told.progress, "again");
    assert_told(&told, "cg-import: again\n");
    progress_update(&told.progress, MIB, 2 * MIB, PROGRESS_REPAINT_MS + 2);
    progress_clear(&told.progress);
    assert_told(&told, "\r\033[K\r\033[K");
    end(&told);
}

static void breaks_off_without_a_word(void **state)
{
    (void)state;
    struct told told;
    begin(&told, PROGRESS_BAR);
    progress_begin(&told.progress, "uploading", "uploaded", PROGRESS_BYTES, 0);
    progress_update(&told.progress, MIB, 2 * MIB, 1);
    assert_told(&told, "\r\033[K");
    progress_break_off(&told.progress);
    assert_told(&told, "\r\033[K");
    progress_update(&told.progress, MIB, 2 * MIB, 1000);
    progress_end(&told.progress, 2000);
    assert_told(&told, "");
    end(&told);
}

static void never_lets_a_note_drive_the_terminal(void **state)
{
    (void)state;
    struct told told;
    begin(&told, PROGRESS_LINES);
    progress_say(&told.progress, "the hub says %s", "\x1b[2J\n\r");
    assert_told(&told, "cg-import: the hub says \\u001b[2J\\u000a\\u000d\n");
    end(&told);
}

static void counts_builds(void **state)
{
    (void)state;
    struct told told;
    begin(&told, PROGRESS_LINES);
    progress_begin(&told.progress, "importing", "imported", PROGRESS_BUILDS, 0);
    progress_update(&told.progress, 0, 40, 0);
    progress_update(&told.progress, 10, 40, 10000);
    assert_told(&told, "cg-import: importing 25 % 10 of 40 builds 0:30 left\n");
    progress_end(&told.progress, 40000);
    assert_told(&told, "");
    end(&told);
}

/* The rate is that of the last PROGRESS_SAMPLES samples: what was fast long ago is forgotten. */
static void forgets_old_speed(void **state)
{
    (void)state;
    struct told told;
    begin(&told, PROGRESS_LINES);
    progress_begin(&told.progress, "uploading", "uploaded", PROGRESS_BYTES, 0);
    progress_update(&told.progress, 0, 1000 * MIB, 0);
    progress_update(&told.progress, 500 * MIB, 1000 * MIB, 1000);
    uint64_t now = 1000;
    for (uint64_t i = 1; i <= PROGRESS_SAMPLES; i++) {
        now += 1000;
        progress_update(&told.progress, (500 + i) * MIB, 1000 * MIB, now);
    }
    fflush(told.stream);
    told.seen = told.size;
    progress_update(&told.progress, 600 * MIB, 1000 * MIB, now + 100000);
    assert_told(&told, "cg-import: uploading 60 % 600.0 MiB of 1000.0 MiB 880.3 KiB/s 7:45 left\n");
    end(&told);
}

static void writes_sizes_for_people(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {{0, "0 B"},           {1023, "1023 B"},        {1024, "1.0 KiB"},
                 {1536, "1.5 KiB"},    {1048524, "1023.9 KiB"}, {1048525, "1.0 MiB"},
                 {1048576, "1.0 MiB"}, {3221225472, "3.0 GiB"}, {UINT64_MAX, "16384.0 PiB"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[PROGRESS_SIZE_TEXT];
        progress_size_text(cases[i].bytes, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_tenths_but_not_too_often),
        cmocka_unit_test(tells_that_slow_work_is_alive),
        cmocka_unit_test(says_nothing_when_quiet),
        cmocka_unit_test(tells_nothing_of_what_was_not_begun_or_moved_nothing),
        cmocka_unit_test(takes_the_bar_away_before_other_lines),
        cmocka_unit_test(breaks_off_without_a_word),
        cmocka_unit_test(never_lets_a_note_drive_the_terminal),
        cmocka_unit_test(counts_builds),
        cmocka_unit_test(forgets_old_speed),
        cmocka_unit_test(writes_sizes_for_people),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
