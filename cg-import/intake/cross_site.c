/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/cross_site.h"

#include <string.h>
#include <strings.h>

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* Bytes of scheme, host and port; 0 if that is no URL. */
static size_t origin_size(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

/* A default port may be left out on one side only: RFC 6454 section 4 leaves it out of origins. */
static size_t without_default_port(const char *url, size_t size)
{
    const char *port = strncasecmp(url, "https://", 8) == 0 ? ":443" : ":80";
    size_t length = strlen(port);
    return size > length && memcmp(url + size - length, port, length) == 0 ? size - length : size;
}

static bool is_same_origin(const char *origin, const char *own)
{
    size_t size = origin_size(origin), own_size = origin_size(own);
    if (size == 0 || origin[size] != '\0')
        return false;
    size = without_default_port(origin, size);
    own_size = without_default_port(own, own_size);
    return size == own_size && strncasecmp(origin, own, size) == 0;
}

bool cross_site_is(const struct gate_head *head, const char *own)
{
    if (is_safe(head->method))
        return false;
    const char *site = gate_field(head, "Sec-Fetch-Site"), *origin = gate_field(head, "Origin");
    if (site)
        return gate_count(head, "Sec-Fetch-Site") != 1 ||
               (strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0);
    return origin && (gate_count(head, "Origin") != 1 || !is_same_origin(origin, own));
}
