/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing a statement here, with a key of one's own. */
#include "provenance.h"

#include "audit/key_file.h"
#include "cg/attestation.h"
#include "cg/dsse.h"

int provenance_sign(const char *key_file, const struct cg_bytes *statement, struct cg_bytes *envelope,
                    struct cg_error *err)
{
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = key_file_read(key_file, err);
    if (!signer)
        return -1;
    const struct cg_note_verifier *verifier = cg_note_signer_verifier(signer);
    CG_AUTO_BYTES struct cg_bytes key_id = {0};
    if (cg_bytes_printf(&key_id, err, "%s+%08x", verifier->name, (unsigned)verifier->key_id) != 0)
        return -1;
    return cg_dsse_sign(cg_note_signer_key(signer), cg_bytes_text(&key_id), CG_ATTESTATION_PAYLOAD_TYPE,
                        statement->data, statement->size, envelope, err);
}
