/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/output_verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int output_verdict(const struct store_output *output, const struct cg_digests *digests, struct refusal *refusal,
                   struct cg_error *err)
{
    char pointer[64];
    if (digests->size_bytes != output->size_bytes) {
        snprintf(pointer, sizeof pointer, "/output/%u/filesize", output->position);
        cg_fail(err, CG_E_MISMATCH, "%s has %" PRIu64 " bytes, the metadata says %" PRIu64, output->path,
                digests->size_bytes, output->size_bytes);
        return refusal_at(refusal, pointer);
    }
    unsigned kind = cg_digest_kind(output->checksum_type);
    const char *got = cg_digests_get(digests, (enum cg_digest_kind)kind);
    if (strcmp(got, output->checksum) != 0) {
        snprintf(pointer, sizeof pointer, "/output/%u/checksum", output->position);
        cg_fail(err, CG_E_MISMATCH, "%s has %s %s, the metadata says %s", output->path, output->checksum_type, got,
                output->checksum);
        return refusal_at(refusal, pointer);
    }
    return 0;
}
