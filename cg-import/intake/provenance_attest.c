/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET of the attestation and the bills of materials of an imported build (docs/attestations.md). */
#include "cg/attestation.h"
#include "cg/canon.h"
#include "cg/dsse.h"
#include "intake/provenance_answer.h"
#include "intake/resources.h"

#include <stdio.h>
#include <string.h>

#define ENVELOPE_TYPE "application/vnd.dsse.envelope.v1+json"

/* What is attested of an answer about a build; borrows from it. 0, or -1 with CG_E_CONFLICT for one that is not
 * imported: nothing is attested before it is true. */
static int read_attested(const json_t *answer, struct cg_attested *attested, struct cg_error *err)
{
    const json_t *build = json_object_get(answer, "build");
    const char *state = json_string_value(json_object_get(build, "state"));
    *attested = (struct cg_attested){
        .facts = json_object_get(answer, "facts"),
        .hub = json_string_value(json_object_get(build, "hub")),
        .build_id = json_integer_value(json_object_get(build, "build_id")),
        .import_id = json_string_value(json_object_get(build, "import")),
        .imported_at = json_string_value(json_object_get(build, "imported_at")),
        .metadata_sha256 = json_string_value(json_object_get(build, "metadata_sha256")),
        .facts_sha256 = json_string_value(json_object_get(build, "facts_sha256")),
        .outputs_sha256 = json_object_get(answer, "outputs_sha256"),
        .log = json_object_get(answer, "log"),
    };
    if (state && strcmp(state, "imported") == 0)
        return 0;
    return cg_fail(err, CG_E_CONFLICT, "%s is %s: only imported builds are attested",
                   json_string_value(json_object_get(build, "nvr")), state ? state : "not imported");
}

/* Answers with the canonical text of a document, which is stolen; NULL: with the error. */
static void answer_document(struct intake_request *request, const char *content_type, json_t *document_stolen,
                            struct cg_error *err)
{
    CG_AUTO_JSON json_t *document = document_stolen;
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (document && cg_canon(document, &text, err) == 0)
        intake_answer_text(request, 200, content_type, cg_bytes_text(&text));
    else
        intake_fail(request, err, NULL);
}

/* --- the attestation ------------------------------------------------------------------------------------------------
 */

/* Answers with the statement in an envelope that the service's key signed. */
static void answer_signed(struct intake_request *request, const struct cg_note_signer *signer, const json_t *statement)
{
    struct cg_error err = {0};
    const struct cg_note_verifier *verifier = cg_note_signer_verifier(signer);
    CG_AUTO_BYTES struct cg_bytes payload = {0};
    CG_AUTO_BYTES struct cg_bytes envelope = {0};
    CG_AUTO_BYTES struct cg_bytes key_id = {0};
    if (cg_canon(statement, &payload, &err) == 0 &&
        cg_bytes_printf(&key_id, &err, "%s+%08x", verifier->name, (unsigned)verifier->key_id) == 0 &&
        cg_dsse_sign(cg_note_signer_key(signer), cg_bytes_text(&key_id), CG_ATTESTATION_PAYLOAD_TYPE, payload.data,
                     payload.size, &envelope, &err) == 0)
        intake_answer_text(request, 200, ENVELOPE_TYPE, cg_bytes_text(&envelope));
    else
        intake_fail(request, &err, NULL);
}

static void attestation_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_attested attested;
    const struct cg_note_signer *signer = intake_options(request)->attestation_signer;
    const char *form = intake_query(request, "form");
    CG_AUTO_JSON json_t *answer = provenance_answer_build(request, intake_path(request, "build"));
    if (!answer)
        return;
    if (form && strcmp(form, "statement") != 0 && strcmp(form, "envelope") != 0)
        cg_fail(&err, CG_E_USAGE, "form is \"%.40s\", expected statement or envelope", form);
    else if (form && form[0] == 'e' && !signer)
        cg_fail(&err, CG_E_CONFLICT, "this service has no key to sign attestations with");
    CG_AUTO_JSON json_t *statement = err.code == CG_OK && read_attested(answer, &attested, &err) == 0
                                         ? cg_attestation_statement(&attested, &err)
                                         : NULL;
    if (statement && signer && (!form || form[0] == 'e'))
        answer_signed(request, signer, statement);
    else
        answer_document(request, CG_ATTESTATION_PAYLOAD_TYPE, CG_STEAL(statement), &err);
}

const struct intake_handler intake_provenance_attestation = {.end = attestation_end};

/* --- bills of materials ---------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name, *content_type;
    enum cg_sbom form;
} forms[] = {{"spdx-2.3", "application/spdx+json", CG_SBOM_SPDX_2_3},
             {"cyclonedx-1.6", "application/vnd.cyclonedx+json", CG_SBOM_CYCLONEDX_1_6},
             {"cyclonedx-1.5", "application/vnd.cyclonedx+json", CG_SBOM_CYCLONEDX_1_5}};
#define FORMS (sizeof forms / sizeof forms[0])

static void sbom_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    struct cg_attested attested;
    const char *wanted = intake_query(request, "format");
    size_t form = 0, position = 0;
    while (wanted && form < FORMS && strcmp(wanted, forms[form].name) != 0)
        form++;
    if (form == FORMS) {
        cg_fail(&err, CG_E_USAGE, "format is \"%.40s\", expected spdx-2.3, cyclonedx-1.6 or cyclonedx-1.5", wanted);
        intake_fail(request, &err, NULL);
        return;
    }
    CG_AUTO_JSON json_t *answer = provenance_answer_build(request, intake_path(request, "build"));
    if (!answer)
        return;
    json_t *document = NULL;
    if (read_attested(answer, &attested, &err) == 0 &&
        cg_sbom_output(attested.facts, intake_query(request, "output"), &position, &err) == 0)
        document = cg_sbom_make(forms[form].form, &attested, position, &err);
    answer_document(request, forms[form].content_type, document, &err);
}

const struct intake_handler intake_provenance_sbom = {.end = sbom_end};
