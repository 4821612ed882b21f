/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit keygen: a new key for a log, a witness or attestations. */
/* getrandom(2) for the seed. */
#define _GNU_SOURCE
#include "audit.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "cg/note.h"

enum keygen_option { OPTION_OUTPUT = 'o', OPTION_OF_WITNESS = OPTION_LONG_ONLY };

static const struct option_row rows[] = {
    {OPTION_OUTPUT, "output", "FILE", "where the private key is written; must not be there"},
    {OPTION_OF_WITNESS, "witness", NULL, "a key that cosigns checkpoints, for cg-import witness"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"Key", rows}, {NULL, NULL}};

struct keygen {
    const char *output;
    enum cg_note_type type;
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct keygen *keygen = context;
    (void)err;
    if (id == OPTION_OUTPUT)
        keygen->output = value;
    else
        keygen->type = CG_NOTE_COSIGNATURE;
    return 0;
}

static int write_all(int fd, const char *text, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(fd, text + done, size - done);
        if (written < 0 && errno != EINTR)
            return -1;
        done += written < 0 ? 0 : (size_t)written;
    }
    return 0;
}

/* A file that only we may read and that was not there: an old key is never written over. */
static int write_private(const char *path, const struct cg_bytes *text, struct cg_error *err)
{
    CG_AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return cg_fail_errno(err, "create", path);
    if (write_all(fd, text->data, text->size) == 0 && fsync(fd) == 0)
        return 0;
    cg_fail_errno(err, "write", path);
    unlink(path);
    return -1;
}

static int make_from(const struct keygen *keygen, const char *name, const unsigned char seed[CG_ED25519_SEED_SIZE],
                     struct cg_bytes *skey, struct cg_error *err)
{
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = cg_note_signer_create(name, keygen->type, seed, err);
    CG_AUTO_BYTES struct cg_bytes vkey = {0};
    /* Room for the newline as well, so that the text does not move and leave a copy behind. */
    if (!signer || cg_bytes_reserve(skey, CG_NOTE_NAME_MAX + 256U, err) < 0 ||
        cg_note_signer_reveal(signer, seed, skey, err) < 0 || cg_bytes_append(skey, "\n", 1, err) < 0 ||
        cg_note_verifier_format(cg_note_signer_verifier(signer), &vkey, err) < 0 ||
        write_private(keygen->output, skey, err) < 0)
        return -1;
    printf("%s\n", cg_bytes_text(&vkey));
    return 0;
}

static int make(const struct keygen *keygen, const char *name, struct cg_error *err)
{
    unsigned char seed[CG_ED25519_SEED_SIZE];
    struct cg_bytes skey = {0};
    if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return cg_fail_errno(err, "read", "random bytes");
    int result = make_from(keygen, name, seed, &skey, err);
    explicit_bzero(seed, sizeof seed);
    if (skey.data)
        explicit_bzero(skey.data, skey.capacity);
    cg_bytes_finish(&skey);
    return result;
}

static int run(int argc, char **argv)
{
    struct keygen keygen = {.type = CG_NOTE_ED25519};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_audit_keygen, argc, argv, take, &keygen, &first, &status) == VERBS_STOP)
        return status;
    if (argc - first != 1)
        cg_fail(&err, CG_E_USAGE, "one name is wanted for the key, like example.com/koji-audit");
    else if (!keygen.output)
        cg_fail(&err, CG_E_USAGE, "where to write the private key is missing: --output FILE");
    if (err.code != CG_OK)
        return verbs_refuse(&verb_audit_keygen, argv, &err);
    make(&keygen, argv[first], &err);
    return audit_end(&verb_audit_keygen, false, &err);
}

static const char *const usage[] = {"NAME --output FILE [--witness]", NULL};

const struct verb verb_audit_keygen = {
    .name = "audit keygen",
    .summary = "make a key that signs",
    .usage = usage,
    .description = "Makes an Ed25519 key of that name, writes the private key to a file that only you can read, and "
                   "prints the verifier key, which is what others need. A log's key is named like the log: a host and "
                   "path without scheme.",
    .exit_statuses = "  0   made\n"
                     "  2   wrong usage; the file is there already or cannot be written\n"
                     "  10  the name is not one a key can have\n",
    .groups = groups,
    .run = run,
};
