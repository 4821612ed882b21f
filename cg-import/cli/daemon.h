/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

/*
 * The service as one process: starts the floors in order, keeps them going, and stops them in reverse.
 *
 * SIGTERM and SIGINT drain: nothing new is taken, requests that run may end, a CGImport that was sent is waited for,
 * everything else goes back to the queue. Once more, and the CGImport is left to whoever asks the hub next. SIGHUP
 * reads the configuration again and takes over the log level, the grants and the hubs.
 */

#include "config.h"

struct daemon_options {
    const char *config_path; /* as given, for reading it again; NULL: the default */
    const char *ready_file;  /* written when requests are taken: {"url": ..., "port": N, "pid": N}; NULL: none */
};

/* Runs until it is told to stop. `config` is taken over. 0, or -1 with what kept it from starting or going on. */
int daemon_run(const struct daemon_options *options, struct config *config, struct cg_error *err);

#endif
