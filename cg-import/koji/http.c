/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/http.h"
#include "koji/reply_gate.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* libcurl's buffers: what one read of an upload and one receive of a reply hold at most. */
enum { SEND_BUFFER = 512 * 1024, RECEIVE_BUFFER = 64 * 1024 };
/* Probes that keep a silent connection alive while the hub hashes, and find out that the hub is gone, seconds. */
enum { KEEPALIVE_IDLE_S = 60, KEEPALIVE_INTERVAL_S = 15 };

#define AUTO_SLIST CG_AUTO(slist_auto)

struct koji_http {
    CURL *curl;
    const struct koji_profile *profile; /* borrowed */
    char why[CURL_ERROR_SIZE];
    char gss_text[CG_ERROR_HINT_SIZE];
    /* Of the request under way; borrowed. */
    const struct koji_http_request *request;
    struct koji_http_reply *reply;
};

static void slist_auto(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

/* Called on a connection that stands, just before the request goes out; again when libcurl repeats it. */
static int on_send(void *context, char *server_ip, char *local_ip, int server_port, int local_port)
{
    struct koji_http *http = context;
    (void)server_ip;
    (void)local_ip;
    (void)server_port;
    (void)local_port;
    http->reply->sends++;
    return CURL_PREREQFUNC_OK;
}

static size_t on_read(char *buffer, size_t size, size_t count, void *context)
{
    const struct koji_http *http = context;
    size_t got = http->request->read(http->request->read_context, buffer, size * count);
    return got == KOJI_HTTP_READ_FAILED ? CURL_READFUNC_ABORT : got;
}

static size_t reply_most(const struct koji_http_request *request)
{
    return request->reply_most > 0 ? request->reply_most : KOJI_REPLY_MAX;
}

static size_t on_reply(char *data, size_t size, size_t count, void *context)
{
    struct koji_http *http = context;
    struct cg_bytes *body = &http->reply->body;
    if (http->request->take) {
        long status = 0;
        curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
        if (status == 200)
            return http->request->take(http->request->take_context, data, size * count) == 0 ? size * count : 0;
    }
    if (size * count > reply_most(http->request) - body->size) {
        http->reply->too_long = true;
        return 0;
    }
    return cg_bytes_append(body, data, size * count, NULL) < 0 ? 0 : size * count;
}

static bool stopped(const struct koji_http_request *request)
{
    enum stop_level level = stop_level(request->stop);
    return (level != STOP_NONE && level >= request->abort_from) || stop_level(request->sibling) != STOP_NONE;
}

static int on_progress(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    const struct koji_http *http = context;
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    return stopped(http->request);
}

/* libcurl says why GSSAPI failed only here, in lines that name the function: "gss_init_sec_context() failed: ...". */
static int on_debug(CURL *curl, curl_infotype type, char *data, size_t size, void *context)
{
    struct koji_http *http = context;
    static const char mark[] = "gss_";
    (void)curl;
    if (type != CURLINFO_TEXT || http->gss_text[0] || size < sizeof mark || size >= sizeof http->gss_text)
        return 0;
    char line[CG_ERROR_HINT_SIZE];
    memcpy(line, data, size);
    line[size] = '\0';
    if (strstr(line, mark))
        snprintf(http->gss_text, sizeof http->gss_text, "%.*s", (int)strcspn(line, "\r\n"), line);
    return 0;
}

struct koji_http *koji_http_create(const struct koji_profile *profile, struct cg_error *err)
{
    CG_AUTO(koji_http_auto) struct koji_http *http = calloc(1, sizeof *http);
    if (http)
        http->curl = curl_easy_init();
    if (!http || !http->curl) {
        cg_fail_memory(err);
        return NULL;
    }
    http->profile = profile;
    return CG_STEAL(http);
}

/* What holds for every request. The C library's locking of signals is ours (block_sigpipe), hence NOSIGNAL. */
static void set_manners(struct koji_http *http)
{
    CURL *curl = http->curl;
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->why);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "koji/1 cg-import/" CG_VERSION);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)KOJI_HTTP_CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_send);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, http);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_reply);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

