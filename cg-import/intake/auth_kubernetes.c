/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/auth_kubernetes.h"

#include "cg/bytes.h"
#include "cg/digest.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define REPLY_MAX (1U << 20) /* bytes of a review; with all the groups of a user they have a few kB */
#define TIMEOUT_MS 5000L     /* for the whole review: a request waits for it */

static const char review_path[] = "/apis/authentication.k8s.io/v1/tokenreviews";
static const char account_prefix[] = "system:serviceaccount:";

struct entry {
    char token_sha256[65];
    uint64_t until_ms; /* 0: free */
    int result;        /* 1 or 0 */
    char name[AUTH_KUBERNETES_NAME_SIZE];
};

struct auth_kubernetes {
    const struct intake_trust *trust;
    pthread_mutex_t lock; /* of the entries */
    struct entry entries[AUTH_KUBERNETES_CACHE_ENTRIES];
};

struct auth_kubernetes *auth_kubernetes_create(const struct intake_trust *trust, struct cg_error *err)
{
    struct auth_kubernetes *kubernetes = calloc(1, sizeof *kubernetes);
    if (!kubernetes) {
        cg_fail_memory(err);
        return NULL;
    }
    kubernetes->trust = trust;
    pthread_mutex_init(&kubernetes->lock, NULL);
    return kubernetes;
}

/* The API server's answer, at most REPLY_MAX bytes of it. */
static size_t take_reply(char *data, size_t one, size_t size, void *reply)
{
    struct cg_bytes *bytes = reply;
    if (bytes->size + size > REPLY_MAX)
        return 0;
    return cg_bytes_append(bytes, data, one * size, NULL) == 0 ? size : 0;
}

static json_t *make_review(const struct intake_trust *trust, const char *token)
{
    json_t *spec = trust->kubernetes_audience
                       ? json_pack("{s:s,s:[s]}", "token", token, "audiences", trust->kubernetes_audience)
                       : json_pack("{s:s}", "token", token);
    return json_pack("{s:s,s:s,s:o}", "apiVersion", "authentication.k8s.io/v1", "kind", "TokenReview", "spec", spec);
}

/* Our own token, read each time because Kubernetes changes it. NULL headers on failure. */
static struct curl_slist *make_headers(const struct intake_trust *trust, struct cg_error *err)
{
    AUTO_SECRET struct secret token = {0}, line = {0};
    if (trust->kubernetes_token_file && (secret_set_from_file(&token, trust->kubernetes_token_file, err) != 0 ||
                                         secret_join(&line, "Authorization: Bearer ", &token, "", err) != 0))
        return NULL;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    struct curl_slist *all =
        headers && secret_is_set(&line) ? curl_slist_append(headers, secret_reveal(&line)) : headers;
    if (!all) {
        curl_slist_free_all(headers);
        cg_fail_memory(err);
    }
    return all;
}

static void free_headers(struct curl_slist **headers)
{
    /* One of them holds our token. */
    for (struct curl_slist *header = *headers; header; header = header->next)
        secret_wipe(header->data, strlen(header->data));
    curl_slist_free_all(*headers);
}

static void free_curl(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static int set_options(CURL *curl, const struct intake_trust *trust, const char *url)
{
    if (curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http") != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) != CURLE_OK)
        return -1;
    return trust->kubernetes_ca && curl_easy_setopt(curl, CURLOPT_CAINFO, trust->kubernetes_ca) != CURLE_OK ? -1 : 0;
}

/* Posts the review; *status and the reply. */
static int post(const struct intake_trust *trust, const char *body, long *status, struct cg_bytes *reply,
                struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes url = {0};
    CG_AUTO(free_curl) CURL *curl = curl_easy_init();
    CG_AUTO(free_headers) struct curl_slist *headers = make_headers(trust, err);
    if (!headers)
        return -1;
    if (!curl || cg_bytes_printf(&url, err, "%s%s", trust->kubernetes_url, review_path) != 0)
        return cg_fail_memory(err);
    if (set_options(curl, trust, url.data) != 0 || curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_reply) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply) != CURLE_OK)
        return cg_fail(err, CG_E_CONFIG, "libcurl takes no review of %s", trust->kubernetes_url);
    CURLcode result = curl_easy_perform(curl);
    if (result != CURLE_OK)
        return cg_fail(err, CG_E_UNREACHABLE, "cannot ask %s about a token: %s", trust->kubernetes_url,
                       curl_easy_strerror(result));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    return 0;
}

/* Is the token meant for us? An API server that knows audiences answers with those of ours that the token has. */
static bool is_for_us(const json_t *status, const char *audience)
{
    const json_t *audiences = json_object_get(status, "audiences");
    size_t i;
    json_t *one;
    json_array_foreach(audiences, i,
                       one) if (json_is_string(one) && strcmp(json_string_value(one), audience) == 0) return true;
    return false;
}

