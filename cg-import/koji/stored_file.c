/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/stored_file.h"

#include "koji/session_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_part(const char *text)
{
    return text && text[0] && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 && !strchr(text, '/');
}

/* Appends a part of an URL's path. */
static int append_quoted(struct cg_bytes *url, const char *part, struct cg_error *err)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (const char *p = part; *p; p++) {
        int added = strchr(unreserved, *p) ? cg_bytes_append(url, p, 1, err)
                                           : cg_bytes_printf(url, err, "%%%02X", (unsigned)(unsigned char)*p);
        if (added < 0)
            return -1;
    }
    return 0;
}

/* All of the open file, as far as it is not too long. */
static int read_all(int fd, const char *path, size_t most_bytes, struct cg_bytes *content, struct cg_error *why,
                    struct cg_error *err)
{
    char buffer[16384];
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cg_fail_errno(why, "read", path), KOJI_FILE_UNREADABLE;
        if (got == 0)
            return KOJI_FILE_READ;
        if ((size_t)got > most_bytes - content->size)
            return KOJI_FILE_TOO_LONG;
        if (cg_bytes_append(content, buffer, (size_t)got, err) < 0)
            return -1;
    }
}

/* A directory where the volume is not mounted has no builds in it. */
static bool is_mounted(const char *topdir, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    return cg_bytes_printf(&path, err, "%s/packages", topdir) == 0 && access(cg_bytes_text(&path), X_OK) == 0;
}

/* Opens the file on the volume; its path is for messages. KOJI_FILE_READ, KOJI_FILE_ABSENT, KOJI_FILE_UNREADABLE, -1.
 */
