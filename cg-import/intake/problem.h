/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_PROBLEM_H
#define INTAKE_PROBLEM_H

/* Names of failures and of HTTP statuses. The answers themselves are intake_fail() of request.h. */

#include "cg/error.h"

#define PROBLEM_NAME_SIZE 32

/* "busy" for CG_E_BUSY: the last part of a problem's type. */
void problem_name(enum cg_code code, char name[PROBLEM_NAME_SIZE]);

/* "Not Found"; never NULL. */
const char *problem_phrase(unsigned status);

#endif
