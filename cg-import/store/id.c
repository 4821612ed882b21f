/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UUID version 7: RFC 9562 section 5.7. */
#include "store/store.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

/* getrandom(): Linux, and the one source here that cannot fail for want of a descriptor. */
#include <sys/random.h>

int store_new_id(char id[STORE_ID_SIZE], struct cg_error *err)
{
    unsigned char b[16];
    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
        return cg_fail_errno(err, "read", "random bytes");
    uint64_t ms = (uint64_t)(clock_epoch_seconds() * 1000.0);
    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)(ms >> (40 - 8 * i));
    b[6] = (unsigned char)(0x70U | (b[6] & 0x0fU));
    b[8] = (unsigned char)(0x80U | (b[8] & 0x3fU));
    snprintf(id, STORE_ID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return 0;
}

bool store_is_id(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (strlen(text) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
            return false;
    return true;
}
