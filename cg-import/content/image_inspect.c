/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* _GNU_SOURCE: pipe2(2). */
#define _GNU_SOURCE
#include "content/image_inspect.h"

#include "base/clock.h"
#include "base/tree.h"
#include "cg/bytes.h"
#include "cg/json.h"
#include "content/image_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* How often it is looked how far the reader is, and whether its time is over. */
#define LOOK_MS 200
/* After the last fact the reader has nothing to do but to end. */
#define END_MS 5000
/* Of one file of an rpm database: that of a whole distribution has less. */
#define FILE_BYTES (512ULL << 20)

/* One reader while it runs. */
struct reader {
    const struct image_inspect_options *options;
    uint64_t memory_bytes;
    unsigned cpu_s, time_s;
    int archive_fd;
    char *directory; /* owned, removed at the end */
    int directory_fd;
    int result_fd; /* reading end */
    pid_t pid;     /* 0: none runs */
    struct cg_bytes text;
    const char *broken_off; /* why we ended it; NULL: it ended by itself */
};

static void end_reader(struct reader *reader)
{
    if (reader->pid > 0) {
        kill(reader->pid, SIGKILL);
        while (waitpid(reader->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    tree_remove(reader->directory);
    free(reader->directory);
    cg_auto_fd(&reader->directory_fd);
    cg_auto_fd(&reader->result_fd);
    cg_bytes_finish(&reader->text);
}

/* --- starting ------------------------------------------------------------------------------------------------------
 */

static int make_directory(struct reader *reader, struct cg_error *err)
{
    const char *above = reader->options->directory ? reader->options->directory : getenv("TMPDIR");
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_bytes_printf(&path, err, "%s/cg-import-image-XXXXXX", above && above[0] ? above : "/var/tmp") < 0)
        return -1;
    if (!mkdtemp(path.data))
        return cg_fail_errno(err, "make directory", path.data);
    reader->directory = cg_bytes_steal(&path);
    reader->directory_fd = open(reader->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return reader->directory_fd < 0 ? cg_fail_errno(err, "open", reader->directory) : 0;
}

/* A copy of the descriptor that is none of those the reader is given, and that it does not inherit as such; or -1. */
static int out_of_the_way(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, IMAGE_READER_DIRECTORY + 1);
}

/* To each of the reader's numbers from a number that is none of them, or moving one could overwrite the next. */
static int add_files(posix_spawn_file_actions_t *actions, int archive_fd, int directory_fd, int result_fd)
{
    return posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ||
           posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) ||
           posix_spawn_file_actions_adddup2(actions, result_fd, IMAGE_READER_RESULT) ||
           posix_spawn_file_actions_adddup2(actions, archive_fd, IMAGE_READER_ARCHIVE) ||
           posix_spawn_file_actions_adddup2(actions, directory_fd, IMAGE_READER_DIRECTORY);
}

/* Nothing that is handled or held back here is so there. */
static int add_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    return posix_spawnattr_setsigmask(attributes, &none) || posix_spawnattr_setsigdefault(attributes, &all) ||
           posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(struct reader *reader, int result_fd, struct cg_error *err)
{
    char memory[24], file[24], cpu[24];
    snprintf(memory, sizeof memory, "%" PRIu64, reader->memory_bytes);
    snprintf(file, sizeof file, "%llu", FILE_BYTES);
    snprintf(cpu, sizeof cpu, "%u", reader->cpu_s);
    char name[] = "cg-import", verb[] = IMAGE_READER_VERB;
    char *arguments[] = {name, verb, memory, file, cpu, NULL}, *no_environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    CG_AUTO_FD int archive = out_of_the_way(reader->archive_fd), directory = out_of_the_way(reader->directory_fd),
                   result = out_of_the_way(result_fd);
    if (archive < 0 || directory < 0 || result < 0)
        return cg_fail_errno(err, "copy", "the descriptors for the reader of images");
    if (posix_spawn_file_actions_init(&actions) != 0)
        return cg_fail_memory(err);
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return cg_fail_memory(err);
    }
    int failed = add_files(&actions, archive, directory, result) || add_signals(&attributes) ? ENOMEM : 0;
    if (!failed)
        failed = posix_spawn(&reader->pid, "/proc/self/exe", &actions, &attributes, arguments, no_environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (!failed)
        return 0;
    reader->pid = 0;
    errno = failed;
    return cg_fail_errno(err, "start", "the reader of images");
}

static int start(struct reader *reader, struct cg_error *err)
{
    int ends[2];
    if (lseek(reader->archive_fd, 0, SEEK_SET) < 0)
        return cg_fail_errno(err, "rewind", "the archive");
    if (make_directory(reader, err) < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return cg_fail_errno(err, "make", "a pipe");
    reader->result_fd = ends[0];
    int spawned = spawn(reader, ends[1], err);
    close(ends[1]);
    return spawned;
}

/* --- listening -----------------------------------------------------------------------------------------------------
 */

/* The reader moves the offset that it shares with us. */
static void tell_progress(const struct reader *reader)
{
    off_t offset = lseek(reader->archive_fd, 0, SEEK_CUR);
    if (reader->options->progress && offset > 0)
        reader->options->progress(reader->options->context, (uint64_t)offset);
}

/* 1: more may come, 0: that was all, -1. */
static int take_piece(struct reader *reader, struct cg_error *err)
{
    char piece[65536];
    ssize_t size = read(reader->result_fd, piece, sizeof piece);
    if (size < 0)
        return errno == EINTR ? 1 : cg_fail_errno(err, "read", "the facts of the image");
    if (reader->text.size + (size_t)size > IMAGE_FACTS_MOST) {
        reader->broken_off = "it has more to tell than is listened to";
        return 0;
    }
    return cg_bytes_append(&reader->text, piece, (size_t)size, err) < 0 ? -1 : size > 0;
}

static int listen_to(struct reader *reader, struct cg_error *err)
{
    uint64_t end_ms = clock_monotonic_ms() + 1000ULL * reader->time_s;
    for (int more = 1; more == 1;) {
        struct pollfd waits[] = {{.fd = reader->result_fd, .events = POLLIN},
                                 {.fd = stop_descriptor(reader->options->stop), .events = POLLIN}};
        if (poll(waits, 2, LOOK_MS) < 0 && errno != EINTR)
            return cg_fail_errno(err, "wait for", "the reader of images");
        if (stop_level(reader->options->stop) != STOP_NONE)
            return cg_fail(err, CG_E_INTERRUPTED, "interrupted while an image was looked into");
        tell_progress(reader);
        if (waits[0].revents)
            more = take_piece(reader, err);
        if (more < 0)
            return -1;
        if (more == 1 && clock_monotonic_ms() >= end_ms) {
            reader->broken_off = "it took too long";
            more = 0;
        }
    }
    return 0;
}

/* Its exit status; it has END_MS to come to it. */
static int wait_for(struct reader *reader)
{
    int status = 0;
    for (unsigned waited = 0; !reader->broken_off; waited += 10) {
        pid_t ended = waitpid(reader->pid, &status, WNOHANG);
        if (ended == reader->pid) {
            reader->pid = 0;
            break;
        }
        if (waited >= END_MS)
            reader->broken_off = "it did not end";
        stop_sleep(NULL, 10);
    }
    return status;
}

/* --- the facts -----------------------------------------------------------------------------------------------------
 */

static json_t *unread(const char *why, struct cg_error *err)
{
    json_t *facts = json_pack("{s:s, s:s, s:[{s:s, s:s}], s:[]}", "form", "none", "compression", "none", "faults",
                              "kind", "unread", "text", why, "images");
    if (!facts)
        cg_fail_memory(err);
    return facts;
}

static json_t *facts_of(const struct reader *reader, int status, struct cg_error *err)
{
    char why[256];
    if (reader->broken_off)
        return unread(reader->broken_off, err);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
        snprintf(why, sizeof why, "it took more than %u s of processor time", reader->cpu_s);
        return unread(why, err);
    }
    if (WIFSIGNALED(status)) {
        snprintf(why, sizeof why, "the reader died of signal %d", WTERMSIG(status));
        return unread(why, err);
    }
    if (WEXITSTATUS(status) != 0) {
        snprintf(why, sizeof why, "the reader gave up with status %d", WEXITSTATUS(status));
        return unread(why, err);
    }
    struct cg_error failure = {0};
    json_t *facts = cg_json_read(cg_bytes_text(&reader->text), reader->text.size, NULL, &failure);
    if (json_is_object(facts))
        return facts;
    json_decref(facts);
    snprintf(why, sizeof why, "the reader told no facts: %.180s", failure.message);
    return unread(why, err);
}

json_t *image_inspect(int archive_fd, const struct image_inspect_options *options, struct cg_error *err)
{
    CG_AUTO(end_reader)
    struct reader reader = {
        .options = options,
        .memory_bytes = options->memory_bytes ? options->memory_bytes : IMAGE_MEMORY_DEFAULT,
        .cpu_s = options->cpu_s ? options->cpu_s : IMAGE_CPU_S_DEFAULT,
        .time_s = options->time_s ? options->time_s : IMAGE_TIME_S_DEFAULT,
        .archive_fd = archive_fd,
        .directory_fd = -1,
        .result_fd = -1,
    };
    if (start(&reader, err) < 0 || listen_to(&reader, err) < 0)
        return NULL;
    int status = wait_for(&reader);
    return facts_of(&reader, status, err);
}
