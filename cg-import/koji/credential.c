/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/credential.h"
#include "cg/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int koji_credential_init(struct koji_credential *credential, struct cg_error *err)
{
    *credential = (struct koji_credential){.next_number_ = KOJI_UNNUMBERED + 1};
    if (pthread_mutex_init(&credential->lock_, NULL) != 0)
        return cg_fail_memory(err);
    if (pthread_mutex_init(&credential->renewal, NULL) != 0) {
        pthread_mutex_destroy(&credential->lock_);
        return cg_fail_memory(err);
    }
    return 0;
}

bool koji_credential_logged_in(struct koji_credential *credential)
{
    pthread_mutex_lock(&credential->lock_);
    bool logged_in = credential->logged_in_;
    pthread_mutex_unlock(&credential->lock_);
    return logged_in;
}

static int take(struct koji_credential *credential, int64_t session_id, const char *key, bool header_session,
                struct cg_error *err)
{
    pthread_mutex_lock(&credential->lock_);
    int result = secret_set(&credential->key_, key, err);
    if (result == 0) {
        credential->session_id_ = session_id;
        credential->header_session_ = header_session;
        credential->logged_in_ = true;
    }
    pthread_mutex_unlock(&credential->lock_);
    return result;
}

/* May this stand in a header line and an URL as it is? The hub makes keys of "ID-" and letters and digits. */
static bool plain_key(const char *key)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return key[0] && strlen(key) <= 128 && key[strspn(key, allowed)] == '\0';
}

int koji_credential_take_answer(struct koji_credential *credential, const json_t *answer, struct cg_error *err)
{
    const json_t *id = json_object_get(answer, "session-id");
    const char *key = json_string_value(json_object_get(answer, "session-key"));
    if (!json_is_integer(id) || json_integer_value(id) <= 0 || !key || !plain_key(key))
        return cg_fail(err, CG_E_HUB_REPLY, "the login was answered without a session-id and session-key");
    bool header_session = json_is_true(json_object_get(answer, "header-auth"));
    return take(credential, json_integer_value(id), key, header_session, err);
}

int koji_credential_take_ticket(struct koji_credential *credential, const struct koji_ticket *ticket,
                                struct cg_error *err)
{
    const char *key = secret_reveal(&ticket->session_key);
    if (ticket->session_id <= 0 || !plain_key(key))
        return cg_fail(err, CG_E_USAGE, "the ticket names no session");
    if (take(credential, ticket->session_id, key, ticket->header_session, err) < 0)
        return -1;
    pthread_mutex_lock(&credential->lock_);
    credential->next_number_ = ticket->call_number + 1;
    pthread_mutex_unlock(&credential->lock_);
    return 0;
}

int koji_credential_copy(struct koji_credential *credential, struct koji_ticket *ticket, struct cg_error *err)
{
    int result = 0;
    pthread_mutex_lock(&credential->lock_);
    if (credential->logged_in_) {
        result = secret_copy(&ticket->session_key, &credential->key_, err);
        ticket->session_id = credential->session_id_;
        ticket->header_session = credential->header_session_;
    }
    ticket->call_number = KOJI_UNNUMBERED;
    pthread_mutex_unlock(&credential->lock_);
    return result;
}

uint32_t koji_credential_next_number(struct koji_credential *credential)
{
    pthread_mutex_lock(&credential->lock_);
    uint32_t number = credential->next_number_++;
    pthread_mutex_unlock(&credential->lock_);
    return number;
}

void koji_credential_forget(struct koji_credential *credential)
{
    pthread_mutex_lock(&credential->lock_);
    credential->logged_in_ = false;
    credential->session_id_ = 0;
    secret_finish(&credential->key_);
    pthread_mutex_unlock(&credential->lock_);
}

void koji_credential_finish(struct koji_credential *credential)
{
    secret_finish(&credential->key_);
    pthread_mutex_destroy(&credential->renewal);
    pthread_mutex_destroy(&credential->lock_);
}

void koji_ticket_finish(struct koji_ticket *ticket)
{
    secret_finish(&ticket->session_key);
}

static int make_url_session(struct koji_address *address, const char *base_url, const char *query,
                            const struct koji_ticket *ticket, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes before = {0};
    char after[32] = "";
    if (cg_bytes_printf(&before, err, "%s?%s%ssession-id=%" PRId64 "&session-key=", base_url, query ? query : "",
                        query ? "&" : "", ticket->session_id) < 0)
        return -1;
    if (ticket->call_number != KOJI_UNNUMBERED)
        snprintf(after, sizeof after, "&callnum=%" PRIu32, ticket->call_number);
    return secret_join(&address->url, cg_bytes_text(&before), &ticket->session_key, after, err);
}

/* Releases read Koji-Callnum, master Koji-Session-Callnum (koji commit 255eadcf): both, with the same number. */
static int make_header_session(struct koji_address *address, const struct koji_ticket *ticket, struct cg_error *err)
{
    snprintf(address->id_line, sizeof address->id_line, "Koji-Session-Id: %" PRId64, ticket->session_id);
    if (ticket->call_number != KOJI_UNNUMBERED) {
        snprintf(address->number_lines[0], sizeof address->number_lines[0], "Koji-Callnum: %" PRIu32,
                 ticket->call_number);
        snprintf(address->number_lines[1], sizeof address->number_lines[1], "Koji-Session-Callnum: %" PRIu32,
                 ticket->call_number);
    }
    return secret_join(&address->key_line, "Koji-Session-Key: ", &ticket->session_key, "", err);
}

int koji_address_make(struct koji_address *address, const char *base_url, const char *query,
                      const struct koji_ticket *ticket, struct cg_error *err)
{
    if (ticket->session_id != 0 && !ticket->header_session)
        return make_url_session(address, base_url, query, ticket, err);
    CG_AUTO_BYTES struct cg_bytes url = {0};
    if (cg_bytes_printf(&url, err, "%s%s%s", base_url, query ? "?" : "", query ? query : "") < 0)
        return -1;
    if (secret_set(&address->url, cg_bytes_text(&url), err) < 0)
        return -1;
    return ticket->session_id != 0 ? make_header_session(address, ticket, err) : 0;
}

void koji_address_finish(struct koji_address *address)
{
    secret_finish(&address->url);
    secret_finish(&address->key_line);
}
