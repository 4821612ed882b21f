/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "openssl_error.h"

#include <openssl/err.h>

bool cg_openssl_lacks_memory(void)
{
    bool lacks = false;
    for (unsigned long code; (code = ERR_get_error()) != 0;)
        lacks = lacks || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return lacks;
}

int cg_fail_openssl(struct cg_error *err, enum cg_code code, const char *what)
{
    return cg_openssl_lacks_memory() ? cg_fail_memory(err) : cg_fail(err, code, "openssl cannot %s", what);
}
