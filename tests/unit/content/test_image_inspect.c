/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking into an archive by a process of its own. That process is this very program: started as the reader it does
 * what the first word of the archive says, if it is one of those below, else what the reader does.
 */
#include "image_tar.h"
#include "scratch.h"
#include "unit.h"

#include "content/image_inspect.h"
#include "content/image_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

/* --- the other process -----------------------------------------------------------------------------------------------
 */

static void talk_without_end(void)
{
    char piece[65536];
    memset(piece, 'x', sizeof piece);
    while (write(IMAGE_READER_RESULT, piece, sizeof piece) > 0)
        continue;
}

static void spin(void)
{
    const struct rlimit limit = {.rlim_cur = 1, .rlim_max = 3};
    setrlimit(RLIMIT_CPU, &limit);
    for (volatile unsigned long i = 0;; i++)
        continue;
}

static void act(const char *word)
{
    if (strcmp(word, "crash") == 0)
        raise(SIGKILL);
    if (strcmp(word, "give-up") == 0)
        _exit(3);
    if (strcmp(word, "say-nothing") == 0)
        _exit(0);
    if (strcmp(word, "talk") == 0)
        talk_without_end();
    if (strcmp(word, "spin") == 0)
        spin();
    if (strcmp(word, "sleep") == 0 || strcmp(word, "leave-pipe") == 0) {
        if (word[0] == 'l')
            close(IMAGE_READER_RESULT);
        for (;;)
            pause();
    }
    if (strcmp(word, "lie") == 0)
        _exit(write(IMAGE_READER_RESULT, "{\"form\": 7}", 11) != 11);
}

static int reader_main(int argc, char **argv)
{
    char word[16] = "";
    if (pread(IMAGE_READER_ARCHIVE, word, sizeof word - 1, 0) > 0)
        act(word);
    return image_reader_main(argc, argv);
}

/* --- the tests -----------------------------------------------------------------------------------------------------
 */

static int begin(void **state)
{
    (void)state;
    scratch_clear();
    scratch_make_directory("work");
    return 0;
}

static int nothing_is_left(void **state)
{
    (void)state;
    DIR *listing = opendir(scratch_path("work"));
    unsigned count = 0;
    while (readdir(listing))
        count++;
    closedir(listing);
    return count == 2 ? 0 : -1;
}

