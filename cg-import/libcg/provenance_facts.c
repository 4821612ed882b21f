/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/provenance.h"

#include "cg/canon.h"
#include "cg/digest.h"
#include "rules.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* Facts being made. What memory was missing for is remembered and said once, at the end. */
struct making {
    json_t *facts;
    json_t *components; /* borrowed from facts */
    json_t *seen;       /* digest of a component to its index */
    bool failed;
};

/* Sets a member; `value` is stolen, NULL when there was no memory for it. Borrowed; NULL when it is not there. */
static json_t *put(struct making *m, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) == 0)
        return value;
    m->failed = true;
    return NULL;
}

static json_t *add(struct making *m, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) == 0)
        return value;
    m->failed = true;
    return NULL;
}

/* Copies a text that is there and not empty. */
static void copy_text(struct making *m, json_t *to, const char *name, const json_t *from)
{
    const char *text = json_string_value(from);
    if (text && *text)
        put(m, to, name, json_string(text));
}

/* Numbers, and texts that the hub takes for one, as whole ones: generators write times as both, and with fractions. */
static void copy_number(struct making *m, json_t *to, const char *name, const json_t *from)
{
    double number = json_number_value(from);
    const char *text = json_string_value(from);
    if (text ? !rules_python_float(text, &number) : !json_is_number(from))
        return;
    if (isfinite(number) && fabs(number) < 9e15)
        put(m, to, name, json_integer((json_int_t)floor(number)));
}

/* Copies the texts of an array; nothing when there is none. */
static void copy_texts(struct making *m, json_t *to, const char *name, const json_t *from)
{
    json_t *texts = json_array();
    size_t i;
    json_t *text;
    json_array_foreach(from, i, text)
    {
        if (json_is_string(text))
            add(m, texts, json_incref(text));
    }
    if (json_array_size(texts) > 0)
        put(m, to, name, texts);
    else
        json_decref(texts);
}

/* Copies the members of an object that are texts: {"media type": "digest"}. */
static void copy_digests(struct making *m, json_t *to, const char *name, const json_t *from)
{
    json_t *digests = json_object();
    const char *media_type;
    json_t *digest;
    json_object_foreach((json_t *)(uintptr_t)from, media_type, digest)
    {
        if (json_is_string(digest))
            put(m, digests, media_type, json_incref(digest));
    }
    if (json_object_size(digests) > 0)
        put(m, to, name, digests);
    else
        json_decref(digests);
}

/* --- components -------------------------------------------------------------------------------------------------- */

static int digest_of(const json_t *component, struct cg_digests *digests, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes text = {0};
    if (cg_canon(component, &text, err) != 0)
        return -1;
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, err);
    if (!digest || cg_digest_update(digest, text.data, text.size, err) != 0)
        return -1;
    return cg_digest_read(digest, digests, err);
}

/* Puts the component among the distinct ones and its index into `indexes`. */
static int take_component(struct making *m, json_t *indexes, json_t *component, struct cg_error *err)
{
    struct cg_digests digests;
    if (digest_of(component, &digests, err) != 0)
        return -1;
    const json_t *known = json_object_get(m->seen, digests.sha256);
    if (!known) {
        known = put(m, m->seen, digests.sha256, json_integer((json_int_t)json_array_size(m->components)));
        add(m, m->components, json_pack("{s:s, s:O}", "digest", digests.sha256, "component", component));
    }
    add(m, indexes, json_integer(json_integer_value(known)));
    return 0;
}

/* "components" of a buildroot or output; cosa writes "" for none. */
static int take_components(struct making *m, json_t *to, const json_t *holder, struct cg_error *err)
{
    json_t *indexes = put(m, to, "components", json_array());
    size_t i;
    json_t *component;
    json_array_foreach(json_object_get(holder, "components"), i, component)
    {
        if (json_is_object(component) && take_component(m, indexes, component, err) != 0)
            return -1;
    }
    return 0;
}

/* --- the build --------------------------------------------------------------------------------------------------- */

