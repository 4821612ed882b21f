/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libcg/attested.h"

#include "libcg/purl.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

const char *attested_time(json_int_t seconds, char text[ATTESTED_TIME_SIZE])
{
    time_t at = (time_t)seconds;
    struct tm utc;
    if (!gmtime_r(&at, &utc) || strftime(text, ATTESTED_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        text[0] = '\0';
    return text;
}

const char *attested_when(const struct cg_attested *build, char text[ATTESTED_TIME_SIZE])
{
    json_int_t ended = json_integer_value(json_object_get(build->facts, "end_time"));
    if (ended > 0)
        return attested_time(ended, text);
    snprintf(text, ATTESTED_TIME_SIZE, "%.19sZ", build->imported_at ? build->imported_at : "1970-01-01T00:00:00");
    return text;
}

int attested_uri(const struct cg_attested *build, const char *below, struct cg_bytes *out, struct cg_error *err)
{
    const char *const parts[] = {build->hub, "/", below};
    if (cg_bytes_append_text(out, CG_ATTESTATION_TAG "hub/", err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (const char *c = parts[i]; *c; c++) {
            unsigned char byte = (unsigned char)*c;
            bool is_plain = byte < 0x80 && (isalnum(byte) || strchr("-._~/", byte));
            if (cg_bytes_printf(out, err, is_plain ? "%c" : "%%%02X", byte) != 0)
                return -1;
        }
    return 0;
}

bool attested_is_digest(const char *algorithm)
{
    static const char *const known[] = {"md5", "sha1", "sha256", "sha384", "sha512"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], algorithm) == 0)
            return true;
    return false;
}

json_t *attested_file_digests(const struct cg_attested *build, const json_t *output)
{
    const char *algorithm = purl_text(output, "checksum_type");
    char position[24];
    snprintf(position, sizeof position, "%" JSON_INTEGER_FORMAT,
             json_integer_value(json_object_get(output, "position")));
    json_t *computed = json_object_get(build->outputs_sha256, position);
    CG_AUTO_JSON json_t *digests = json_object();
    if (attested_is_digest(algorithm) && json_object_set(digests, algorithm, json_object_get(output, "checksum")) != 0)
        return NULL;
    if (json_is_string(computed) && json_object_set(digests, "sha256", computed) != 0)
        return NULL;
    return CG_STEAL(digests);
}

const char *attested_manifest(const json_t *image)
{
    void *first = json_object_iter(json_object_get(image, "manifests"));
    return first ? json_string_value(json_object_iter_value(first)) : NULL;
}

const char *attested_pullspec(const json_t *facts, const json_t *image)
{
    const char *own = json_string_value(json_array_get(json_object_get(image, "pull"), 0));
    const json_t *index = json_object_get(facts, "index");
    return own ? own : json_string_value(json_array_get(json_object_get(index, "pull"), 0));
}
