/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit_hub.h"
#include "output.h"
#include "service_import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cg/digest.h"
#include "cg/json.h"
#include "koji/content_generator.h"
#include "koji/stored_file.h"

/* What an import puts into metadata.json besides: build_id and draft. */
#define PUT_IN_BYTES_MAX 64U
#define PUT_IN_MAX 2

/* One build being compared. */
struct compared {
    struct audit_hub *hub;
    struct koji_session *session;
    const json_t *leaf;
    struct koji_build build;
    uint64_t differences;
};

/* Does the hub's record tell with this leaf that the build's files went? */
static bool tells_end(const json_t *leaf)
{
    const json_t *to = json_object_get(json_object_get(json_object_get(leaf, "detail"), "told"), "new");
    return strcmp(service_import_text(leaf, "type"), "hub-state") == 0 &&
           (json_integer_value(to) == KOJI_BUILD_DELETED || json_integer_value(to) == KOJI_BUILD_CANCELED);
}

/* Is the leaf about a build on the hub that is compared? 1, 0, or -1 with CG_E_MEMORY. Build ids of two hubs are alike.
 */
static int is_of_hub(struct audit_hub *hub, const json_t *leaf, struct cg_error *err)
{
    const char *name = service_import_text(json_object_get(leaf, "koji"), "hub");
    if (hub->name)
        return strcmp(name, hub->name) == 0;
    char **kept = !hub->first ? &hub->first : &hub->other;
    if (*kept || (hub->first && strcmp(name, hub->first) == 0))
        return 1;
    *kept = strdup(name);
    return *kept ? 1 : cg_fail_memory(err);
}

/* An import of another client is told by the hub's record alone; of our own our leaf says more. */
int audit_hub_take_leaf(struct audit_hub *hub, const void *data, size_t size, struct cg_error *err)
{
    CG_AUTO_JSON json_t *leaf = json_loadb(data, size, 0, NULL);
    json_int_t build_id = json_integer_value(json_object_get(json_object_get(leaf, "koji"), "build_id"));
    const char *type = service_import_text(leaf, "type");
    bool others = strcmp(type, "hub-import") == 0;
    char key[32];
    if (build_id <= 0 || (strcmp(type, "imported") != 0 && !others && !tells_end(leaf)))
        return 0;
    int ours = is_of_hub(hub, leaf, err);
    if (ours <= 0)
        return ours;
    if (!hub->imported && !(hub->imported = json_object()))
        return cg_fail_memory(err);
    snprintf(key, sizeof key, "%" JSON_INTEGER_FORMAT, build_id);
    const json_t *before = json_object_get(hub->imported, key);
    if (tells_end(leaf)) {
        json_object_del(hub->imported, key);
        return 0;
    }
    if (others && before && strcmp(service_import_text(before, "type"), "imported") == 0)
        return 0;
    return json_object_set(hub->imported, key, leaf) < 0 ? cg_fail_memory(err) : 0;
}

/* Tells a difference of this build. 0, or -1 with CG_E_MEMORY. */
static int differs(struct compared *compared, const char *what, const char *name, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes line = {0};
    compared->differences++;
    if (cg_bytes_printf(&line, err, "%s: %s%s%s", service_import_text(compared->leaf, "nvr"), name, name[0] ? " " : "",
                        what) < 0)
        return -1;
    output_text(stderr, 0, cg_bytes_text(&line));
    return 0;
}

/* --- metadata.json -------------------------------------------------------------------------------------------------
 */

static int is_metadata(const struct compared *compared, const struct cg_bytes *text, struct cg_error *err)
{
    struct cg_digests digests;
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    if (!digest || cg_digest_update(digest, cg_bytes_text(text), text->size, err) < 0 ||
        cg_digest_read(digest, &digests, err) < 0)
        return -1;
    return strcmp(digests.sha256, service_import_text(compared->leaf, "metadata_sha256")) == 0;
}

/* Takes a member that an import put in as the first of the build out of the text (import/metadata_edit.h). */
static bool take_out(struct cg_bytes *text)
{
    static const char *const names[] = {"\"build_id\": ", "\"draft\": "};
    size_t start, end;
    if (cg_json_locate(cg_bytes_text(text), text->size, "/build", &start, &end, NULL) != 1)
        return false;
    char *first = text->data + start + 1;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *comma = strncmp(first, names[i], strlen(names[i])) == 0 ? strstr(first, ", ") : NULL;
        if (!comma)
            continue;
        size_t cut = (size_t)(comma + 2 - first);
        memmove(first, comma + 2, text->size - start - 1 - cut + 1);
        text->size -= cut;
        return true;
    }
    return false;
}

