/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/keys.h"

#include "audit/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* getrandom(): Linux, and the one source that cannot fail for want of a descriptor. */
#include <sys/random.h>

/* Bytes of a key file: a name of 255 and the key. */
#define KEY_FILE_MAX 1024

/* --- making --------------------------------------------------------------------------------------------------------
 */

/* Through a pointer that the compiler may not see through, so that the wipe stays. */
static void wipe(void *memory, size_t size)
{
    for (volatile unsigned char *byte = memory; size > 0; size--)
        *byte++ = 0;
}

/* What is there by then was made by another process, and is as good. */
static int write_key(const char *path, const char *text, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return errno == EEXIST ? 0 : cg_fail_errno(err, "create", path);
    if (kept_file_write_all(fd, text, strlen(text)) == 0 && kept_file_write_all(fd, "\n", 1) == 0 && fsync(fd) == 0)
        return 0;
    cg_fail_errno(err, "write", path);
    unlink(path);
    return -1;
}

static int make_key(const char *path, const char *name, struct cg_error *err)
{
    char host[CG_NOTE_NAME_MAX + 1] = "localhost", own[CG_NOTE_NAME_MAX + 16];
    unsigned char seed[CG_ED25519_SEED_SIZE];
    gethostname(host, sizeof host - 1);
    snprintf(own, sizeof own, "%.200s/koji-audit", host);
    if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return cg_fail_errno(err, "read", "random bytes");
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer =
        cg_note_signer_create(name ? name : own, CG_NOTE_ED25519, seed, err);
    CG_AUTO_BYTES struct cg_bytes text = {0};
    int result = signer ? cg_note_signer_reveal(signer, seed, &text, err) : -1;
    wipe(seed, sizeof seed);
    if (result == 0)
        result = write_key(path, cg_bytes_text(&text), err);
    wipe(text.data, text.size);
    return result;
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

static int check_mode(int fd, const char *path, struct cg_error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return cg_fail_errno(err, "look at", path);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return 0;
    cg_fail(err, CG_E_CONFIG, "the key file %s has mode %04o, expected 0600", path, (unsigned)(status.st_mode & 07777));
    return cg_hint(err, "chmod 600 %s, and replace the key if others may have read it", path);
}

static struct cg_note_signer *parse_key(int fd, const char *path, struct cg_error *err)
{
    char text[KEY_FILE_MAX + 1];
    ssize_t size = read(fd, text, KEY_FILE_MAX);
    struct cg_note_signer *signer = NULL;
    if (size < 0) {
        cg_fail_errno(err, "read", path);
        return NULL;
    }
    text[size] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    struct cg_error why = {0};
    signer = cg_note_signer_parse(text, &why);
    wipe(text, sizeof text);
    if (!signer)
        cg_fail(err, why.code == CG_E_MEMORY ? why.code : CG_E_CONFIG, "%s: %s", path, why.message);
    return signer;
}

static int add_signer(struct audit_keys *keys, const char *path, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        cg_fail(err, CG_E_CONFIG, "the key %s of the audit log is not there", path);
        return cg_hint(err, "the log is signed by it already: bring it from the machine that has it");
    }
    if (fd < 0)
        return cg_fail_errno(err, "open", path);
    if (check_mode(fd, path, err) != 0)
        return -1;
    struct cg_note_signer *signer = parse_key(fd, path, err);
    if (!signer)
        return -1;
    keys->signers[keys->signer_count++] = signer;
    keys->verifiers[keys->verifier_count++] = *cg_note_signer_verifier(signer);
    return 0;
}

static int add_trusted(struct audit_keys *keys, const char *const *trusted, struct cg_error *err)
{
    for (; trusted && *trusted; trusted++) {
        struct cg_error why = {0};
        if (keys->verifier_count == AUDIT_SIGNERS_MAX + AUDIT_TRUSTED_MAX)
            return cg_fail(err, CG_E_CONFIG, "more than %u trusted keys", AUDIT_TRUSTED_MAX);
        if (cg_note_verifier_parse(*trusted, &keys->verifiers[keys->verifier_count++], &why) != 0)
            return cg_fail(err, CG_E_CONFIG, "trusted key \"%.80s\": %s", *trusted, why.message);
    }
    return 0;
}

int audit_keys_load(struct audit_keys *keys, const struct audit_keys_options *options, enum audit_keys_missing missing,
                    struct cg_error *err)
{
    audit_keys_finish(keys);
    if (missing == AUDIT_KEYS_MAKE && access(options->key_file, F_OK) != 0 &&
        make_key(options->key_file, options->origin, err) != 0)
        return -1;
    if (add_signer(keys, options->key_file, err) != 0 ||
        (options->second_key_file && add_signer(keys, options->second_key_file, err) != 0) ||
        add_trusted(keys, options->trusted_keys, err) != 0) {
        audit_keys_finish(keys);
        return -1;
    }
    const char *origin = options->origin ? options->origin : keys->verifiers[0].name;
    snprintf(keys->origin, sizeof keys->origin, "%s", origin);
    return 0;
}

struct cg_checkpoint_policy audit_keys_policy(const struct audit_keys *keys)
{
    return (struct cg_checkpoint_policy){
        .origin = keys->origin, .logs = keys->verifiers, .log_count = keys->verifier_count};
}

json_t *audit_keys_detail(const struct audit_keys *keys, struct cg_error *err)
{
    CG_AUTO_JSON json_t *list = json_array();
    for (size_t i = 0; i < keys->signer_count; i++) {
        CG_AUTO_BYTES struct cg_bytes vkey = {0};
        if (cg_note_verifier_format(&keys->verifiers[i], &vkey, err) != 0 ||
            json_array_append_new(list, json_string(cg_bytes_text(&vkey))) != 0)
            return cg_fail_memory(err), NULL;
    }
    json_t *detail = json_pack("{s:s, s:O}", "origin", keys->origin, "keys", list);
    if (!detail)
        cg_fail_memory(err);
    return detail;
}

int audit_keys_sign(const struct audit_keys *keys, uint64_t size, const struct cg_merkle_hash *root,
                    struct cg_bytes *note, struct cg_error *err)
{
    struct cg_checkpoint checkpoint = {.size = size, .root = *root};
    snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", keys->origin);
    return cg_checkpoint_sign(&checkpoint, (const struct cg_note_signer *const *)keys->signers, keys->signer_count,
                              note, err);
}

void audit_keys_finish(struct audit_keys *keys)
{
    for (size_t i = 0; i < keys->signer_count; i++)
        cg_note_signer_destroy(keys->signers[i]);
    *keys = (struct audit_keys){0};
}
