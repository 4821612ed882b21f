/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The in-toto statement: subjects, what they were made from, who made them, what came along. */
#include "cg/attestation.h"

#include "libcg/attested.h"
#include "libcg/purl.h"

#include <stdint.h>
#include <string.h>

/* What memory was missing for is remembered and said once, at the end. */
struct statement {
    const struct cg_attested *build;
    struct cg_error err;
    bool failed;
};

/* Both steal `value`, which is NULL when there was no memory for it. Borrowed; NULL when it is not there. */
static json_t *put(struct statement *s, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) == 0)
        return value;
    s->failed = true;
    return NULL;
}

static json_t *add(struct statement *s, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) == 0)
        return value;
    s->failed = true;
    return NULL;
}

/* Copies a fact that is there. */
static void copy(struct statement *s, json_t *to, const char *name, const json_t *from, const char *fact)
{
    json_t *value = json_object_get(from, fact);
    if (value)
        put(s, to, name, json_deep_copy(value));
}

/* "ALGORITHM:HEX" as a digest set. NULL without memory. */
static json_t *digest_set(const char *digest)
{
    const char *colon = strchr(digest, ':');
    CG_AUTO_FREE char *algorithm = colon ? strndup(digest, (size_t)(colon - digest)) : NULL;
    return algorithm ? json_pack("{s:s}", algorithm, colon + 1) : json_object();
}

/* A purl or URI made by one of the functions below, as a JSON text. NULL without memory. */
static json_t *text_of(struct cg_bytes *bytes, int made)
{
    return made == 0 ? json_string(cg_bytes_text(bytes)) : NULL;
}

/* --- subjects ------------------------------------------------------------------------------------------------------
 */

/* Each manifest of an image, under the name it is pulled by, without tag. */
static void add_manifests(struct statement *s, json_t *subjects, const json_t *image, const char *otherwise)
{
    const char *media_type, *pullspec = attested_pullspec(s->build->facts, image);
    const json_t *digest;
    json_object_foreach(json_object_get(image, "manifests"), media_type, digest)
    {
        json_t *subject = add(s, subjects, json_object());
        put(s, subject, "name",
            pullspec ? json_stringn(pullspec, purl_repository_size(pullspec)) : json_string(otherwise));
        put(s, subject, "digest", digest_set(json_string_value(digest)));
        put(s, subject, "mediaType", json_string(media_type));
    }
}

static bool is_log(const json_t *output)
{
    return strcmp(purl_text(output, "type"), "log") == 0;
}

/* A file with its cryptographic digests; one that has none (adler32) is not there. */
static void add_file(struct statement *s, json_t *list, const json_t *output)
{
    json_t *digests = attested_file_digests(s->build, output);
    if (digests && json_object_size(digests) == 0) {
        json_decref(digests);
        return;
    }
    json_t *file = add(s, list, json_object());
    copy(s, file, "name", output, "path");
    put(s, file, "digest", digests);
}

static void add_subjects(struct statement *s, json_t *subjects)
{
    size_t i;
    const json_t *output;
    add_manifests(s, subjects, json_object_get(s->build->facts, "index"), purl_text(s->build->facts, "nvr"));
    json_array_foreach(json_object_get(s->build->facts, "outputs"), i, output)
    {
        if (is_log(output))
            continue;
        add_manifests(s, subjects, json_object_get(output, "image"), purl_text(output, "path"));
        add_file(s, subjects, output);
    }
}

/* --- what it was made from -----------------------------------------------------------------------------------------
 */

/* The source repository as SLSA and SPDX write it. */
static void add_source(struct statement *s, json_t *dependencies)
{
    const char *url = purl_text(s->build->facts, "source_url"), *commit = purl_text(s->build->facts, "source_commit");
    size_t digits = strspn(commit, "0123456789abcdef");
    bool is_commit = !commit[digits] && (digits == 40 || digits == 64);
    if (!*url)
        return;
    json_t *source = add(s, dependencies, json_object());
    put(s, source, "name", json_string("source"));
    put(s, source, "uri",
        json_sprintf("%s%s%s%s", strncmp(url, "git+", 4) == 0 || !is_commit ? "" : "git+", url, *commit ? "@" : "",
                     commit));
    if (is_commit)
        put(s, source, "digest", json_pack("{s:s}", "gitCommit", commit));
}

