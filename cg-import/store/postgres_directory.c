/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* flock: a lock that belongs to the descriptor and not to the process, so that two services in one process meet. */
#define _GNU_SOURCE
#include "store/postgres_directory.h"

#include "cg/auto.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>

#define VERSION_MIN 13
#define SOCKET_NAME "/socket/.s.PGSQL.5432"

/* --- the directory ----------------------------------------------------------------------------------------------- */

/* Makes a directory of the account's, or sees that it is one. */
static int make_directory(const char *path, const struct account *account, struct cg_error *err)
{
    bool made = mkdir(path, 0700) == 0;
    if (!made && errno != EEXIST)
        return cg_fail_errno(err, "make", path);
    CG_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return cg_fail_errno(err, "open", path);
    if (made && account->is_other && fchown(fd, account->uid, account->gid) != 0)
        return cg_fail_errno(err, "give away", path);
    if (!made && status.st_uid != account->uid)
        return cg_fail(err, CG_E_CONFIG, "%s belongs to user %ld; expected %ld", path, (long)status.st_uid,
                       (long)account->uid);
    if (!made && (status.st_mode & 077) != 0) {
        cg_fail(err, CG_E_CONFIG, "%s can be entered by others (mode %04o)", path, (unsigned)(status.st_mode & 07777));
        return cg_hint(err, "chmod 700 %s", path);
    }
    return 0;
}

static int resolve(struct postgres_directory *directory, const char *path, struct cg_error *err)
{
    if (make_directory(path, &directory->account, err) != 0)
        return -1;
    if (!realpath(path, directory->path))
        return cg_fail_errno(err, "resolve", path);
    for (const char *c = directory->path; *c; c++)
        if (iscntrl((unsigned char)*c) || strchr("'\"\\,", *c))
            return cg_fail(err, CG_E_CONFIG, "the path of the private PostgreSQL has the character 0x%02x",
                           (unsigned)(unsigned char)*c);
    size_t most = sizeof((struct sockaddr_un *)0)->sun_path - sizeof SOCKET_NAME;
    if (strlen(directory->path) > most)
        return cg_fail(err, CG_E_CONFIG, "the path %s has %zu bytes; a socket in it allows at most %zu",
                       directory->path, strlen(directory->path), most);
    return 0;
}

static int take_lock(struct postgres_directory *directory, struct cg_error *err)
{
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/lock", directory->path);
    directory->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (directory->lock < 0)
        return cg_fail_errno(err, "open", path);
    if (flock(directory->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return cg_fail_errno(err, "lock", path);
    return cg_fail(err, CG_E_BUSY, "%s is in use by another cg-import", directory->path);
}

/* --- versions ---------------------------------------------------------------------------------------------------- */

/* The number that a file begins with; 0 when it does not begin with one, -1 when the file cannot be opened. */
static long read_number(const char *path)
{
    CG_AUTO_FILE FILE *file = fopen(path, "re");
    char line[32] = "";
    if (!file)
        return -1;
    return fgets(line, sizeof line, file) ? strtol(line, NULL, 10) : 0;
}

/* The major version that the data is of, 0 when there is no data, -1. */
static int data_version(const struct postgres_directory *directory, struct cg_error *err)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/data/PG_VERSION", directory->path);
    long version = read_number(path);
    if (version < 0 && errno == ENOENT)
        return 0;
    if (version <= 0 || version > 999)
        return cg_fail(err, CG_E_CONFIG, "%s cannot be read or names no version of PostgreSQL", path);
    return (int)version;
}

/* The major version of the programs in `bin`, as the server tells it; 0 if there is none. */
static int program_version(const char *bin)
{
    char command[PATH_MAX];
    snprintf(command, sizeof command, "%s/postgres", bin);
    int out[2];
    if (access(command, X_OK) != 0 || pipe(out) != 0)
        return 0;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        execl(command, command, "--version", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    char text[128] = "";
    size_t size = 0;
    for (ssize_t got; size < sizeof text - 1 && (got = read(out[0], text + size, sizeof text - 1 - size)) > 0;)
        size += (size_t)got;
    close(out[0]);
    int status = 0;
    if (pid > 0)
        process_wait(pid, 10000, &status);
    static const char form[] = "postgres (PostgreSQL) ";
    return strncmp(text, form, sizeof form - 1) == 0 ? (int)strtol(text + sizeof form - 1, NULL, 10) : 0;
}

static int use_bin(struct postgres_directory *directory, const char *bin, int wanted, struct cg_error *err)
{
    int version = program_version(bin);
    if (version == 0)
        return cg_fail(err, CG_E_CONFIG, "%s has no PostgreSQL server programs", bin);
    if (version < VERSION_MIN)
        return cg_fail(err, CG_E_CONFIG, "%s has PostgreSQL %d; expected 13 or later", bin, version);
    if (wanted != 0 && version != wanted) {
        cg_fail(err, CG_E_CONFIG, "%s/data is of PostgreSQL %d, the programs in %s are of %d", directory->path, wanted,
                bin, version);
        return cg_hint(err, "install PostgreSQL %d, or upgrade the data with pg_upgrade; it was not touched", wanted);
    }
    snprintf(directory->bin, sizeof directory->bin, "%s", bin);
    return 0;
}

/* Tries the directories of a pattern: the one of version `wanted`, or for 0 the newest. 1 found, 0 not. */
static int find_bin(struct postgres_directory *directory, const char *pattern, int wanted)
{
    glob_t found = {0};
    int best = 0;
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            int version = program_version(found.gl_pathv[i]);
            if (version < VERSION_MIN || (wanted ? version != wanted : version <= best))
                continue;
            best = version;
            snprintf(directory->bin, sizeof directory->bin, "%s", found.gl_pathv[i]);
        }
    }
    globfree(&found);
    return best != 0;
}

