/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a hub may answer: the gate, then the parser, then the meaning of a fault. Nothing may crash, leak or grow. */

#include "koji/fault.h"
#include "koji/reply_gate.h"
#include "koji/value.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cg_error err = {0};
    AUTO_KOJI_REPLY struct koji_reply reply = {0};
    if (koji_reply_gate((const char *)data, size, &err) != 0)
        return 0;
    if (koji_value_decode_reply((const char *)data, size, &reply, &err) == 0 && reply.text)
        koji_fault("CGImport", reply.fault, reply.text, &err);
    return 0;
}
