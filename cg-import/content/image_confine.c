/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* _GNU_SOURCE: syscall(2), O_PATH's kin. */
#define _GNU_SOURCE
#include "content/image_confine.h"

#include "cg/auto.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* Open at once: the archive, the result, the directory, and a database's three. */
#define FILES_MOST 64
/* The first Landlock with which files can be linked from one directory below ours into another. */
#define LANDLOCK_LEAST 2

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* --- amounts -------------------------------------------------------------------------------------------------------
 */

static int set_limit(__rlimit_resource_t resource, uint64_t most, const char *what, struct cg_error *err)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0)
        return cg_fail_errno(err, "limit", what);
    /* What was set before stays, where it is tighter. */
    if (limit.rlim_max > most)
        limit.rlim_max = most;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(resource, &limit) < 0 ? cg_fail_errno(err, "limit", what) : 0;
}

static int set_limits(const struct image_limits *limits, struct cg_error *err)
{
    /* Soft and hard apart: at the soft limit the signal says what it was. */
    const struct rlimit processor = {.rlim_cur = limits->cpu_s, .rlim_max = limits->cpu_s + 5};
    if (!IS_SANITIZED && set_limit(RLIMIT_AS, limits->memory_bytes, "memory", err) < 0)
        return -1;
    if (setrlimit(RLIMIT_CPU, &processor) < 0)
        return cg_fail_errno(err, "limit", "processor time");
    return set_limit(RLIMIT_FSIZE, limits->file_bytes, "file size", err) < 0 ||
                   set_limit(RLIMIT_NOFILE, FILES_MOST, "open files", err) < 0 ||
                   set_limit(RLIMIT_NPROC, 0, "processes", err) < 0 || set_limit(RLIMIT_CORE, 0, "core dumps", err) < 0
               ? -1
               : 0;
}

/* --- calls ---------------------------------------------------------------------------------------------------------
 */

/* Whatever speaks to another process or machine, makes one, or asks the kernel for more than files and memory. */
static int forbid_calls(struct cg_error *err)
{
    static const char *const forbidden[] = {"socket",
                                            "socketpair",
                                            "connect",
                                            "bind",
                                            "listen",
                                            "accept",
                                            "accept4",
                                            "sendto",
                                            "sendmsg",
                                            "sendmmsg",
                                            "execve",
                                            "execveat",
                                            "fork",
                                            "vfork",
                                            "clone",
                                            "clone3",
                                            "ptrace",
                                            "process_vm_readv",
                                            "kill",
                                            "process_vm_writev",
                                            "tkill",
                                            "pidfd_open",
                                            "pidfd_getfd",
                                            "pidfd_send_signal",
                                            "mount",
                                            "umount2",
                                            "chroot",
                                            "pivot_root",
                                            "setns",
                                            "unshare",
                                            "bpf",
                                            "perf_event_open",
                                            "userfaultfd",
                                            "keyctl",
                                            "add_key",
                                            "request_key",
                                            "io_uring_setup",
                                            "io_uring_enter",
                                            "io_uring_register",
                                            "setrlimit",
                                            "msgget",
                                            "semget",
                                            "shmget",
                                            "open_by_handle_at",
                                            "name_to_handle_at",
                                            NULL};
    /* Limits may be asked for, and not be set. */
    static const struct scmp_arg_cmp sets_limits = {.arg = 2, .op = SCMP_CMP_NE, .datum_a = 0, .datum_b = 0};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return cg_fail_memory(err);
    int result = 0;
    for (const char *const *name = forbidden; *name && result == 0; name++) {
        int number = seccomp_syscall_resolve_name(*name);
        /* A call that this machine does not have needs no ban. */
        if (number >= 0)
            result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
    }
    if (result == 0)
        result = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 1, &sets_limits);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    if (result == 0)
        return 0;
    errno = -result;
    return cg_fail_errno(err, "forbid system calls to", "the reader");
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

/* A kernel without Landlock leaves the files to the owner and permission bits. */
static int keep_directory(int directory_fd, struct cg_error *err)
{
    static const uint64_t everything =
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
        LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
        LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
        LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
        LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
    static const uint64_t ours = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
                                 LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER;
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < LANDLOCK_LEAST)
        return 0;
    const struct landlock_ruleset_attr attributes = {.handled_access_fs = everything};
    CG_AUTO_FD int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    const struct landlock_path_beneath_attr beneath = {.allowed_access = ours, .parent_fd = directory_fd};
    if (rules < 0 || syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0 ||
        syscall(SYS_landlock_restrict_self, rules, 0) < 0)
        return cg_fail_errno(err, "take files away from", "the reader");
    return 0;
}

int image_confine(const struct image_limits *limits, int directory_fd, struct cg_error *err)
{
    /* A file that grows too large is a failed write, with a sentence. */
    signal(SIGXFSZ, SIG_IGN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return cg_fail_errno(err, "confine", "the reader");
    if (set_limits(limits, err) < 0 || keep_directory(directory_fd, err) < 0)
        return -1;
    return forbid_calls(err);
}
