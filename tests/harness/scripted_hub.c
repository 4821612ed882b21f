/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* memmem and strcasestr find headers in a request. */
#define _GNU_SOURCE
#include "scripted_hub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 16384 };

struct connection {
    struct scripted_hub *hub;
    pthread_t thread;
    int fd;
    unsigned number;
};

struct scripted_hub {
    struct scripted_behaviour behaviour;
    pthread_mutex_t lock;
    pthread_t listener;
    int listen_fd;
    int stop_pipe[2]; /* readable once the hub stops */
    char url[64];
    size_t request_count;
    struct scripted_request **requests;
    size_t connection_count;
    struct connection **connections; /* the listener's alone until it has ended */
};

static void die(const char *what)
{
    perror(what);
    exit(99);
}

/* Room for one more in a list of pointers. */
static void *grown(void *list, size_t count)
{
    void *more = realloc(list, (count + 1) * sizeof(void *));
    if (!more)
        die("realloc");
    return more;
}

/* Waits for bytes or the end of the hub; the number read, 0 or less when there is nothing more to do. */
static ssize_t receive(const struct connection *connection, char *buffer, size_t size)
{
    struct pollfd both[2] = {{.fd = connection->fd, .events = POLLIN},
                             {.fd = connection->hub->stop_pipe[0], .events = POLLIN}};
    while (poll(both, 2, -1) < 0)
        if (errno != EINTR)
            return -1;
    return both[1].revents ? 0 : recv(connection->fd, buffer, size, 0);
}

/* Reads one head into request->head; bytes of the body that came with it go to request->body. */
static bool read_head(const struct connection *connection, struct scripted_request *request)
{
    static const char end_mark[] = "\r\n\r\n";
    char *buffer = calloc(1, HEAD_MAX + 1);
    size_t size = 0;
    const char *end = NULL;
    while (buffer && !end && size < HEAD_MAX) {
        ssize_t got = receive(connection, buffer + size, HEAD_MAX - size);
        if (got <= 0)
            break;
        size += (size_t)got;
        end = memmem(buffer, size, end_mark, strlen(end_mark));
    }
    if (end) {
        size_t head_size = (size_t)(end - buffer) + strlen("\r\n");
        request->head = strndup(buffer, head_size);
        request->body_size = size - head_size - strlen("\r\n");
        request->body = malloc(request->body_size + 1);
        memcpy(request->body, end + strlen(end_mark), request->body_size);
    }
    free(buffer);
    return end != NULL;
}

/* Reads until the body has `wanted` bytes. */
static bool read_body(const struct connection *connection, struct scripted_request *request, size_t wanted)
{
    char *body = realloc(request->body, (wanted > request->body_size ? wanted : request->body_size) + 1);
    if (!body)
        die("realloc");
    request->body = body;
    while (request->body_size < wanted) {
        ssize_t got = receive(connection, body + request->body_size, wanted - request->body_size);
        if (got <= 0)
            break;
        request->body_size += (size_t)got;
    }
    body[request->body_size] = '\0';
    return request->body_size >= wanted;
}

static void send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        data += sent;
        size -= (size_t)sent;
    }
}

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void send_reply(int fd, const struct scripted_reply *reply)
{
    char head[1024];
    const char *body = reply->long_body ? reply->long_body : reply->body;
    size_t size = strlen(body);
    int head_size = snprintf(head, sizeof head,
                             "HTTP/1.1 %d Scripted\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                             "Koji-Version: 1.35.3\r\n%s\r\n",
                             reply->status ? reply->status : 200, reply->type ? reply->type : "text/xml", size,
                             reply->headers ? reply->headers : "");
    send_all(fd, head, (size_t)head_size);
    send_all(fd, body, reply->kind == SCRIPT_HALF ? size / 2 : size);
}

/* Remembers the request; its index. */
static size_t remember(struct scripted_hub *hub, struct scripted_request *request)
{
    hub->requests = grown(hub->requests, hub->request_count);
    hub->requests[hub->request_count] = request;
    return hub->request_count++;
}

/* The length of the body that the head promises. */
static size_t promised(const struct scripted_request *request)
{
    char value[32] = "0";
    scripted_header(request, "Content-Length", value, sizeof value);
    return strtoull(value, NULL, 10);
}

/* Serves one request whose head is there; true: the connection goes on. */
static bool serve(const struct connection *connection, struct scripted_request *request)
{
    struct scripted_hub *hub = connection->hub;
    struct scripted_plan plan = {SCRIPT_READ, 0};
    struct scripted_reply reply = {0};
    char expect[32];
    pthread_mutex_lock(&hub->lock);
    size_t index = remember(hub, request);
    if (hub->behaviour.plan)
        plan = hub->behaviour.plan(hub->behaviour.context, index, request);
    pthread_mutex_unlock(&hub->lock);

    if (plan.kind != SCRIPT_REFUSE && scripted_header(request, "Expect", expect, sizeof expect))
        send_all(connection->fd, "HTTP/1.1 100 Continue\r\n\r\n", strlen("HTTP/1.1 100 Continue\r\n\r\n"));
    if (plan.kind == SCRIPT_CUT) {
        read_body(connection, request, plan.bytes);
        reset(connection->fd);
        return false;
    }
    if (plan.kind == SCRIPT_READ && !read_body(connection, request, promised(request)))
        return false;

    pthread_mutex_lock(&hub->lock);
    hub->behaviour.answer(hub->behaviour.context, index, request, &reply);
    pthread_mutex_unlock(&hub->lock);
    if (reply.verbatim) {
        send_all(connection->fd, reply.verbatim, reply.verbatim_size);
        return false;
    }
    if (reply.kind != SCRIPT_RESET)
        send_reply(connection->fd, &reply);
    if (reply.kind == SCRIPT_RESET || reply.kind == SCRIPT_HALF)
        reset(connection->fd);
    return reply.kind == SCRIPT_ANSWER && plan.kind == SCRIPT_READ;
}

