/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* Longest answer that is kept, bytes: a page of 500 imports is well below. */
#define REPLY_MOST (64U * 1024U * 1024U)
#define CONNECT_TIMEOUT_S 30L
/* A transfer that moves less than a byte a second for so long is dead, seconds: a large post is checked meanwhile. */
#define STALL_S 300L

struct service_client {
    const struct service_access *access;
    const struct stop *stop;
    CURL *curl;
    struct secret authorization; /* the header line */
    char why[CURL_ERROR_SIZE];
    /* of the request under way */
    const struct service_request *request;
    struct service_reply *reply;
    uint64_t sent_bytes;
    bool read_failed, too_long;
};

struct service_client *service_client_create(const struct service_access *access, const struct stop *stop,
                                             struct cg_error *err)
{
    struct service_client *client = calloc(1, sizeof *client);
    if (!client || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(client->curl = curl_easy_init()) ||
        (secret_is_set(&access->token) &&
         secret_join(&client->authorization, "Authorization: Bearer ", &access->token, "", err) < 0)) {
        service_client_destroy(client);
        cg_fail_memory(err);
        return NULL;
    }
    client->access = access;
    client->stop = stop;
    return client;
}

void service_client_destroy(struct service_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    secret_finish(&client->authorization);
    free(client);
}

int service_client_escape(struct cg_bytes *query, const char *text, struct cg_error *err)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    int result = escaped ? cg_bytes_append_text(query, escaped, err) : cg_fail_memory(err);
    curl_free(escaped);
    return result;
}

/* --- callbacks of the transfer -------------------------------------------------------------------------------------
 */

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    const struct service_client *client = context;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return stop_level(client->stop) != STOP_NONE;
}

static size_t on_read(char *buffer, size_t size, size_t count, void *context)
{
    struct service_client *client = context;
    const struct service_request *request = client->request;
    uint64_t left = request->body_bytes - client->sent_bytes;
    size_t wanted = size * count < left ? size * count : (size_t)left;
    ssize_t got = (ssize_t)wanted;
    if (request->body)
        memcpy(buffer, (const char *)request->body + client->sent_bytes, wanted);
    else
        got = pread(request->fd, buffer, wanted, request->offset + (off_t)client->sent_bytes);
    if (got < 0 || (got == 0 && wanted > 0)) {
        /* A file that became shorter is a failure to read, too. */
        client->read_failed = true;
        return CURL_READFUNC_ABORT;
    }
    client->sent_bytes += (uint64_t)got;
    if (request->sent)
        request->sent(request->sent_context, client->sent_bytes);
    return (size_t)got;
}

static size_t on_write(char *data, size_t size, size_t count, void *context)
{
    struct service_client *client = context;
    const struct service_request *request = client->request;
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (request->receive && status == 200) {
        client->reply->ended_by_receiver = request->receive(request->receive_context, data, size * count) != 0;
        return client->reply->ended_by_receiver ? 0 : size * count;
    }
    client->too_long = client->reply->body.size + size * count > REPLY_MOST;
    if (client->too_long || cg_bytes_append(&client->reply->body, data, size * count, NULL) < 0)
        return 0;
    return size * count;
}

/* --- a request -----------------------------------------------------------------------------------------------------
 */

static void free_list(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static int add_header(struct curl_slist **list, const char *line, struct cg_error *err)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return cg_fail_memory(err);
    *list = longer;
    return 0;
}

static int make_headers(const struct service_client *client, struct curl_slist **list, struct cg_error *err)
{
    const struct service_request *request = client->request;
    char type[128];
    snprintf(type, sizeof type, "Content-Type: %s", request->content_type ? request->content_type : "");
    if (request->content_type && add_header(list, type, err) < 0)
        return -1;
    if (secret_is_set(&client->authorization) && add_header(list, secret_reveal(&client->authorization), err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof request->headers / sizeof request->headers[0]; i++)
        if (request->headers[i] && add_header(list, request->headers[i], err) < 0)
            return -1;
    return 0;
}

/* Only below the service that was named is the token shown, whatever host its answers name. */
static int make_url(const struct service_client *client, struct cg_bytes *url, struct cg_error *err)
{
    const char *base = client->access->url, *path = client->request->path;
    size_t length = strlen(base);
    while (length > 0 && base[length - 1] == '/')
        length--;
    if (strncmp(path, base, length) == 0 && path[length] == '/') {
        path += length;
    } else if (path[0] != '/') {
        const char *scheme = strstr(path, "://");
        path = scheme ? strchr(scheme + 3, '/') : NULL;
    }
    if (!path)
        return cg_fail(err, CG_E_HUB_REPLY, "the service names an address that is none: %s", client->request->path);
    return cg_bytes_printf(url, err, "%.*s%s", (int)length, base, path);
}

static void set_body(struct service_client *client)
{
    const struct service_request *request = client->request;
    CURL *curl = client->curl;
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (!request->content_type) {
        /* A POST without a body says so. */
        if (strcmp(request->method, "POST") == 0) {
            curl_easy_setopt(curl, CURLOPT_POST, 1L);
            curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
        }
        curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(request->method, "HEAD") == 0 ? 1L : 0L);
        return;
    }
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_bytes);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, client);
}

static void set_options(struct service_client *client, const char *url)
{
    CURL *curl = client->curl;
    const struct service_access *access = client->access;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->why);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    if (access->serverca)
        curl_easy_setopt(curl, CURLOPT_CAINFO, access->serverca);
    if (access->cert)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, access->cert);
    if (!client->request->receive) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
    }
    set_body(client);
}

