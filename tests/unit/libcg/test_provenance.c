/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "allocation.h"
#include "quoted.h"
#include "unit.h"

#include "cg/json.h"
#include "cg/provenance.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define RPM(name, version)                                                                                             \
    "{'type': 'rpm', 'name': '" name "', 'version': '" version "', 'release': '1', 'arch': 'noarch'}"

static const char document_text[] =
    "{'metadata_version': 0, 'build': {'name': 'hello', 'version': '1.0', 'release': '7', 'epoch': 2, 'owner': 'jdoe',"
    " 'source': 'git://x/y#z#5cb4', 'start_time': '1740830400.75', 'end_time': 1740833127, 'extra': {'submitter': "
    "'osbs',"
    " 'container_koji_task_id': 65888573, 'typeinfo': {'icm': {}}, 'image': {'parent_build_id': 20,"
    " 'parent_image_builds': {'reg/ubi:9': {'id': 20, 'nvr': 'ubi-9-1'}, 'reg/go:1': null}, 'parent_images': ['go:1',"
    " 'scratch'], 'remote_sources': [{'name': null, 'url': 'u'}], 'index': {'digests': {'list': 'sha256:1'}, 'pull':"
    " ['reg/hello@sha256:1'], 'tags': []}}}},"
    " 'buildroots': [{'id': 'host', 'host': {'os': null, 'arch': 'x86_64'}, 'container': {'type': 'none', 'arch':"
    " 'x86_64'}, 'content_generator': {'name': 'atomic-reactor', 'version': '4'}, 'tools': [{'name': 'podman',"
    " 'version': '4'}], 'components': [" RPM("gcc", "1") ", " RPM(
        "bash", "1") "]}],"
                     " 'output': [{'filename': 'a.tar', 'relpath': 'sub', 'filesize': 5, 'checksum': 'ab', "
                     "'checksum_type': 'md5', 'arch':"
                     " 'x86_64', 'type': 'docker-image', 'buildroot_id': 'host', 'components': [" RPM(
                         "bash", "1") ", {'type': 'kojifile', 'filename': 'l.jar', 'nvr': 'lib-1-1', 'archive_id': "
                                      "3}], 'extra': {'docker': {'id':"
                                      " 'sha256:c', 'parent_id': 'sha256:p', 'repositories': ['reg/hello:1'], "
                                      "'digests': {'v2': 'sha256:m'}, 'tags':"
                                      " ['1']}}}, {'filename': 'x.log', 'filesize': 1, 'checksum': 'cd', "
                                      "'checksum_type': 'md5', 'arch': 'noarch', 'type':"
                                      " 'log', 'buildroot_id': 'host', 'components': ''}]}";

static json_t *facts_of(const char *text)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *document = quoted_json(text);
    json_t *facts = cg_provenance_facts(document, &err);
    assert_string_equal(err.message, "");
    return facts;
}

