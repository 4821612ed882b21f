/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX 2.3 in JSON (clauses 6 document creation, 7 packages, 11 relationships). */
#include "libcg/purl.h"
#include "libcg/sbom.h"

#include "cg/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What is not known is said not to be known: metadata has no licences and no places to download from. */
static json_t *new_package(const char *id, const char *name)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s}", "SPDXID", id, "name", name, "downloadLocation",
                     "NOASSERTION", "filesAnalyzed", 0, "licenseConcluded", "NOASSERTION", "licenseDeclared",
                     "NOASSERTION", "copyrightText", "NOASSERTION", "supplier", "NOASSERTION");
}

static void put_purl(struct bill *bill, json_t *package, json_t *purl)
{
    json_t *reference = json_pack("{s:s, s:s, s:o}", "referenceCategory", "PACKAGE-MANAGER", "referenceType", "purl",
                                  "referenceLocator", purl);
    bill_add(bill, bill_put(bill, package, "externalRefs", json_array()), reference);
}

/* "sha256" as "SHA256". */
static void add_checksum(struct bill *bill, json_t *checksums, const char *algorithm, const char *value)
{
    char upper[16] = "";
    for (size_t i = 0; i < sizeof upper - 1 && algorithm[i]; i++)
        upper[i] = (char)toupper((unsigned char)algorithm[i]);
    bill_add(bill, checksums, json_pack("{s:s, s:s}", "algorithm", upper, "checksumValue", value));
}

static void put_checksums(struct bill *bill, json_t *package, json_t *digests)
{
    const char *algorithm;
    const json_t *value;
    json_t *checksums = json_array();
    json_object_foreach(digests, algorithm, value)
    {
        add_checksum(bill, checksums, algorithm, json_string_value(value));
    }
    if (json_array_size(checksums) > 0)
        bill_put(bill, package, "checksums", checksums);
    else
        json_decref(checksums);
}

static void add_image(struct bill *bill, json_t *packages)
{
    const json_t *facts = bill->build->facts;
    CG_AUTO_JSON json_t *digests = attested_file_digests(bill->build, bill->output);
    json_t *package = bill_add(bill, packages, new_package("SPDXRef-image", purl_text(facts, "name")));
    bill_put(bill, package, "versionInfo",
             json_sprintf("%s-%s", purl_text(facts, "version"), purl_text(facts, "release")));
    bill_put(bill, package, "packageFileName", json_string(purl_text(bill->output, "path")));
    bill_put(bill, package, "primaryPackagePurpose",
             json_string(json_object_get(bill->output, "image") ? "CONTAINER" : "ARCHIVE"));
    put_checksums(bill, package, digests);
    put_purl(bill, package, bill_image_purl(bill));
}

static void add_component(struct bill *bill, json_t *packages, json_t *relations, const json_t *component,
                          size_t number)
{
    char id[48];
    snprintf(id, sizeof id, "SPDXRef-component-%zu", number);
    const char *sigmd5 = purl_text(component, "sigmd5"), *kind = purl_text(component, "checksum_type");
    json_t *package = bill_add(bill, packages, new_package(id, bill_name(component)));
    json_t *version = bill_version(component);
    if (version && *json_string_value(version))
        bill_put(bill, package, "versionInfo", version);
    else
        json_decref(version);
    put_purl(bill, package, bill_purl(component));
    if (*sigmd5)
        bill_put(bill, package, "comment", json_sprintf("sigmd5 %s", sigmd5));
    if (attested_is_digest(kind)) {
        CG_AUTO_JSON json_t *digests = json_pack("{s:s}", kind, purl_text(component, "checksum"));
        put_checksums(bill, package, digests);
    }
    bill_add(bill, relations,
             json_pack("{s:s, s:s, s:s}", "spdxElementId", "SPDXRef-image", "relationshipType", "CONTAINS",
                       "relatedSpdxElement", id));
}

static void put_creation(struct bill *bill, json_t *document)
{
    char when[ATTESTED_TIME_SIZE];
    json_t *creation = bill_put(bill, document, "creationInfo", json_object());
    bill_put(bill, creation, "created", json_string(attested_when(bill->build, when)));
    bill_add(bill, bill_put(bill, creation, "creators", json_array()),
             json_sprintf("Tool: cg-import-%s", cg_version()));
    bill_put(bill, creation, "comment",
             json_string("what the content generator told when the build was accepted and imported"));
}

json_t *sbom_spdx(struct bill *bill)
{
    const json_t *facts = bill->build->facts;
    CG_AUTO_BYTES struct cg_bytes place = {0};
    CG_AUTO_JSON json_t *below = json_sprintf("build/%" JSON_INTEGER_FORMAT "/output/%zu/spdx/%s",
                                              bill->build->build_id, bill->position, bill->build->facts_sha256);
    json_t *document =
        json_pack("{s:s, s:s, s:s}", "spdxVersion", "SPDX-2.3", "dataLicense", "CC0-1.0", "SPDXID", "SPDXRef-DOCUMENT");
    if (!below || attested_uri(bill->build, json_string_value(below), &place, NULL) != 0)
        bill->failed = true;
    bill_put(bill, document, "name", json_sprintf("%s.%s", purl_text(facts, "nvr"), purl_text(bill->output, "arch")));
    bill_put(bill, document, "documentNamespace", json_string(cg_bytes_text(&place)));
    put_creation(bill, document);
    json_t *packages = bill_put(bill, document, "packages", json_array());
    json_t *relations = bill_put(bill, document, "relationships", json_array());
    add_image(bill, packages);
    bill_add(bill, relations,
             json_pack("{s:s, s:s, s:s}", "spdxElementId", "SPDXRef-DOCUMENT", "relationshipType", "DESCRIBES",
                       "relatedSpdxElement", "SPDXRef-image"));
    size_t i;
    const json_t *index;
    json_array_foreach(json_object_get(bill->output, "components"), i, index)
    {
        add_component(bill, packages, relations, bill_component(bill, index), i);
    }
    return document;
}
