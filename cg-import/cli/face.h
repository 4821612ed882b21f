/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_FACE_H
#define CLI_FACE_H

/* What the configuration says about the HTTP face of the service, in the form in which the intake room wants it. */

#include "config.h"
#include "hubs.h"

#include "intake/server.h"

/* Zero-initialise; release with face_finish when the intake is gone. */
struct face {
    struct intake_options options;
    struct intake_grant *grants;
    struct reference_root *roots;
    struct intake_hub *hubs; /* their texts owned */
    struct intake_witness *witnesses;
    struct cg_note_signer *attestation_signer;
};

/* Fills it but for store, spool, log and the hubs' lists; `config` is borrowed as long, `hubs` for the call. 0, or -1
 * with CG_E_CONFIG, CG_E_IO (the key of attestations), CG_E_MEMORY. */
int face_make(struct face *face, const struct config *config, const struct hubs *hubs, struct cg_error *err);

void face_finish(struct face *face);

#endif
