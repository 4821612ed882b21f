/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/version.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <openssl/crypto.h>
#include <pcre2.h>
#include <string.h>
#include <zlib.h>

const char *cg_version(void)
{
    return CG_VERSION;
}

int cg_version_libraries(struct cg_bytes *text, struct cg_error *err)
{
    /* "10.42 2022-12-11" */
    char pcre2[64] = "";
    pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
    return cg_bytes_printf(text, err, "jansson %s, OpenSSL %s, zlib %s, PCRE2 %.*s", jansson_version_str(),
                           OpenSSL_version(OPENSSL_VERSION_STRING), zlibVersion(), (int)strcspn(pcre2, " "), pcre2);
}
