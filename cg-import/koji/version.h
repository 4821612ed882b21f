/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_VERSION_H
#define KOJI_VERSION_H

/* Versions of the libraries that carry the calls. */

/* "libcurl/7.88.1 OpenSSL/3.0.15 ...". Static. */
const char *koji_version_libraries(void);

#endif
