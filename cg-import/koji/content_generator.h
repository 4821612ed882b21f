/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_CONTENT_GENERATOR_H
#define KOJI_CONTENT_GENERATOR_H

/*
 * The hub's calls that a content-generator import makes, typed: one function a call (kojihub.py, class RootExports).
 *
 * CGImport itself has no function here: its call number is written down before it is sent, so the importer sends it
 * with koji_session_call_as and the params made here. Decides nothing: what an answer means is the importer's.
 */

#include "base/secret.h"
#include "cg/metadata.h"
#include "koji/build.h"

/* Is a reservation for a draft build? */
enum koji_draft { KOJI_NORMAL, KOJI_DRAFT };

/* Zero-initialise; release with koji_reservation_finish. */
struct koji_reservation {
    int64_t build_id; /* 0: none */
    struct secret token;
};

/*
 * CGInitBuild under a call number that koji_session_take_ticket gave. KOJI_DRAFT asks for a draft build; a hub that
 * ignores that is found out from its answer and the reservation given back: CG_E_UNSUPPORTED. CG_E_RESERVED,
 * CG_E_CONFLICT when the NVR is taken by somebody. CG_E_RETRIED: this very call was committed, so the reservation is
 * ours, but its token was lost with the answer. CG_E_UNKNOWN: no answer came.
 */
int koji_reserve(struct koji_session *session, uint32_t call_number, const char *content_generator,
                 const struct cg_metadata *metadata, enum koji_draft draft, struct koji_reservation *reservation,
                 struct cg_error *err);
void koji_reservation_finish(struct koji_reservation *reservation);

/* CGRefundBuild; `state` FAILED or CANCELED. Never while a CGImport of the build may run: it would end FAILED. */
int koji_refund(struct koji_session *session, const char *content_generator, const struct koji_reservation *reservation,
                enum koji_build_state state, struct cg_error *err);

/* cancelBuild: 1 canceled, 0 the hub says no, -1 failed. */
int koji_cancel_build(struct koji_session *session, int64_t build_id, struct cg_error *err);

/* The params of CGImport for metadata file `metadata_name` in `directory`; token may be unset. New reference. */
json_t *koji_import_params(const char *metadata_name, const char *directory, const struct secret *token,
                           struct cg_error *err);

#endif