static void add_parents(struct statement *s, json_t *dependencies)
{
    size_t i;
    const json_t *parent;
    json_array_foreach(json_object_get(s->build->facts, "parents"), i, parent)
    {
        const char *pullspec = purl_text(parent, "pullspec"), *at = strrchr(pullspec, '@');
        CG_AUTO_BYTES struct cg_bytes uri = {0};
        json_t *entry = add(s, dependencies, json_object()), *notes;
        int made = *pullspec ? purl_image(pullspec, at ? at + 1 : NULL, NULL, &uri, &s->err)
                             : attested_uri(s->build, "build", &uri, &s->err);
        put(s, entry, "name", json_string(strcmp(purl_text(parent, "kind"), "base") == 0 ? "base image" : "image"));
        put(s, entry, "uri", text_of(&uri, made));
        if (at)
            put(s, entry, "digest", digest_set(at + 1));
        notes = put(s, entry, "annotations", json_object());
        copy(s, notes, "nvr", parent, "nvr");
        copy(s, notes, "build_id", parent, "build_id");
    }
}

static void add_remote_sources(struct statement *s, json_t *dependencies)
{
    size_t i;
    const json_t *source;
    json_array_foreach(json_object_get(s->build->facts, "remote_sources"), i, source)
    {
        if (!json_is_string(json_object_get(source, "url")))
            continue;
        json_t *entry = add(s, dependencies, json_object());
        put(s, entry, "name", json_string("remote source"));
        copy(s, entry, "uri", source, "url");
    }
}

/* A component: digests of files are digests, an rpm's sigmd5 (of header and payload) and signing key are notes. */
static void add_component(struct statement *s, json_t *dependencies, const json_t *component, const char *role)
{
    CG_AUTO_BYTES struct cg_bytes uri = {0};
    json_t *entry = add(s, dependencies, json_object()), *notes = put(s, entry, "annotations", json_object());
    put(s, entry, "uri", text_of(&uri, purl_component(component, &uri, &s->err)));
    put(s, notes, "role", json_string(role));
    if (json_is_string(json_object_get(component, "sigmd5")))
        copy(s, notes, "sigmd5", component, "sigmd5");
    if (json_is_string(json_object_get(component, "signature")))
        copy(s, notes, "signature", component, "signature");
    if (json_is_string(json_object_get(component, "nvr")))
        copy(s, notes, "nvr", component, "nvr");
    const char *kind = purl_text(component, "checksum_type"), *checksum = purl_text(component, "checksum");
    if (attested_is_digest(kind) && *checksum)
        put(s, entry, "digest", json_pack("{s:s}", kind, checksum));
}

/* Every component once: as contained where an output has it, else as one of a buildroot. */
static void add_components(struct statement *s, json_t *dependencies)
{
    const json_t *components = json_object_get(s->build->facts, "components");
    CG_AUTO_FREE bool *contained = calloc(json_array_size(components) + 1, sizeof *contained);
    size_t i, j;
    const json_t *output, *index, *entry;
    if (!contained) {
        s->failed = true;
        return;
    }
    json_array_foreach(json_object_get(s->build->facts, "outputs"), i, output)
    {
        json_array_foreach(json_object_get(output, "components"), j, index)
        {
            size_t at = (size_t)json_integer_value(index);
            if (at < json_array_size(components))
                contained[at] = true;
        }
    }
    json_array_foreach(components, i, entry)
    {
        add_component(s, dependencies, json_object_get(entry, "component"), contained[i] ? "contained" : "buildroot");
    }
}

/* --- how, and by whom ----------------------------------------------------------------------------------------------
 */

static void put_definition(struct statement *s, json_t *predicate)
{
    const json_t *facts = s->build->facts;
    json_t *definition = put(s, predicate, "buildDefinition", json_object());
    put(s, definition, "buildType", json_string(CG_ATTESTATION_BUILD_TYPE));
    json_t *external = put(s, definition, "externalParameters", json_object());
    copy(s, external, "nvr", facts, "nvr");
    copy(s, external, "source", facts, "source");
    json_t *internal = put(s, definition, "internalParameters", json_object());
    static const char *const copied[] = {"task_id", "owner", "submitter", "types", "content_generators"};
    for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++)
        copy(s, internal, copied[i], facts, copied[i]);
    put(s, internal, "hub", json_string(s->build->hub));
    put(s, internal, "build_id", json_integer(s->build->build_id));
    json_t *buildroots = put(s, internal, "buildroots", json_array());
    size_t i;
    const json_t *buildroot;
    json_array_foreach(json_object_get(facts, "buildroots"), i, buildroot)
    {
        json_t *told = add(s, buildroots, json_copy((json_t *)(uintptr_t)buildroot));
        json_object_del(told, "components");
    }
    json_t *dependencies = put(s, definition, "resolvedDependencies", json_array());
    add_source(s, dependencies);
    add_parents(s, dependencies);
    add_remote_sources(s, dependencies);
    add_components(s, dependencies);
}

