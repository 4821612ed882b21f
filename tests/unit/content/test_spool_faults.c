/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a full disk, a broken disk, a kill and a race leave behind: nothing that is not whole, and nothing for ever. */
#include "spooled.h"

#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { DATA_BYTES = 3 * 1024 * 1024 + 17, PIECES = 4, KILLS = 40 };

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
    int result = 0;
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
    return error == ENOSPC || error == EDQUOT || error == SYSCALLS_SHORT_THEN_FULL ? CG_E_LIMIT : CG_E_IO;
}

static void every_call_failed_once(void **state)
{
    static const int errors[] = {ENOSPC, EIO, EDQUOT, EINTR, SYSCALLS_SHORT, SYSCALLS_SHORT_THEN_FULL};
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
    syscalls_fail_at(1, SYSCALLS_WRITE, SYSCALLS_SHORT_THEN_FULL);
    assert_int_equal(spool_part_append(part, data + 2000, 1000, &err), -1);
    assert_error(&err, CG_E_LIMIT, "cannot write the part upload: the disk is full");
    struct stat status;
    assert_int_equal(stat(scratch_path("spool/parts/upload"), &status), 0);
    assert_int_equal(status.st_size, 2000);
    spooled_append(part, data + 2000, DATA_BYTES - 2000);
    struct cg_digests digests = spooled_finish(part);
    assert_spooled(*state, digests.sha256, data, DATA_BYTES);
}

/* The data is durable before the content has its name, and the name before the caller is told. */
static void the_order_of_durability(void **state)
{
    char letters[64];
    struct cg_digests digests;
    struct cg_error err = {0};
    struct spool_part *part = spooled_part(*state, "upload", 0);
    spooled_append(part, data, 1000);
    syscalls_record(letters, sizeof letters);
    assert_int_equal(spool_part_finish(part, &digests, &err), 0);
    syscalls_record(NULL, 0);
    /* file; the lock; name, mode, time; the directory of the content */
    assert_string_equal(letters, "FONCCOF");

    part = spooled_part(*state, "upload", 0);
    spooled_append(part, data, 1000);
    syscalls_record(letters, sizeof letters);
    assert_int_equal(spool_part_finish(part, &digests, &err), 0);
    syscalls_record(NULL, 0);
    /* the content is there: its time; its directory, which the one that brought it may not have synced */
    assert_string_equal(letters, "FOCOFU");
}

static void finish_it(void *context)
{
    spooled_finish(context);
}

static void remove_it(void *context)
{
    spool_part_discard(context);
}

/* Between opening and locking, the other that wrote the part ends: what was opened is a content by then, or gone. */
static void opened_while_another_finishes(void **state)
{
    void (*const ends[])(void *) = {finish_it, remove_it};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct spool_part *other = spooled_part(*state, "upload", 0);
        spooled_append(other, data, 1000);
        syscalls_after_open(ends[i], other);
        struct spool_part *part = spooled_part(*state, "upload", 0);
        spooled_append(part, data, 2000);
        struct cg_digests digests = spooled_finish(part);
        assert_spooled(*state, digests.sha256, data, 2000);
        assert_all_whole(*state);
    }
}

/* Until it is killed: parts that become contents, parts left half. Each step is told by a byte. */
static void write_for_ever(struct spool *spool, unsigned seed, int told_fd)
{
    struct cg_error err = {0};
    for (unsigned round = 0;; round++) {
        char name[32];
        uint64_t have;
        struct cg_digests digests;
        snprintf(name, sizeof name, "part-%u", round % 5);
        struct spool_part *part = spool_part_open(spool, name, &have, &err);
        for (unsigned i = 0; part && i < 6; i++)
            if (spool_part_append(part, data + (seed + round) % 1000, 100000, &err) < 0 || write(told_fd, "", 1) != 1)
                _exit(1);
        if (!part || (round % 3 > 0 && spool_part_finish(part, &digests, &err) < 0))
            _exit(1);
        if (round % 3 == 0)
            spool_part_close(part);
    }
}

