/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_CONFIG_FAULTS_H
#define CLI_CONFIG_FAULTS_H

/* What is wrong in a configuration file, all of it, a line each with its place. */

#include "config.h"

#include "koji/config_parser.h"

struct config_faults {
    const struct config_parser *parser; /* borrowed: knows the places */
    const char *file;                   /* for faults of what is not written anywhere */
    struct cg_bytes *lines;             /* borrowed */
    size_t count;
    struct cg_error *err; /* of what keeps from judging */
};

/*
 * Adds "FILE:LINE: " and the message; the line is that of the key if it is written, else of the section's heading.
 * `section` is the whole heading; `key` may be NULL. 0, or -1 with CG_E_MEMORY.
 */
int config_fault(struct config_faults *faults, const char *section, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a line that has its place already. 0, or -1 with CG_E_MEMORY. */
int config_fault_line(struct config_faults *faults, const char *line);

/* Judges what keys say together. 0 also when there are faults, or -1 with CG_E_MEMORY. */
int config_judge(const struct config *config, struct config_faults *faults);

#endif
