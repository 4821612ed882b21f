/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spooled.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

/* What a walk told. */
struct seen {
    struct spool *spool;
    size_t count;
    int result; /* to be given back by each */
    char last_name[72];
    double last_age_s;
    uint64_t bytes;
};

static int remember(void *context, const char *name, double age_s, uint64_t size_bytes)
{
    struct seen *seen = context;
    seen->count++;
    seen->bytes += size_bytes;
    seen->last_age_s = age_s;
    snprintf(seen->last_name, sizeof seen->last_name, "%s", name);
    return seen->result;
}

static int remove_content(void *context, const char *name, double age_s, uint64_t size_bytes)
{
    struct seen *seen = context;
    struct cg_error err = {0};
    remember(context, name, age_s, size_bytes);
    return spool_content_remove(seen->spool, name, 0, &err);
}

static struct seen walk(struct spool *spool, enum spool_kind kind)
{
    struct cg_error err = {0};
    struct seen seen = {.spool = spool};
    assert_int_equal(spool_walk(spool, kind, remember, &seen, &err), 0);
    return seen;
}

static void make_contents(struct spool *spool, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof text, "content %u", 100 + i);
        spooled_text(spool, text);
    }
}

static void tells_of_each_content(void **state)
{
    assert_int_equal(walk(*state, SPOOL_CONTENTS).count, 0);
    make_contents(*state, 50);
    struct seen seen = walk(*state, SPOOL_CONTENTS);
    assert_int_equal(seen.count, 50);
    assert_int_equal(seen.bytes, 50 * 11);
    assert_int_equal(strlen(seen.last_name), 64);
    assert_int_equal(access(spooled_content_path(seen.last_name), F_OK), 0);
    assert_int_equal(walk(*state, SPOOL_PARTS).count, 0);
}

static void tells_of_each_part(void **state)
{
    struct spool_part *part = spooled_part(*state, "upload-7", 0);
    spooled_append(part, "12345", 5);
    struct seen seen = walk(*state, SPOOL_PARTS);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.bytes, 5);
    assert_string_equal(seen.last_name, "upload-7");
    spool_part_close(part);
    assert_int_equal(walk(*state, SPOOL_CONTENTS).count, 0);
}

static void tells_the_age(void **state)
{
    struct cg_digests digests = spooled_text(*state, "a content");
    struct timespec times[2];
    assert_true(walk(*state, SPOOL_CONTENTS).last_age_s < 60);
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= 5000;
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, spooled_content_path(digests.sha256), times, 0), 0);
    double age_s = walk(*state, SPOOL_CONTENTS).last_age_s;
    assert_true(age_s >= 5000 && age_s < 5060);
    times[0].tv_sec += 10000;
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, spooled_content_path(digests.sha256), times, 0), 0);
    assert_true(walk(*state, SPOOL_CONTENTS).last_age_s <= 0);
}

static void passes_over_what_is_not_its_own(void **state)
{
    scratch_write("spool/parts/.hidden", "x");
    scratch_write("spool/parts/name.tmp", "x");
    scratch_make_directory("spool/parts/directory");
    scratch_write("spool/contents/00/README", "x");
    scratch_write("spool/contents/ab/0123", "x");
    scratch_write("spool/contents/stray", "x");
    assert_int_equal(symlink("name.tmp", scratch_path("spool/parts/link")), 0);
    assert_int_equal(rmdir(scratch_path("spool/contents/cd")), 0);
    assert_int_equal(walk(*state, SPOOL_PARTS).count, 0);
    assert_int_equal(walk(*state, SPOOL_CONTENTS).count, 0);
}

static void ends_when_told(void **state)
{
    struct cg_error err = {0};
    make_contents(*state, 5);
    struct seen seen = {.result = 7};
    assert_int_equal(spool_walk(*state, SPOOL_CONTENTS, remember, &seen, &err), 7);
    assert_int_equal(seen.count, 1);
}

static void allows_removing(void **state)
{
    struct cg_error err = {0};
    struct seen seen = {.spool = *state};
    make_contents(*state, 50);
    assert_int_equal(spool_walk(*state, SPOOL_CONTENTS, remove_content, &seen, &err), 0);
    assert_int_equal(seen.count, 50);
    assert_int_equal(walk(*state, SPOOL_CONTENTS).count, 0);
}

static void leaves_no_descriptor(void **state)
{
    size_t descriptors = spooled_descriptors();
    make_contents(*state, 3);
    walk(*state, SPOOL_CONTENTS);
    walk(*state, SPOOL_PARTS);
    assert_int_equal(spooled_descriptors(), descriptors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_of_each_content, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(tells_of_each_part, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(tells_the_age, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(passes_over_what_is_not_its_own, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(ends_when_told, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(allows_removing, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(leaves_no_descriptor, spooled_begin, spooled_end),
    };
    return cmocka_run_group_tests_name("spool_walk", tests, scratch_create, scratch_remove);
}
