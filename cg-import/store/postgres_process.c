/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* setgroups, getgrouplist and close_range: dropping privileges and descriptors is in no POSIX. */
#define _GNU_SOURCE
#include "store/postgres_process.h"

#include "base/clock.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 20U

int account_find(const char *user, struct account *account, struct cg_error *err)
{
    *account = (struct account){.uid = geteuid(), .gid = getegid(), .is_other = geteuid() == 0};
    if (!account->is_other)
        return 0;
    const char *name = user ? user : "postgres";
    char buffer[4096];
    struct passwd entry, *found = NULL;
    getpwnam_r(name, &entry, buffer, sizeof buffer, &found);
    if (!found) {
        cg_fail(err, CG_E_CONFIG, "there is no system user \"%s\" for the private PostgreSQL to run as", name);
        return cg_hint(err, "install the PostgreSQL server, name another user, or do not start as root");
    }
    if (found->pw_uid == 0 || strcmp(name, "nobody") == 0)
        return cg_fail(err, CG_E_CONFIG, "the private PostgreSQL cannot run as \"%s\"; expected a user of its own",
                       name);
    snprintf(account->name, sizeof account->name, "%s", name);
    account->uid = found->pw_uid;
    account->gid = found->pw_gid;
    account->group_count = ACCOUNT_GROUPS_MAX;
    if (getgrouplist(name, found->pw_gid, account->groups, &account->group_count) < 0)
        account->group_count = ACCOUNT_GROUPS_MAX;
    return 0;
}

/* Whatever the service blocked, handles or ignores is its own affair. */
static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
}

static int drop_privileges(const struct account *account)
{
    if (!account->is_other)
        return 0;
    if (setgroups((size_t)account->group_count, account->groups) != 0 || setgid(account->gid) != 0)
        return -1;
    return setuid(account->uid);
}

/* In the child, where only async-signal-safe functions may be called: other threads may have held any lock. */
__attribute__((noreturn)) static void become(const struct account *account, const char *directory, const char *log,
                                             const char *const *argv)
{
    static const char *const environment[] = {"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin", NULL};
    setsid();
    umask(077);
    if (drop_privileges(account) != 0 || chdir(directory) != 0)
        _exit(126);
    int in = open("/dev/null", O_RDONLY);
    int out = open(log ? log : "/dev/null", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0600);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(126);
    close_range(3, ~0U, 0);
    reset_signals();
    execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
    _exit(127);
}

pid_t process_start(const struct account *account, const char *directory, const char *log, const char *const *argv,
                    struct cg_error *err)
{
    /* No handler of ours may run in the child. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become(account, directory, log, argv);
    int failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid > 0)
        return pid;
    errno = failure;
    return cg_fail_errno(err, "start", argv[0]);
}

int process_wait(pid_t pid, unsigned timeout_ms, int *status)
{
    uint64_t deadline = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid)
            return 1;
        if (ended < 0 && errno != EINTR)
            return -1;
        if (clock_monotonic_ms() >= deadline)
            return 0;
        stop_sleep(NULL, POLL_MS);
    }
}

int process_run(const struct account *account, const char *directory, const char *log, const char *const *argv,
                struct cg_error *err)
{
    pid_t pid = process_start(account, directory, log, argv, err);
    if (pid < 0)
        return -1;
    int status = 0;
    while (process_wait(pid, 1000, &status) == 0)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return cg_fail(err, CG_E_IO, "%s cannot be run", argv[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 126)
        return cg_fail(err, CG_E_IO, "%s cannot be entered by the user that PostgreSQL runs as", directory);
    cg_fail(err, CG_E_IO, "%s failed (status %d)", argv[0], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return log ? cg_hint(err, "it says why in %s/%s", directory, log) : -1;
}
