/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System V shared memory is of the XSI part of POSIX. */
#define _XOPEN_SOURCE 700
#include "postgres.h"
#include "scratch.h"
#include "unit.h"

#include "store/private_postgres.h"
#include "store/store.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Programs of the server, or the test is skipped, aloud. The scratch directory may be passed by the server's user. */
static void need_server(void)
{
    if (!postgres_programs()) {
        print_message("skipped: no PostgreSQL server programs\n");
        skip();
    }
    assert_int_equal(chmod(scratch_path(""), 0711), 0);
}

static struct private_postgres *start(const char *name)
{
    struct cg_error err = {0};
    struct private_postgres_options options = {.directory = scratch_path(name), .bin = postgres_programs()};
    struct private_postgres *postgres = private_postgres_start(&options, &err);
    assert_string_equal(err.message, "");
    assert_non_null(postgres);
    return postgres;
}

static void stop(struct private_postgres *postgres)
{
    struct cg_error err = {0};
    assert_int_equal(private_postgres_stop(postgres, &err), 0);
    assert_string_equal(err.message, "");
}

static void refuse(const struct private_postgres_options *options, struct cg_error *err)
{
    assert_null(private_postgres_start(options, err));
}

static long server_pid(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%s/data/postmaster.pid", name);
    FILE *file = fopen(scratch_path(path), "r");
    long pid = 0;
    if (file) {
        assert_int_equal(fscanf(file, "%ld", &pid), 1);
        fclose(file);
    }
    return pid;
}

