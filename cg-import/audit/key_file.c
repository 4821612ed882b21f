/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/key_file.h"

#include "audit/kept_file.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* getrandom(): Linux, and the one source that cannot fail for want of a descriptor. */
#include <sys/random.h>

/* --- making --------------------------------------------------------------------------------------------------------
 */

/* 1, 0 when it is there. */
static int write_private(const char *path, const struct cg_bytes *line, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return errno == EEXIST ? 0 : cg_fail_errno(err, "create", path);
    if (kept_file_write_all(fd, line->data, line->size) == 0 && fsync(fd) == 0)
        return 1;
    cg_fail_errno(err, "write", path);
    unlink(path);
    return -1;
}

static int make_from(const char *path, const char *name, enum cg_note_type type,
                     const unsigned char seed[CG_ED25519_SEED_SIZE], struct cg_bytes *line, struct cg_bytes *vkey,
                     struct cg_error *err)
{
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = cg_note_signer_create(name, type, seed, err);
    /* Room for the newline as well, so that the text does not move and leave a copy behind. */
    if (!signer || cg_bytes_reserve(line, CG_NOTE_NAME_MAX + 256U, err) != 0 ||
        cg_note_signer_reveal(signer, seed, line, err) != 0 || cg_bytes_append(line, "\n", 1, err) != 0 ||
        (vkey && cg_note_verifier_format(cg_note_signer_verifier(signer), vkey, err) != 0))
        return -1;
    return write_private(path, line, err);
}

int key_file_make(const char *path, const char *name, enum cg_note_type type, struct cg_bytes *vkey,
                  struct cg_error *err)
{
    unsigned char seed[CG_ED25519_SEED_SIZE];
    CG_AUTO_BYTES struct cg_bytes line = {0};
    if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return cg_fail_errno(err, "read", "random bytes");
    int result = make_from(path, name, type, seed, &line, vkey, err);
    secret_wipe(seed, sizeof seed);
    secret_wipe(line.data, line.capacity);
    return result;
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

static int check_mode(const char *path, struct cg_error *err)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return cg_fail_errno(err, "open", path);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return 0;
    cg_fail(err, CG_E_CONFIG, "the key file %s has mode %04o, expected 0600", path, (unsigned)(status.st_mode & 07777));
    return cg_hint(err, "chmod 600 %s, and replace the key if others may have read it", path);
}

struct cg_note_signer *key_file_read(const char *path, struct cg_error *err)
{
    AUTO_SECRET struct secret line = {0};
    struct cg_error why = {0};
    if (check_mode(path, err) != 0 || secret_set_from_file(&line, path, err) != 0)
        return NULL;
    struct cg_note_signer *signer = cg_note_signer_parse(secret_reveal(&line), &why);
    if (!signer)
        cg_fail(err, why.code == CG_E_MEMORY ? why.code : CG_E_CONFIG, "%s: %s", path, why.message);
    return signer;
}