static int compare_metadata(struct compared *compared, struct cg_error *err)
{
    const char *parts[7];
    size_t count = koji_build_directory(compared->build.json, parts);
    parts[count++] = "metadata.json";
    CG_AUTO_BYTES struct cg_bytes text = {0};
    struct cg_error why = {0};
    const json_t *told = json_object_get(compared->leaf, "metadata_size");
    size_t most = told ? (size_t)json_integer_value(told) + PUT_IN_BYTES_MAX : CG_JSON_SIZE_MAX;
    int found = koji_stored_file_read(compared->session, parts, count, most, &text, &why, err);
    if (found < 0)
        return -1;
    if (found >= KOJI_FILE_ABSENT)
        return differs(compared, "cannot be read", "metadata.json", err);
    int same = found == KOJI_FILE_READ ? is_metadata(compared, &text, err) : 0;
    for (int i = 0; i < PUT_IN_MAX && same == 0 && found == KOJI_FILE_READ && take_out(&text); i++)
        same = is_metadata(compared, &text, err);
    if (same < 0)
        return -1;
    return same ? 0 : differs(compared, "is another than was imported", "metadata.json", err);
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

static const json_t *by_name(const json_t *list, const char *member, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        if (strcmp(service_import_text(one, member), name) == 0)
            return one;
    }
    return NULL;
}

/* Where an archive lies below its build (koji.PathInfo.typedir); false for kinds that lie elsewhere. */
static bool archive_parts(const json_t *archive, const char **parts, size_t *count)
{
    const char *btype = service_import_text(archive, "btype");
    if (strcmp(btype, "maven") == 0 || strcmp(btype, "win") == 0 || !btype[0])
        return false;
    if (strcmp(btype, "image") == 0) {
        parts[(*count)++] = "images";
    } else {
        parts[(*count)++] = "files";
        parts[(*count)++] = btype;
    }
    parts[(*count)++] = service_import_text(archive, "filename");
    return true;
}

enum found {
    FOUND_ANOTHER,
    FOUND_SAME,
    FOUND_UNREADABLE,
};

/* Hashes one file of the hub and holds it against what the leaf says of the output: enum found, or -1 with an error. */
static int is_output(struct compared *compared, const json_t *output, const char *const *parts, size_t count,
                     struct cg_error *err)
{
    struct cg_digests digests = {0};
    struct cg_error why = {0};
    int found =
        koji_stored_file_digest(compared->session, parts, count, CG_DIGEST_MD5 | CG_DIGEST_SHA256, &digests, &why, err);
    if (found < 0)
        return -1;
    if (found != KOJI_FILE_READ)
        return FOUND_UNREADABLE;
    const char *sha256 = service_import_text(output, "sha256"), *md5 = service_import_text(output, "md5");
    bool same = digests.size_bytes == (uint64_t)json_integer_value(json_object_get(output, "size")) &&
                (!sha256[0] || strcmp(sha256, digests.sha256) == 0) && (!md5[0] || strcmp(md5, digests.md5) == 0) &&
                (sha256[0] || md5[0]);
    return same ? FOUND_SAME : FOUND_ANOTHER;
}

/* Tells what is_output() found. */
static int tell_output(struct compared *compared, const json_t *output, int found, struct cg_error *err)
{
    const char *name = service_import_text(output, "name");
    if (found < 0)
        return -1;
    if (found == FOUND_UNREADABLE)
        return differs(compared, "cannot be read", name, err);
    compared->hub->files++;
    return found == FOUND_ANOTHER ? differs(compared, "is another than was imported", name, err) : 0;
}

/* Logs lie below data/logs, in the directory that the hub names: "." or an architecture. As is_output(). */
static int is_log(struct compared *compared, const json_t *output, const json_t *log, struct cg_error *err)
{
    const char *parts[16];
    size_t count = koji_build_directory(compared->build.json, parts);
    CG_AUTO_FREE char *directory = strdup(service_import_text(log, "dir"));
    if (!directory)
        return cg_fail_memory(err);
    parts[count++] = "data";
    parts[count++] = "logs";
    char *rest = NULL;
    for (char *part = strtok_r(directory, "/", &rest); part && count < 14; part = strtok_r(NULL, "/", &rest))
        if (strcmp(part, ".") != 0)
            parts[count++] = part;
    parts[count++] = service_import_text(log, "name");
    return is_output(compared, output, parts, count, err);
}

/* Of logs of one name, one of each architecture, it is enough that one is it: the leaf does not say where the hub put
 * it. */
static int compare_logs(struct compared *compared, const json_t *output, const json_t *logs, const char *name,
                        struct cg_error *err)
{
    int found = FOUND_UNREADABLE;
    size_t i;
    json_t *log;
    json_array_foreach(logs, i, log)
    {
        if (found == FOUND_SAME || found < 0 || strcmp(service_import_text(log, "name"), name) != 0)
            continue;
        int is = is_log(compared, output, log, err);
        found = is == FOUND_UNREADABLE ? found : is;
    }
    return tell_output(compared, output, found, err);
}