static int find_programs(struct postgres_directory *directory, const char *bin, struct cg_error *err)
{
    static const char *const places[] = {"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/bin", "/usr/local/bin",
                                         "/usr/local/pgsql/bin"};
    int wanted = data_version(directory, err);
    if (wanted < 0)
        return -1;
    if (bin)
        return use_bin(directory, bin, wanted, err);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (find_bin(directory, places[i], wanted))
            return 0;
    if (wanted) {
        cg_fail(err, CG_E_CONFIG, "%s/data is of PostgreSQL %d, which is not installed", directory->path, wanted);
        return cg_hint(err, "install PostgreSQL %d, or upgrade the data with pg_upgrade; it was not touched", wanted);
    }
    cg_fail(err, CG_E_CONFIG, "no PostgreSQL server programs of version 13 or later were found");
    return cg_hint(err, "install the PostgreSQL server, or name a database in the configuration");
}

/* --- the data ---------------------------------------------------------------------------------------------------- */

/* New data is made beside its place and moved there when it is whole, so that half of it is never taken for data. */
static int initialise(struct postgres_directory *directory, struct cg_error *err)
{
    char initdb[PATH_MAX], from[PATH_MAX + 16], to[PATH_MAX + 16];
    snprintf(initdb, sizeof initdb, "%s/initdb", directory->bin);
    snprintf(from, sizeof from, "%s/data.new", directory->path);
    snprintf(to, sizeof to, "%s/data", directory->path);
    static const char *const clear[] = {"/bin/rm", "-rf", "--", "data.new", NULL};
    const char *const make[] = {initdb,
                                "-D",
                                "data.new",
                                "-U",
                                "cg_import",
                                "-E",
                                "UTF8",
                                "--no-locale",
                                "-k",
                                "--auth-local=trust",
                                "--auth-host=reject",
                                NULL};
    if (process_run(&directory->account, directory->path, "log", clear, err) != 0 ||
        process_run(&directory->account, directory->path, "log", make, err) != 0)
        return -1;
    CG_AUTO_FD int fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (rename(from, to) != 0 || fd < 0 || fsync(fd) != 0)
        return cg_fail_errno(err, "make", to);
    return 0;
}

int postgres_directory_open(struct postgres_directory *directory, const char *path, const char *user, const char *bin,
                            struct cg_error *err)
{
    *directory = (struct postgres_directory){.lock = -1};
    if (account_find(user, &directory->account, err) != 0 || resolve(directory, path, err) != 0 ||
        take_lock(directory, err) != 0 || find_programs(directory, bin, err) != 0)
        return -1;
    char socket[PATH_MAX + 16];
    snprintf(socket, sizeof socket, "%s/socket", directory->path);
    if (make_directory(socket, &directory->account, err) != 0)
        return -1;
    int version = data_version(directory, err);
    return version != 0 ? (version < 0 ? -1 : 0) : initialise(directory, err);
}

void postgres_directory_close(struct postgres_directory *directory)
{
    if (directory->lock >= 0)
        close(directory->lock);
    directory->lock = -1;
}

/* --- who runs on it ---------------------------------------------------------------------------------------------- */

pid_t postgres_directory_server(const struct postgres_directory *directory)
{
    char path[PATH_MAX + 32], link[64], data[PATH_MAX + 16], where[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/data/postmaster.pid", directory->path);
    long pid = read_number(path);
    if (pid <= 1 || kill((pid_t)pid, 0) != 0)
        return 0;
    /* The number may belong to another process by now: a server works in its data directory. */
    snprintf(link, sizeof link, "/proc/%ld/cwd", pid);
    snprintf(data, sizeof data, "%s/data", directory->path);
    ssize_t length = readlink(link, where, sizeof where - 1);
    where[length > 0 ? length : 0] = '\0';
    return strcmp(where, data) == 0 ? (pid_t)pid : 0;
}

bool postgres_directory_crashed(const struct postgres_directory *directory)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/data/postmaster.pid", directory->path);
    return postgres_directory_server(directory) == 0 && access(path, F_OK) == 0;
}
