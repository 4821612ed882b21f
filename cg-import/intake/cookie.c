/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/cookie.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Bytes of the longest key that is worth asking for. */
#define KEY_MAX 128

static const char *const names[] = {[COOKIE_PLAIN] = "cg_import_session", [COOKIE_SECURE] = "__Host-cg_import_session"};

enum cookie_kind cookie_kind_of(const char *public_url, bool tls)
{
    bool secure = public_url ? strncasecmp(public_url, "https:", 6) == 0 : tls;
    return secure ? COOKIE_SECURE : COOKIE_PLAIN;
}

/* The next "name=value" of a Cookie header; *at moves behind it. NULL at the end. */
static const char *next_pair(const char **at, size_t *size)
{
    const char *pair = *at + strspn(*at, " ;");
    *size = strcspn(pair, ";");
    *at = pair + *size;
    while (*size > 0 && pair[*size - 1] == ' ')
        (*size)--;
    return *size > 0 ? pair : NULL;
}

int cookie_key(const struct gate_head *head, enum cookie_kind kind, struct secret *key, struct cg_error *err)
{
    const char *at = gate_field(head, "Cookie"), *pair, *found = NULL;
    size_t name_size = strlen(names[kind]), size, found_size = 0, count = 0;
    if (!at || gate_count(head, "Cookie") != 1)
        return 0;
    while ((pair = next_pair(&at, &size))) {
        if (size <= name_size || memcmp(pair, names[kind], name_size) != 0 || pair[name_size] != '=')
            continue;
        found = pair + name_size + 1;
        found_size = size - name_size - 1;
        count++;
    }
    if (count != 1 || found_size == 0 || found_size > KEY_MAX)
        return 0;
    char text[KEY_MAX + 1] = {0};
    memcpy(text, found, found_size);
    int result = secret_set(key, text, err);
    secret_wipe(text, sizeof text);
    return result == 0 ? 1 : -1;
}

void cookie_set(enum cookie_kind kind, const struct secret *key, unsigned seconds, char value[COOKIE_HEADER_SIZE])
{
    snprintf(value, COOKIE_HEADER_SIZE, "%s=%s; Path=/; Max-Age=%u; HttpOnly; SameSite=Strict%s", names[kind],
             key ? secret_reveal(key) : "", key ? seconds : 0, kind == COOKIE_SECURE ? "; Secure" : "");
}
