/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_SUBMISSION_OUTPUTS_H
#define INTAKE_SUBMISSION_OUTPUTS_H

/* For submission.c: the outputs of a posted document, and the files that are them. */

#include "intake/submission.h"

/* The outputs that the checked metadata names, as the store keeps them; within the service's limits. 0 or -1. */
int submission_list_outputs(struct submission *submission, struct cg_error *err);

/*
 * The output a file is called after: its path, or the path's last component if only one has it. 0 and its index, or -1
 * with CG_E_MISMATCH.
 */
int submission_find_output(const struct submission *submission, const char *filename, size_t *index,
                           struct cg_error *err);

/* Compares with the metadata, records the content, and notes that the output is here. 0 or -1. */
int submission_place(struct submission *submission, size_t index, const struct cg_digests *digests,
                     struct cg_error *err);

/* Takes the outputs in that lie where the option `reference` says. 0 or -1. */
int submission_take_referenced(struct submission *submission, struct cg_error *err);

#endif
