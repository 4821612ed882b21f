/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SANDBOX_H
#define TESTS_SANDBOX_H

/*
 * The sandbox hub as a process beside a C test: started once for a test program, steered and asked by HTTP.
 *
 * Run from the top of the repository, or with CG_TOP naming it.
 */

#include "koji/profile.h"

#include <jansson.h>

/* A cmocka group's setup and teardown: start the hub with its files below the test's scratch directory, stop it. */
int sandbox_start(void **state);
int sandbox_stop(void **state);

/* The profile of the user osbs, who may import, by certificate; calls are repeated at once and `retries` times. */
struct koji_profile *sandbox_profile(int retries);

/* POSTs (or DELETEs where `json` is NULL) to /sandbox/PAGE; GETs from it (new reference). Fail the test on a failure.
 */
void sandbox_steer(const char *page, const char *json);
json_t *sandbox_ask(const char *page);

/* How many requests of that method the hub saw since /sandbox/log was last cleared. */
size_t sandbox_calls(const char *method);
/* How many of them the hub is still at. */
size_t sandbox_unanswered(const char *method);

/* Waits until an armed rule was met; for a pause, until the hub stands still. */
void sandbox_wait_met(const char *count_of);

/* The hub's top directory (/mnt/koji). */
const char *sandbox_topdir(void);

#endif