/* --- the answer ----------------------------------------------------------------------------------------------------
 */

static void read_head(struct service_client *client)
{
    struct curl_header *offset = NULL;
    curl_off_t after = 0;
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &after);
    client->reply->status = (int)status;
    client->reply->retry_after_s = after > 0 && after < 86400 ? (unsigned)after : 0;
    client->reply->upload_offset = -1;
    if (curl_easy_header(client->curl, "Upload-Offset", 0, CURLH_HEADER, -1, &offset) == CURLHE_OK)
        client->reply->upload_offset = strtoll(offset->value, NULL, 10);
}

static int fail_transfer(const struct service_client *client, CURLcode result, struct cg_error *err)
{
    const char *url = client->access->url;
    const char *why = client->why[0] ? client->why : curl_easy_strerror(result);
    if (stop_level(client->stop) != STOP_NONE)
        return cg_fail(err, CG_E_INTERRUPTED, "stopped while talking to %s", url);
    if (client->read_failed)
        return cg_fail(err, CG_E_IO, "the file could not be read to its end");
    if (client->too_long)
        return cg_fail(err, CG_E_HUB_REPLY, "the answer of %s is longer than %u bytes", url, REPLY_MOST);
    switch (result) {
    case CURLE_OUT_OF_MEMORY:
        return cg_fail_memory(err);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return cg_fail(err, CG_E_USAGE, "\"%s\" is no address of a service: %s", url, why);
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return cg_fail(err, CG_E_CONFIG, "cannot use a certificate: %s", why);
    case CURLE_PEER_FAILED_VERIFICATION:
        cg_fail(err, CG_E_CONFIG, "cannot trust %s: %s", url, why);
        return cg_hint(err, "--serverca must name the certificates that may sign the service's");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return cg_fail(err, CG_E_UNREACHABLE, "cannot reach the service: %s", why);
    default:
        return cg_fail(err, CG_E_TRANSFER, "no answer from the service: %s", why);
    }
}

/* Frozen numbers end below this. */
#define CODES_END 100

enum cg_code service_client_code(const char *name)
{
    for (int code = 1; name && code < CODES_END; code++)
        if (strcmp(cg_code_info((enum cg_code)code)->name, name) == 0)
            return (enum cg_code)code;
    return CG_OK;
}

/* What a status means where the body does not say. */
static enum cg_code code_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return CG_E_AUTH;
    case 404:
    case 410:
    case 400:
        return CG_E_USAGE;
    case 409:
        return CG_E_CONFLICT;
    case 413:
        return CG_E_LIMIT;
    case 422:
        return CG_E_REFUSED;
    default:
        return status >= 500 || status == 429 ? CG_E_BUSY : CG_E_HUB_REPLY;
    }
}

static int fail_status(struct service_reply *reply, struct cg_error *err)
{
    const char *detail = json_string_value(json_object_get(reply->json, "detail"));
    const char *hint = json_string_value(json_object_get(reply->json, "hint"));
    enum cg_code code = service_client_code(json_string_value(json_object_get(reply->json, "code")));
    /* What is temporary is so whatever broke there: the disk of the service is none of ours. */
    if (code == CG_OK || reply->status == 503 || reply->status == 507 || reply->status == 429)
        code = code_of_status(reply->status);
    reply->report = json_object_get(reply->json, "report");
    if (detail)
        cg_fail(err, code, "%s", detail);
    else
        cg_fail(err, code, "the service answers HTTP %d", reply->status);
    if (hint)
        cg_hint(err, "%s", hint);
    if (reply->status == 401)
        cg_hint(err, "a token is made by \"cg-import token create\" where the service runs, and given by --token-file");
    return -1;
}

int service_client_ask(struct service_client *client, const struct service_request *request,
                       struct service_reply *reply, struct cg_error *err)
{
    CG_AUTO(free_list) struct curl_slist *headers = NULL;
    CG_AUTO_BYTES struct cg_bytes url = {0};
    client->request = request;
    client->reply = reply;
    client->sent_bytes = 0;
    client->read_failed = client->too_long = false;
    client->why[0] = '\0';
    if (make_url(client, &url, err) < 0 || make_headers(client, &headers, err) < 0)
        return -1;
    set_options(client, cg_bytes_text(&url));
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);

    CURLcode result = curl_easy_perform(client->curl);
    read_head(client);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    if (reply->body.size > 0)
        reply->json = json_loadb(reply->body.data, reply->body.size, 0, NULL);
    /* A refusal that came while a body was on its way counts more than that the way then broke. */
    if (reply->status >= 400)
        return fail_status(reply, err);
    if (result != CURLE_OK && !reply->ended_by_receiver)
        return fail_transfer(client, result, err);
    if (reply->status < 200 || reply->status > 299)
        return fail_status(reply, err);
    return 0;
}

int service_client_get(struct service_client *client, const char *path, struct service_reply *reply,
                       struct cg_error *err)
{
    struct service_request request = {.method = "GET", .path = path};
    if (service_client_ask(client, &request, reply, err) < 0)
        return -1;
    if (!reply->json)
        return cg_fail(err, CG_E_HUB_REPLY, "the answer of %s is no JSON: is it the service?", client->access->url);
    return 0;
}

void service_reply_finish(struct service_reply *reply)
{
    cg_bytes_finish(&reply->body);
    json_decref(reply->json);
    *reply = (struct service_reply){0};
}