static void starts_keeps_and_stops(void **state)
{
    (void)state;
    need_server();
    struct cg_error err = {0};
    struct private_postgres *postgres = start("pg");
    assert_true(private_postgres_alive(postgres));
    struct store *store = store_open(&(struct store_options){.conninfo = private_postgres_conninfo(postgres)}, &err);
    unsigned applied;
    assert_int_equal(store_migrate(store, &applied, &err), 0);
    store_close(store);
    assert_string_equal(postgres_sql(private_postgres_conninfo(postgres), "SHOW listen_addresses"), "");
    assert_string_equal(postgres_sql(private_postgres_conninfo(postgres), "SHOW fsync"), "on");
    assert_string_equal(postgres_sql(private_postgres_conninfo(postgres), "SHOW data_checksums"), "on");
    stop(postgres);
    assert_int_equal(server_pid("pg"), 0);

    struct stat status;
    assert_int_equal(stat(scratch_path("pg/socket"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_true(status.st_uid != 0);

    postgres = start("pg");
    store = store_open(&(struct store_options){.conninfo = private_postgres_conninfo(postgres)}, &err);
    assert_int_equal(store_ready(store, &err), 0);
    store_close(store);
    stop(postgres);
}

static void refuses_a_directory_in_use(void **state)
{
    (void)state;
    need_server();
    struct cg_error err = {0};
    struct private_postgres *postgres = start("pg");
    char expected[600];
    snprintf(expected, sizeof expected, "%s is in use by another cg-import", scratch_path("pg"));
    refuse(&(struct private_postgres_options){.directory = scratch_path("pg")}, &err);
    assert_error(&err, CG_E_BUSY, expected);
    assert_true(private_postgres_alive(postgres));
    stop(postgres);
}

static void takes_over_from_a_killed_service(void **state)
{
    (void)state;
    need_server();
    /* The service is a process of its own; it ends without stopping its server. */
    pid_t service = fork();
    if (service == 0) {
        struct cg_error err = {0};
        struct private_postgres_options options = {.directory = scratch_path("pg"), .bin = postgres_programs()};
        struct private_postgres *postgres = private_postgres_start(&options, &err);
        if (postgres)
            postgres_sql(private_postgres_conninfo(postgres), "CREATE TABLE kept (a int)");
        kill(getpid(), SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(service, &status, 0), service);
    long orphan = server_pid("pg");
    assert_true(orphan > 1);
    assert_int_equal(kill((pid_t)orphan, 0), 0);

    struct private_postgres *postgres = start("pg");
    assert_true(server_pid("pg") != orphan);
    assert_string_equal(postgres_sql(private_postgres_conninfo(postgres), "SELECT count(*) FROM kept"), "0");
    stop(postgres);
}

static void recovers_after_its_own_crash(void **state)
{
    (void)state;
    need_server();
    struct private_postgres *postgres = start("pg");
    postgres_sql(private_postgres_conninfo(postgres), "CREATE TABLE IF NOT EXISTS kept (a int)");
    assert_int_equal(kill((pid_t)server_pid("pg"), SIGKILL), 0);
    while (private_postgres_alive(postgres))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    stop(postgres);
    /* A number that another process has by now is not taken for the server's. */
    postgres = start("pg");
    assert_string_equal(postgres_sql(private_postgres_conninfo(postgres), "SELECT count(*) FROM kept"), "0");
    stop(postgres);
}

/* Stands for a process of the killed server that has not ended yet, until the new one was refused for it. */
struct remains {
    void *memory;
    char log[600];
};

static void *linger(void *context)
{
    struct remains *remains = context;
    char text[65536];
    do {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        FILE *log = fopen(remains->log, "r");
        assert_non_null(log);
        text[fread(text, 1, sizeof text - 1, log)] = '\0';
        fclose(log);
    } while (!strstr(text, "pre-existing shared memory block"));
    assert_int_equal(shmdt(remains->memory), 0);
    return NULL;
}

/* The server's shared memory, attached to this process. */
static void *attach(const char *path)
{
    int key, segment = -1;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (char line[1024]; segment < 0 && fgets(line, sizeof line, file);)
        if (sscanf(line, "%d %d", &key, &segment) != 2)
            segment = -1;
    fclose(file);
    void *memory = shmat(segment, NULL, SHM_RDONLY);
    assert_ptr_not_equal(memory, (void *)-1);
    return memory;
}

static void waits_for_the_remains_of_a_killed_server(void **state)
{
    (void)state;
    need_server();
    struct private_postgres *postgres = start("remains");
    struct remains remains = {.memory = attach(scratch_path("remains/data/postmaster.pid"))};
    snprintf(remains.log, sizeof remains.log, "%s", scratch_path("remains/log"));
    assert_int_equal(kill((pid_t)server_pid("remains"), SIGKILL), 0);
    while (private_postgres_alive(postgres))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    stop(postgres);

    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, linger, &remains), 0);
    postgres = start("remains");
    assert_int_equal(pthread_join(thread, NULL), 0);
    stop(postgres);
}

static void clears_away_half_made_data(void **state)
{
    (void)state;
    need_server();
    stop(start("half"));
    assert_int_equal(rename(scratch_path("half/data"), scratch_path("half/data.new")), 0);
    assert_int_equal(unlink(scratch_path("half/data.new/PG_VERSION")), 0);
    stop(start("half"));
    assert_int_equal(access(scratch_path("half/data.new"), F_OK), -1);
}

static void refuses_data_of_another_version(void **state)
{
    (void)state;
    need_server();
    struct cg_error err = {0};
    stop(start("old"));
    scratch_write("old/data/PG_VERSION", "9\n");
    char expected[1024];
    snprintf(expected, sizeof expected, "%s is of PostgreSQL 9, which is not installed", scratch_path("old/data"));
    refuse(&(struct private_postgres_options){.directory = scratch_path("old")}, &err);
    assert_string_equal(err.hint, "install PostgreSQL 9, or upgrade the data with pg_upgrade; it was not touched");
    assert_error(&err, CG_E_CONFIG, expected);
    refuse(&(struct private_postgres_options){.directory = scratch_path("old"), .bin = postgres_programs()}, &err);
    assert_error_has(&err, CG_E_CONFIG, "/data is of PostgreSQL 9, the programs in ");
    scratch_write("old/data/PG_VERSION", "new\n");
    snprintf(expected, sizeof expected, "%s cannot be read or names no version of PostgreSQL",
             scratch_path("old/data/PG_VERSION"));
    err = (struct cg_error){0};
    refuse(&(struct private_postgres_options){.directory = scratch_path("old")}, &err);
    assert_error(&err, CG_E_CONFIG, expected);
}

static void refuses_directories_and_programs_that_do_not_fit(void **state)
{
    (void)state;
    need_server();
    struct cg_error err = {0};
    char expected[1024];

    refuse(&(struct private_postgres_options){.directory = scratch_path("bin"), .bin = "/nowhere"}, &err);
    assert_error(&err, CG_E_CONFIG, "/nowhere has no PostgreSQL server programs");

    /* 107 bytes of a socket's address, less "/socket/.s.PGSQL.5432". */
    char longest[128];
    memset(longest, 'x', sizeof longest);
    size_t rest = 86 - strlen(scratch_path("")) - 1;
    longest[rest + 1] = '\0';
    refuse(&(struct private_postgres_options){.directory = scratch_path(longest)}, &err);
    assert_error_has(&err, CG_E_CONFIG, " has 87 bytes; a socket in it allows at most 86");
    longest[rest] = '\0';
    stop(start(longest));

    refuse(&(struct private_postgres_options){.directory = scratch_path("it's")}, &err);
    assert_error(&err, CG_E_CONFIG, "the path of the private PostgreSQL has the character 0x27");

    stop(start("open"));
    assert_int_equal(chmod(scratch_path("open"), 0755), 0);
    snprintf(expected, sizeof expected, "%s can be entered by others (mode 0755)", scratch_path("open"));
    refuse(&(struct private_postgres_options){.directory = scratch_path("open")}, &err);
    assert_error(&err, CG_E_CONFIG, expected);
}

static void refuses_users_with_privileges(void **state)
{
    (void)state;
    need_server();
    if (geteuid() != 0) {
        print_message("skipped: only root chooses the user\n");
        skip();
    }
    struct cg_error err = {0};
    refuse(&(struct private_postgres_options){.directory = scratch_path("u"), .user = "root"}, &err);
    assert_error(&err, CG_E_CONFIG, "the private PostgreSQL cannot run as \"root\"; expected a user of its own");
    refuse(&(struct private_postgres_options){.directory = scratch_path("u"), .user = "nobody"}, &err);
    assert_error(&err, CG_E_CONFIG, "the private PostgreSQL cannot run as \"nobody\"; expected a user of its own");
    refuse(&(struct private_postgres_options){.directory = scratch_path("u"), .user = "no-such-user"}, &err);
    assert_error(&err, CG_E_CONFIG, "there is no system user \"no-such-user\" for the private PostgreSQL to run as");
    assert_int_equal(access(scratch_path("u"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_keeps_and_stops),
        cmocka_unit_test(refuses_a_directory_in_use),
        cmocka_unit_test(takes_over_from_a_killed_service),
        cmocka_unit_test(recovers_after_its_own_crash),
        cmocka_unit_test(waits_for_the_remains_of_a_killed_server),
        cmocka_unit_test(clears_away_half_made_data),
        cmocka_unit_test(refuses_data_of_another_version),
        cmocka_unit_test(refuses_directories_and_programs_that_do_not_fit),
        cmocka_unit_test(refuses_users_with_privileges),
    };
    return cmocka_run_group_tests_name("private_postgres", tests, scratch_create, scratch_remove);
}
