/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_FAULT_TABLE_H
#define KOJI_FAULT_TABLE_H

/* The faults that are known, as data: patterns as in fault_pattern.h, sorted from the special to the general. */

#include "cg/error.h"

#include <stddef.h>

struct fault_row {
    int fault;           /* koji/__init__.py faultCode; 1 for a bare Python exception */
    const char *method;  /* only for this method; NULL: any */
    const char *pattern; /* of the text, with "<class 'X'>: " written "X: " */
    enum cg_code code;
    const char *message; /* with $1 ... for the pattern's parts, $m for the method */
    const char *hint;    /* likewise; NULL: none */
};

/* The first row that fits; there is one for every fault number and text. */
extern const struct fault_row fault_table[];
extern const size_t fault_table_size;

/* The number of a row that fits every fault number. */
#define FAULT_ANY 0

#endif
