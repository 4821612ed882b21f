/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_AUTO_H
#define CG_AUTO_H

/*
 * Release on leaving scope: the one compiler extension of the project.
 *
 * A variable marked with one of these is released when its scope ends, so a function has as many failure returns
 * as it needs, no goto and no leak. CG_STEAL moves the value out to a caller and leaves NULL behind.
 * Not a memory manager: ownership is still said in each function's comment.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Releases the variable with `function(&variable)` at the end of its scope. */
#define CG_AUTO(function) __attribute__((cleanup(function)))

#define CG_AUTO_FREE CG_AUTO(cg_auto_free)
#define CG_AUTO_JSON CG_AUTO(cg_auto_json)
#define CG_AUTO_FILE CG_AUTO(cg_auto_file)
/* An int holding a descriptor, -1 when there is none. */
#define CG_AUTO_FD CG_AUTO(cg_auto_fd)

/* The value of pointer variable `p`, which becomes NULL and so is not released here. */
#define CG_STEAL(p)                                                                                                    \
    __extension__({                                                                                                    \
        __typeof__(p) cg_stolen_ = (p);                                                                                \
        (p) = NULL;                                                                                                    \
        cg_stolen_;                                                                                                    \
    })

/* The same for a variable `v` that is no pointer, e.g. a struct: all its bytes become 0, so releasing it does nothing.
 */
#define CG_MOVE(v)                                                                                                     \
    __extension__({                                                                                                    \
        __typeof__(v) cg_moved_ = (v);                                                                                 \
        memset(&(v), 0, sizeof(v));                                                                                    \
        cg_moved_;                                                                                                     \
    })

/* The same for a descriptor, which becomes -1. */
static inline int cg_steal_fd(int *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

static inline void cg_auto_free(void *p)
{
    free(*(void **)p);
}

static inline void cg_auto_json(json_t **json)
{
    json_decref(*json);
}

static inline void cg_auto_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

static inline void cg_auto_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#endif
