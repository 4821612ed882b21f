/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox.h"

#include "cg/bytes.h"
#include "scratch.h"
#include "unit.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "tests/sandbox-hub/sandbox-hub"
/* How long an armed rule is waited for, and the pause between two looks. */
#define MET_TRIES 15000
#define MET_PAUSE_NS 20000000L

static pid_t hub = -1;
static json_t *info;

static const char *told(const char *key)
{
    return json_string_value(json_object_get(info, key));
}

static void run_hub(int output)
{
    const char *top = getenv("CG_TOP");
    char program[1024];
    snprintf(program, sizeof program, "%s/%s", top ? top : ".", PROGRAM);
    /* A test program that is killed leaves no hub behind. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(output, STDOUT_FILENO);
    execlp("python3", "python3", program, "--state", scratch_path("hub"), (char *)NULL);
    _exit(127);
}

int sandbox_start(void **state)
{
    (void)state;
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    hub = fork();
    if (hub == 0)
        run_hub(ends[1]);
    close(ends[1]);
    FILE *line = fdopen(ends[0], "r");
    info = line ? json_loadf(line, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    if (line)
        fclose(line);
    return info ? 0 : -1;
}

int sandbox_stop(void **state)
{
    (void)state;
    json_decref(info);
    info = NULL;
    if (hub > 0) {
        kill(hub, SIGTERM);
        waitpid(hub, NULL, 0);
    }
    hub = -1;
    return 0;
}

const char *sandbox_topdir(void)
{
    return told("topdir");
}

struct koji_profile *sandbox_profile(int retries)
{
    struct cg_error err = {0};
    const struct koji_profile_sources sources = {
        .system_directory = scratch_path("none"), .home = scratch_path("none"), .config_file = told("config")};
    struct koji_profile *profile = koji_profile_load("sandbox", &sources, &err);
    assert_string_equal(err.message, "");
    profile->max_retries = retries;
    profile->retry_interval_s = 0;
    return profile;
}

static int connect_to_hub(void)
{
    unsigned port = 0;
    assert_int_equal(sscanf(told("sandbox"), "http://127.0.0.1:%u", &port), 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* One request; the answer's body as JSON. */
static json_t *exchange(const char *method, const char *page, const char *body)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    struct cg_error err = {0};
    cg_bytes_printf(&text, &err, "%s /sandbox/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n", method, page);
    cg_bytes_printf(&text, &err, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    CG_AUTO_FD int fd = connect_to_hub();
    assert_int_equal(send(fd, text.data, text.size, MSG_NOSIGNAL), (ssize_t)text.size);
    cg_bytes_clear(&text);
    char piece[4096];
    for (ssize_t got; (got = recv(fd, piece, sizeof piece, 0)) > 0;)
        cg_bytes_append(&text, piece, (size_t)got, &err);
    const char *answer = strstr(cg_bytes_text(&text), "\r\n\r\n");
    if (!answer || !strstr(cg_bytes_text(&text), " 200 "))
        fail_msg("%s %s: %s", method, page, cg_bytes_text(&text));
    json_t *json = json_loads(answer + 4, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    return json;
}

void sandbox_steer(const char *page, const char *json)
{
    json_decref(exchange(json ? "POST" : "DELETE", page, json ? json : ""));
}

json_t *sandbox_ask(const char *page)
{
    return exchange("GET", page, "");
}

/* Requests of the method; with `member` those whose entry in the log lacks it. */
static size_t count_calls(const char *method, const char *member)
{
    CG_AUTO_JSON json_t *log = sandbox_ask("log");
    size_t count = 0;
    size_t i;
    json_t *entry;
    json_array_foreach(log, i, entry)
    {
        const char *called = json_string_value(json_object_get(entry, "method"));
        bool counts = !member || !json_is_string(json_object_get(entry, member));
        count += counts && called && strcmp(called, method) == 0;
    }
    return count;
}

size_t sandbox_calls(const char *method)
{
    return count_calls(method, NULL);
}

size_t sandbox_unanswered(const char *method)
{
    return count_calls(method, "outcome");
}

void sandbox_wait_met(const char *count_of)
{
    for (int tries = 0; tries < MET_TRIES; tries++) {
        CG_AUTO_JSON json_t *rules = sandbox_ask("faults");
        size_t i;
        json_t *rule;
        json_array_foreach(rules, i, rule)
        {
            if (json_integer_value(json_object_get(rule, count_of)) > 0)
                return;
        }
        nanosleep(&(struct timespec){.tv_nsec = MET_PAUSE_NS}, NULL);
    }
    fail_msg("no request met the armed rule");
}