static int compare_output(struct compared *compared, const json_t *output, const struct koji_build_files *files,
                          struct cg_error *err)
{
    const char *name = service_import_text(output, "name"), *base = strrchr(name, '/');
    const char *parts[16];
    size_t count = koji_build_directory(compared->build.json, parts);
    base = base ? base + 1 : name;
    const json_t *archive = by_name(files->archives, "filename", base);
    if (archive && archive_parts(archive, parts, &count))
        return tell_output(compared, output, is_output(compared, output, parts, count, err), err);
    if (!archive && by_name(files->logs, "name", base))
        return compare_logs(compared, output, files->logs, base, err);
    size_t length = strlen(base);
    if (archive || (length > 4 && strcmp(base + length - 4, ".rpm") == 0)) {
        compared->hub->passed_over++;
        return 0;
    }
    return differs(compared, "is not on the hub", name, err);
}

/* What is there and was not imported is a change of the record, too. */
static int find_added(struct compared *compared, const json_t *outputs, const json_t *archives, struct cg_error *err)
{
    size_t i;
    json_t *archive;
    json_array_foreach(archives, i, archive)
    {
        const char *name = service_import_text(archive, "filename");
        if (!by_name(outputs, "name", name) && differs(compared, "is on the hub and was not imported", name, err) < 0)
            return -1;
    }
    return 0;
}

static int compare_files(struct compared *compared, struct cg_error *err)
{
    const json_t *outputs = json_object_get(compared->leaf, "outputs");
    AUTO_KOJI_BUILD_FILES struct koji_build_files files = {0};
    if (!json_is_array(outputs)) {
        /* Too many to be in the leaf: the metadata, which names them all, was compared. */
        compared->hub->passed_over += (uint64_t)json_integer_value(json_object_get(compared->leaf, "outputs_count"));
        return 0;
    }
    if (koji_build_files_read(compared->session, compared->build.build_id, KOJI_WITHOUT_RPMS, &files, err) < 0)
        return -1;
    size_t i;
    json_t *output;
    json_array_foreach(outputs, i, output)
    {
        if (compare_output(compared, output, &files, err) < 0)
            return -1;
    }
    return find_added(compared, outputs, files.archives, err);
}

/* --- builds --------------------------------------------------------------------------------------------------------
 */

static int compare_build(struct compared *compared, struct cg_error *err)
{
    const json_t *koji = json_object_get(compared->leaf, "koji");
    json_int_t build_id = json_integer_value(json_object_get(koji, "build_id"));
    compared->hub->builds++;
    int found = koji_get_build_by_id(compared->session, build_id, &compared->build, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return differs(compared, "the build is not on the hub", "", err);
    if (compared->build.state != KOJI_BUILD_COMPLETE)
        return differs(compared, "the build is not complete", "", err);
    if (compare_metadata(compared, err) < 0)
        return -1;
    return compare_files(compared, err);
}

static int compare_all(struct audit_hub *hub, struct koji_session *session, struct cg_error *err)
{
    uint64_t differences = 0, different = 0;
    const char *key;
    json_t *leaf;
    json_object_foreach(hub->imported, key, leaf)
    {
        struct compared compared = {.hub = hub, .session = session, .leaf = leaf};
        int result = compare_build(&compared, err);
        koji_build_finish(&compared.build);
        if (result < 0)
            return -1;
        differences += compared.differences;
        different += compared.differences > 0;
    }
    if (differences > 0)
        return cg_fail(err, CG_E_DIFFERS,
                       "%" PRIu64 " of the %" PRIu64 " imported builds differ on the hub, in %" PRIu64 " things",
                       different, hub->builds, differences);
    return 0;
}

int audit_hub_compare(struct audit_hub *hub, const struct connection *connection, struct cg_error *err)
{
    if (hub->other) {
        cg_fail(err, CG_E_USAGE, "the log tells of builds on several hubs, \"%s\" and \"%s\" among them", hub->first,
                hub->other);
        return cg_hint(err, "say which of them is compared: --hub-name %s", hub->first);
    }
    if (hub->name && !hub->imported)
        return cg_fail(err, CG_E_USAGE, "the log tells of no build on a hub \"%s\"", hub->name);
    struct connection anonymous = *connection;
    anonymous.anonymous = true;
    AUTO_KOJI_PROFILE struct koji_profile *profile = connection_profile(&anonymous, err);
    const struct koji_session_options options = {0};
    AUTO_KOJI_SESSION struct koji_session *session = profile ? koji_session_create(profile, &options, err) : NULL;
    return session ? compare_all(hub, session, err) : -1;
}

void audit_hub_finish(struct audit_hub *hub)
{
    json_decref(hub->imported);
    free(hub->first);
    free(hub->other);
    *hub = (struct audit_hub){0};
}
