/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_PAGES_H
#define INTAKE_PAGES_H

/*
 * The pages for people: cg-import/web as it lies there, built into the program.
 *
 * They hold no data and so are open to anyone; what they show they ask of the API, as their reader. What a browser must
 * not do with them is said with every answer below /ui, failures too. Browsers report what they kept from happening to
 * /ui/reports.
 */

#include "intake/request.h"

/* Borrowed for ever. */
const struct intake_route *routes_of_pages(size_t *count);

/* Sets the headers of everything below /ui; nothing on other targets. */
void pages_guard(struct intake_request *request);

#endif
