/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/image_rpms.h"

#include "cg/bytes.h"
#include "cg/printable.h"

#include <fcntl.h>
#include <rpm/header.h>
#include <rpm/rpmdb.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmts.h>
#include <string.h>

/* The first thing that librpm complains about; it says so here and nowhere else. */
static int hear(rpmlogRec record, rpmlogCallbackData data)
{
    struct cg_error *complaint = data;
    if (rpmlogRecPriority(record) <= RPMLOG_WARNING) {
        const char *text = rpmlogRecMessage(record);
        cg_fail(complaint, CG_E_FORM, "librpm: %.*s", (int)strcspn(text, "\n"), text);
    }
    return 0;
}

/* Text of a header as JSON; null for none. */
static json_t *text_of(Header header, rpmTag tag)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    CG_AUTO_FREE char *value = headerGetAsString(header, tag);
    if (!value)
        return json_null();
    return cg_printable_append(&text, value, NULL) < 0 ? NULL : json_string(cg_bytes_text(&text));
}

/* gpg-pubkey is no package: keys that were imported are kept like packages. */
static int add_rpm(json_t *rpms, Header header, struct cg_error *err)
{
    CG_AUTO_FREE char *name = headerGetAsString(header, RPMTAG_NAME);
    if (name && strcmp(name, "gpg-pubkey") == 0)
        return 0;
    if (json_array_size(rpms) >= IMAGE_RPMS_MOST)
        return cg_fail(err, CG_E_LIMIT, "more than %d rpms", IMAGE_RPMS_MOST);
    json_t *epoch = headerIsEntry(header, RPMTAG_EPOCH)
                        ? json_integer((json_int_t)headerGetNumber(header, RPMTAG_EPOCH))
                        : json_null();
    json_t *rpm = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "name", text_of(header, RPMTAG_NAME), "epoch", epoch,
                            "version", text_of(header, RPMTAG_VERSION), "release", text_of(header, RPMTAG_RELEASE),
                            "arch", text_of(header, RPMTAG_ARCH), "sigmd5", text_of(header, RPMTAG_SIGMD5));
    return json_array_append_new(rpms, rpm) < 0 ? cg_fail_memory(err) : 0;
}

static int list(rpmts set, json_t *rpms, struct cg_error *err)
{
    rpmdbMatchIterator iterator = rpmtsInitIterator(set, RPMDBI_PACKAGES, NULL, 0);
    int result = 0;
    for (Header header; result == 0 && (header = rpmdbNextIterator(iterator));)
        result = add_rpm(rpms, header, err);
    rpmdbFreeIterator(iterator);
    return result;
}

/* librpm opens an empty database in place of one of a kind that it does not know, with a warning. */
static int read_database(rpmts set, const char *backend, json_t *rpms, struct cg_error *complaint, struct cg_error *err)
{
    rpmtsSetVSFlags(set, RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES | RPMVSF_NOHDRCHK);
    int opened = rpmtsOpenDB(set, O_RDONLY);
    if (strstr(complaint->message, "_db_backend") || strstr(complaint->message, "dummy"))
        return cg_fail(err, CG_E_UNSUPPORTED, "this librpm (%s) cannot read databases of the kind %s", RPMVERSION,
                       backend);
    if (opened != 0 && complaint->code == CG_OK)
        cg_fail(complaint, CG_E_FORM, "librpm cannot open it");
    if (complaint->code == CG_OK && list(set, rpms, err) < 0)
        return -1;
    return complaint->code == CG_OK ? 0 : cg_fail(err, complaint->code, "%s", complaint->message);
}

int image_rpms_read(const char *directory, const char *backend, json_t *rpms, struct cg_error *err)
{
    struct cg_error complaint = {0};
    rpmlogCallback before = rpmlogSetCallback(hear, &complaint);
    rpmPushMacroFlags(NULL, "_dbpath", NULL, directory, RMIL_CMDLINE, RPMMACRO_LITERAL);
    rpmPushMacroFlags(NULL, "_db_backend", NULL, backend, RMIL_CMDLINE, RPMMACRO_LITERAL);
    rpmts set = rpmtsCreate();
    int result = read_database(set, backend, rpms, &complaint, err);
    rpmtsFree(set);
    rpmPopMacro(NULL, "_db_backend");
    rpmPopMacro(NULL, "_dbpath");
    rpmlogSetCallback(before, NULL);
    return result;
}
