/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_VALUE_H
#define KOJI_VALUE_H

/*
 * Calls (value_call.c) and replies (value_reply.c) as XML-RPC text, values as jansson trees. The only user of xmlrpc-c.
 *
 * null, boolean, integer (i4 up to 32 bits, i8 above), double, string, array and struct go both ways. A dateTime and
 * a base64 in a reply become strings (the ISO text; the base64 text): no Koji call that is used here sends them.
 * A double keeps 15 significant digits, which is what xmlrpc-c writes and reads; the hub's time stamps need no more.
 * A carriage return is kept, as a character reference, by the call; the hub itself answers with line feeds alone.
 * Koji's named arguments are a last struct that holds "__starstar": true (koji/__init__.py encode_args).
 */

#include "cg/bytes.h"
#include "cg/error.h"

/* A reply is a value or a fault. */
struct koji_reply {
    json_t *value; /* owned; NULL when it is a fault */
    int fault;     /* fault number */
    char *text;    /* owned fault text; NULL when it is a value */
};

#define AUTO_KOJI_REPLY CG_AUTO(koji_reply_finish)

/*
 * Appends the <methodCall> of `method` with the array `params`. Returns 0, or -1 with CG_E_USAGE (a string
 * with a control character, which XML cannot carry: names the place as a JSON pointer into the parameters),
 * CG_E_MEMORY.
 */
int koji_value_encode_call(const char *method, const json_t *params, struct cg_bytes *xml, struct cg_error *err);

/* Decodes a <methodResponse> that passed the reply gate. 0, or -1 with CG_E_HUB_REPLY, CG_E_MEMORY. */
int koji_value_decode_reply(const char *xml, size_t size, struct koji_reply *reply, struct cg_error *err);

void koji_reply_finish(struct koji_reply *reply);

#endif