/* "URL#commit"; a source without # is a URL alone. */
static void take_source(struct making *m, const json_t *build)
{
    const char *source = json_string_value(json_object_get(build, "source"));
    if (!source || !*source)
        return;
    const char *mark = strrchr(source, '#');
    size_t url_size = mark ? (size_t)(mark - source) : strlen(source);
    put(m, m->facts, "source", json_string(source));
    if (url_size > 0)
        put(m, m->facts, "source_url", json_stringn(source, url_size));
    if (mark && mark[1])
        put(m, m->facts, "source_commit", json_string(mark + 1));
}

/* Names of the build types: members of extra.typeinfo and the three that koji knew before it. */
static void take_types(struct making *m, const json_t *extra)
{
    static const char *const legacy[] = {"image", "maven", "win"};
    json_t *types = put(m, m->facts, "types", json_array());
    const char *name;
    json_t *unused;
    json_object_foreach(json_object_get(extra, "typeinfo"), name, unused)
    {
        add(m, types, json_string(name));
    }
    for (size_t i = 0; i < sizeof legacy / sizeof legacy[0]; i++)
        if (json_object_get(extra, legacy[i]) && !json_object_get(json_object_get(extra, "typeinfo"), legacy[i]))
            add(m, types, json_string(legacy[i]));
}

/* Koji's task of the build, under either of the names that generators use; osbuild-composer writes 0 for none. */
static void take_task(struct making *m, const json_t *build, const json_t *extra)
{
    const json_t *own = json_object_get(build, "task_id");
    const json_t *task = json_integer_value(own) > 0 ? own : json_object_get(extra, "container_koji_task_id");
    json_int_t id = json_is_string(task) ? strtoll(json_string_value(task), NULL, 10) : json_integer_value(task);
    if (id > 0)
        put(m, m->facts, "task_id", json_integer(id));
}

static void take_build(struct making *m, const json_t *build, const json_t *extra)
{
    const char *name = json_string_value(json_object_get(build, "name"));
    const char *version = json_string_value(json_object_get(build, "version"));
    const char *release = json_string_value(json_object_get(build, "release"));
    put(m, m->facts, "nvr", json_sprintf("%s-%s-%s", name, version, release));
    put(m, m->facts, "name", json_string(name));
    put(m, m->facts, "version", json_string(version));
    put(m, m->facts, "release", json_string(release));
    if (json_is_integer(json_object_get(build, "epoch")))
        put(m, m->facts, "epoch", json_incref(json_object_get(build, "epoch")));
    take_types(m, extra);
    take_source(m, build);
    copy_text(m, m->facts, "owner", json_object_get(build, "owner"));
    copy_text(m, m->facts, "submitter", json_object_get(extra, "submitter"));
    take_task(m, build, extra);
    copy_number(m, m->facts, "start_time", json_object_get(build, "start_time"));
    copy_number(m, m->facts, "end_time", json_object_get(build, "end_time"));
}

/* --- where it came from ------------------------------------------------------------------------------------------ */

static void add_parent(struct making *m, json_t *parents, const char *pullspec, const json_t *parent,
                       json_int_t base_id)
{
    const json_t *id = json_object_get(parent, "id");
    bool is_base = json_is_integer(id) && json_integer_value(id) == base_id;
    json_t *entry = json_pack("{s:s}", "kind", is_base ? "base" : "image");
    copy_text(m, entry, "nvr", json_object_get(parent, "nvr"));
    if (json_integer_value(id) > 0)
        put(m, entry, "build_id", json_integer(json_integer_value(id)));
    put(m, entry, "pullspec", json_string(pullspec));
    add(m, parents, entry);
}

/* Is there a parent whose pull spec is this one, possibly behind the name of a registry? */
static bool has_parent(const json_t *parents, const char *pullspec)
{
    size_t i, size = strlen(pullspec);
    const json_t *parent;
    json_array_foreach(parents, i, parent)
    {
        const char *known = json_string_value(json_object_get(parent, "pullspec"));
        size_t known_size = known ? strlen(known) : 0;
        if (!known || known_size < size || strcmp(known + known_size - size, pullspec) != 0)
            continue;
        if (known_size == size || known[known_size - size - 1] == '/')
            return true;
    }
    return false;
}

