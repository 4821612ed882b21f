/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/listen.h"

#include "cg/auto.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Connections that wait to be accepted. */
#define BACKLOG 511

static int open_socket(int family)
{
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Binds to one address of the list that getaddrinfo gave. */
static int bind_one(const struct addrinfo *info)
{
    CG_AUTO_FD int fd = open_socket(info->ai_family);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
        return -1;
    return cg_steal_fd(&fd);
}

static unsigned short port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int listen_tcp(const char *address, unsigned short port, unsigned short *taken, struct cg_error *err)
{
    char service[8], where[300];
    snprintf(service, sizeof service, "%u", port);
    snprintf(where, sizeof where, "%.255s port %u", address, port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *list = NULL;
    int result = getaddrinfo(address, service, &hints, &list);
    if (result != 0)
        return cg_fail(err, CG_E_CONFIG, "cannot listen on %s: %s", where, gai_strerror(result));
    int fd = -1;
    for (struct addrinfo *info = list; info && fd < 0; info = info->ai_next)
        fd = bind_one(info);
    int saved = errno;
    freeaddrinfo(list);
    errno = saved;
    if (fd < 0)
        return cg_fail_errno(err, "listen on", where);
    *taken = port_of(fd);
    return fd;
}

/* Is there a socket at the address that nobody serves, left by a process that died? */
static int is_stale(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return 0;
    CG_AUTO_FD int fd = open_socket(AF_UNIX);
    return fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
}

int listen_unix(const char *path, unsigned mode, struct cg_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof address.sun_path)
        return cg_fail(err, CG_E_CONFIG, "%s is too long for a socket: at most %zu bytes", path,
                       sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, length);
    CG_AUTO_FD int fd = open_socket(AF_UNIX);
    if (fd < 0)
        return cg_fail_errno(err, "open", path);
    if (is_stale(&address))
        unlink(path);
    /* The mode is narrowed before the socket has a name, and widened to what was asked after. */
    if (fchmod(fd, mode) != 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, mode) != 0 ||
        listen(fd, BACKLOG) != 0)
        return cg_fail_errno(err, "listen on", path);
    return cg_steal_fd(&fd);
}
