/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/witness.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "audit/kept_file.h"
#include "cg/add_checkpoint.h"
#include "cg/digest.h"

/* Statuses of tlog-witness. */
enum { COSIGNED = 200, MALFORMED = 400, NOT_SIGNED = 403, UNKNOWN_LOG = 404, OTHER_STATE = 409, NO_PROOF = 422 };
enum { BROKEN = 500 };

static const char text_type[] = "text/plain; charset=utf-8", size_type[] = "text/x.tlog.size";

struct witness {
    const struct cg_note_signer *signer;
    char *directory;
    struct cg_note_verifier *logs;
    size_t log_count;
    pthread_mutex_t lock; /* between threads; a lock on a file is between processes only */
};

/* A request that is being judged. */
struct judged {
    struct cg_add_checkpoint request;
    struct cg_note note;
    struct cg_checkpoint checkpoint;
    struct cg_bytes path; /* of the state */
    uint64_t kept_size;   /* of the last cosigned checkpoint, 0 if there is none */
    struct cg_merkle_hash kept_root;
};

#define AUTO_JUDGED CG_AUTO(judged_finish)

static void judged_finish(struct judged *judged)
{
    cg_note_finish(&judged->note);
    cg_checkpoint_finish(&judged->checkpoint);
    cg_bytes_finish(&judged->path);
}

struct witness *witness_create(const struct witness_options *options, struct cg_error *err)
{
    if (cg_note_signer_verifier(options->signer)->type != CG_NOTE_COSIGNATURE) {
        cg_fail(err, CG_E_CONFIG, "the key %s is not one of a witness", cg_note_signer_verifier(options->signer)->name);
        cg_hint(err, "make one with cg-import audit keygen --witness");
        return NULL;
    }
    if (options->log_count == 0) {
        cg_fail(err, CG_E_CONFIG, "a witness needs the key of at least one log");
        return NULL;
    }
    AUTO_WITNESS struct witness *witness = calloc(1, sizeof *witness);
    if (!witness) {
        cg_fail_memory(err);
        return NULL;
    }
    pthread_mutex_init(&witness->lock, NULL);
    witness->signer = options->signer;
    witness->directory = strdup(options->directory);
    witness->logs = calloc(options->log_count, sizeof *witness->logs);
    if (!witness->directory || !witness->logs) {
        cg_fail_memory(err);
        return NULL;
    }
    memcpy(witness->logs, options->logs, options->log_count * sizeof *witness->logs);
    witness->log_count = options->log_count;
    return CG_STEAL(witness);
}

/* Reads the request; the status of what is wrong, 0 if nothing is. */
static unsigned read_request(struct judged *judged, const char *body, size_t size, struct cg_error *err)
{
    if (cg_add_checkpoint_parse(body, size, &judged->request, err) < 0 ||
        cg_note_parse(judged->request.note, judged->request.note_size, &judged->note, err) < 0 ||
        cg_checkpoint_parse(judged->note.text, judged->note.text_size, &judged->checkpoint, err) < 0)
        return err->code == CG_E_MEMORY ? BROKEN : MALFORMED;
    return 0;
}

/* Did a key of the log sign? The status of what is wrong, 0 if one did. */
static unsigned check_signature(const struct witness *witness, const struct judged *judged, struct cg_error *err)
{
    bool known = false;
    for (size_t i = 0; i < witness->log_count; i++) {
        if (strcmp(witness->logs[i].name, judged->checkpoint.origin) != 0)
            continue;
        struct cg_note_verdict verdict = {0};
        struct cg_error failure = {0};
        known = true;
        if (cg_note_verify(&judged->note, &witness->logs[i], 1, &verdict, &failure) < 0 &&
            failure.code != CG_E_SIGNATURE) {
            cg_fail(err, failure.code, "%s", failure.message);
            return BROKEN;
        }
        if (verdict.verified && failure.code == CG_OK)
            return 0;
    }
    if (!known) {
        cg_fail(err, CG_E_FORK, "the log %s is not known here", judged->checkpoint.origin);
        return UNKNOWN_LOG;
    }
    cg_fail(err, CG_E_SIGNATURE, "the checkpoint is not signed by a key of the log %s", judged->checkpoint.origin);
    return NOT_SIGNED;
}

/* The state of a log is in a file whose name is the digest of the origin, which may have any characters. */
static int state_path(const struct witness *witness, const char *origin, struct cg_bytes *path, struct cg_error *err)
{
    struct cg_digests digests;
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    if (!digest || cg_digest_update(digest, origin, strlen(origin), err) < 0 ||
        cg_digest_read(digest, &digests, err) < 0)
        return -1;
    return cg_bytes_printf(path, err, "%s/%s.checkpoint", witness->directory, digests.sha256);
}

