/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a full disk, a broken disk, a kill and a race leave behind: nothing that is not whole, and nothing for ever. */
#include "spooled.h"

#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { DATA_BYTES = 3 * 1024 * 1024 + 17, PIECES = 4, KILLS = 40, RACES = 300 };

static char data[DATA_BYTES];

static int make_data(void **state)
{
    for (size_t i = 0; i < DATA_BYTES; i++)
        data[i] = (char)((i * 2654435761U) >> 11U);
    return scratch_create(state);
}

/* Sends what the part does not have yet. 0 or -1. */
static int send_rest(struct spool *spool, struct cg_digests *digests, struct cg_error *err)
{
    uint64_t have;
    struct spool_part *part = spool_part_open(spool, "upload", &have, err);
    if (!part)
        return -1;
    int result = spool_part_expect(part, DATA_BYTES, err);
    for (size_t piece; result == 0 && have < DATA_BYTES; have += piece) {
        piece = DATA_BYTES - have < DATA_BYTES / PIECES ? DATA_BYTES - (size_t)have : DATA_BYTES / PIECES;
        result = spool_part_append(part, data + have, piece, err);
    }
    if (result == 0)
        result = spool_part_sync(part, err);
    if (result == 0)
        return spool_part_finish(part, digests, err);
    spool_part_close(part);
    return -1;
}

/* The sender tries again until it is there; the last word of every test. */
static void sending_again_ends_well(struct spool *spool)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    if (send_rest(spool, &digests, &err) < 0)
        fail_msg("%s", err.message);
    assert_spooled(spool, digests.sha256, data, DATA_BYTES);
    assert_int_equal(spooled_count(scratch_path("spool/parts")), 0);
    assert_int_equal(spool_content_remove(spool, digests.sha256, 0, &err), 0);
}

static enum cg_code code_of(int error)
{
    return error == ENOSPC || error == EDQUOT ? CG_E_LIMIT : CG_E_IO;
}

static void every_call_failed_once(void **state)
{
    static const int errors[] = {ENOSPC, EIO, EDQUOT, EINTR, SYSCALLS_SHORT};
    struct spool *spool = *state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        for (unsigned long n = 1;; n++) {
            struct cg_error err = {0};
            struct cg_digests digests;
            size_t descriptors = spooled_descriptors();
            syscalls_fail_at(n, SYSCALLS_ALL, errors[i]);
            int result = send_rest(spool, &digests, &err);
            unsigned failed = syscalls_failed();
            syscalls_fail_at(0, 0, 0);
            assert_int_equal(spooled_descriptors(), descriptors);
            assert_all_whole(spool);
            /* Only an unlink after the content is there, a short write and an interrupted one may go unnoticed. */
            bool harmless = failed == 0 || errors[i] == SYSCALLS_SHORT ||
                            (errors[i] == EINTR && (failed == SYSCALLS_WRITE || failed == SYSCALLS_CHANGE));
            if (harmless && result < 0 && failed != SYSCALLS_CHANGE)
                fail_msg("call %lu: %s", n, err.message);
            if (!harmless)
                assert_int_equal(result, -1);
            if (result < 0 && err.code != code_of(errors[i]))
                fail_msg("call %lu: %s, %s", n, cg_code_info(err.code)->name, err.message);
            sending_again_ends_well(spool);
            if (failed == 0)
                break;
        }
    }
}

/* The part meets a content that is there: nothing that fails may harm the content. */
static void every_call_failed_once_when_two_meet(void **state)
{
    struct spool *spool = *state;
    struct cg_error err = {0};
    struct cg_digests first, digests;
    assert_int_equal(send_rest(spool, &first, &err), 0);
    for (unsigned long n = 1;; n++) {
        syscalls_fail_at(n, SYSCALLS_ALL, EIO);
        send_rest(spool, &digests, &err);
        unsigned failed = syscalls_failed();
        syscalls_fail_at(0, 0, 0);
        assert_spooled(spool, first.sha256, data, DATA_BYTES);
        cg_error_clear(&err);
        if (failed == 0)
            break;
    }
    assert_int_equal(spool_content_remove(spool, first.sha256, 0, &err), 0);
    spool_part_remove(spool, "upload", &err);
}

static void a_failed_fsync_is_final(void **state)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    for (unsigned long n = 1; n <= 2; n++) {
        struct spool_part *part = spooled_part(*state, "upload", 0);
        spooled_append(part, "half", 4);
        syscalls_fail_at(n, SYSCALLS_FSYNC, EIO);
        assert_int_equal(spool_part_sync(part, &err), -1);
        assert_string_equal(err.hint, "what was received of it is removed: send it again from the start");
        assert_error(&err, CG_E_IO, "cannot make durable the part upload: Input/output error");
        assert_int_equal(spool_part_append(part, "more", 4, &err), -1);
        assert_error(&err, CG_E_IO, "the part upload was lost when it could not be made durable");
        assert_int_equal(spool_part_sync(part, &err), -1);
        assert_error(&err, CG_E_IO, "the part upload was lost when it could not be made durable");
        assert_int_equal(spool_part_expect(part, 9, &err), -1);
        assert_error(&err, CG_E_IO, "the part upload was lost when it could not be made durable");
        assert_int_equal(spool_part_finish(part, &digests, &err), -1);
        assert_error(&err, CG_E_IO, "the part upload was lost when it could not be made durable");
        assert_int_equal(spooled_count(scratch_path("spool/parts")), 0);
    }
}

