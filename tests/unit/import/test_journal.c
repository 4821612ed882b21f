/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "import/journal.h"
#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct import_journal_key key = {
    .hub = "https://koji.example.com/kojihub",
    .nvr = "test-container-1.0-1",
    .metadata_sha256 = "ab",
    .draft = KOJI_NORMAL,
};

static struct import_journal *open_key(const struct import_journal_key *which, struct cg_error *err)
{
    return import_journal_open(scratch_path("a/b"), which, NULL, NULL, NULL, err);
}

static size_t files_in(const char *path)
{
    DIR *directory = opendir(path);
    size_t count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    if (directory)
        closedir(directory);
    return count;
}

static void write_everything(struct import_journal *journal)
{
    struct cg_error err = {0};
    CG_AUTO(koji_ticket_finish)
    struct koji_ticket ticket = {.session_id = 8, .call_number = 31, .header_session = true};
    CG_AUTO(koji_reservation_finish) struct koji_reservation reservation = {.build_id = 12};
    assert_int_equal(secret_set(&ticket.session_key, "2-KEY", &err), 0);
    assert_int_equal(secret_set(&reservation.token, "TOKEN", &err), 0);
    assert_int_equal(import_journal_directory(journal, "cg-import/1", IMPORT_JOURNAL_WITH_NEXT, &err), 0);
    assert_int_equal(import_journal_file(journal, "a.tar", 1ULL << 40, &err), 0);
    assert_int_equal(import_journal_reserving(journal, &ticket, &err), 0);
    assert_int_equal(import_journal_reserved(journal, &reservation, &err), 0);
    ticket.call_number = 32;
    assert_int_equal(import_journal_importing(journal, &ticket, 1795423842.5, &err), 0);
    assert_int_equal(err.code, CG_OK);
}

static void keeps_what_was_written_down(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_IMPORT_JOURNAL struct import_journal *journal = open_key(&key, &err);
    assert_non_null(journal);
    assert_null(import_journal_record(journal)->directory);
    write_everything(journal);
    import_journal_close(CG_STEAL(journal));

    journal = open_key(&key, &err);
    const struct import_record *record = import_journal_record(journal);
    assert_string_equal(record->directory, "cg-import/1");
    assert_int_equal(json_integer_value(json_object_get(record->files, "a.tar")), 1LL << 40);
    assert_int_equal(record->reserving, IMPORT_NOT_SENT);
    assert_int_equal(record->reservation.build_id, 12);
    assert_string_equal(secret_reveal(&record->reservation.token), "TOKEN");
    assert_int_equal(record->importing, IMPORT_SENDING);
    assert_int_equal(record->import_ticket.session_id, 8);
    assert_int_equal(record->import_ticket.call_number, 32);
    assert_true(record->import_ticket.header_session);
    assert_string_equal(secret_reveal(&record->import_ticket.session_key), "2-KEY");
    assert_true(record->sent_at == 1795423842.5);
}

static void forgets_what_is_over(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_IMPORT_JOURNAL struct import_journal *journal = open_key(&key, &err);
    write_everything(journal);
    assert_int_equal(import_journal_import_failed(journal, &err), 0);
    assert_int_equal(import_journal_record(journal)->importing, IMPORT_NOT_SENT);
    assert_null(import_journal_record(journal)->directory);
    assert_int_equal(import_journal_record(journal)->reservation.build_id, 12);
    assert_int_equal(import_journal_unreserved(journal, &err), 0);
    import_journal_close(CG_STEAL(journal));
    journal = open_key(&key, &err);
    assert_int_equal(import_journal_record(journal)->importing, IMPORT_NOT_SENT);
    assert_int_equal(import_journal_record(journal)->reservation.build_id, 0);
    assert_null(import_journal_record(journal)->directory);
    assert_int_equal(files_in(scratch_path("a/b")), 2);
    assert_int_equal(import_journal_remove(journal, &err), 0);
    assert_int_equal(files_in(scratch_path("a/b")), 1);
    import_journal_close(CG_STEAL(journal));
    assert_int_equal(files_in(scratch_path("a/b")), 0);
}

