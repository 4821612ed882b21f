/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service_manager.h"

#include "cg/auto.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int service_manager_tell(const char *state, struct cg_error *err)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path || !path[0])
        return 0;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || length >= sizeof address.sun_path)
        return cg_fail(err, CG_E_CONFIG, "NOTIFY_SOCKET is \"%s\", expected a path or @name", path);
    memcpy(address.sun_path, path, length);
    /* An abstract socket. */
    if (path[0] == '@')
        address.sun_path[0] = '\0';

    CG_AUTO_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return cg_fail_errno(err, "open a socket for", path);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size) < 0)
        return cg_fail_errno(err, "tell", path);
    return 0;
}

unsigned service_manager_watchdog_ms(void)
{
    const char *interval = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
    if (!interval || (process && strtol(process, NULL, 10) != (long)getpid()))
        return 0;
    unsigned long long microseconds = strtoull(interval, NULL, 10);
    /* Twice in the time allowed. */
    return microseconds / 2000 > 86400000 ? 86400000 : (unsigned)(microseconds / 2000);
}
