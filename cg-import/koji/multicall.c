/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/multicall.h"

#include "cg/auto.h"
#include "koji/fault.h"

int koji_multicall_add(json_t *calls, const char *method, json_t *params, struct cg_error *err)
{
    if (!params)
        return cg_fail_memory(err);
    json_t *call = json_pack("{s:s, s:o}", "methodName", method, "params", params);
    if (!call || json_array_append_new(calls, call) < 0)
        return cg_fail_memory(err);
    return 0;
}

json_t *koji_multicall_result(const json_t *results, size_t i, const char *method, struct cg_error *err)
{
    json_t *answer = json_array_get(results, i);
    if (json_is_array(answer) && json_array_size(answer) == 1)
        return json_array_get(answer, 0);
    const json_t *fault = json_object_get(answer, "faultCode");
    if (!json_is_integer(fault)) {
        cg_fail(err, CG_E_HUB_REPLY, "the hub's answer to %s in a multicall is neither a value nor a fault", method);
        return NULL;
    }
    const char *text = json_string_value(json_object_get(answer, "faultString"));
    koji_fault(method, (int)json_integer_value(fault), text ? text : "", err);
    return NULL;
}
