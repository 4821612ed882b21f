/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/found_build.h"

#include "cg/digest.h"
#include "cg/json.h"
#include "cg/nvr.h"
#include "cg/provenance.h"
#include "koji/build.h"
#include "koji/build_list.h"
#include "koji/stored_file.h"

#include <stdio.h>
#include <string.h>

#define METADATA_NAME "metadata.json"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static int say(struct found_build *found, enum found_stored what, const char *text)
{
    snprintf(found->remark, sizeof found->remark, "%s", text);
    return (int)what;
}

static void take_facts(struct found_build *found, json_t *facts, const char *from)
{
    json_decref(found->facts);
    found->facts = facts;
    found->facts_from = from;
}

/* --- the stored metadata ------------------------------------------------------------------------------------------ */

static int read_stored(struct koji_session *session, const json_t *build, struct cg_bytes *text,
                       struct found_build *found, struct cg_error *err)
{
    const char *parts[KOJI_BUILD_PARTS + 1];
    struct cg_error why = {0};
    size_t count = koji_build_directory(build, parts);
    parts[count++] = METADATA_NAME;
    int read = koji_stored_file_read(session, parts, count, FOUND_METADATA_MAX, text, &why, err);
    if (read < 0)
        return -1;
    if (why.code == CG_E_INTERRUPTED)
        return cg_fail(err, CG_E_INTERRUPTED, "%s", why.message);
    switch ((enum koji_stored_file)read) {
    case KOJI_FILE_READ:
        return FOUND_STORED;
    case KOJI_FILE_ABSENT:
        return say(found, FOUND_ABSENT, why.message);
    case KOJI_FILE_TOO_LONG:
        return say(found, FOUND_OTHER, "the stored " METADATA_NAME " is larger than any metadata");
    case KOJI_FILE_UNREADABLE:
        break;
    }
    return say(found, FOUND_UNREADABLE, why.message);
}

static int sha256_of(const struct cg_bytes *text, char sha256[65], struct cg_error *err)
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    struct cg_digests digests;
    if (!digest || cg_digest_update(digest, cg_bytes_text(text), text->size, err) < 0 ||
        cg_digest_read(digest, &digests, err) < 0)
        return -1;
    memcpy(sha256, digests.sha256, 65);
    return 0;
}

/* Does the document name this build? */
static int names_build(const json_t *document, const json_t *build, struct cg_error *err)
{
    const json_t *named = json_object_get(document, "build");
    CG_AUTO_FREE char *release = koji_target_release(text_of(build, "release"), err);
    if (!release)
        return -1;
    return strcmp(text_of(named, "name"), text_of(build, "name")) == 0 &&
           strcmp(text_of(named, "version"), text_of(build, "version")) == 0 &&
           strcmp(text_of(named, "release"), release) == 0;
}

/* What is ambiguous in the text was so for the hub, too, which took the last of two as is done here. */
static int make_facts(const struct cg_bytes *text, const json_t *build, struct found_build *found, struct cg_error *err)
{
    struct cg_error why = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(err);
    if (!report)
        return -1;
    CG_AUTO_JSON json_t *document = cg_json_read(cg_bytes_text(text), text->size, report, &why);
    json_t *facts = document ? cg_provenance_facts(document, &why) : NULL;
    if (!facts && why.code == CG_E_MEMORY)
        return cg_fail_memory(err);
    int named = facts ? names_build(document, build, err) : 0;
    if (named <= 0) {
        json_decref(facts);
        return named < 0 ? -1 : say(found, FOUND_OTHER, "the stored " METADATA_NAME " is no document of this build");
    }
    take_facts(found, facts, "metadata");
    return FOUND_STORED;
}

int found_build_stored(struct koji_session *session, const json_t *build, const char *sha256, struct found_build *found,
                       struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    char stored[65];
    snprintf(found->metadata_sha256, sizeof found->metadata_sha256, "%s", sha256 ? sha256 : "");
    found->remark[0] = '\0';
    int read = read_stored(session, build, &text, found, err);
    if (read != FOUND_STORED)
        return read;
    if (sha256_of(&text, stored, err) < 0)
        return -1;
    if (sha256 && strcmp(sha256, stored) != 0) {
        snprintf(found->remark, sizeof found->remark,
                 "the stored " METADATA_NAME " has sha256 %s, what was imported had %.64s", stored, sha256);
        return FOUND_OTHER;
    }
    int made = make_facts(&text, build, found, err);
    if (made == FOUND_STORED)
        memcpy(found->metadata_sha256, stored, sizeof stored);
    return made;
}

/* --- where there are none ----------------------------------------------------------------------------------------- */

int found_build_of_hub(struct koji_session *session, const json_t *build, const char *content_generator,
                       struct found_build *found, struct cg_error *err)
{
    CG_AUTO_JSON json_t *document = koji_build_document(session, build, content_generator, err);
    json_t *facts = document ? cg_provenance_facts(document, err) : NULL;
    if (!facts)
        return -1;
    take_facts(found, facts, "hub");
    return 0;
}

int found_build_of_event(const json_t *event, struct found_build *found, struct cg_error *err)
{
    CG_AUTO_NVR struct cg_nvr nvr = {0};
    if (cg_nvr_parse(text_of(event, "nvr"), &nvr, err) != 0)
        return -1;
    CG_AUTO_FREE char *release = koji_target_release(nvr.release, err);
    if (!release)
        return -1;
    const json_t *outputs = json_object_get(json_object_get(event, "detail"), "outputs");
    CG_AUTO_JSON json_t *document =
        json_pack("{s:{s:s, s:s, s:s}, s:[{s:{s:s}}], s:o}", "build", "name", nvr.name, "version", nvr.version,
                  "release", release, "buildroots", "content_generator", "name", text_of(event, "content_generator"),
                  "output", json_is_array(outputs) ? json_deep_copy(outputs) : json_array());
    json_t *facts = document ? cg_provenance_facts(document, err) : NULL;
    if (!facts)
        return document ? -1 : cg_fail_memory(err);
    take_facts(found, facts, "event");
    return 0;
}

void found_build_for_store(const struct found_build *found, struct store_found_build *for_store)
{
    for_store->facts = found->facts;
    for_store->facts_from = found->facts_from;
    for_store->metadata_sha256 = found->metadata_sha256[0] ? found->metadata_sha256 : NULL;
    for_store->remark = found->remark[0] ? found->remark : NULL;
}

void found_build_finish(struct found_build *found)
{
    json_decref(found->facts);
    *found = (struct found_build){0};
}
