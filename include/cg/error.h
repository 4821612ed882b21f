/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_ERROR_H
#define CG_ERROR_H

/*
 * What went wrong, said once: an error on the caller's stack and the one table of codes behind it.
 *
 * Every function that can fail takes a `struct cg_error *` last and returns -1 (or NULL) after cg_fail(). The code
 * tells programs what to do (HTTP status, exit code, try again?), the message tells people, the hint what they can do.
 * Not a log: whoever handles an error prints it, once. Not findings about a document: those are report.h.
 */

#include "cg/api.h"

#include <stdarg.h>
#include <stdbool.h>

/* Enough for a hub's fault text with a path in it; longer texts are cut at a character and end in an ellipsis. */
#define CG_ERROR_MESSAGE_SIZE 1024
#define CG_ERROR_HINT_SIZE 512

/*
 * Codes with frozen numbers: a number is never reused or given another meaning, since scripts, journals and
 * databases hold them. 1-19 are about this machine, 20-29 the document, 30-39 conflicts, 40-59 the hub,
 * 60-69 the audit trail.
 */
enum cg_code {
    CG_OK = 0,
    CG_E_MEMORY = 1,      /* an allocation failed */
    CG_E_USAGE = 2,       /* arguments that make no sense */
    CG_E_IO = 3,          /* a local file or directory could not be read or written */
    CG_E_CONFIG = 4,      /* a profile or configuration is missing or wrong */
    CG_E_INTERNAL = 5,    /* a defect of this program */
    CG_E_INTERRUPTED = 6, /* the user or a signal stopped it; nothing is left half done */

    CG_E_SYNTAX = 20,   /* not JSON */
    CG_E_REFUSED = 21,  /* the document breaks rules; the report says which */
    CG_E_NVR = 22,      /* not a name-version-release */
    CG_E_MISMATCH = 23, /* an output file is missing or differs from what the metadata says */
    CG_E_LIMIT = 24,    /* larger, deeper or more than what is handled */
    CG_E_SCHEMA = 25,   /* the JSON Schema itself is wrong */

    CG_E_CONFLICT = 30, /* the NVR exists on the hub with other content */
    CG_E_RESERVED = 31, /* the NVR is reserved or being built by someone else */
    CG_E_STRAY = 32,    /* files of an import that died lie where the build belongs */

    CG_E_UNREACHABLE = 40, /* the request did not reach the hub: name, connect, TLS */
    CG_E_OFFLINE = 41,     /* the hub says it is offline or locked for maintenance */
    CG_E_BUSY = 42,        /* 429, 5xx, a lock held by another: the same call may succeed later */
    CG_E_AUTH = 43,        /* login refused, or the user lacks the permission */
    CG_E_DENIED = 44,      /* a hub policy or plugin says no */
    CG_E_HUB_REFUSED = 45, /* the hub understood and says no (a Koji error with a text) */
    CG_E_HUB_FAULT = 46,   /* the hub broke on the request (fault 1: a bare Python exception) */
    CG_E_HUB_REPLY = 47,   /* a reply that is no acceptable XML-RPC */
    CG_E_SESSION = 48,     /* the session expired or was closed: log in again */
    CG_E_RETRIED = 49,     /* fault 1009: this very call was committed before */
    CG_E_UNKNOWN = 50,     /* it may or may not have happened on the hub */
    CG_E_TRANSFER = 51,    /* an upload was cut, stalled or arrived altered */
    CG_E_TOO_LARGE = 52,   /* HTTP 413: a smaller piece may pass */
    CG_E_UNSUPPORTED = 53, /* this hub cannot do what is asked */
    CG_E_TAG = 54,         /* the build is imported, tagging it failed */

    CG_E_FORM = 60,       /* no well-formed key, note, checkpoint, tile, proof or envelope */
    CG_E_SIGNATURE = 61,  /* no trusted key signed, or a trusted key's signature is wrong */
    CG_E_QUORUM = 62,     /* fewer witnesses signed than the policy asks for */
    CG_E_PROOF = 63,      /* the hashes do not lead to the signed root */
    CG_E_FORK = 64,       /* two views of a log that are not of one log: forked, cut or rolled back */
    CG_E_DIFFERS = 65,    /* what the hub has is not what the trail says */
    CG_E_INCOMPLETE = 66, /* a part of the log that should be there is not */
};

/* What a program does about a code. */
struct cg_code_info {
    enum cg_code code;
    const char *name;         /* "CG_E_BUSY", never NULL */
    const char *meaning;      /* a phrase for people, lower case, never NULL */
    int http_status;          /* for the service's answers */
    int exit_status;          /* 0 done 1 refused 2 local 3 temporary 4 conflict 5 unknown, 10-16 audit */
    bool retryable;           /* the same request may succeed later without anyone's help */
    bool refund;              /* our own reservation is to be given back after this */
    const char *python_class; /* exception class for Python callers, a name of the koji module or a builtin */
};

/* Zero-initialise: `struct cg_error err = {0};`. */
struct cg_error {
    enum cg_code code;                   /* CG_OK while nothing failed */
    int fault;                           /* XML-RPC fault number the hub sent, 0 if none */
    char message[CG_ERROR_MESSAGE_SIZE]; /* lower case, no full stop, wrong value and expected one */
    char hint[CG_ERROR_HINT_SIZE];       /* what the reader can do, "" if nothing */
};

/* The row of `code`; a row that says "unknown code" for a number that is not in the table. Never NULL. */
CG_API const struct cg_code_info *cg_code_info(enum cg_code code);

/* Records the failure unless `err` holds one already (the first error wins) or is NULL. Returns -1, always. */
CG_API int cg_fail(struct cg_error *err, enum cg_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
CG_API int cg_vfail(struct cg_error *err, enum cg_code code, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* CG_E_MEMORY. Returns -1. */
CG_API int cg_fail_memory(struct cg_error *err);

/* CG_E_IO with "cannot WHAT PATH: strerror(errno)". Returns -1. */
CG_API int cg_fail_errno(struct cg_error *err, const char *what, const char *path);

/* Sets the hint of a recorded error that has none yet. Returns -1. */
CG_API int cg_hint(struct cg_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Back to "nothing failed", for a caller that handled the error and goes on. */
CG_API void cg_error_clear(struct cg_error *err);

#endif