/* Reads what was cosigned last; believed only with our own cosignature on it. */
static int read_state(const struct witness *witness, struct judged *judged, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes note = {0};
    int found = kept_file_read(judged->path.data, CG_NOTE_SIZE_MAX, &note, err);
    cg_merkle_empty_root(&judged->kept_root);
    if (found <= 0)
        return found;
    CG_AUTO_CHECKPOINT struct cg_checkpoint kept = {0};
    struct cg_checkpoint_policy policy = {
        .origin = judged->checkpoint.origin, .logs = cg_note_signer_verifier(witness->signer), .log_count = 1};
    struct cg_error failure = {0};
    if (cg_checkpoint_open(note.data, note.size, &policy, &kept, NULL, &failure) < 0)
        return cg_fail(err, failure.code, "what was cosigned last, %s: %s", judged->path.data, failure.message);
    judged->kept_size = kept.size;
    judged->kept_root = kept.root;
    return 0;
}

/* Does the checkpoint continue what was cosigned last? The status of what is wrong, 0 if it does. */
static unsigned check_growth(const struct judged *judged, struct cg_error *err)
{
    const struct cg_checkpoint *checkpoint = &judged->checkpoint;
    if (judged->request.old_size != judged->kept_size) {
        cg_fail(err, CG_E_FORK, "the last size cosigned is %" PRIu64 ", not %" PRIu64, judged->kept_size,
                judged->request.old_size);
        return OTHER_STATE;
    }
    if (checkpoint->size == judged->kept_size && judged->kept_size > 0 &&
        !cg_merkle_hash_equal(&checkpoint->root, &judged->kept_root)) {
        cg_fail(err, CG_E_FORK, "another root of %" PRIu64 " leaves was cosigned", checkpoint->size);
        return OTHER_STATE;
    }
    if (cg_merkle_verify_consistency(judged->kept_size, &judged->kept_root, checkpoint->size, &checkpoint->root,
                                     &judged->request.proof, err) < 0)
        return err->code == CG_E_PROOF ? NO_PROOF : BROKEN;
    return 0;
}

/* Signs and keeps; in this order, as what is kept bears the signature. */
static int cosign(const struct witness *witness, const struct judged *judged, uint64_t now_s, struct cg_bytes *lines,
                  struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes kept = {0}, line = {0};
    if (cg_note_sign(witness->signer, judged->note.text, judged->note.text_size, now_s, &line, err) < 0 ||
        cg_bytes_printf(&kept, err, "%s\n%s", judged->note.text, line.data) < 0 ||
        kept_file_write(judged->path.data, kept.data, kept.size, err) < 0)
        return -1;
    return cg_bytes_append(lines, line.data, line.size, err);
}

/* Compares with the state and replaces it, which nobody else may do meanwhile. */
static unsigned judge_locked(const struct witness *witness, struct judged *judged, uint64_t now_s,
                             struct witness_answer *answer, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes lock_path = {0};
    if (state_path(witness, judged->checkpoint.origin, &judged->path, err) < 0 ||
        cg_bytes_printf(&lock_path, err, "%s.lock", judged->path.data) < 0)
        return BROKEN;
    CG_AUTO_FD int lock = kept_file_lock(lock_path.data, err);
    if (lock < 0 || read_state(witness, judged, err) < 0)
        return BROKEN;
    unsigned wrong = check_growth(judged, err);
    if (wrong == OTHER_STATE) {
        answer->content_type = size_type;
        if (cg_bytes_printf(&answer->body, NULL, "%" PRIu64 "\n", judged->kept_size) < 0)
            return BROKEN;
    }
    if (wrong)
        return wrong;
    return cosign(witness, judged, now_s, &answer->body, err) < 0 ? BROKEN : COSIGNED;
}

static unsigned judge(struct witness *witness, const char *body, size_t size, uint64_t now_s,
                      struct witness_answer *answer, struct cg_error *err)
{
    AUTO_JUDGED struct judged judged = {0};
    unsigned wrong = read_request(&judged, body, size, err);
    if (!wrong)
        wrong = check_signature(witness, &judged, err);
    if (wrong)
        return wrong;
    if (judged.request.old_size > judged.checkpoint.size) {
        cg_fail(err, CG_E_FORM, "the old size %" PRIu64 " is above the checkpoint's, %" PRIu64, judged.request.old_size,
                judged.checkpoint.size);
        return MALFORMED;
    }
    pthread_mutex_lock(&witness->lock);
    unsigned status = judge_locked(witness, &judged, now_s, answer, err);
    pthread_mutex_unlock(&witness->lock);
    return status;
}

int witness_add_checkpoint(struct witness *witness, const char *body, size_t size, uint64_t now_s,
                           struct witness_answer *answer, struct cg_error *err)
{
    struct cg_error failure = {0};
    answer->content_type = text_type;
    answer->status = judge(witness, body, size, now_s, answer, &failure);
    if (failure.code != CG_OK)
        cg_fail(err, failure.code, "%s", failure.message);
    return answer->status == COSIGNED ? 0 : -1;
}

void witness_destroy(struct witness *witness)
{
    if (!witness)
        return;
    pthread_mutex_destroy(&witness->lock);
    free(witness->directory);
    free(witness->logs);
    free(witness);
}
