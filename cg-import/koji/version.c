/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/version.h"

#include <curl/curl.h>

const char *koji_version_libraries(void)
{
    return curl_version();
}
