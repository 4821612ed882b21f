/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_NOTE_H
#define CG_NOTE_H

/*
 * C2SP signed-note: a text with signatures below it, and the keys that make and check them.
 *
 * Ed25519 notes (type 0x01) and witnesses' Ed25519 cosignatures (type 0x04, C2SP tlog-cosignature "cosignature/v1",
 * which sign the time too). Signatures of other types are unknown keys' signatures. What a checkpoint's text says, and
 * which keys are enough, is checkpoint.h.
 */

#include "cg/bytes.h"
#include "cg/ed25519.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of a note: a hundred post-quantum signatures and a text. */
#define CG_NOTE_SIZE_MAX (1024U * 1024U)
/* Signatures of a note; C2SP asks for 16 at least. */
#define CG_NOTE_SIGNATURES_MAX 100U
/* Bytes of a key's name, without the NUL. */
#define CG_NOTE_NAME_MAX 255U

enum cg_note_type {
    CG_NOTE_ED25519 = 0x01,     /* signs the text */
    CG_NOTE_COSIGNATURE = 0x04, /* a witness signs "cosignature/v1", the time and the text */
};

/* A public key. On the caller's memory, nothing to release. */
struct cg_note_verifier {
    char name[CG_NOTE_NAME_MAX + 1];
    enum cg_note_type type;
    uint32_t key_id;
    unsigned char public_key[CG_ED25519_PUBLIC_SIZE];
};

/* A private key with its name. A secret: no call prints it but cg_note_signer_reveal. */
struct cg_note_signer;

#define CG_AUTO_NOTE_SIGNER CG_AUTO(cg_note_signer_auto)

/* One signature line. */
struct cg_note_signature {
    const char *name; /* NUL-terminated, owned by the note */
    uint32_t key_id;
    const unsigned char *bytes; /* what follows the key id, owned by the note */
    size_t size;
};

/* A parsed note, unverified. Zero-initialise; release with cg_note_finish. */
struct cg_note {
    const char *text; /* with its last newline, followed by a NUL; valid UTF-8 without other control characters */
    size_t text_size;
    struct cg_note_signature *signatures;
    size_t signature_count; /* at least 1 */
    struct cg_bytes memory_;
};

#define CG_AUTO_NOTE CG_AUTO(cg_note_finish)

/* What a verifier found out about a note. */
struct cg_note_verdict {
    bool verified;      /* this key signed the note */
    uint64_t timestamp; /* of a cosignature, seconds since the epoch; the latest if there are several; 0 otherwise */
};

/* Keys ------------------------------------------------------------------------------------------------------------ */

/* Reads a verifier key, "NAME+KEYID+BASE64". 0, or -1 with CG_E_FORM (also: a key id that is not the key's). */
CG_API int cg_note_verifier_parse(const char *vkey, struct cg_note_verifier *verifier, struct cg_error *err);

/* The verifier of a public key. 0, or -1 with CG_E_FORM (a name that is empty, too long, or with space or plus). */
CG_API int cg_note_verifier_make(const char *name, enum cg_note_type type,
                                 const unsigned char public_key[CG_ED25519_PUBLIC_SIZE],
                                 struct cg_note_verifier *verifier, struct cg_error *err);

/* Appends the verifier key's text, without a newline. 0, or -1 with CG_E_MEMORY. */
CG_API int cg_note_verifier_format(const struct cg_note_verifier *verifier, struct cg_bytes *vkey,
                                   struct cg_error *err);

/* The signer of a seed (the caller wipes it). NULL with CG_E_FORM (name), CG_E_MEMORY, CG_E_INTERNAL. */
CG_API struct cg_note_signer *cg_note_signer_create(const char *name, enum cg_note_type type,
                                                    const unsigned char seed[CG_ED25519_SEED_SIZE],
                                                    struct cg_error *err);

/* Reads a signer key, "PRIVATE+KEY+NAME+KEYID+BASE64", as Go's sumdb/note writes it. No message repeats any of it. */
CG_API struct cg_note_signer *cg_note_signer_parse(const char *skey, struct cg_error *err);

/*
 * Appends the signer key's text, without a newline, for a private file: the seed must be the signer's. The caller
 * wipes `skey`. 0, or -1 with CG_E_MEMORY.
 */
CG_API int cg_note_signer_reveal(const struct cg_note_signer *signer, const unsigned char seed[CG_ED25519_SEED_SIZE],
                                 struct cg_bytes *skey, struct cg_error *err);

/* Borrowed from the signer. */
CG_API const struct cg_note_verifier *cg_note_signer_verifier(const struct cg_note_signer *signer);
CG_API const struct cg_ed25519 *cg_note_signer_key(const struct cg_note_signer *signer);

/* NULL is allowed. */
CG_API void cg_note_signer_destroy(struct cg_note_signer *signer);

/* Notes ----------------------------------------------------------------------------------------------------------- */

/* Is this a text that can be signed: UTF-8, ends in a newline, no other control character? 0, or -1 with CG_E_FORM. */
CG_API int cg_note_check_text(const char *text, size_t size, struct cg_error *err);

/*
 * Appends the signature line over `text`, "\xe2\x80\x94 NAME BASE64\n"; `timestamp` (seconds since the epoch) is for
 * cosignatures. A note is the text, "\n" and its signature lines. 0; -1 with CG_E_FORM (text), CG_E_MEMORY,
 * CG_E_INTERNAL.
 */
CG_API int cg_note_sign(const struct cg_note_signer *signer, const char *text, size_t size, uint64_t timestamp,
                        struct cg_bytes *lines, struct cg_error *err);

/* Reads a note, verifying nothing. 0, or -1 with CG_E_FORM, CG_E_LIMIT, CG_E_MEMORY; *note is unchanged then. */
CG_API int cg_note_parse(const char *data, size_t size, struct cg_note *note, struct cg_error *err);

/*
 * Tries each verifier; verdicts[i] is about verifiers[i]. 0, also when none signed; -1 with CG_E_SIGNATURE when a
 * signature that bears a verifier's name and key id is not its signature, CG_E_MEMORY.
 */
CG_API int cg_note_verify(const struct cg_note *note, const struct cg_note_verifier *verifiers, size_t count,
                          struct cg_note_verdict *verdicts, struct cg_error *err);

/* Releases what the note holds and zeroes it. */
CG_API void cg_note_finish(struct cg_note *note);

static inline void cg_note_signer_auto(struct cg_note_signer **signer)
{
    cg_note_signer_destroy(*signer);
}

#endif
