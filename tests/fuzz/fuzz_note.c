/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notes, checkpoints, keys and proofs: what is read is written to the same bytes, and nobody's signature is made up. */
#include "cg/add_checkpoint.h"
#include "cg/tlog_proof.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_note(const char *text, size_t size)
{
    CG_AUTO_NOTE struct cg_note note = {0};
    struct cg_error err = {0};
    if (cg_note_parse(text, size, &note, &err) < 0) {
        assert(err.code == CG_E_FORM || err.code == CG_E_LIMIT);
        return;
    }
    assert(note.signature_count >= 1 && note.text[note.text_size] == '\0');
    assert(memcmp(text, note.text, note.text_size) == 0);
    struct cg_note_verifier verifier;
    struct cg_note_verdict verdict;
    const unsigned char key[CG_ED25519_PUBLIC_SIZE] = {0x55};
    assert(cg_note_verifier_make("fuzz", CG_NOTE_COSIGNATURE, key, &verifier, &err) == 0);
    assert(cg_note_verify(&note, &verifier, 1, &verdict, NULL) < 0 || !verdict.verified);
}

static void check_checkpoint(const char *text, size_t size)
{
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    CG_AUTO_BYTES struct cg_bytes again = {0};
    if (cg_checkpoint_parse(text, size, &checkpoint, NULL) < 0)
        return;
    assert(cg_checkpoint_format(&checkpoint, &again, NULL) == 0);
    assert(again.size == size && memcmp(again.data, text, size) == 0);
}

static void check_proof(const char *text, size_t size)
{
    CG_AUTO_TLOG_PROOF struct cg_tlog_proof proof = {0};
    CG_AUTO_BYTES struct cg_bytes again = {0};
    if (cg_tlog_proof_parse(text, size, &proof, NULL) < 0)
        return;
    assert(cg_tlog_proof_format(&proof, &again, NULL) == 0);
    assert(again.size == size && memcmp(again.data, text, size) == 0);
}

static void check_request(const char *text, size_t size)
{
    struct cg_add_checkpoint request;
    CG_AUTO_BYTES struct cg_bytes again = {0};
    if (cg_add_checkpoint_parse(text, size, &request, NULL) < 0)
        return;
    assert(cg_add_checkpoint_format(&request, &again, NULL) == 0);
    assert(again.size == size && memcmp(again.data, text, size) == 0);
}

static void check_keys(const char *text, size_t size)
{
    CG_AUTO_FREE char *key = strndup(text, size);
    CG_AUTO_BYTES struct cg_bytes again = {0};
    struct cg_note_verifier verifier;
    assert(key);
    if (cg_note_verifier_parse(key, &verifier, NULL) == 0) {
        assert(cg_note_verifier_format(&verifier, &again, NULL) == 0);
        assert(strcmp(again.data, key) == 0);
    }
    cg_note_signer_destroy(cg_note_signer_parse(key, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    check_note(text, size);
    check_checkpoint(text, size);
    check_proof(text, size);
    check_request(text, size);
    check_keys(text, size);
    return 0;
}