/* The content generator, as this hub knows it. */
static void put_builder(struct statement *s, json_t *run)
{
    const json_t *generators = json_object_get(s->build->facts, "content_generators");
    CG_AUTO_BYTES struct cg_bytes uri = {0};
    CG_AUTO_JSON json_t *below = json_sprintf("content-generator/%s", purl_text(json_array_get(generators, 0), "name"));
    json_t *builder = put(s, run, "builder", json_object());
    int made = below ? attested_uri(s->build, json_string_value(below), &uri, &s->err) : -1;
    put(s, builder, "id", text_of(&uri, made));
    json_t *versions = put(s, builder, "version", json_object());
    size_t i;
    const json_t *generator;
    json_array_foreach(generators, i, generator)
    {
        if (*purl_text(generator, "name"))
            put(s, versions, purl_text(generator, "name"), json_string(purl_text(generator, "version")));
    }
}

static void put_metadata(struct statement *s, json_t *run)
{
    const json_t *facts = s->build->facts;
    json_t *metadata = put(s, run, "metadata", json_object());
    json_int_t started = json_integer_value(json_object_get(facts, "start_time"));
    json_int_t ended = json_integer_value(json_object_get(facts, "end_time"));
    char time[ATTESTED_TIME_SIZE];
    if (s->build->import_id)
        put(s, metadata, "invocationId", json_string(s->build->import_id));
    if (started > 0)
        put(s, metadata, "startedOn", json_string(attested_time(started, time)));
    if (ended > 0)
        put(s, metadata, "finishedOn", json_string(attested_time(ended, time)));
}

/* Logs, the document itself, and where the audit log tells of the import. */
static void put_byproducts(struct statement *s, json_t *run)
{
    const struct cg_attested *build = s->build;
    json_t *byproducts = put(s, run, "byproducts", json_array());
    size_t i;
    const json_t *output;
    json_array_foreach(json_object_get(build->facts, "outputs"), i, output)
    {
        if (is_log(output))
            add_file(s, byproducts, output);
    }
    if (build->metadata_sha256)
        add(s, byproducts,
            json_pack("{s:s, s:s, s:{s:s}}", "name", "metadata.json", "mediaType", "application/json", "digest",
                      "sha256", build->metadata_sha256));
    json_t *notes = json_pack("{s:s}", "facts_sha256", build->facts_sha256);
    if (build->imported_at)
        put(s, notes, "imported_at", json_string(build->imported_at));
    if (build->log)
        put(s, notes, "log", json_deep_copy(build->log));
    CG_AUTO_BYTES struct cg_bytes uri = {0};
    CG_AUTO_JSON json_t *below = json_sprintf("build/%" JSON_INTEGER_FORMAT, build->build_id);
    int made = below ? attested_uri(build, json_string_value(below), &uri, &s->err) : -1;
    json_t *entry = add(s, byproducts, json_pack("{s:s, s:o}", "name", "audit log", "annotations", notes));
    put(s, entry, "uri", text_of(&uri, made));
}

json_t *cg_attestation_statement(const struct cg_attested *build, struct cg_error *err)
{
    struct statement s = {.build = build};
    CG_AUTO_JSON json_t *statement =
        json_pack("{s:s, s:[], s:s, s:{}}", "_type", "https://in-toto.io/Statement/v1", "subject", "predicateType",
                  "https://slsa.dev/provenance/v1", "predicate");
    json_t *predicate = json_object_get(statement, "predicate");
    add_subjects(&s, json_object_get(statement, "subject"));
    put_definition(&s, predicate);
    json_t *run = put(&s, predicate, "runDetails", json_object());
    put_builder(&s, run);
    put_metadata(&s, run);
    put_byproducts(&s, run);
    if (!statement || s.failed) {
        cg_fail_memory(err);
        return NULL;
    }
    if (json_array_size(json_object_get(statement, "subject")) == 0) {
        cg_fail(err, CG_E_USAGE, "nothing of %s can be attested: no output but logs has a cryptographic digest",
                purl_text(build->facts, "nvr"));
        return NULL;
    }
    return CG_STEAL(statement);
}