static json_t *inspect(const void *data, size_t size, struct image_inspect_options options, struct cg_error *err)
{
    scratch_write_bytes("archive", data, size, 0600);
    options.directory = scratch_path("work");
    CG_AUTO_FD int fd = open(scratch_path("archive"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return image_inspect(fd, &options, err);
}

static void expect_unread(const char *word, struct image_inspect_options options, const char *why)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *facts = inspect(word, strlen(word) + 1, options, &err);
    const char *kind = NULL, *text = NULL;
    assert_string_equal(err.message, "");
    assert_int_equal(json_unpack(facts, "{s:[{s:s, s:s}]}", "faults", "kind", &kind, "text", &text), 0);
    assert_string_equal(kind, "unread");
    assert_string_equal(text, why);
}

static void count_bytes(void *context, uint64_t done_bytes)
{
    uint64_t *seen = context;
    if (done_bytes > *seen)
        *seen = done_bytes;
}

static void an_image_is_read(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes archive = {0};
    CG_AUTO_BYTES struct cg_bytes layer = {0};
    struct cg_error err = {0};
    char id[72];
    uint64_t seen = 0;
    image_tar_add(&layer, "etc/motd", '0', NULL, "hello", 5);
    image_tar_end(&layer);
    image_tar_docker(&archive, &layer, id);
    CG_AUTO_JSON json_t *facts = inspect(
        archive.data, archive.size, (struct image_inspect_options){.progress = count_bytes, .context = &seen}, &err);
    const char *config = NULL;
    assert_int_equal(
        json_unpack(facts, "{s:[], s:[{s:s, s:n}]}", "faults", "images", "config_digest", &config, "rpmdb"), 0);
    assert_string_equal(config, id);
    assert_int_equal(seen, archive.size);
}

/* Whatever numbers the descriptors have here, as in a service that holds many. */
static void any_descriptors_will_do(void **state)
{
    (void)state;
    CG_AUTO_BYTES struct cg_bytes archive = {0};
    CG_AUTO_BYTES struct cg_bytes layer = {0};
    struct cg_error err = {0};
    char id[72];
    int taken[120], least = open("/dev/null", O_RDONLY | O_CLOEXEC), last = least;
    image_tar_end(&layer);
    image_tar_docker(&archive, &layer, id);
    for (int fd = least; fd < 120; fd = last = open("/dev/null", O_RDONLY | O_CLOEXEC))
        taken[fd] = fd;
    close(last);
    for (int lowest = 119; lowest >= least; lowest--) {
        close(taken[lowest]);
        if (lowest > 110 || (lowest < 90 && lowest > least))
            continue;
        CG_AUTO_JSON json_t *facts = inspect(archive.data, archive.size, (struct image_inspect_options){0}, &err);
        const char *config = NULL;
        assert_int_equal(json_unpack(facts, "{s:[], s:[{s:s}]}", "faults", "images", "config_digest", &config), 0);
        assert_string_equal(config, id);
    }
}

static void a_reader_that_dies_is_told_of(void **state)
{
    (void)state;
    const struct image_inspect_options plain = {0};
    expect_unread("crash", plain, "the reader died of signal 9");
    expect_unread("give-up", plain, "the reader gave up with status 3");
    expect_unread("say-nothing", plain,
                  "the reader told no facts: line 1, column 1: the text ends too early, expected a value");
}

static void a_reader_that_takes_too_much_is_ended(void **state)
{
    (void)state;
    expect_unread("talk", (struct image_inspect_options){0}, "it has more to tell than is listened to");
    expect_unread("spin", (struct image_inspect_options){.cpu_s = 1}, "it took more than 1 s of processor time");
    expect_unread("sleep", (struct image_inspect_options){.time_s = 1}, "it took too long");
    expect_unread("leave-pipe", (struct image_inspect_options){0}, "it did not end");
}

static void what_it_tells_is_only_data(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *facts = inspect("lie", 4, (struct image_inspect_options){0}, &err);
    assert_int_equal(json_integer_value(json_object_get(facts, "form")), 7);
}

static void *ask_to_stop(void *context)
{
    stop_request(context);
    return NULL;
}

static void a_stop_ends_it(void **state)
{
    (void)state;
    struct stop stop;
    struct cg_error err = {0};
    pthread_t thread;
    assert_int_equal(stop_init(&stop, &err), 0);
    assert_int_equal(pthread_create(&thread, NULL, ask_to_stop, &stop), 0);
    assert_null(inspect("sleep", 6, (struct image_inspect_options){.stop = &stop}, &err));
    assert_error(&err, CG_E_INTERRUPTED, "interrupted while an image was looked into");
    pthread_join(thread, NULL);
    stop_finish(&stop);
}

static void a_directory_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct cg_error err = {0};
    const struct image_inspect_options options = {.directory = "/nonexistent"};
    CG_AUTO_FD int fd = open(scratch_path("work"), O_RDONLY | O_CLOEXEC);
    assert_null(image_inspect(fd, &options, &err));
    assert_error_has(&err, CG_E_IO, "cannot make directory /nonexistent/cg-import-image-");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], IMAGE_READER_VERB) == 0)
        return reader_main(argc - 1, argv + 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_image_is_read, begin, nothing_is_left),
        cmocka_unit_test_setup_teardown(any_descriptors_will_do, begin, nothing_is_left),
        cmocka_unit_test_setup_teardown(a_reader_that_dies_is_told_of, begin, nothing_is_left),
        cmocka_unit_test_setup_teardown(a_reader_that_takes_too_much_is_ended, begin, nothing_is_left),
        cmocka_unit_test_setup_teardown(what_it_tells_is_only_data, begin, nothing_is_left),
        cmocka_unit_test_setup_teardown(a_stop_ends_it, begin, nothing_is_left),
        cmocka_unit_test_setup(a_directory_that_is_not_there_is_an_error, begin),
    };
    return cmocka_run_group_tests_name("image_inspect", tests, scratch_create, scratch_remove);
}
