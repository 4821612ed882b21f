/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Canonical text is a fixed point: canon(read(canon(x))) is canon(x). */
#include "cg/canon.h"
#include "cg/json.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *value = cg_json_read((const char *)data, size, NULL, &err);
    if (!value)
        return 0;
    CG_AUTO_BYTES struct cg_bytes once = {0}, twice = {0};
    assert(cg_canon(value, &once, &err) == 0);

    /* A double from 2^53 to 1e21 is written without exponent and so read as an integer that is out of range. */
    CG_AUTO_JSON json_t *again = cg_json_read(once.data, once.size, NULL, &err);
    if (!again && strstr(err.message, "an integer that not every reader keeps exactly"))
        return 0;
    assert(again);
    assert(cg_canon(again, &twice, &err) == 0);
    assert(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    return 0;
}
