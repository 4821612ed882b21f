/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "scratch.h"

#include "cg/auto.h"
#include "logic/staging.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* sha256sum and md5sum of "content". */
static const struct content_id content = {
    .kind = CG_DIGEST_SHA256,
    .checksum = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73",
    .size_bytes = 7,
};
static const struct content_id content_md5 = {
    .kind = CG_DIGEST_MD5, .checksum = "9a0364b9e99bb480dd25e1f0284c8555", .size_bytes = 7};

static int begin(void **state)
{
    (void)state;
    scratch_clear();
    scratch_make_directory("to");
    scratch_write_bytes("from/archive", "content", 7, 0644);
    return 0;
}

/* Stages from/NAME as to/file. */
static int stage(const char *name, const struct content_id *id, struct content_seal *seal, enum staging_links links,
                 enum staging_method *method, struct cg_error *err)
{
    char path[64];
    snprintf(path, sizeof path, "from/%s", name);
    CG_AUTO_FD int source = open(scratch_path(path), O_RDONLY | O_CLOEXEC);
    CG_AUTO_FD int directory = open(scratch_path("to"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(source >= 0 && directory >= 0);
    return staging_place(source, directory, "file", id, seal, links, 1, method, err);
}

static void assert_staged(enum staging_links links, enum staging_method *method)
{
    struct cg_error err = {0};
    assert_int_equal(stage("archive", &content, NULL, links, method, &err), 1);
    assert_string_equal(err.message, "");
}

static void assert_file_is(const char *name, const char *text)
{
    char read_text[64] = "";
    CG_AUTO_FD int fd = open(scratch_path(name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    assert_int_equal(read(fd, read_text, sizeof read_text - 1), strlen(text));
    assert_string_equal(read_text, text);
}

/* Files in to/, however they are called. */
static unsigned files_staged(void)
{
    unsigned count = 0;
    DIR *directory = opendir(scratch_path("to"));
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

/* On a file system with reflinks it is one; else the same file, which nobody can write to any more. */
static void content_is_shared_where_it_can_be(void **state)
{
    (void)state;
    enum staging_method method;
    struct stat from, to;
    assert_staged(STAGING_MAY_LINK, &method);
    assert_file_is("to/file", "content");
    assert_int_equal(files_staged(), 1);
    assert_int_equal(lstat(scratch_path("from/archive"), &from), 0);
    assert_int_equal(lstat(scratch_path("to/file"), &to), 0);
    assert_true(S_ISREG(to.st_mode));
    if (method == STAGING_LINK) {
        assert_int_equal(from.st_ino, to.st_ino);
        assert_int_equal(to.st_nlink, 2);
        assert_int_equal(to.st_mode & 07777, 0444);
    } else {
        assert_int_equal(method, STAGING_REFLINK);
        assert_int_not_equal(from.st_ino, to.st_ino);
    }
}

static void without_links_it_is_a_file_of_its_own(void **state)
{
    (void)state;
    enum staging_method method;
    struct stat from, to;
    assert_staged(STAGING_NEVER_LINKS, &method);
    assert_true(method == STAGING_COPY || method == STAGING_REFLINK);
    assert_file_is("to/file", "content");
    assert_int_equal(stat(scratch_path("from/archive"), &from), 0);
    assert_int_equal(stat(scratch_path("to/file"), &to), 0);
    assert_int_not_equal(from.st_ino, to.st_ino);
    assert_int_equal(from.st_mode & 07777, 0644);
    assert_int_equal(files_staged(), 1);
}

static void a_source_that_changed_is_not_staged(void **state)
{
    (void)state;
    enum staging_method method;
    struct cg_error err = {0};
    scratch_write("from/archive", "conteNt");
    assert_int_equal(stage("archive", &content, NULL, STAGING_MAY_LINK, &method, &err), 0);
    assert_int_equal(stage("archive", &content, NULL, STAGING_NEVER_LINKS, &method, &err), 0);
    scratch_write("from/longer", "content and more");
    assert_int_equal(stage("longer", &content, NULL, STAGING_MAY_LINK, &method, &err), 0);
    assert_string_equal(err.message, "");
    assert_int_equal(files_staged(), 0);
}

static void what_is_there_is_met(void **state)
{
    (void)state;
    enum staging_method method;
    assert_staged(STAGING_MAY_LINK, &method);
    assert_staged(STAGING_MAY_LINK, &method);
    assert_int_equal(method, STAGING_THERE);
    assert_int_equal(files_staged(), 1);
}

static void another_file_is_never_replaced(void **state)
{
    (void)state;
    enum staging_method method;
    struct cg_error err = {0};
    scratch_write("to/file", "another");
    assert_int_equal(stage("archive", &content, NULL, STAGING_MAY_LINK, &method, &err), -1);
    assert_error(&err, CG_E_CONFLICT, "upload path exists: file");
    assert_file_is("to/file", "another");
    assert_int_equal(unlink(scratch_path("to/file")), 0);
    assert_int_equal(symlink("../from/archive", scratch_path("to/file")), 0);
    assert_int_equal(stage("archive", &content, NULL, STAGING_MAY_LINK, &method, &err), -1);
    assert_error(&err, CG_E_CONFLICT, "upload path exists and is no file: file");
    assert_int_equal(files_staged(), 1);
}

/* The first reading makes a seal, the next compares it: and only it, as a digest that is wrong by now shows. */
static void a_seal_stands_for_the_digest(void **state)
{
    (void)state;
    enum staging_method method;
    struct cg_error err = {0};
    struct content_seal seal = {.standing = SEAL_UNKNOWN};
    assert_int_equal(stage("archive", &content, &seal, STAGING_MAY_LINK, &method, &err), 1);
    assert_int_equal(seal.standing, SEAL_MADE);
    assert_int_equal(unlink(scratch_path("to/file")), 0);
    seal.standing = SEAL_KNOWN;
    struct content_id other = content;
    other.checksum = "0000000000000000000000000000000000000000000000000000000000000000";
    assert_int_equal(stage("archive", &other, &seal, STAGING_NEVER_LINKS, &method, &err), 1);
    assert_int_equal(unlink(scratch_path("to/file")), 0);
    assert_int_equal(unlink(scratch_path("from/archive")), 0);
    scratch_write("from/archive", "conteNt");
    assert_int_equal(stage("archive", &content, &seal, STAGING_NEVER_LINKS, &method, &err), 0);
    assert_int_equal(seal.standing, SEAL_KNOWN);
    assert_string_equal(err.message, "");
}

static void no_seal_is_made_of_what_is_wrong(void **state)
{
    (void)state;
    enum staging_method method;
    struct cg_error err = {0};
    struct content_seal seal = {.standing = SEAL_UNKNOWN};
    scratch_write("from/archive", "conteNt");
    assert_int_equal(stage("archive", &content, &seal, STAGING_NEVER_LINKS, &method, &err), 0);
    assert_int_equal(seal.standing, SEAL_UNKNOWN);
}

static void md5_is_read_too(void **state)
{
    (void)state;
    enum staging_method method;
    struct cg_error err = {0};
    assert_int_equal(stage("archive", &content_md5, NULL, STAGING_MAY_LINK, &method, &err), 1);
    assert_string_equal(err.message, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(content_is_shared_where_it_can_be, begin),
        cmocka_unit_test_setup(without_links_it_is_a_file_of_its_own, begin),
        cmocka_unit_test_setup(a_source_that_changed_is_not_staged, begin),
        cmocka_unit_test_setup(what_is_there_is_met, begin),
        cmocka_unit_test_setup(another_file_is_never_replaced, begin),
        cmocka_unit_test_setup(a_seal_stands_for_the_digest, begin),
        cmocka_unit_test_setup(no_seal_is_made_of_what_is_wrong, begin),
        cmocka_unit_test_setup(md5_is_read_too, begin),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
