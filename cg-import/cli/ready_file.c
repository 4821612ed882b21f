/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ready_file.h"

#include "cg/auto.h"
#include "cg/bytes.h"

#include <stdbool.h>
#include <string.h>

/* An address that stands for all is no place to go to. */
static const char *reachable(const char *address)
{
    if (strcmp(address, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(address, "::") == 0 ? "::1" : address;
}

static int append_url(const struct ready_file *ready, struct cg_bytes *url, struct cg_error *err)
{
    const char *address = reachable(ready->address);
    bool v6 = strchr(address, ':') != NULL;
    return cg_bytes_printf(url, err, "%s://%s%s%s:%u", ready->tls == READY_TLS ? "https" : "http", v6 ? "[" : "",
                           address, v6 ? "]" : "", ready->port);
}

static int write_text(const char *path, const char *text, struct cg_error *err)
{
    CG_AUTO_FILE FILE *file = fopen(path, "we");
    if (!file)
        return cg_fail_errno(err, "write", path);
    if (fprintf(file, "%s\n", text) < 0 || fflush(file) != 0)
        return cg_fail_errno(err, "write", path);
    return 0;
}

int ready_file_write(const struct ready_file *ready, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes url = {0}, beside = {0};
    if (!ready->path)
        return 0;
    if (ready->address && append_url(ready, &url, err) < 0)
        return -1;
    CG_AUTO_JSON json_t *told = json_pack("{s:s?, s:i, s:s?, s:i}", "url", ready->address ? cg_bytes_text(&url) : NULL,
                                          "port", (int)ready->port, "socket", ready->unix_socket, "pid", (int)getpid());
    CG_AUTO_FREE char *text = told ? json_dumps(told, JSON_COMPACT) : NULL;
    if (!text)
        return cg_fail_memory(err);
    if (cg_bytes_printf(&beside, err, "%s.new", ready->path) < 0 || write_text(cg_bytes_text(&beside), text, err) < 0)
        return -1;
    if (rename(cg_bytes_text(&beside), ready->path) != 0)
        return cg_fail_errno(err, "write", ready->path);
    return 0;
}
