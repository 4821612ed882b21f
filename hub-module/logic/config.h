/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_CONFIG_H
#define CG_HUB_CONFIG_H

/*
 * The plugin's own configuration: koji-config/hub-plugins/cg_import.conf, installed in /etc/koji-hub/plugins.
 *
 * A file that is missing means the defaults. A value that makes no sense means the default of its key, and one text
 * that names every fault for the hub's log: a hub is never stopped by this file. Does not know Python or the hub.
 */

#include "cg/auto.h"
#include "cg/bytes.h"
#include "cg/error.h"
#include "logic/content.h"

#include <sys/stat.h>

/* Bytes of the file at most. */
#define HUB_CONFIG_SIZE_MAX (64U * 1024U)
/* Bytes of a permission's name, NUL included; Koji's column is varchar(50). */
#define HUB_CONFIG_PERMISSION_SIZE 51
#define HUB_CONFIG_THREADS_MAX 16

/* What preImport does about findings of cg_check. */
enum check_mode {
    CHECK_OFF,    /* nothing is looked at */
    CHECK_WARN,   /* findings go to the hub's log */
    CHECK_ERRORS, /* errors refuse the import, warnings go to the log */
    CHECK_STRICT, /* warnings refuse it, too */
};

/* What becomes of events in a database that is not prepared for them (schema/hub-sql). */
enum record_mode {
    RECORD_OFF,      /* nothing is recorded anywhere */
    RECORD_ON,       /* one line in the log, and imports go on */
    RECORD_REQUIRED, /* what cannot be recorded is refused */
};

struct hub_config {
    enum check_mode check_mode;                         /* [check] mode */
    unsigned digest_threads;                            /* [import] digest_threads, 1 to HUB_CONFIG_THREADS_MAX */
    char events_permission[HUB_CONFIG_PERMISSION_SIZE]; /* [events] permission */
    enum record_mode record_mode;                       /* [events] record */
    enum content_sight content_sight;                   /* [content] visible */
    enum staging_links content_links;                   /* [content] hard_links */
};

/* Which file was read and how it was then; zero-initialised: none was. */
struct config_mark {
    char *path; /* owned */
    struct stat seen;
};

void hub_config_defaults(struct hub_config *config);

/* Reads a text of `size` bytes over the defaults. `faults` gets one text of all faults, stays empty if there is none.
 */
int hub_config_parse(struct hub_config *config, const char *text, size_t size, struct cg_bytes *faults,
                     struct cg_error *err);

/*
 * Reads the file at `path` unless `mark` says that it was read and has not changed since. Returns 1 when it was read
 * (or found missing for the first time), 0 when nothing changed; -1 with CG_E_MEMORY. A file that cannot be read is a
 * fault like any other.
 */
int hub_config_load(struct hub_config *config, struct config_mark *mark, const char *path, struct cg_bytes *faults,
                    struct cg_error *err);

void config_mark_finish(struct config_mark *mark);

#endif
