/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of states and of reasons to hold, as they stand in the database and in answers. */
#include "store/imports.h"

#include <string.h>

static const char *const states[] = {
    [STORE_RECEIVING] = "receiving", [STORE_QUEUED] = "queued",     [STORE_RUNNING] = "running",
    [STORE_HELD] = "held",           [STORE_IMPORTED] = "imported", [STORE_REJECTED] = "rejected",
    [STORE_CANCELED] = "canceled",
};

static const char *const reasons[] = {
    [STORE_NOT_HELD] = "",
    [STORE_HELD_UNKNOWN_OUTCOME] = "unknown-outcome",
    [STORE_HELD_STRAY_FILES] = "stray-files",
    [STORE_HELD_RESERVED] = "reserved",
    [STORE_HELD_RESERVATION_LOST] = "reservation-lost",
    [STORE_HELD_CONFLICT] = "conflict",
    [STORE_HELD_CREDENTIALS] = "credentials",
    [STORE_HELD_TAG] = "tag",
    [STORE_HELD_EXHAUSTED] = "exhausted",
    [STORE_HELD_CONTENT_LOST] = "content-lost",
};

static int find(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *store_state_name(enum store_state state)
{
    return states[state];
}

int store_state_from_name(const char *name)
{
    return find(states, sizeof states / sizeof states[0], name);
}

const char *store_held_name(enum store_held held)
{
    return reasons[held];
}

int store_held_from_name(const char *name)
{
    return find(reasons, sizeof reasons / sizeof reasons[0], name);
}