/* Images that the build was made from (atomic-reactor). The base image is the one whose build is parent_build_id. */
static void take_parents(struct making *m, const json_t *image)
{
    json_t *parents = put(m, m->facts, "parents", json_array());
    const char *pullspec;
    json_t *parent;
    json_int_t base_id = json_integer_value(json_object_get(image, "parent_build_id"));
    bool has_base = false;
    json_object_foreach(json_object_get(image, "parent_image_builds"), pullspec, parent)
    {
        add_parent(m, parents, pullspec, parent, base_id);
        has_base |= base_id > 0 && json_integer_value(json_object_get(parent, "id")) == base_id;
    }
    if (base_id > 0 && !has_base)
        add(m, parents, json_pack("{s:s, s:I}", "kind", "base", "build_id", base_id));
    size_t i;
    json_array_foreach(json_object_get(image, "parent_images"), i, parent)
    {
        pullspec = json_string_value(parent);
        if (pullspec && !has_parent(parents, pullspec))
            add_parent(m, parents, pullspec, NULL, base_id);
    }
}

static void take_remote_sources(struct making *m, const json_t *image, const json_t *typeinfo)
{
    json_t *sources = put(m, m->facts, "remote_sources", json_array());
    size_t i;
    json_t *source;
    const json_t *list = json_object_get(image, "remote_sources");
    if (!json_is_array(list))
        list = json_object_get(typeinfo, "remote-sources");
    json_array_foreach(list, i, source)
    {
        json_t *entry = add(m, sources, json_object());
        copy_text(m, entry, "name", json_object_get(source, "name"));
        copy_text(m, entry, "url", json_object_get(source, "url"));
    }
    const char *one = json_string_value(json_object_get(image, "remote_source_url"));
    if (one && json_array_size(sources) == 0)
        add(m, sources, json_pack("{s:s}", "url", one));
}

/* The image of all architectures. */
static void take_index(struct making *m, const json_t *index)
{
    json_t *entry = json_object();
    copy_digests(m, entry, "manifests", json_object_get(index, "digests"));
    copy_texts(m, entry, "pull", json_object_get(index, "pull"));
    copy_texts(m, entry, "tags", json_object_get(index, "tags"));
    copy_texts(m, entry, "floating_tags", json_object_get(index, "floating_tags"));
    if (json_object_size(entry) > 0)
        put(m, m->facts, "index", entry);
    else
        json_decref(entry);
}

/* --- buildroots and outputs -------------------------------------------------------------------------------------- */

/* An id is an integer or, with atomic-reactor, a host name. */
static void copy_id(struct making *m, json_t *to, const char *name, const json_t *id)
{
    if (json_is_string(id) || json_is_integer(id))
        put(m, to, name, json_incref((json_t *)(uintptr_t)id));
}

static void copy_pair(struct making *m, json_t *to, const char *name, const json_t *from, const char *first,
                      const char *second)
{
    json_t *pair = name ? put(m, to, name, json_object()) : add(m, to, json_object());
    copy_text(m, pair, first, json_object_get(from, first));
    copy_text(m, pair, second, json_object_get(from, second));
}

/* The build's own content generators: those of its buildroots, each once. */
static void note_generator(struct making *m, const json_t *generator)
{
    json_t *known = json_object_get(m->facts, "content_generators");
    size_t i;
    const json_t *other;
    json_array_foreach(known, i, other)
    {
        if (json_equal(other, generator))
            return;
    }
    add(m, known, json_deep_copy(generator));
}

static int take_buildroot(struct making *m, json_t *buildroots, const json_t *buildroot, struct cg_error *err)
{
    json_t *entry = add(m, buildroots, json_object());
    copy_id(m, entry, "id", json_object_get(buildroot, "id"));
    copy_pair(m, entry, "host", json_object_get(buildroot, "host"), "os", "arch");
    copy_pair(m, entry, "container", json_object_get(buildroot, "container"), "type", "arch");
    copy_pair(m, entry, "content_generator", json_object_get(buildroot, "content_generator"), "name", "version");
    note_generator(m, json_object_get(entry, "content_generator"));
    json_t *tools = put(m, entry, "tools", json_array());
    size_t i;
    const json_t *tool;
    json_array_foreach(json_object_get(buildroot, "tools"), i, tool)
    {
        copy_pair(m, tools, NULL, tool, "name", "version");
    }
    return take_components(m, entry, buildroot, err);
}

