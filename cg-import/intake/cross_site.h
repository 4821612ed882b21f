/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_CROSS_SITE_H
#define INTAKE_CROSS_SITE_H

/*
 * Requests that a browser sends because a page of somewhere else made it do so.
 *
 * Cookies, client certificates and what a front server knows go along with those unasked, so a request that changes
 * something must come from our own pages, or from no page at all. Browsers say where a request comes from in
 * Sec-Fetch-Site (W3C Fetch Metadata), or, older ones and those on plain HTTP, in Origin (RFC 6454); other programs
 * send neither and are not concerned.
 */

#include "intake/gate.h"

/*
 * Is it a request of another site, or of one that does not tell which? `own` is the origin of our pages
 * ("https://host:port", longer URLs are cut there). GET and HEAD change nothing and never are.
 */
bool cross_site_is(const struct gate_head *head, const char *own);

#endif