static void *serve_connection(void *context)
{
    struct connection *connection = context;
    bool open = true;
    while (open) {
        struct scripted_request *request = calloc(1, sizeof *request);
        if (!request)
            die("calloc");
        request->connection = connection->number;
        if (!read_head(connection, request)) {
            free(request);
            break;
        }
        open = serve(connection, request);
    }
    shutdown(connection->fd, SHUT_WR);
    close(connection->fd);
    return NULL;
}

static void *listen_on(void *context)
{
    struct scripted_hub *hub = context;
    for (;;) {
        struct pollfd both[2] = {{.fd = hub->listen_fd, .events = POLLIN}, {.fd = hub->stop_pipe[0], .events = POLLIN}};
        if (poll(both, 2, -1) < 0)
            continue;
        if (both[1].revents)
            return NULL;
        int fd = accept(hub->listen_fd, NULL, NULL);
        if (fd < 0)
            continue;
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection)
            die("calloc");
        *connection = (struct connection){.hub = hub, .fd = fd, .number = (unsigned)hub->connection_count};
        hub->connections = grown(hub->connections, hub->connection_count);
        hub->connections[hub->connection_count++] = connection;
        if (pthread_create(&connection->thread, NULL, serve_connection, connection) != 0)
            die("pthread_create");
    }
}

struct scripted_hub *scripted_hub_start(const struct scripted_behaviour *behaviour)
{
    struct scripted_hub *hub = calloc(1, sizeof *hub);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (!hub || pipe(hub->stop_pipe) != 0)
        die("scripted hub");
    hub->behaviour = *behaviour;
    pthread_mutex_init(&hub->lock, NULL);
    hub->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (hub->listen_fd < 0 || bind(hub->listen_fd, (struct sockaddr *)&address, size) != 0 ||
        listen(hub->listen_fd, 64) != 0 || getsockname(hub->listen_fd, (struct sockaddr *)&address, &size) != 0)
        die("scripted hub");
    snprintf(hub->url, sizeof hub->url, "http://127.0.0.1:%u/kojihub", (unsigned)ntohs(address.sin_port));
    if (pthread_create(&hub->listener, NULL, listen_on, hub) != 0)
        die("pthread_create");
    return hub;
}

const char *scripted_hub_url(const struct scripted_hub *hub)
{
    return hub->url;
}

size_t scripted_hub_count(struct scripted_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    size_t count = hub->request_count;
    pthread_mutex_unlock(&hub->lock);
    return count;
}

const struct scripted_request *scripted_hub_request(struct scripted_hub *hub, size_t index)
{
    pthread_mutex_lock(&hub->lock);
    const struct scripted_request *request = index < hub->request_count ? hub->requests[index] : NULL;
    pthread_mutex_unlock(&hub->lock);
    return request;
}

bool scripted_header(const struct scripted_request *request, const char *name, char *value, size_t size)
{
    char start[64];
    snprintf(start, sizeof start, "\r\n%s: ", name);
    const char *found = strcasestr(request->head, start);
    if (!found)
        return false;
    found += strlen(start);
    snprintf(value, size, "%.*s", (int)strcspn(found, "\r\n"), found);
    return true;
}

void scripted_hub_stop(struct scripted_hub *hub)
{
    if (write(hub->stop_pipe[1], "", 1) != 1)
        die("write");
    pthread_join(hub->listener, NULL);
    for (size_t i = 0; i < hub->connection_count; i++) {
        pthread_join(hub->connections[i]->thread, NULL);
        free(hub->connections[i]);
    }
    for (size_t i = 0; i < hub->request_count; i++) {
        free(hub->requests[i]->head);
        free(hub->requests[i]->body);
        free(hub->requests[i]);
    }
    free(hub->connections);
    free(hub->requests);
    close(hub->listen_fd);
    close(hub->stop_pipe[0]);
    close(hub->stop_pipe[1]);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

void scripted_value(struct scripted_reply *reply, const char *value_xml)
{
    snprintf(reply->body, sizeof reply->body,
             "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>%s</value>\n</param>\n</params>\n"
             "</methodResponse>\n",
             value_xml);
}

void scripted_fault(struct scripted_reply *reply, int code, const char *text)
{
    snprintf(reply->body, sizeof reply->body,
             "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n"
             "<member>\n<name>faultCode</name>\n<value><int>%d</int></value>\n</member>\n"
             "<member>\n<name>faultString</name>\n<value><string>%s</string></value>\n</member>\n"
             "</struct></value>\n</fault>\n</methodResponse>\n",
             code, text);
}

void scripted_session(struct scripted_reply *reply, int id, const char *key, bool header_auth)
{
    char value[512];
    snprintf(value, sizeof value,
             "<struct><member><name>session-id</name><value><int>%d</int></value></member>"
             "<member><name>session-key</name><value><string>%s</string></value></member>%s</struct>",
             id, key,
             header_auth ? "<member><name>header-auth</name><value><boolean>1</boolean></value></member>" : "");
    scripted_value(reply, value);
}

void scripted_method(const struct scripted_request *request, char *method, size_t size)
{
    static const char start[] = "<methodName>";
    const char *found = strstr(request->body, start);
    found = found ? found + strlen(start) : "";
    snprintf(method, size, "%.*s", (int)strcspn(found, "<"), found);
}
