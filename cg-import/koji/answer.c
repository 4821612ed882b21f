/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/answer.h"
#include "koji/fault.h"
#include "koji/reply_gate.h"
#include "koji/value.h"

#include <string.h>

/* Bytes of a text/plain body that go into a message. */
enum { QUOTE_MAX = 200 };

static const struct {
    int status;
    enum cg_code code;
    const char *meaning;
    const char *hint; /* NULL: nothing the reader can do */
} statuses[] = {
    {400, CG_E_HUB_REFUSED, "the hub cannot read the request", NULL},
    {401, CG_E_AUTH, "the hub wants another login", "see which authentication its /ssllogin asks for"},
    {403, CG_E_AUTH, "the web server in front of the hub forbids it", "ask the hub's administrators for access"},
    {404, CG_E_CONFIG, "there is no hub at this URL", "check `server` in the profile: it ends in /kojihub"},
    {405, CG_E_CONFIG, "what answers at this URL takes no calls", "check `server` in the profile: it ends in /kojihub"},
    {408, CG_E_BUSY, "the web server gave up waiting for the request", NULL},
    {411, CG_E_HUB_REPLY, "a proxy on the way removed the request's length", NULL},
    {413, CG_E_TOO_LARGE, "the request is larger than the web server allows", NULL},
    {429, CG_E_BUSY, "the hub asks for fewer requests", NULL},
    {500, CG_E_BUSY, "the hub broke down on the request", "its administrators find the reason in httpd's error log"},
    {502, CG_E_BUSY, "a proxy did not get an answer from the hub", NULL},
    {503, CG_E_BUSY, "the hub cannot serve now", NULL},
    {504, CG_E_BUSY, "a proxy did not wait for the hub's answer", NULL},
};

/* The first line of a text/plain body, with what is not printable ASCII as '?'. */
static void quote_first_line(const struct koji_http_reply *reply, char quote[QUOTE_MAX + 1])
{
    const char *text = cg_bytes_text(&reply->body);
    size_t length = reply->plain_text ? strcspn(text, "\r\n") : 0;
    if (length > QUOTE_MAX)
        length = QUOTE_MAX;
    for (size_t i = 0; i < length; i++)
        quote[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
    quote[length] = '\0';
}

int koji_answer_fail_status(const char *method, const struct koji_http_reply *reply, struct cg_error *err)
{
    char quote[QUOTE_MAX + 1];
    quote_first_line(reply, quote);
    const char *colon = quote[0] ? ": " : "";
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].status != reply->status)
            continue;
        cg_fail(err, statuses[i].code, "%s: %s (HTTP %d)%s%s", method, statuses[i].meaning, reply->status, colon,
                quote);
        return statuses[i].hint ? cg_hint(err, "%s", statuses[i].hint) : -1;
    }
    if (reply->status >= 500)
        return cg_fail(err, CG_E_BUSY, "%s: HTTP %d from the hub%s%s", method, reply->status, colon, quote);
    if (reply->status >= 300 && reply->status < 400) {
        cg_fail(err, CG_E_CONFIG, "%s: redirected elsewhere (HTTP %d), which is not followed", method, reply->status);
        return cg_hint(err, "check `server` in the profile: it must be the hub's own URL");
    }
    return cg_fail(err, CG_E_HUB_REPLY, "%s: HTTP %d instead of 200%s%s", method, reply->status, colon, quote);
}

int koji_answer_read(const char *method, const struct koji_http_reply *reply, json_t **value, struct cg_error *err)
{
    if (reply->status != 200)
        return koji_answer_fail_status(method, reply, err);
    if (koji_reply_gate(reply->body.data, reply->body.size, err) < 0)
        return -1;
    AUTO_KOJI_REPLY struct koji_reply decoded = {0};
    if (koji_value_decode_reply(reply->body.data, reply->body.size, &decoded, err) < 0)
        return -1;
    if (!decoded.value)
        return koji_fault(method, decoded.fault, decoded.text, err);
    *value = CG_STEAL(decoded.value);
    return 0;
}

int koji_answer_lacks(const char *method, const char *what, struct cg_error *err)
{
    return cg_fail(err, CG_E_HUB_REPLY, "the hub answered %s without %s", method, what);
}