/* As the koji command: a named CA is always asked, no_ssl_verify counts only without one. */
static void set_trust(struct koji_http *http, const struct koji_http_request *request)
{
    CURL *curl = http->curl;
    const struct koji_profile *profile = http->profile;
    if (profile->serverca)
        curl_easy_setopt(curl, CURLOPT_CAINFO, profile->serverca);
    else if (profile->no_ssl_verify) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (request->certificate)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, request->certificate);
    if (request->negotiate != KOJI_HTTP_NEGOTIATE)
        return;
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_NEGOTIATE);
    /* Without a user libcurl sends no token; an empty one means the identity of the credential cache or keytab. */
    curl_easy_setopt(curl, CURLOPT_USERPWD, ":");
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, http);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
}

static void set_body(struct koji_http *http, const struct koji_http_request *request)
{
    CURL *curl = http->curl;
    if (request->verb == KOJI_HTTP_GET) {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
    if (request->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    } else {
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, http);
        curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BUFFER);
    }
    curl_easy_setopt(curl, CURLOPT_EXPECT_100_TIMEOUT_MS, KOJI_HTTP_EXPECT_MS);
}

static void set_times(struct koji_http *http, const struct koji_http_request *request)
{
    CURL *curl = http->curl;
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)request->timeout_s);
    if (request->stall_s) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)request->stall_rate);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)request->stall_s);
    }
}

static int add_header(struct curl_slist **list, const char *line, struct cg_error *err)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return cg_fail_memory(err);
    *list = longer;
    return 0;
}

static int make_headers(const struct koji_http_request *request, struct curl_slist **list, struct cg_error *err)
{
    if (request->content_type) {
        char type[64];
        snprintf(type, sizeof type, "Content-Type: %s", request->content_type);
        if (add_header(list, type, err) < 0)
            return -1;
    }
    /* An empty Expect keeps libcurl from asking on its own. */
    bool ask = !request->body && request->body_size > KOJI_HTTP_EXPECT_BYTES;
    if (add_header(list, ask ? "Expect: 100-continue" : "Expect:", err) < 0)
        return -1;
    for (size_t i = 0; i < KOJI_HTTP_HEADERS_MAX; i++)
        if (request->headers[i] && add_header(list, request->headers[i], err) < 0)
            return -1;
    return 0;
}

/*
 * OpenSSL writes to a socket that the hub closed without MSG_NOSIGNAL. SIGPIPE is kept from this thread for the time of
 * the transfer; one that came meanwhile is taken away, unless it was blocked before and is not ours to take.
 */