/* "system:serviceaccount:NAMESPACE:NAME" as "serviceaccount:NAMESPACE/NAME"; 0 for a user of another kind. */
static int take_name(const char *username, char *name)
{
    if (!username || strncmp(username, account_prefix, strlen(account_prefix)) != 0)
        return 0;
    const char *account = username + strlen(account_prefix), *colon = strchr(account, ':');
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.:";
    if (!colon || colon == account || !colon[1] || strchr(colon + 1, ':') || account[strspn(account, characters)])
        return 0;
    int length =
        snprintf(name, AUTH_KUBERNETES_NAME_SIZE, "serviceaccount:%.*s/%s", (int)(colon - account), account, colon + 1);
    return length < AUTH_KUBERNETES_NAME_SIZE;
}

static int read_review(const struct intake_trust *trust, long http_status, const struct cg_bytes *reply, char *name,
                       struct cg_error *err)
{
    if (http_status == 401 || http_status == 403)
        return cg_fail(err, CG_E_CONFIG, "%s does not let the service review tokens (HTTP %ld)", trust->kubernetes_url,
                       http_status);
    CG_AUTO_JSON json_t *review = json_loadb(cg_bytes_text(reply), reply->size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *status = json_object_get(review, "status");
    if ((http_status != 200 && http_status != 201) || !json_is_object(status))
        return cg_fail(err, CG_E_BUSY, "%s answered a review with HTTP %ld; expected a TokenReview",
                       trust->kubernetes_url, http_status);
    if (!json_is_true(json_object_get(status, "authenticated")))
        return 0;
    if (trust->kubernetes_audience && !is_for_us(status, trust->kubernetes_audience))
        return 0;
    return take_name(json_string_value(json_object_get(json_object_get(status, "user"), "username")), name);
}

static int ask(const struct intake_trust *trust, const char *token, char *name, struct cg_error *err)
{
    CG_AUTO_JSON json_t *review = make_review(trust, token);
    CG_AUTO_FREE char *dumped = review ? json_dumps(review, JSON_COMPACT) : NULL;
    if (!dumped)
        return cg_fail_memory(err);
    CG_AUTO_BYTES struct cg_bytes reply = {0};
    long status = 0;
    int posted = post(trust, dumped, &status, &reply, err);
    secret_wipe(dumped, strlen(dumped));
    return posted != 0 ? -1 : read_review(trust, status, &reply, name, err);
}

static int digest_of(const char *token, char sha256[65], struct cg_error *err)
{
    struct cg_digests digests;
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    if (!digest || cg_digest_update(digest, token, strlen(token), err) != 0 ||
        cg_digest_read(digest, &digests, err) != 0)
        return -1;
    memcpy(sha256, digests.sha256, sizeof digests.sha256);
    return 0;
}

/* The remembered answer, or -1. */
static int recall(struct auth_kubernetes *kubernetes, const char *sha256, uint64_t now_ms, char *name)
{
    int result = -1;
    pthread_mutex_lock(&kubernetes->lock);
    for (size_t i = 0; i < AUTH_KUBERNETES_CACHE_ENTRIES && result < 0; i++) {
        const struct entry *entry = &kubernetes->entries[i];
        if (entry->until_ms <= now_ms || strcmp(entry->token_sha256, sha256) != 0)
            continue;
        result = entry->result;
        memcpy(name, entry->name, sizeof entry->name);
    }
    pthread_mutex_unlock(&kubernetes->lock);
    return result;
}

/* Remembers in the place of the entry that ends first. */
static void remember(struct auth_kubernetes *kubernetes, const char *sha256, uint64_t until_ms, int result,
                     const char *name)
{
    pthread_mutex_lock(&kubernetes->lock);
    struct entry *oldest = &kubernetes->entries[0];
    for (size_t i = 1; i < AUTH_KUBERNETES_CACHE_ENTRIES; i++)
        if (kubernetes->entries[i].until_ms < oldest->until_ms)
            oldest = &kubernetes->entries[i];
    *oldest = (struct entry){.until_ms = until_ms, .result = result};
    memcpy(oldest->token_sha256, sha256, sizeof oldest->token_sha256);
    memcpy(oldest->name, name, sizeof oldest->name);
    pthread_mutex_unlock(&kubernetes->lock);
}

int auth_kubernetes_review(struct auth_kubernetes *kubernetes, const char *token, uint64_t now_ms, char *name,
                           struct cg_error *err)
{
    char sha256[65];
    memset(name, 0, AUTH_KUBERNETES_NAME_SIZE);
    if (digest_of(token, sha256, err) != 0)
        return -1;
    int result = recall(kubernetes, sha256, now_ms, name);
    if (result >= 0)
        return result;
    result = ask(kubernetes->trust, token, name, err);
    if (result >= 0)
        remember(kubernetes, sha256, now_ms + AUTH_KUBERNETES_CACHE_MS, result, name);
    return result;
}

void auth_kubernetes_destroy(struct auth_kubernetes *kubernetes)
{
    if (!kubernetes)
        return;
    pthread_mutex_destroy(&kubernetes->lock);
    free(kubernetes);
}