static void is_readable_by_its_owner_only(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_IMPORT_JOURNAL struct import_journal *journal = open_key(&key, &err);
    write_everything(journal);
    struct stat status;
    assert_int_equal(stat(import_journal_path(journal), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(scratch_path("a/b"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void tells_imports_apart(void **state)
{
    (void)state;
    struct cg_error err = {0};
    struct import_journal_key keys[5] = {key, key, key, key, key};
    keys[1].hub = "https://other.example.com/kojihub";
    keys[2].nvr = "test-container-1.0-2";
    keys[3].metadata_sha256 = "ac";
    keys[4].draft = KOJI_DRAFT;
    struct import_journal *journals[5];
    for (size_t i = 0; i < 5; i++) {
        journals[i] = open_key(&keys[i], &err);
        assert_non_null(journals[i]);
        assert_int_equal(import_journal_directory(journals[i], "d", IMPORT_JOURNAL_NOW, &err), 0);
    }
    assert_int_equal(files_in(scratch_path("a/b")), 10);
    for (size_t i = 0; i < 5; i++)
        import_journal_close(journals[i]);
}

static void refuses_what_it_cannot_understand(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason;
    } cases[] = {
        {"", "'[' or '{' expected near end of file"},
        {"[]", "its version is not 1"},
        {"{\"version\": 2}", "its version is not 1"},
        {"{\"version\": 1, \"directory\": \"d\"}", "the upload directory is not whole"},
        {"{\"version\": 1, \"reservation\": {\"build_id\": 1}}", "the reservation is not whole"},
        {"{\"version\": 1, \"importing\": {\"session_id\": 1}}", "a ticket is not whole"},
        {"{\"version\": 1, \"reserving\": {}}", "a ticket is not whole"},
    };
    struct cg_error err = {0};
    struct import_journal *journal = open_key(&key, &err);
    char path[300];
    snprintf(path, sizeof path, "%s", import_journal_path(journal));
    import_journal_close(journal);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FILE *file = fopen(path, "w");
        fputs(cases[i].text, file);
        fclose(file);
        char expected[500];
        snprintf(expected, sizeof expected, "%s is no journal of this program: %s", path, cases[i].reason);
        assert_null(open_key(&key, &err));
        assert_error(&err, CG_E_IO, expected);
    }
}

/* Now the other run may end. */
static void waited(void *context)
{
    int *go_fd = context;
    close(*go_fd);
    *go_fd = -1;
}

/* A run in another process holds the lock; this one waits, says so, and then sees what the other wrote. */
static void lets_one_run_at_a_time(void **state)
{
    (void)state;
    struct cg_error err = {0};
    int ready[2], go[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    if (child == 0) {
        close(go[1]);
        struct import_journal *held = open_key(&key, &err);
        import_journal_directory(held, "of the child", IMPORT_JOURNAL_NOW, &err);
        bool told = write(ready[1], "x", 1) == 1 && read(go[0], &byte, 1) == 0;
        import_journal_close(held);
        _exit(told ? 0 : 1);
    }
    close(go[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    AUTO_IMPORT_JOURNAL struct import_journal *journal =
        import_journal_open(scratch_path("a/b"), &key, NULL, waited, &go[1], &err);
    assert_non_null(journal);
    assert_int_equal(go[1], -1);
    assert_string_equal(import_journal_record(journal)->directory, "of the child");
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(ready[1]);
}

static void gives_way_to_a_stop(void **state)
{
    (void)state;
    struct cg_error err = {0};
    AUTO_IMPORT_JOURNAL struct import_journal *held = open_key(&key, &err);
    assert_non_null(held);
    struct stop stop;
    assert_int_equal(stop_init(&stop, &err), 0);
    stop_request(&stop);
    assert_null(import_journal_open(scratch_path("a/b"), &key, &stop, NULL, NULL, &err));
    assert_error(&err, CG_E_INTERRUPTED, "interrupted while another run of the same import was at work");
    stop_finish(&stop);
}

static void nothing_is_kept_without_a_journal(void **state)
{
    (void)state;
    struct cg_error err = {0};
    write_everything(NULL);
    assert_null(import_journal_record(NULL));
    assert_string_equal(import_journal_path(NULL), "");
    assert_int_equal(import_journal_import_failed(NULL, &err), 0);
    assert_int_equal(import_journal_unreserved(NULL, &err), 0);
    assert_int_equal(import_journal_remove(NULL, &err), 0);
    import_journal_close(NULL);
}

static void says_when_it_cannot_write(void **state)
{
    (void)state;
    struct cg_error err = {0};
    scratch_write("file", "");
    char expected[200];
    snprintf(expected, sizeof expected, "cannot make directory %s: Not a directory", scratch_path("file/x"));
    assert_null(import_journal_open(scratch_path("file/x"), &key, NULL, NULL, NULL, &err));
    assert_error(&err, CG_E_IO, expected);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        allocation_fail_at(n);
        struct import_journal *journal = open_key(&key, &err);
        int result = journal ? import_journal_directory(journal, "d", IMPORT_JOURNAL_NOW, &err) : -1;
        if (result == 0)
            result = import_journal_file(journal, "f", 1, &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        import_journal_close(journal);
        if (!failed) {
            assert_int_equal(result, 0);
            return;
        }
        /* jansson's writer allocates buffers that it can do without. */
        if (result < 0)
            assert_true(err.code == CG_E_MEMORY || err.code == CG_E_IO);
    }
}

int main(void)
{
#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_create, scratch_remove)
    const struct CMUnitTest tests[] = {
        in_scratch(keeps_what_was_written_down),
        in_scratch(forgets_what_is_over),
        in_scratch(is_readable_by_its_owner_only),
        in_scratch(tells_imports_apart),
        in_scratch(refuses_what_it_cannot_understand),
        in_scratch(lets_one_run_at_a_time),
        in_scratch(gives_way_to_a_stop),
        in_scratch(nothing_is_kept_without_a_journal),
        in_scratch(says_when_it_cannot_write),
        in_scratch(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
