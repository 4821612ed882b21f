/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "postgres.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* How long is waited for what must come, and the pause between two looks. */
#define PATIENCE_S 300U
#define PAUSE_NS 5000000L

#define CHILDREN_MAX 256

static char programs[256];
static char top[256];
static bool running;

const char *postgres_programs(void)
{
    const char *given = getenv("CG_POSTGRES_BIN");
    if (programs[0] == '\0' && given)
        snprintf(programs, sizeof programs, "%s", given);
    if (programs[0] != '\0')
        return programs;
    static const char *const places[] = {"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb",
                                         "/usr/bin/initdb", "/usr/local/bin/initdb"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        glob_t found;
        if (glob(places[i], 0, NULL, &found) == 0) {
            snprintf(programs, sizeof programs, "%.*s",
                     (int)(strrchr(found.gl_pathv[found.gl_pathc - 1], '/') - found.gl_pathv[found.gl_pathc - 1]),
                     found.gl_pathv[found.gl_pathc - 1]);
            globfree(&found);
            return programs;
        }
    }
    return NULL;
}

const char *postgres_user(void)
{
    return geteuid() == 0 ? "postgres" : NULL;
}

/* Runs a command of the server, as the user it runs as. */
static int run(const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "cd %s && %s %s/%s >>%s/out 2>&1", top, postgres_user() ? "runuser -u postgres --" : "",
             postgres_programs(), command, top);
    return system(line); /* NOLINT(cert-env33-c): a test's own command */
}

static int start_server(void)
{
    char command[1024];
    snprintf(command, sizeof command,
             "pg_ctl -s -w -t %u -D %s/data -l %s/log -o \"-c listen_addresses='' -c unix_socket_directories=%s"
             " -c fsync=off -c shared_buffers=16MB -c max_connections=60 -c autovacuum=off\" start",
             PATIENCE_S, top, top, top);
    return run(command);
}

static void stop_and_remove(void)
{
    char command[512];
    snprintf(command, sizeof command, "pg_ctl -s -w -D %s/data -m immediate stop", top);
    run(command);
    snprintf(command, sizeof command, "rm -rf %s", top);
    if (system(command) != 0) /* NOLINT(cert-env33-c) */
        print_error("%s is left\n", top);
}

/* A process that waits for the end of this one, however it comes, and leaves no server behind. */
static int watch(void)
{
    int ends[2];
    if (pipe(ends) != 0 || fcntl(ends[1], F_SETFD, FD_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        setsid();
        close(ends[1]);
        while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
            ;
        if (access(top, F_OK) == 0)
            stop_and_remove();
        _exit(0);
    }
    close(ends[0]);
    return pid < 0 ? -1 : 0;
}

int postgres_start(void **state)
{
    (void)state;
    if (!postgres_programs())
        return 0;
    const char *above = getenv("TMPDIR");
    snprintf(top, sizeof top, "%s/cg-postgres-XXXXXX", above && *above ? above : "/tmp");
    if (!mkdtemp(top))
        return -1;
    const struct passwd *user = postgres_user() ? getpwnam(postgres_user()) : NULL;
    if (postgres_user() && (!user || chown(top, user->pw_uid, user->pw_gid) != 0))
        return -1;
    if (watch() != 0)
        return -1;
    char command[512];
    snprintf(command, sizeof command, "initdb -D %s/data -U tests -A trust --no-locale -E UTF8 --no-sync", top);
    running = run(command) == 0 && start_server() == 0;
    return running ? 0 : -1;
}

int postgres_stop(void **state)
{
    (void)state;
    if (top[0] != '\0')
        stop_and_remove();
    running = false;
    return 0;
}

bool postgres_there(void)
{
    return running;
}

const char *postgres_database(void)
{
    static char conninfos[8][400];
    static unsigned count;
    char *conninfo = conninfos[count % 8];
    char sql[64], server[300];
    snprintf(server, sizeof server, "host=%s user=tests dbname=postgres", top);
    /* The other template may have a visitor, which keeps it from being copied. */
    snprintf(sql, sizeof sql, "CREATE DATABASE t%u TEMPLATE template0", ++count);
    assert_string_equal(postgres_sql(server, sql), "");
    snprintf(conninfo, sizeof conninfos[0], "host=%s user=tests dbname=t%u", top, count);
    return conninfo;
}

const char *postgres_sql(const char *conninfo, const char *sql)
{
    static char answer[4096];
    char line[8192];
    snprintf(line, sizeof line, "%s/psql -X -A -t -q -v ON_ERROR_STOP=1 -d '%s' 2>&1 <<'END_OF_SQL'\n%s\nEND_OF_SQL\n",
             postgres_programs(), conninfo, sql);
    FILE *psql = popen(line, "r"); /* NOLINT(cert-env33-c) */
    assert_non_null(psql);
    size_t size = fread(answer, 1, sizeof answer - 1, psql);
    answer[size] = '\0';
    pclose(psql);
    while (size > 0 && answer[size - 1] == '\n')
        answer[--size] = '\0';
    return answer;
}

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

void postgres_await(const char *conninfo, const char *sql, const char *expected)
{
    uint64_t until_ms = clock_monotonic_ms() + 1000 * PATIENCE_S;
    while (strcmp(postgres_sql(conninfo, sql), expected) != 0) {
        if (clock_monotonic_ms() >= until_ms)
            fail_msg("%s: %s, not %s", sql, postgres_sql(conninfo, sql), expected);
        rest();
    }
}

static long server_pid(void)
{
    char path[300];
    snprintf(path, sizeof path, "%s/data/postmaster.pid", top);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[32] = "";
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    return strtol(line, NULL, 10);
}

/* The processes that the first one has started; how many of them there is room for. */
static unsigned read_children(long parent, long *children, unsigned room)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", parent, parent);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (count < room && fscanf(file, "%ld", &children[count]) == 1)
        count++;
    fclose(file);
    return count;
}

/* The letter of its state, 'Z' when it has ended and waits for its parent to hear so; '\0' when it is gone. */
static char process_state(long pid)
{
    char path[64], state = '\0';
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return '\0';
    /* The name stands in parentheses, and none of the server's has one in it. */
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = '\0';
    fclose(file);
    return state;
}

void postgres_crash(void)
{
    long pids[CHILDREN_MAX + 1] = {server_pid()};
    unsigned count = 1 + read_children(pids[0], pids + 1, CHILDREN_MAX);
    assert_int_equal(kill((pid_t)pids[0], SIGKILL), 0);
    for (unsigned i = 0; i < count; i++)
        for (char is; (is = process_state(pids[i])) != '\0' && is != 'Z';)
            rest();
    running = false;
}

/* A process that was not among the children yet may still be ending: until it has, a new server refuses to start. */
void postgres_restart(void)
{
    uint64_t until_ms = clock_monotonic_ms() + 1000 * PATIENCE_S;
    while (!running && clock_monotonic_ms() < until_ms) {
        running = start_server() == 0;
        if (!running)
            rest();
    }
    assert_true(running);
}

void postgres_kill_one(unsigned pick)
{
    char server[300];
    long children[CHILDREN_MAX];
    unsigned count = read_children(server_pid(), children, CHILDREN_MAX);
    assert_true(count > 0);
    long pid = children[pick % count];
    kill((pid_t)pid, SIGKILL);
    /* Once the first process has heard of its end, it lets nobody in until all is recovered; before, it might. */
    while (process_state(pid) != '\0')
        rest();
    snprintf(server, sizeof server, "host=%s user=tests dbname=postgres", top);
    postgres_await(server, "SELECT 1", "1");
}
