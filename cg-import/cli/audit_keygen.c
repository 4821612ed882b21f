/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit keygen: a new key for a log, a witness or attestations. */
#include "audit.h"
#include "output.h"

#include <errno.h>

#include "audit/key_file.h"

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

/* An old key is never written over. */
static int make(const struct keygen *keygen, const char *name, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes vkey = {0};
    int made = key_file_make(keygen->output, name, keygen->type, &vkey, err);
    if (made == 0) {
        errno = EEXIST;
        return cg_fail_errno(err, "create", keygen->output);
    }
    if (made > 0)
        printf("%s\n", cg_bytes_text(&vkey));
    return made < 0 ? -1 : 0;
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