static CURLcode perform_without_sigpipe(CURL *curl)
{
    sigset_t pipe_only, before;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    CURLcode result = curl_easy_perform(curl);
    if (!sigismember(&before, SIGPIPE)) {
        const struct timespec no_time = {0};
        sigtimedwait(&pipe_only, NULL, &no_time);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return result;
}

static void read_reply_head(CURL *curl, struct koji_http_reply *reply)
{
    long status = 0;
    curl_off_t retry_after = 0;
    const char *type = NULL;
    struct curl_header *version = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    reply->status = (int)status;
    reply->retry_after_s = retry_after > 0 && retry_after < INT32_MAX ? (unsigned)retry_after : 0;
    reply->html = type && strncasecmp(type, "text/html", strlen("text/html")) == 0;
    reply->plain_text = type && strncasecmp(type, "text/plain", strlen("text/plain")) == 0;
    if (curl_easy_header(curl, "Koji-Version", 0, CURLH_HEADER, -1, &version) == CURLHE_OK)
        snprintf(reply->hub_version, sizeof reply->hub_version, "%.31s", version->value);
}

/* What to do about a server certificate that did not verify, by what OpenSSL or libcurl says of it. */
static void hint_trust(const char *why, struct cg_error *err)
{
    if (strstr(why, "expired") || strstr(why, "not yet valid"))
        cg_hint(err, "the hub's certificate or this machine's clock is out of date");
    else if (strstr(why, "host name") || strstr(why, "hostname"))
        cg_hint(err, "`server` must use a name that the hub's certificate is made out to");
    else
        cg_hint(err, "`serverca` must name the certificate of the CA that signed the hub's");
}

/* Failures that are the same at every try. 1: it was one and is recorded. */
static int fail_hopeless(const struct koji_http *http, CURLcode result, const char *why, struct cg_error *err)
{
    const char *server = http->profile->server;
    switch (result) {
    case CURLE_OUT_OF_MEMORY:
        return cg_fail_memory(err), 1;
    case CURLE_ABORTED_BY_CALLBACK:
        if (stopped(http->request))
            cg_fail(err, CG_E_INTERRUPTED, "stopped while talking to %s", server);
        else
            cg_fail(err, CG_E_IO, "the body for %s could not be read", server);
        return 1;
    case CURLE_WRITE_ERROR:
        if (!http->reply->too_long)
            return cg_fail_memory(err), 1;
        return cg_fail(err, CG_E_HUB_REPLY, "reply refused: longer than %zu bytes", reply_most(http->request)), 1;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return cg_fail(err, CG_E_CONFIG, "\"%s\" is no http or https URL: %s", server, why), 1;
    case CURLE_SSL_CACERT_BADFILE:
        return cg_fail(err, CG_E_CONFIG, "cannot read the hub's CA certificates (serverca): %s", why), 1;
    case CURLE_SSL_CERTPROBLEM:
        return cg_fail(err, CG_E_CONFIG, "cannot use the client certificate: %s", why), 1;
    case CURLE_PEER_FAILED_VERIFICATION:
        cg_fail(err, CG_E_CONFIG, "cannot trust %s: %s", server, why);
        hint_trust(why, err);
        return 1;
    default:
        return 0;
    }
}

/* A hub that asks for a certificate after the request and gets none it likes ends the connection with a TLS alert. */
static bool refused_by_tls(const struct koji_http *http, CURLcode result)
{
    return (result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR || result == CURLE_SSL_CONNECT_ERROR) &&
           strstr(http->why, "alert") && !strstr(http->why, "alert internal error");
}

static int fail_transfer(const struct koji_http *http, CURLcode result, struct cg_error *err)
{
    struct koji_http_reply *reply = http->reply;
    const char *why = http->why[0] ? http->why : curl_easy_strerror(result);
    const char *server = http->profile->server;
    reply->hopeless = fail_hopeless(http, result, why, err) == 1;
    if (reply->hopeless)
        return -1;
    if (refused_by_tls(http, result)) {
        reply->hopeless = true;
        cg_fail(err, CG_E_AUTH, "%s refused %s: %s", server,
                http->request->certificate ? "the client certificate" : "a client without certificate", why);
        return cg_hint(err, "the certificate must be signed by a CA the hub trusts, and not be expired");
    }
    if (reply->sends == 0)
        return cg_fail(err, CG_E_UNREACHABLE, "cannot reach %s: %s", server, why);
    return cg_fail(err, CG_E_TRANSFER, "no reply from %s: %s", server, why);
}

int koji_http_send(struct koji_http *http, const struct koji_http_request *request, struct koji_http_reply *reply,
                   struct cg_error *err)
{
    AUTO_SLIST struct curl_slist *headers = NULL;
    http->request = request;
    http->reply = reply;
    http->why[0] = '\0';
    http->gss_text[0] = '\0';
    if (make_headers(request, &headers, err) < 0)
        return -1;

    /* Forgets the options of the last request; the kept connections stay. */
    curl_easy_reset(http->curl);
    set_manners(http);
    set_trust(http, request);
    set_body(http, request);
    set_times(http, request);
    curl_easy_setopt(http->curl, CURLOPT_URL, request->url);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);

    CURLcode result = perform_without_sigpipe(http->curl);
    read_reply_head(http->curl, reply);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
    if (result == CURLE_OK) {
        reply->fate = KOJI_HTTP_REPLIED;
        return 0;
    }
    reply->fate = reply->sends > 0 ? KOJI_HTTP_NO_REPLY : KOJI_HTTP_NOT_SENT;
    return fail_transfer(http, result, err);
}

const char *koji_http_gss_text(const struct koji_http *http)
{
    return http->gss_text;
}

void koji_http_reply_finish(struct koji_http_reply *reply)
{
    cg_bytes_finish(&reply->body);
}

void koji_http_destroy(struct koji_http *http)
{
    if (!http)
        return;
    curl_easy_cleanup(http->curl);
    free(http);
}
