/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/error.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* code, meaning, HTTP, exit, retryable, refund, Python class */
static const struct cg_code_info table[] = {
    {CG_OK, "CG_OK", "done", 200, 0, false, false, "None"},
    {CG_E_MEMORY, "CG_E_MEMORY", "out of memory", 503, 3, true, true, "MemoryError"},
    {CG_E_USAGE, "CG_E_USAGE", "wrong usage", 400, 2, false, true, "koji.ParameterError"},
    {CG_E_IO, "CG_E_IO", "local input or output failed", 500, 2, false, true, "OSError"},
    {CG_E_CONFIG, "CG_E_CONFIG", "wrong configuration", 500, 2, false, true, "koji.ConfigurationError"},
    {CG_E_INTERNAL, "CG_E_INTERNAL", "a defect of this program", 500, 2, false, true, "RuntimeError"},
    {CG_E_INTERRUPTED, "CG_E_INTERRUPTED", "interrupted", 503, 3, true, true, "KeyboardInterrupt"},

    {CG_E_SYNTAX, "CG_E_SYNTAX", "not JSON", 400, 1, false, true, "koji.GenericError"},
    {CG_E_REFUSED, "CG_E_REFUSED", "the document breaks rules", 422, 1, false, true, "koji.GenericError"},
    {CG_E_NVR, "CG_E_NVR", "not a name-version-release", 422, 1, false, true, "koji.GenericError"},
    {CG_E_MISMATCH, "CG_E_MISMATCH", "a file differs from the metadata", 422, 1, false, true, "koji.GenericError"},
    {CG_E_LIMIT, "CG_E_LIMIT", "over a limit", 413, 1, false, true, "koji.GenericError"},
    {CG_E_SCHEMA, "CG_E_SCHEMA", "the schema is wrong", 500, 2, false, true, "ValueError"},

    {CG_E_CONFLICT, "CG_E_CONFLICT", "exists with other content", 409, 4, false, true, "koji.GenericError"},
    {CG_E_RESERVED, "CG_E_RESERVED", "reserved by someone else", 409, 4, false, false, "koji.GenericError"},
    {CG_E_STRAY, "CG_E_STRAY", "files of a dead import are in the way", 409, 4, false, false, "koji.GenericError"},

    {CG_E_UNREACHABLE, "CG_E_UNREACHABLE", "the hub cannot be reached", 502, 3, true, true, "OSError"},
    {CG_E_OFFLINE, "CG_E_OFFLINE", "the hub is offline", 503, 3, true, true, "koji.ServerOffline"},
    {CG_E_BUSY, "CG_E_BUSY", "busy or away for now", 503, 3, true, true, "koji.LockError"},
    {CG_E_AUTH, "CG_E_AUTH", "not allowed to", 403, 1, false, true, "koji.AuthError"},
    {CG_E_DENIED, "CG_E_DENIED", "denied by policy", 403, 1, false, true, "koji.ActionNotAllowed"},
    {CG_E_HUB_REFUSED, "CG_E_HUB_REFUSED", "refused by the hub", 422, 1, false, true, "koji.GenericError"},
    {CG_E_HUB_FAULT, "CG_E_HUB_FAULT", "the hub broke on the request", 502, 1, false, true, "koji.GenericError"},
    {CG_E_HUB_REPLY, "CG_E_HUB_REPLY", "an unacceptable reply", 502, 3, true, true, "koji.GenericError"},
    {CG_E_SESSION, "CG_E_SESSION", "the session ended", 502, 3, true, true, "koji.AuthExpired"},
    {CG_E_RETRIED, "CG_E_RETRIED", "was committed before", 409, 5, false, false, "koji.RetryError"},
    {CG_E_UNKNOWN, "CG_E_UNKNOWN", "unknown outcome", 504, 5, false, false, "koji.GenericError"},
    {CG_E_TRANSFER, "CG_E_TRANSFER", "the upload broke", 502, 3, true, true, "koji.GenericError"},
    {CG_E_TOO_LARGE, "CG_E_TOO_LARGE", "too large for the hub's web server", 413, 3, true, true, "koji.GenericError"},
    {CG_E_UNSUPPORTED, "CG_E_UNSUPPORTED", "this hub cannot do that", 422, 1, false, true, "koji.GenericError"},
    {CG_E_TAG, "CG_E_TAG", "imported, but not tagged", 502, 1, false, false, "koji.TagError"},

    {CG_E_FORM, "CG_E_FORM", "not in the form of an audit trail", 400, 10, false, false, "ValueError"},
    {CG_E_SIGNATURE, "CG_E_SIGNATURE", "not signed by a trusted key", 403, 11, false, false, "ValueError"},
    {CG_E_QUORUM, "CG_E_QUORUM", "too few witnesses", 503, 12, false, false, "ValueError"},
    {CG_E_PROOF, "CG_E_PROOF", "not proved", 422, 13, false, false, "ValueError"},
    {CG_E_FORK, "CG_E_FORK", "the log was forked, cut or rolled back", 409, 14, false, false, "ValueError"},
    {CG_E_DIFFERS, "CG_E_DIFFERS", "the hub differs from the trail", 409, 15, false, false, "ValueError"},
    {CG_E_INCOMPLETE, "CG_E_INCOMPLETE", "a part of the log is missing", 404, 16, false, false, "ValueError"},
};

static const struct cg_code_info unknown_code = {CG_E_INTERNAL, "unknown", "unknown code", 500, 2,
                                                 false,         false,     "RuntimeError"};

const struct cg_code_info *cg_code_info(enum cg_code code)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].code == code)
            return &table[i];
    return &unknown_code;
}

/* Formats into `buffer`; a text that does not fit is cut before an incomplete UTF-8 character and ends in "...". */
__attribute__((format(printf, 3, 0))) static void format_cut(char *buffer, size_t size, const char *format,
                                                             va_list args)
{
    int length = vsnprintf(buffer, size, format, args);
    if (length < 0) {
        buffer[0] = '\0';
        return;
    }
    if ((size_t)length < size)
        return;
    size_t end = size - sizeof "...";
    while (end > 0 && ((unsigned char)buffer[end] & 0xC0U) == 0x80U)
        end--;
    memcpy(buffer + end, "...", sizeof "...");
}

int cg_vfail(struct cg_error *err, enum cg_code code, const char *format, va_list args)
{
    assert(code != CG_OK);
    if (!err || err->code != CG_OK)
        return -1;
    err->code = code;
    format_cut(err->message, sizeof err->message, format, args);
    return -1;
}

int cg_fail(struct cg_error *err, enum cg_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cg_vfail(err, code, format, args);
    va_end(args);
    return -1;
}

int cg_fail_memory(struct cg_error *err)
{
    return cg_fail(err, CG_E_MEMORY, "out of memory");
}

int cg_fail_errno(struct cg_error *err, const char *what, const char *path)
{
    char reason[128];
    int saved = errno;
    if (strerror_r(saved, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", saved);
    return cg_fail(err, CG_E_IO, "cannot %s %s: %s", what, path, reason);
}

int cg_hint(struct cg_error *err, const char *format, ...)
{
    if (!err || err->code == CG_OK || err->hint[0])
        return -1;
    va_list args;
    va_start(args, format);
    format_cut(err->hint, sizeof err->hint, format, args);
    va_end(args);
    return -1;
}

void cg_error_clear(struct cg_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
}