/* What extra.docker says of one image. */
static void take_image(struct making *m, json_t *entry, const json_t *docker)
{
    json_t *image = put(m, entry, "image", json_object());
    copy_text(m, image, "config_id", json_object_get(docker, "id"));
    copy_text(m, image, "parent_id", json_object_get(docker, "parent_id"));
    copy_digests(m, image, "manifests", json_object_get(docker, "digests"));
    copy_texts(m, image, "pull", json_object_get(docker, "repositories"));
    copy_texts(m, image, "tags", json_object_get(docker, "tags"));
}

static void take_path(struct making *m, json_t *entry, const json_t *output)
{
    const char *filename = json_string_value(json_object_get(output, "filename"));
    const char *relpath = json_string_value(json_object_get(output, "relpath"));
    if (filename && relpath && *relpath)
        put(m, entry, "path", json_sprintf("%s/%s", relpath, filename));
    else
        copy_text(m, entry, "path", json_object_get(output, "filename"));
}

static int take_output(struct making *m, json_t *outputs, const json_t *output, struct cg_error *err)
{
    json_t *entry = add(m, outputs, json_object());
    put(m, entry, "position", json_integer((json_int_t)json_array_size(outputs) - 1));
    take_path(m, entry, output);
    copy_text(m, entry, "type", json_object_get(output, "type"));
    copy_text(m, entry, "arch", json_object_get(output, "arch"));
    copy_number(m, entry, "size_bytes", json_object_get(output, "filesize"));
    copy_text(m, entry, "checksum_type", json_object_get(output, "checksum_type"));
    copy_text(m, entry, "checksum", json_object_get(output, "checksum"));
    copy_id(m, entry, "buildroot_id", json_object_get(output, "buildroot_id"));
    const json_t *docker = json_object_get(json_object_get(output, "extra"), "docker");
    if (json_is_object(docker))
        take_image(m, entry, docker);
    return take_components(m, entry, output, err);
}

/* Calls `take` for each object of an array of the document and puts what it makes under `name`. */
static int take_each(struct making *m, const char *name, const json_t *from,
                     int (*take)(struct making *, json_t *, const json_t *, struct cg_error *), struct cg_error *err)
{
    json_t *list = put(m, m->facts, name, json_array());
    size_t i;
    const json_t *one;
    json_array_foreach(from, i, one)
    {
        if (take(m, list, one, err) != 0)
            return -1;
    }
    return 0;
}

static bool is_document(const json_t *document, const json_t *build)
{
    return json_is_string(json_object_get(build, "name")) && json_is_string(json_object_get(build, "version")) &&
           json_is_string(json_object_get(build, "release")) &&
           json_is_array(json_object_get(document, "buildroots")) && json_is_array(json_object_get(document, "output"));
}

static int take_all(struct making *m, const json_t *document, struct cg_error *err)
{
    const json_t *build = json_object_get(document, "build"), *extra = json_object_get(build, "extra");
    const json_t *image = json_object_get(extra, "image");
    take_build(m, build, extra);
    take_parents(m, image);
    take_remote_sources(m, image, json_object_get(extra, "typeinfo"));
    take_index(m, json_object_get(image, "index"));
    put(m, m->facts, "content_generators", json_array());
    m->components = put(m, m->facts, "components", json_array());
    if (take_each(m, "buildroots", json_object_get(document, "buildroots"), take_buildroot, err) != 0)
        return -1;
    return take_each(m, "outputs", json_object_get(document, "output"), take_output, err);
}

json_t *cg_provenance_facts(const json_t *document, struct cg_error *err)
{
    if (!is_document(document, json_object_get(document, "build"))) {
        cg_fail(err, CG_E_SYNTAX,
                "no content-generator metadata: expected build.name, build.version, build.release, "
                "buildroots and output");
        return NULL;
    }
    CG_AUTO_JSON json_t *facts = json_object();
    CG_AUTO_JSON json_t *seen = json_object();
    struct making m = {.facts = facts, .seen = seen, .failed = !facts || !seen};
    if (take_all(&m, document, err) != 0)
        return NULL;
    if (m.failed) {
        cg_fail_memory(err);
        return NULL;
    }
    return CG_STEAL(facts);
}