static void assert_json(const json_t *value, const char *expected)
{
    CG_AUTO_JSON json_t *wanted = quoted_json(expected);
    CG_AUTO_FREE char *got = json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    CG_AUTO_FREE char *text = json_dumps(wanted, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    assert_string_equal(got, text);
}

static void tells_what_a_document_says(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *facts = facts_of(document_text);
    assert_json(json_object_get(facts, "parents"),
                "[{'kind': 'base', 'nvr': 'ubi-9-1', 'build_id': 20, 'pullspec': 'reg/ubi:9'},"
                " {'kind': 'image', 'pullspec': 'reg/go:1'}, {'kind': 'image', 'pullspec': 'scratch'}]");
    assert_json(json_object_get(facts, "remote_sources"), "[{'url': 'u'}]");
    assert_json(json_object_get(facts, "index"), "{'manifests': {'list': 'sha256:1'}, 'pull': ['reg/hello@sha256:1']}");
    assert_json(json_object_get(facts, "types"), "['icm', 'image']");
    assert_json(json_object_get(facts, "content_generators"), "[{'name': 'atomic-reactor', 'version': '4'}]");
    assert_json(json_object_get(facts, "buildroots"),
                "[{'id': 'host', 'host': {'arch': 'x86_64'}, 'container': {'type': 'none', 'arch': 'x86_64'},"
                " 'content_generator': {'name': 'atomic-reactor', 'version': '4'}, 'tools': [{'name': 'podman',"
                " 'version': '4'}], 'components': [0, 1]}]");
    assert_json(
        json_object_get(facts, "outputs"),
        "[{'position': 0, 'path': 'sub/a.tar', 'type': 'docker-image', 'arch': 'x86_64', 'size_bytes': 5,"
        " 'checksum_type': 'md5', 'checksum': 'ab', 'buildroot_id': 'host', 'image': {'config_id': 'sha256:c',"
        " 'parent_id': 'sha256:p', 'manifests': {'v2': 'sha256:m'}, 'pull': ['reg/hello:1'], 'tags': ['1']},"
        " 'components': [1, 2]}, {'position': 1, 'path': 'x.log', 'type': 'log', 'arch': 'noarch', 'size_bytes':"
        " 1, 'checksum_type': 'md5', 'checksum': 'cd', 'buildroot_id': 'host', 'components': []}]");
    assert_int_equal(json_array_size(json_object_get(facts, "components")), 3);
    static const char *const rest[] = {"components",         "parents",    "remote_sources", "index", "types",
                                       "content_generators", "buildroots", "outputs"};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        json_object_del(facts, rest[i]);
    assert_json(facts, "{'nvr': 'hello-1.0-7', 'name': 'hello', 'version': '1.0', 'release': '7', 'epoch': 2, 'source':"
                       " 'git://x/y#z#5cb4', 'source_url': 'git://x/y#z', 'source_commit': '5cb4', 'owner': 'jdoe',"
                       " 'submitter': 'osbs', 'task_id': 65888573, 'start_time': 1740830400, 'end_time': 1740833127}");
}

static void names_what_a_build_is_looked_up_by(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *facts = facts_of(document_text);
    CG_AUTO_JSON json_t *keys = cg_provenance_keys(facts, &err);
    assert_json(keys, "[{'kind': 'manifest', 'value': 'sha256:1', 'output': null},"
                      " {'kind': 'pullspec', 'value': 'reg/hello@sha256:1', 'output': null},"
                      " {'kind': 'checksum', 'value': 'md5:ab', 'output': 0},"
                      " {'kind': 'manifest', 'value': 'sha256:m', 'output': 0},"
                      " {'kind': 'pullspec', 'value': 'reg/hello:1', 'output': 0},"
                      " {'kind': 'config', 'value': 'sha256:c', 'output': 0},"
                      " {'kind': 'checksum', 'value': 'md5:cd', 'output': 1}]");
    CG_AUTO_JSON json_t *parents = cg_provenance_parents(facts, &err);
    assert_int_equal(json_array_size(parents), 4);
    assert_json(json_array_get(parents, 3), "{'kind': 'kojifile', 'nvr': 'lib-1-1'}");
    assert_int_equal(json_array_size(json_object_get(facts, "parents")), 3);
}

#define MINIMAL(build, components)                                                                                     \
    "{'build': {'name': 'a', 'version': '1', 'release': '1'" build "}, 'buildroots': [{'tools': [{'name': 'podman',"   \
    " 'version': '4'}]}], 'output': [{'components': [" components "]}]}"

/* Each generator has its own ways; what is of another type than meant is not there. */
static void bears_what_generators_write(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *bare = facts_of(MINIMAL("", ""));
    assert_null(json_object_get(bare, "source"));
    assert_null(json_object_get(bare, "task_id"));
    CG_AUTO_JSON json_t *odd = facts_of(MINIMAL(", 'source': '', 'task_id': 0, 'start_time': 'soon', 'epoch': null,"
                                                " 'owner': null, 'extra': {'image': 7, 'typeinfo': []}",
                                                "7, 'x'"));
    assert_null(json_object_get(odd, "source"));
    assert_null(json_object_get(odd, "start_time"));
    assert_json(json_object_get(odd, "components"), "[]");
    /* A time is what the hub takes for one, in any locale. */
    CG_AUTO_JSON json_t *times = facts_of(MINIMAL(", 'start_time': ' 1_740_830_400.5', 'end_time': '0x10'", ""));
    assert_int_equal(json_integer_value(json_object_get(times, "start_time")), 1740830400);
    assert_null(json_object_get(times, "end_time"));
    CG_AUTO_JSON json_t *task = facts_of(MINIMAL(", 'task_id': 5, 'source': 'http://x/y', 'extra': {'image': {"
                                                 "'parent_build_id': 9, 'remote_source_url': 'r'}}",
                                                 ""));
    assert_int_equal(json_integer_value(json_object_get(task, "task_id")), 5);
    assert_json(json_object_get(task, "source_url"), "'http://x/y'");
    assert_null(json_object_get(task, "source_commit"));
    assert_json(json_object_get(task, "parents"), "[{'kind': 'base', 'build_id': 9}]");
    assert_json(json_object_get(task, "remote_sources"), "[{'url': 'r'}]");
    CG_AUTO_JSON json_t *unnamed = facts_of(MINIMAL(", 'extra': {'image': {'parent_build_id': 9,"
                                                    " 'parent_images': ['']}}",
                                                    ""));
    assert_json(json_object_get(unnamed, "parents"),
                "[{'kind': 'base', 'build_id': 9}, {'kind': 'image', 'pullspec': ''}]");
}

static void refuses_what_is_no_document(void **state)
{
    (void)state;
    static const char *const texts[] = {"[]",
                                        "{'build': {'name': 'a', 'version': '1'}, 'buildroots': [], 'output': []}",
                                        "{'build': {'name': 'a', 'version': '1', 'release': '1'}, 'output': []}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_JSON json_t *document = quoted_json(texts[i]);
        assert_null(cg_provenance_facts(document, &err));
        assert_error(&err, CG_E_SYNTAX,
                     "no content-generator metadata: expected build.name, build.version, "
                     "build.release, buildroots and output");
    }
}

static json_t *difference_of(const char *from_text, const char *to_text)
{
    struct cg_error err = {0};
    CG_AUTO_JSON json_t *from = facts_of(from_text);
    CG_AUTO_JSON json_t *to = facts_of(to_text);
    json_t *difference = cg_provenance_difference(from, to, &err);
    assert_string_equal(err.message, "");
    return difference;
}

static void tells_what_changed(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *difference = difference_of(
        MINIMAL(", 'source': 'x#1'",
                RPM("bash", "5") ", " RPM("sed", "4") ", " RPM("kernel", "1") ", " RPM("kernel", "2")),
        MINIMAL(", 'source': 'x#2'", RPM("kernel", "2") ", " RPM("kernel", "1") ", " RPM(
                                         "bash", "6") ", {'type': 'file', 'filename': 'x', 'checksum': 'ab'}"));
    assert_json(json_object_get(difference, "source"), "{'from': 'x#1', 'to': 'x#2'}");
    assert_json(json_object_get(difference, "components"),
                "{'changed': [{'type': 'rpm', 'name': 'bash', 'arch': 'noarch', 'from': [{'version': '5-1'}], 'to':"
                " [{'version': '6-1'}]}], 'removed': [{'type': 'rpm', 'name': 'sed', 'arch': 'noarch', 'versions':"
                " [{'version': '4-1'}]}], 'added': [{'type': 'file', 'name': 'x', 'versions': [{'version': '',"
                " 'checksum': 'ab'}]}], 'same': 1}");
    assert_json(json_object_get(difference, "tools"), "{'changed': [], 'removed': [], 'added': [], 'same': 1}");
    CG_AUTO_JSON json_t *none = difference_of(document_text, document_text);
    assert_json(json_object_get(none, "source"), "null");
    const char *part;
    const json_t *things;
    json_object_foreach(none, part, things)
    {
        assert_int_equal(json_array_size(json_object_get(things, "changed")), 0);
        assert_int_equal(json_array_size(json_object_get(things, "added")), 0);
        assert_int_equal(json_array_size(json_object_get(things, "removed")), 0);
    }
}

static void parents_are_compared_by_their_builds_names(void **state)
{
    (void)state;
#define PARENT(spec, id, nvr)                                                                                          \
    ", 'extra': {'image': {'parent_image_builds': {'" spec "': {'id': " id ", 'nvr': '" nvr "'}}}}"
    CG_AUTO_JSON json_t *difference =
        difference_of(MINIMAL(PARENT("r/ubi:1", "1", "ubi-9-1"), ""), MINIMAL(PARENT("r/ubi:2", "2", "ubi-9-2"), ""));
    assert_json(json_object_get(difference, "parents"),
                "{'changed': [{'name': 'ubi', 'from': [{'version': 'ubi-9-1'}], 'to': [{'version': 'ubi-9-2'}]}],"
                " 'removed': [], 'added': [], 'same': 0}");
}

static void takes_every_sample(void **state)
{
    (void)state;
    static const char *const files[] = {"atomic-reactor/binary-multiarch-index.json",
                                        "atomic-reactor/operator-bundle-cachito.json",
                                        "atomic-reactor/source-container.json",
                                        "osbuild/composer-image-manifest-log.json",
                                        "mbs/module-nginx.json",
                                        "cosa/rhcos-baseimage.json",
                                        "causeway/maven-pnc.json",
                                        "konflux/rpm-at.json",
                                        "misoctl/ceph-deb.json",
                                        "koji/cg_importer-default.json"};
    const char *shared = getenv("CG_SHARED");
    char path[512];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes text = {0};
        snprintf(path, sizeof path, "%s/samples/%s", shared ? shared : "../shared", files[i]);
        if (cg_json_load_file(path, &text, &err) != 0) {
            print_message("skipped: no sample %s\n", path);
            skip();
        }
        CG_AUTO_JSON json_t *document = cg_json_read(cg_bytes_text(&text), text.size, NULL, &err);
        CG_AUTO_JSON json_t *facts = cg_provenance_facts(document, &err);
        CG_AUTO_JSON json_t *keys = cg_provenance_keys(facts, &err);
        CG_AUTO_JSON json_t *difference = cg_provenance_difference(facts, facts, &err);
        assert_string_equal(err.message, "");
        assert_int_equal(json_array_size(json_object_get(facts, "outputs")),
                         json_array_size(json_object_get(document, "output")));
        assert_true(json_array_size(keys) > 0);
        assert_true(json_is_null(json_object_get(difference, "source")));
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *document = quoted_json(document_text);
    CG_AUTO_JSON json_t *whole = facts_of(document_text);
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        allocation_fail_at(n);
        CG_AUTO_JSON json_t *facts = cg_provenance_facts(document, &err);
        CG_AUTO_JSON json_t *keys = facts ? cg_provenance_keys(facts, &err) : NULL;
        CG_AUTO_JSON json_t *parents = keys ? cg_provenance_parents(facts, &err) : NULL;
        CG_AUTO_JSON json_t *difference = parents ? cg_provenance_difference(facts, whole, &err) : NULL;
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (facts)
            assert_true(json_equal(facts, whole));
        if (!difference)
            assert_error_has(&err, CG_E_MEMORY, "memory");
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_a_document_says),  cmocka_unit_test(names_what_a_build_is_looked_up_by),
        cmocka_unit_test(bears_what_generators_write), cmocka_unit_test(refuses_what_is_no_document),
        cmocka_unit_test(tells_what_changed),          cmocka_unit_test(parents_are_compared_by_their_builds_names),
        cmocka_unit_test(takes_every_sample),          cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("provenance", tests, NULL, NULL);
}
