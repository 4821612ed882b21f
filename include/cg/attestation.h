/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_ATTESTATION_H
#define CG_ATTESTATION_H

/*
 * What is told to others about an imported build: an in-toto Statement v1 with SLSA provenance v1, and bills of
 * materials in SPDX 2.3 and CycloneDX 1.5 or 1.6. Made of the facts (cg/provenance.h) alone, so the same build gives
 * the same bytes in canonical form (RFC 8785), at any time.
 *
 * They say what was accepted and imported, as the content generator told it; not that it was built so. The mapping, and
 * what each member means, is docs/attestations.md. Signing is cg/dsse.h's.
 *
 * Sources: in-toto attestation spec v1 (statement.md, resource_descriptor.md, digest_set.md), slsa.dev/spec/v1.0/
 * provenance, package-url purl-spec, SPDX 2.3 (clauses 6, 7, 11), CycloneDX 1.5 and 1.6 JSON schemas.
 */

#include "cg/auto.h"
#include "cg/error.h"

/* Payload type of the statement in a DSSE envelope. */
#define CG_ATTESTATION_PAYLOAD_TYPE "application/vnd.in-toto+json"
/* What all our URIs begin with (RFC 4151: no host is claimed), and the type of our builds. */
#define CG_ATTESTATION_TAG "tag:cg-import,2026:"
#define CG_ATTESTATION_BUILD_TYPE CG_ATTESTATION_TAG "koji-content-generator-import/v1"

/* What is known of the build besides its facts. Texts borrowed. */
struct cg_attested {
    const json_t *facts;
    const char *hub;
    json_int_t build_id;
    const char *import_id;       /* NULL: imported by another client */
    const char *imported_at;     /* "2026-11-23T17:00:00.000Z" */
    const char *metadata_sha256; /* NULL: not known */
    const char *facts_sha256;
    const json_t *outputs_sha256; /* {"POSITION": "HEX"} as the service computed them; NULL: none */
    const json_t *log;            /* where the audit log tells of it; NULL: not told */
};

/* The statement, new reference. NULL with CG_E_USAGE (nothing in the build has a digest to attest), CG_E_MEMORY. */
CG_API json_t *cg_attestation_statement(const struct cg_attested *build, struct cg_error *err);

enum cg_sbom {
    CG_SBOM_SPDX_2_3,
    CG_SBOM_CYCLONEDX_1_5,
    CG_SBOM_CYCLONEDX_1_6,
};

/*
 * Which output a bill is for: `wanted` is the position or architecture of one that has components or is an image; NULL
 * where there is only one such. 0 and its position, or -1 with CG_E_USAGE that names those there are.
 */
CG_API int cg_sbom_output(const json_t *facts, const char *wanted, size_t *position, struct cg_error *err);

/* The bill of materials of the output at `position`, new reference. NULL with CG_E_MEMORY. */
CG_API json_t *cg_sbom_make(enum cg_sbom form, const struct cg_attested *build, size_t position, struct cg_error *err);

#endif
