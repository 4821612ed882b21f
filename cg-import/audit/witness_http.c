/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/witness_http.h"

#include <assert.h>
#include <curl/curl.h>
#include <string.h>

struct audit_witness_http {
    CURLM *multi;
    char *ca_file;
};

/* A transfer under way. */
struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct audit_witness_exchange *exchange;
    char reason[CURL_ERROR_SIZE];
};

struct audit_witness_http *audit_witness_http_create(const char *ca_file, struct cg_error *err)
{
    AUTO_AUDIT_WITNESS_HTTP struct audit_witness_http *http = calloc(1, sizeof *http);
    if (!http || !(http->multi = curl_multi_init()) || (ca_file && !(http->ca_file = strdup(ca_file)))) {
        cg_fail_memory(err);
        return NULL;
    }
    return CG_STEAL(http);
}

/* Keeps what is answered, up to the limit; more than that ends the transfer. */
static size_t keep(char *data, size_t one, size_t size, void *context)
{
    assert(one == 1);
    struct audit_witness_exchange *exchange = context;
    if (size > AUDIT_WITNESS_ANSWER_MAX - exchange->answer.size)
        return 0;
    return cg_bytes_append(&exchange->answer, data, size, &exchange->failure) < 0 ? 0 : size;
}

/* Is every option set? Otherwise there is no memory. */
static bool set_up(const struct audit_witness_http *http, struct transfer *transfer, long timeout_ms)
{
    const struct audit_witness_exchange *exchange = transfer->exchange;
    CURL *easy = transfer->easy = curl_easy_init();
    /* No "Expect: 100-continue": a round trip for a body of a few hundred bytes. */
    transfer->headers = curl_slist_append(NULL, "Expect:");
    struct curl_slist *more =
        transfer->headers ? curl_slist_append(transfer->headers, "Content-Type: application/octet-stream") : NULL;
    if (!easy || !more)
        return false;
    return curl_easy_setopt(easy, CURLOPT_URL, exchange->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_size) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer->exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           (!http->ca_file || curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file) == CURLE_OK) &&
           curl_multi_add_handle(http->multi, easy) == CURLM_OK;
}

/* A transfer has ended. */
static void take_end(struct transfer *transfer, CURLcode result)
{
    struct audit_witness_exchange *exchange = transfer->exchange;
    if (result == CURLE_OK) {
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &exchange->status);
        return;
    }
    exchange->status = 0;
    const char *reason = transfer->reason[0] ? transfer->reason : curl_easy_strerror(result);
    cg_fail(&exchange->failure, result == CURLE_WRITE_ERROR ? CG_E_LIMIT : CG_E_UNREACHABLE, "%s: %s", exchange->url,
            result == CURLE_WRITE_ERROR ? "its answer is too long" : reason);
}

/* Runs until no transfer is left; each has its own time limit. */
static void run(struct audit_witness_http *http)
{
    int running = 1, queued;
    while (running > 0 && curl_multi_perform(http->multi, &running) == CURLM_OK) {
        for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &queued));) {
            char *transfer = NULL;
            CURLcode result = message->data.result;
            if (message->msg == CURLMSG_DONE &&
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) == CURLE_OK)
                take_end((struct transfer *)(void *)transfer, result);
        }
        if (running > 0 && curl_multi_poll(http->multi, NULL, 0, 1000, NULL) != CURLM_OK)
            break;
    }
}

static void post(void *context, struct audit_witness_exchange *exchanges, size_t count, long timeout_ms)
{
    struct audit_witness_http *http = context;
    assert(count <= AUDIT_WITNESSES_MAX);
    struct transfer transfers[AUDIT_WITNESSES_MAX] = {0};
    for (size_t i = 0; i < count; i++) {
        transfers[i].exchange = &exchanges[i];
        exchanges[i].status = 0;
        if (!set_up(http, &transfers[i], timeout_ms))
            cg_fail_memory(&exchanges[i].failure);
    }
    run(http);
    for (size_t i = 0; i < count; i++) {
        if (transfers[i].easy)
            curl_multi_remove_handle(http->multi, transfers[i].easy);
        curl_easy_cleanup(transfers[i].easy);
        curl_slist_free_all(transfers[i].headers);
    }
}

struct audit_witness_transport audit_witness_http_transport(struct audit_witness_http *http)
{
    return (struct audit_witness_transport){post, http};
}

void audit_witness_http_destroy(struct audit_witness_http *http)
{
    if (!http)
        return;
    curl_multi_cleanup(http->multi);
    free(http->ca_file);
    free(http);
}
