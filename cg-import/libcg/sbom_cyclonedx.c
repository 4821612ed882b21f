/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CycloneDX 1.5 and 1.6 in JSON. What is used of it is the same in both. */
#include "libcg/purl.h"
#include "libcg/sbom.h"

#include "cg/digest.h"
#include "cg/version.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* "sha256" as "SHA-256", "md5" as "MD5". */
static void put_hashes(struct bill *bill, json_t *component, const json_t *digests)
{
    const char *algorithm;
    const json_t *value;
    json_t *hashes = json_array();
    json_object_foreach((json_t *)(uintptr_t)digests, algorithm, value)
    {
        bool is_sha = strncmp(algorithm, "sha", 3) == 0;
        bill_add(bill, hashes,
                 json_pack("{s:o, s:O}", "alg", is_sha ? json_sprintf("SHA-%s", algorithm + 3) : json_string("MD5"),
                           "content", value));
    }
    if (json_array_size(hashes) > 0)
        bill_put(bill, component, "hashes", hashes);
    else
        json_decref(hashes);
}

static void add_property(struct bill *bill, json_t *properties, const char *name, const char *value)
{
    if (*value)
        bill_add(bill, properties, json_pack("{s:s, s:s}", "name", name, "value", value));
}

static void put_root(struct bill *bill, json_t *metadata)
{
    const json_t *facts = bill->build->facts;
    CG_AUTO_JSON json_t *digests = attested_file_digests(bill->build, bill->output);
    bool is_image = json_object_get(bill->output, "image") != NULL;
    json_t *root = bill_put(bill, metadata, "component",
                            json_pack("{s:s, s:s, s:s}", "bom-ref", "image", "type", is_image ? "container" : "file",
                                      "name", purl_text(facts, "name")));
    bill_put(bill, root, "version", json_sprintf("%s-%s", purl_text(facts, "version"), purl_text(facts, "release")));
    bill_put(bill, root, "purl", bill_image_purl(bill));
    put_hashes(bill, root, digests);
    json_t *properties = bill_put(bill, root, "properties", json_array());
    add_property(bill, properties, "koji:nvr", purl_text(facts, "nvr"));
    add_property(bill, properties, "koji:hub", bill->build->hub);
    add_property(bill, properties, "koji:arch", purl_text(bill->output, "arch"));
}

static void add_component(struct bill *bill, json_t *components, const json_t *component, size_t number)
{
    bool is_rpm = strcmp(purl_text(component, "type"), "rpm") == 0;
    const char *kind = purl_text(component, "checksum_type");
    json_t *entry = bill_add(bill, components,
                             json_pack("{s:s, s:s, s:o}", "type", is_rpm ? "library" : "file", "name",
                                       bill_name(component), "bom-ref", json_sprintf("component-%zu", number)));
    bill_put(bill, entry, "version", bill_version(component));
    bill_put(bill, entry, "purl", bill_purl(component));
    if (attested_is_digest(kind)) {
        CG_AUTO_JSON json_t *digests = json_pack("{s:s}", kind, purl_text(component, "checksum"));
        put_hashes(bill, entry, digests);
    }
    json_t *properties = bill_put(bill, entry, "properties", json_array());
    add_property(bill, properties, "koji:arch", purl_text(component, "arch"));
    add_property(bill, properties, "koji:sigmd5", purl_text(component, "sigmd5"));
    add_property(bill, properties, "koji:signature", purl_text(component, "signature"));
    add_property(bill, properties, "koji:nvr", purl_text(component, "nvr"));
}

/* A version 8 UUID (RFC 9562: of one's own making) of what is billed, so that the same bill has the same number. */
static json_t *serial_number(const struct bill *bill)
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, NULL);
    CG_AUTO_JSON json_t *text = json_sprintf("%s %" JSON_INTEGER_FORMAT " %zu %s", bill->build->hub,
                                             bill->build->build_id, bill->position, bill->build->facts_sha256);
    struct cg_digests sums;
    if (!digest || !text || cg_digest_update(digest, json_string_value(text), json_string_length(text), NULL) != 0 ||
        cg_digest_read(digest, &sums, NULL) != 0)
        return NULL;
    const char *hex = sums.sha256;
    return json_sprintf("urn:uuid:%.8s-%.4s-8%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17, hex + 20);
}

json_t *sbom_cyclonedx(struct bill *bill, enum cg_sbom form)
{
    char when[ATTESTED_TIME_SIZE];
    json_t *document = json_pack("{s:s, s:s, s:i}", "bomFormat", "CycloneDX", "specVersion",
                                 form == CG_SBOM_CYCLONEDX_1_5 ? "1.5" : "1.6", "version", 1);
    bill_put(bill, document, "serialNumber", serial_number(bill));
    json_t *metadata = bill_put(bill, document, "metadata", json_object());
    bill_put(bill, metadata, "timestamp", json_string(attested_when(bill->build, when)));
    bill_put(bill, metadata, "tools",
             json_pack("{s:[{s:s, s:s, s:s}]}", "components", "type", "application", "name", "cg-import", "version",
                       cg_version()));
    put_root(bill, metadata);
    json_t *components = bill_put(bill, document, "components", json_array());
    json_t *parts = json_array();
    size_t i;
    const json_t *index;
    json_array_foreach(json_object_get(bill->output, "components"), i, index)
    {
        add_component(bill, components, bill_component(bill, index), i);
        bill_add(bill, parts, json_sprintf("component-%zu", i));
    }
    /* Metadata does not tell whether its list is all that there is. */
    bill_add(bill, bill_put(bill, document, "compositions", json_array()),
             json_pack("{s:s, s:o}", "aggregate", "unknown", "assemblies", parts));
    return document;
}