/* What another sends under the name of a part that was lost is not touched. */
static void discarding_a_lost_part_spares_its_successor(void **state)
{
    struct cg_error err = {0};
    struct spool_part *part = spooled_part(*state, "upload", 0);
    syscalls_fail_at(1, SYSCALLS_FSYNC, EIO);
    assert_int_equal(spool_part_sync(part, &err), -1);
    spool_part_close(spooled_part(*state, "upload", 0));
    spool_part_discard(part);
    assert_int_equal(spooled_count(scratch_path("spool/parts")), 1);
}

static void a_full_disk_keeps_what_came_before(void **state)
{
    struct cg_error err = {0};
    struct spool_part *part = spooled_part(*state, "upload", 0);
    spooled_append(part, data, 1000);
    syscalls_fail_at(1, SYSCALLS_WRITE, SYSCALLS_SHORT);
    spooled_append(part, data + 1000, 1000);
    syscalls_fail_at(1, SYSCALLS_WRITE, ENOSPC);
    assert_int_equal(spool_part_append(part, data + 2000, 1000, &err), -1);
    assert_error(&err, CG_E_LIMIT, "cannot write the part upload: the disk is full");
    spooled_append(part, data + 2000, DATA_BYTES - 2000);
    struct cg_digests digests = spooled_finish(part);
    assert_spooled(*state, digests.sha256, data, DATA_BYTES);
}

/* Until it is killed: parts that become contents, parts left half. */
static void write_for_ever(unsigned seed)
{
    struct cg_error err = {0};
    struct spool_options options = {.directory = scratch_path("spool")};
    struct spool *spool = spool_open(&options, &err);
    if (!spool)
        _exit(1);
    for (unsigned round = 0;; round++) {
        char name[32];
        uint64_t have;
        struct cg_digests digests;
        snprintf(name, sizeof name, "part-%u", round % 5);
        struct spool_part *part = spool_part_open(spool, name, &have, &err);
        for (unsigned i = 0; part && i < 6; i++)
            if (spool_part_append(part, data + (seed + round) % 1000, 100000, &err) < 0)
                _exit(1);
        if (!part || (round % 3 > 0 && spool_part_finish(part, &digests, &err) < 0))
            _exit(1);
        if (round % 3 == 0)
            spool_part_close(part);
    }
}

static int finish_one(void *context, const char *name, double age_s, uint64_t size_bytes)
{
    (void)age_s;
    spooled_finish(spooled_part(context, name, size_bytes));
    return 0;
}

static int remove_one(void *context, const char *name, double age_s, uint64_t size_bytes)
{
    (void)age_s;
    (void)size_bytes;
    return spool_content_remove(context, name, 0, NULL);
}

static void killed_at_any_moment(void **state)
{
    struct spool *spool = *state;
    struct cg_error err = {0};
    for (unsigned i = 0; i < KILLS; i++) {
        pid_t child = fork();
        if (child == 0)
            write_for_ever(i);
        assert_true(child > 0);
        const struct timespec pause = {.tv_nsec = 3000000L + (long)(i * 7919 % 40) * 500000L};
        nanosleep(&pause, NULL);
        int status;
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status)); /* it did not end by itself with an error */
        assert_all_whole(spool);
        assert_int_equal(spool_walk(spool, SPOOL_PARTS, finish_one, spool, &err), 0);
        assert_all_whole(spool);
        assert_int_equal(spooled_count(scratch_path("spool/parts")), 0);
        assert_int_equal(spool_walk(spool, SPOOL_CONTENTS, remove_one, spool, &err), 0);
    }
    assert_int_equal(spooled_count(scratch_path("spool/damaged")), 0);
}

static void *remove_old(void *context)
{
    struct cg_error err = {0};
    spool_content_remove(context, spooled_digests(data, 100).sha256, 1000, &err);
    return NULL;
}

static void *send_copy(void *context)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    char name[32];
    uint64_t have;
    snprintf(name, sizeof name, "race-%" PRIxPTR, (uintptr_t)pthread_self());
    struct spool_part *part = spool_part_open(context, name, &have, &err);
    if (!part || spool_part_append(part, data, 100, &err) < 0 || spool_part_finish(part, &digests, &err) < 0)
        return context;
    return NULL;
}

/* An old content that nobody needs is removed in the moment in which two others send it again. */
static void sent_while_it_is_collected(void **state)
{
    struct spool *spool = *state;
    struct cg_digests digests = spooled_digests(data, 100);
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_null(send_copy(spool));
    for (unsigned i = 0; i < RACES; i++) {
        pthread_t threads[3];
        assert_int_equal(utimensat(AT_FDCWD, spooled_content_path(digests.sha256), old, 0), 0);
        assert_int_equal(pthread_create(&threads[0], NULL, send_copy, spool), 0);
        assert_int_equal(pthread_create(&threads[1], NULL, remove_old, spool), 0);
        assert_int_equal(pthread_create(&threads[2], NULL, send_copy, spool), 0);
        for (size_t k = 0; k < 3; k++) {
            void *failed;
            assert_int_equal(pthread_join(threads[k], &failed), 0);
            assert_null(failed);
        }
        assert_spooled(spool, digests.sha256, data, 100);
        assert_int_equal(spooled_count(scratch_path("spool/parts")), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_call_failed_once, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(every_call_failed_once_when_two_meet, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(a_failed_fsync_is_final, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(discarding_a_lost_part_spares_its_successor, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(a_full_disk_keeps_what_came_before, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(killed_at_any_moment, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(sent_while_it_is_collected, spooled_begin, spooled_end),
    };
    return cmocka_run_group_tests_name("spool_faults", tests, make_data, scratch_remove);
}
