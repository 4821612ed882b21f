/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_POSTGRES_PROCESS_H
#define STORE_POSTGRES_PROCESS_H

/* For private_postgres.c only: running PostgreSQL's programs as a user without privileges. */

#include "cg/error.h"

#include <stddef.h>
#include <sys/types.h>

/* Supplementary groups of one user; more are left out. */
#define ACCOUNT_GROUPS_MAX 64

/* Who the programs run as. */
struct account {
    char name[64];
    uid_t uid;
    gid_t gid;
    gid_t groups[ACCOUNT_GROUPS_MAX];
    int group_count;
    int is_other; /* not us: privileges are dropped (we are root) */
};

/* Whom programs run as: us or, when we are root, `user` (NULL: "postgres"). 0, or -1 with CG_E_CONFIG for a user that
 * is missing or has privileges. */
int account_find(const char *user, struct account *account, struct cg_error *err);

/*
 * Starts argv[0] (a path) as `account`, in a session of its own so that no signal of our terminal reaches it, in
 * `directory`, with standard output and error appended to `log` below it, or to /dev/null when NULL. Its pid, or -1
 * with CG_E_IO. A program that cannot be run ends with status 127.
 */
pid_t process_start(const struct account *account, const char *directory, const char *log, const char *const *argv,
                    struct cg_error *err);

/* Waits up to `timeout_ms`. 1 it ended (*status as waitpid has it), 0 it runs, -1 it is no child of ours. */
int process_wait(pid_t pid, unsigned timeout_ms, int *status);

/* Runs a program to its end. 0, or -1 with CG_E_IO that names the log. */
int process_run(const struct account *account, const char *directory, const char *log, const char *const *argv,
                struct cg_error *err);

#endif