static int open_mounted(const char *topdir, const char *const *parts, size_t count, struct cg_bytes *path, int *fd,
                        struct cg_error *why, struct cg_error *err)
{
    if (cg_bytes_append_text(path, topdir, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (cg_bytes_printf(path, err, "/%s", parts[i]) < 0)
            return -1;
    *fd = open(path->data, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool absent = *fd < 0 && (errno == ENOENT || errno == ENOTDIR);
    struct stat facts;
    if (*fd < 0 || fstat(*fd, &facts) < 0) {
        cg_fail_errno(why, "open", path->data);
        return absent && is_mounted(topdir, err) ? KOJI_FILE_ABSENT : KOJI_FILE_UNREADABLE;
    }
    if (!S_ISREG(facts.st_mode))
        return cg_fail(why, CG_E_IO, "%s is no regular file", path->data), KOJI_FILE_UNREADABLE;
    return KOJI_FILE_READ;
}

/* What a file is read for: its content, at most `most_bytes`, or its digests. */
struct purpose {
    struct cg_bytes *content; /* NULL: the digests */
    size_t most_bytes;
    struct cg_digests *digests;
    unsigned kinds;
};

static int read_mounted(const char *topdir, const char *const *parts, size_t count, const struct purpose *purpose,
                        struct cg_error *why, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    CG_AUTO_FD int fd = -1;
    int opened = open_mounted(topdir, parts, count, &path, &fd, why, err);
    if (opened != KOJI_FILE_READ)
        return opened;
    if (purpose->content)
        return read_all(fd, path.data, purpose->most_bytes, purpose->content, why, err);
    return cg_digest_fd(fd, path.data, purpose->kinds, purpose->digests, why) < 0 ? KOJI_FILE_UNREADABLE
                                                                                  : KOJI_FILE_READ;
}

/* Sends the request for a file and tells what is there. */
static int get(struct koji_session *session, const struct koji_http_request *request, struct koji_http_reply *reply,
               struct cg_error *why)
{
    if (koji_http_send(session->http, request, reply, why) < 0)
        return reply->too_long && reply->status == 200 ? KOJI_FILE_TOO_LONG : KOJI_FILE_UNREADABLE;
    if (reply->status != 200) {
        cg_fail(why, CG_E_IO, "HTTP status %d for %s", reply->status, request->url);
        return reply->status == 404 || reply->status == 410 ? KOJI_FILE_ABSENT : KOJI_FILE_UNREADABLE;
    }
    /* A front that answers every address with a page of its own. */
    if (reply->html)
        return cg_fail(why, CG_E_IO, "a web page is at %s", request->url), KOJI_FILE_UNREADABLE;
    return KOJI_FILE_READ;
}

static int get_content(struct koji_session *session, struct koji_http_request *request, const struct purpose *purpose,
                       struct cg_error *why)
{
    CG_AUTO(koji_http_reply_finish) struct koji_http_reply reply = {0};
    request->reply_most = purpose->most_bytes;
    request->timeout_s = KOJI_STORED_FILE_TIMEOUT_S;
    int found = get(session, request, &reply, why);
    if (found != KOJI_FILE_READ)
        return found;
    cg_bytes_finish(purpose->content);
    *purpose->content = CG_MOVE(reply.body);
    return KOJI_FILE_READ;
}

static int take(void *digest, const void *data, size_t size)
{
    return cg_digest_update(digest, data, size, NULL);
}

static int get_digests(struct koji_session *session, struct koji_http_request *request, const struct purpose *purpose,
                       struct cg_error *why, struct cg_error *err)
{
    CG_AUTO(koji_http_reply_finish) struct koji_http_reply reply = {0};
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(purpose->kinds, err);
    if (!digest)
        return -1;
    request->take = take;
    request->take_context = digest;
    request->stall_s = KOJI_STORED_FILE_TIMEOUT_S;
    request->stall_rate = 1;
    int found = get(session, request, &reply, why);
    return found == KOJI_FILE_READ && cg_digest_read(digest, purpose->digests, err) < 0 ? -1 : found;
}

static int read_by_http(struct koji_session *session, const char *topurl, const char *const *parts, size_t count,
                        const struct purpose *purpose, struct cg_error *why, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes url = {0};
    size_t length = strlen(topurl);
    while (length > 0 && topurl[length - 1] == '/')
        length--;
    if (cg_bytes_append(&url, topurl, length, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (cg_bytes_append(&url, "/", 1, err) < 0 || append_quoted(&url, parts[i], err) < 0)
            return -1;
    struct koji_http_request request = {
        .verb = KOJI_HTTP_GET, .url = url.data, .stop = session->options.stop, .abort_from = STOP_SOON};
    return purpose->content ? get_content(session, &request, purpose, why)
                            : get_digests(session, &request, purpose, why, err);
}

static int find(struct koji_session *session, const char *const *parts, size_t count, const struct purpose *purpose,
                struct cg_error *why, struct cg_error *err)
{
    const struct koji_profile *profile = session->profile;
    for (size_t i = 0; i < count; i++)
        if (!is_part(parts[i]))
            return cg_fail(why, CG_E_HUB_REPLY, "the hub does not tell where it stores the file"), KOJI_FILE_UNREADABLE;
    int found = KOJI_FILE_UNREADABLE;
    if (profile->topdir && profile->topdir[0])
        found = read_mounted(profile->topdir, parts, count, purpose, why, err);
    if (found < KOJI_FILE_ABSENT || !profile->topurl || !profile->topurl[0])
        return found;
    bool absent = found == KOJI_FILE_ABSENT;
    cg_error_clear(why);
    found = read_by_http(session, profile->topurl, parts, count, purpose, why, err);
    return found == KOJI_FILE_UNREADABLE && absent ? KOJI_FILE_ABSENT : found;
}

int koji_stored_file_read(struct koji_session *session, const char *const *parts, size_t count, size_t most_bytes,
                          struct cg_bytes *content, struct cg_error *why, struct cg_error *err)
{
    const struct purpose purpose = {.content = content, .most_bytes = most_bytes};
    cg_bytes_clear(content);
    return find(session, parts, count, &purpose, why, err);
}

int koji_stored_file_digest(struct koji_session *session, const char *const *parts, size_t count, unsigned kinds,
                            struct cg_digests *digests, struct cg_error *why, struct cg_error *err)
{
    const struct purpose purpose = {.digests = digests, .kinds = kinds};
    return find(session, parts, count, &purpose, why, err);
}
