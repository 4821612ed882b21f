/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_SUBMISSION_H
#define INTAKE_SUBMISSION_H

/*
 * A build being posted, from its first byte to its acceptance: metadata checked, files matched with the outputs they
 * are, everything recorded, then accepted into the store in one transaction.
 *
 * Does not know how the bytes came; imports_post.c and verbs.c feed it. Nothing that fails leaves more behind than
 * contents nobody refers to, which garbage collection takes.
 */

#include "cg/bytes.h"
#include "cg/digest.h"
#include "cg/metadata.h"
#include "intake/budget.h"
#include "intake/posting_options.h"
#include "intake/refusal.h"
#include "intake/representation.h"

struct submission {
    const struct intake_options *service;
    const struct intake_caller *caller;
    const struct cg_checker *checker;
    struct budget *budget; /* of which `text` is a part */
    const char *request_id;
    const char *idempotency_key; /* borrowed; NULL: none */
    char base[REPRESENTATION_BASE_SIZE];
    struct posting_options options;
    struct cg_bytes text;         /* the metadata as posted */
    struct cg_metadata *metadata; /* NULL before submission_check */
    struct store_output *outputs; /* of the metadata; sha256 is set for those that came along */
    size_t output_count;
    struct cg_digests kept;        /* of the metadata; its sha256 is "" before submission_keep */
    struct submission_file *early; /* files that came before the metadata */
    size_t early_count;
    struct refusal refusal; /* of the last failure */
};

/* Begins one for a request, whose texts are borrowed; options are those of its query. 0 or -1. */
int submission_start(struct submission *submission, const struct intake_request *request, struct cg_error *err);

/* The next bytes of the metadata. 0, or -1 with CG_E_LIMIT, CG_E_BUSY (too much of it in hand), CG_E_MEMORY. */
int submission_add_metadata(struct submission *submission, const char *data, size_t size, struct cg_error *err);

/*
 * The metadata is whole: judges it, and whether the caller may post it; once. 0, or -1 with CG_E_SYNTAX, CG_E_REFUSED
 * (the report is in the refusal), CG_E_AUTH (not in the caller's scope), CG_E_USAGE (no such hub), CG_E_LIMIT,
 * CG_E_MISMATCH (an early file is none of its outputs).
 */
int submission_check(struct submission *submission, struct cg_error *err);
bool submission_is_checked(const struct submission *submission);

/* How large a file of this name may be. 0, or -1 with CG_E_MISMATCH if no output is called so. */
int submission_file_limit(struct submission *submission, const char *filename, uint64_t *most, struct cg_error *err);

/* A file of this name is in the content store. 0, or -1 with CG_E_MISMATCH when it is not what the metadata says. */
int submission_add_file(struct submission *submission, const char *filename, const struct cg_digests *digests,
                        struct cg_error *err);

/*
 * Takes in what lies by reference and keeps the metadata as a content: all that can fail for want of room, so that what
 * must give way to this one need not before. Once; submission_accept does it when it was not done. 0 or -1.
 */
int submission_keep(struct submission *submission, struct cg_error *err);

/*
 * Takes in what lies by reference, records the metadata, accepts. 0: *import is what is there now, with outputs; -1
 * with CG_E_CONFLICT (the other import and the differences are in the refusal as far as the caller may see them), or as
 * above.
 */
int submission_accept(struct submission *submission, struct store_import *import, enum store_accepted *how,
                      struct cg_error *err);

void submission_finish(struct submission *submission);

#endif