/* What the killed ones left. */
struct left {
    struct spool *spool;
    unsigned parts;
    unsigned contents;
};

static int finish_left(void *context, const char *name, double age_s, uint64_t size_bytes)
{
    struct left *left = context;
    (void)age_s;
    left->parts++;
    spooled_finish(spooled_part(left->spool, name, size_bytes));
    return 0;
}

static int remove_left(void *context, const char *name, double age_s, uint64_t size_bytes)
{
    struct left *left = context;
    (void)age_s;
    (void)size_bytes;
    left->contents++;
    return spool_content_remove(left->spool, name, 0, NULL);
}

static void killed_at_any_moment(void **state)
{
    struct spool *spool = *state;
    struct cg_error err = {0};
    struct left left = {.spool = spool};
    for (unsigned i = 0; i < KILLS; i++) {
        int status, told[2];
        char byte;
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        if (child == 0)
            write_for_ever(spool, i, told[1]);
        assert_true(child > 0);
        close(told[1]);
        for (unsigned steps = 0; steps < 8 + i * 7919 % 40; steps++)
            assert_int_equal(read(told[0], &byte, 1), 1);
        const struct timespec pause = {.tv_nsec = (long)(i * 104729 % 40) * 50000L};
        nanosleep(&pause, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status)); /* it did not end by itself with an error */
        close(told[0]);
        assert_all_whole(spool);
        assert_int_equal(spool_walk(spool, SPOOL_PARTS, finish_left, &left, &err), 0);
        assert_all_whole(spool);
        assert_int_equal(spooled_count(scratch_path("spool/parts")), 0);
        assert_int_equal(spool_walk(spool, SPOOL_CONTENTS, remove_left, &left, &err), 0);
    }
    assert_int_equal(spooled_count(scratch_path("spool/damaged")), 0);
    /* Most were killed in the middle of a part, and after more than that part. */
    assert_true(left.parts > KILLS / 4 && left.contents > left.parts);
}

/* One that sends a content in a thread of its own. */
struct sender {
    struct spool *spool;
    pthread_t thread;
    bool started;
};

static void *send_copy(void *context)
{
    struct cg_error err = {0};
    struct cg_digests digests;
    uint64_t have;
    struct spool_part *part = spool_part_open(context, "upload", &have, &err);
    if (!part || spool_part_append(part, data, 100, &err) < 0 || spool_part_finish(part, &digests, &err) < 0)
        return context;
    return NULL;
}

/* Starts the sender and gives it time to go as far as it is let. */
static void send_meanwhile(void *context)
{
    struct sender *sender = context;
    const struct timespec enough = {.tv_nsec = 200000000};
    sender->started = pthread_create(&sender->thread, NULL, send_copy, sender->spool) == 0;
    nanosleep(&enough, NULL);
}

/* An old content that nobody needs is removed in the moment in which it is sent again. */
static void sent_while_it_is_collected(void **state)
{
    struct cg_error err = {0};
    struct sender sender = {.spool = *state};
    struct cg_digests digests = spooled_digests(data, 100);
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    void *failed;
    assert_null(send_copy(*state));
    assert_int_equal(utimensat(AT_FDCWD, spooled_content_path(digests.sha256), old, 0), 0);
    syscalls_before_unlink(send_meanwhile, &sender);
    assert_int_equal(spool_content_remove(*state, digests.sha256, 1000, &err), 0);
    assert_true(sender.started);
    assert_int_equal(pthread_join(sender.thread, &failed), 0);
    assert_null(failed);
    assert_spooled(*state, digests.sha256, data, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_call_failed_once, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(every_call_failed_once_when_two_meet, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(a_failed_fsync_is_final, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(discarding_a_lost_part_spares_its_successor, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(a_full_disk_keeps_what_came_before, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(the_order_of_durability, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(opened_while_another_finishes, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(killed_at_any_moment, spooled_begin, spooled_end),
        cmocka_unit_test_setup_teardown(sent_while_it_is_collected, spooled_begin, spooled_end),
    };
    return cmocka_run_group_tests_name("spool_faults", tests, make_data, scratch_remove);
}
