/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_REPLY_GATE_H
#define KOJI_REPLY_GATE_H

/*
 * What a reply must be before a parser sees it.
 *
 * Debian's xmlrpc-c carries an expat of 2001 that a 2 kB reply with entities blows up to 2.9 GB and deep nesting
 * crashes. So before parsing: valid UTF-8 without NUL, no encoding declaration but UTF-8, no "<!" (DOCTYPE, CDATA,
 * comments: Koji sends none), at most KOJI_REPLY_MAX bytes, elements nested at most KOJI_REPLY_DEPTH_MAX deep,
 * tags that are a name and nothing else, every <i8> a number of 64 bits. Not a parser: whether it is XML-RPC is for
 * value.h to say. Linear in `size`.
 */

#include "cg/error.h"

#include <stddef.h>

/* Bytes of one reply: a getBuild with 5,000 components' worth of extra is below 4 MB. */
#define KOJI_REPLY_MAX (64U * 1024U * 1024U)
/* Nested XML elements; a value nested n deep in structs takes about 3 n. */
#define KOJI_REPLY_DEPTH_MAX 64
/* Members of one struct: xmlrpc-c searches a struct for every member it adds; Koji's largest have a few hundred. */
#define KOJI_REPLY_MEMBERS_MAX 10000
/* Elements of one reply: xmlrpc-c and jansson take about 450 bytes for each; a build has a few hundred. */
#define KOJI_REPLY_ELEMENTS_MAX 1000000

/* 0, or -1 with CG_E_HUB_REPLY: "reply refused: REASON at byte N". */
int koji_reply_gate(const char *xml, size_t size, struct cg_error *err);

#endif
