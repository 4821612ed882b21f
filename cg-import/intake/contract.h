/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_CONTRACT_H
#define INTAKE_CONTRACT_H

/* What callers may rely on, told by the service itself: schema/openapi.* as they were built in, and what each problem
 * type means (RFC 9457 section 3.1.1: a type should lead to its documentation). */

#include "intake/request.h"

extern const struct intake_handler contract_openapi_json;
extern const struct intake_handler contract_openapi_yaml;
extern const struct intake_handler contract_problem;

#endif
