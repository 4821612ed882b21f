/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "metadata_document.h"

#include "cg/bytes.h"
#include "cg/check.h"

#include <stdio.h>
#include <stdlib.h>

#define EDITS 4
#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16
#define A255 A64 A64 A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define MD5 "0123456789abcdef0123456789abcdef"
#define FILE_OF(name, more)                                                                                            \
    "{'buildroot_id': 1, 'filename': '" name "', 'filesize': 8, 'checksum': '" MD5 "', 'checksum_type': 'md5', " more  \
    "}"
#define LOG(name) FILE_OF(name, "'type': 'log'")
#define RPM(name) FILE_OF(name, "'type': 'rpm'")
#define BUILDROOT(id, name)                                                                                            \
    "{'id': " id ", 'host': {'os': null, 'arch': null}, 'content_generator': {'name': '" name "', 'version': '1'},"    \
    " 'container': {'type': null, 'arch': null}, 'tools': [], 'components': []}"
#define BASH "'type': 'rpm', 'name': 'bash', 'version': '5.2', 'release': '1.el9', 'arch': 'x86_64', 'sigmd5': null"
#define JAR(sum) "{'type': 'file', 'filename': 'a.jar', 'filesize': 1, 'checksum': '" sum "', 'checksum_type': 'md5'}"
#define KOJIFILE "{'type': 'kojifile', 'archive_id': 5, 'nvr': 'a-1-1', 'filename': 'a.jar'}"
#define MAVEN "{'group_id': 'org.x', 'artifact_id': 'a', 'version': '1-2'}"
#define ICM "{'typeinfo': {'icm': {}}}"

/* A good document, edited, and everything that is then found: "E rule pointer" or "W rule pointer", each with "\n". */
struct rule_case {
    const char *edits[2 * EDITS]; /* pointer, JSON text or NULL to remove */
    const char *findings;
};

static const struct rule_case cases[] = {
    {{NULL}, ""},
    /* metadata_version */
    {{"/metadata_version", "1"}, "E metadata-version.unknown /metadata_version\n"},
    {{"/metadata_version", "'0'"}, "E metadata-version.unknown /metadata_version\n"},
    {{"/metadata_version", "false"}, "W metadata-version.integer /metadata_version\n"},
    {{"/metadata_version", "0.0"}, "W metadata-version.integer /metadata_version\n"},
    {{"/metadata_version", "true"}, "E metadata-version.unknown /metadata_version\n"},
    {{"/metadata_version", NULL}, "E schema.required \n"},
    /* name, version, release */
    {{"/build/name", "'../evil'"}, "E nvr.name /build/name\n"},
    {{"/build/name", "'a b'"}, "E nvr.name /build/name\n"},
    {{"/build/name", "''"}, "E nvr.name /build/name\n"},
    {{"/build/name", "'" A255 "'"}, ""},
    {{"/build/name", "'" A255 "a'"}, "E nvr.name /build/name\n"},
    {{"/build/version", "'1-0'"}, "E nvr.version /build/version\n"},
    {{"/build/version", "'..'"}, "E nvr.version /build/version\n"},
    {{"/build/version", "'1\\u00000'"}, "E nvr.version /build/version\n"},
    {{"/build/version", "4.10"}, "E schema.type /build/version\n"},
    {{"/build/release", "'a/b'"}, "E nvr.release /build/release\n"},
    {{"/build/release", "'1\\n'"}, "E nvr.release /build/release\n"},
    {{"/build/release", NULL}, "E schema.required /build\n"},
    /* source */
    {{"/build/source", NULL}, "E schema.required /build\n"},
    {{"/build/source", "null"}, "W build.source /build/source\n"},
    {{"/build/source", "''"}, "W build.source /build/source\n"},
    {{"/build/source", "'https://example.com/x'"}, "W build.source /build/source\n"},
    {{"/build/source", "'https://example.com/x#'"}, "W build.source /build/source\n"},
    {{"/build/source", "7"}, "E schema.type /build/source\n"},
    /* times */
    {{"/build/start_time", "'1760000000.5'"}, "W build.time-text /build/start_time\n"},
    {{"/build/start_time", "' 1_760_000_000 '"}, "W build.time-text /build/start_time\n"},
    {{"/build/start_time", "'1.76e9'"}, "W build.time-text /build/start_time\n"},
    {{"/build/start_time", "'yesterday'"}, "E build.time /build/start_time\n"},
    {{"/build/start_time", "'nan'"}, "E build.time /build/start_time\n"},
    {{"/build/start_time", "'inf'"}, "E build.time /build/start_time\n"},
    {{"/build/start_time", "'1__0'"}, "E build.time /build/start_time\n"},
    {{"/build/start_time", "''"}, "E build.time /build/start_time\n"},
    {{"/build/start_time", "null"}, "E schema.type /build/start_time\n"},
    {{"/build/start_time", "true"}, "E schema.type /build/start_time\n"},
    {{"/build/end_time", "253402300799"}, ""},
    {{"/build/end_time", "253402300800"}, "E build.time /build/end_time\n"},
    {{"/build/end_time", "1760000000000"}, "E build.time /build/end_time\n"},
    {{"/build/start_time", "-62135596800"}, ""},
    {{"/build/start_time", "-62135596801"}, "E build.time /build/start_time\n"},
    {{"/build/end_time", "1759999999"}, "W build.time-order /build/end_time\n"},
    {{"/build/end_time", "1760000000"}, ""},
    /* owner, epoch, ids */
    {{"/build/owner", "'osbs'"}, ""},
    {{"/build/owner", "null"}, ""},
    {{"/build/owner", "7"}, "E schema.type /build/owner\n"},
    {{"/build/epoch", "2147483647"}, ""},
    {{"/build/epoch", "2147483648"}, "E schema.maximum /build/epoch\n"},
    {{"/build/epoch", "'1'"}, "E schema.type /build/epoch\n"},
    {{"/build/build_id", "12"}, ""},
    {{"/build/build_id", "null"}, ""},
    {{"/build/build_id", "0"}, ""},
    {{"/build/build_id", "12.0"}, "E build.build-id /build/build_id\n"},
    {{"/build/build_id", "'12'"}, "E build.build-id /build/build_id\n"},
    {{"/build/build_id", "2147483648"}, "E schema.maximum /build/build_id\n"},
    {{"/build/task_id", "5"}, ""},
    {{"/build/task_id", "' 5 '"}, ""},
    {{"/build/task_id", "null"}, "E build.task-id /build/task_id\n"},
    {{"/build/task_id", "0"}, "E build.task-id /build/task_id\n"},
    {{"/build/task_id", "2147483648"}, "E build.task-id /build/task_id\n"},
    {{"/build/task_id", "'5.0'"}, "E schema.pattern /build/task_id\n"},
    {{"/build/task_id", "5.5"}, "E schema.type /build/task_id\n"},
    {{"/build/task_id", "5", "/build/extra/container_koji_task_id", "6"}, "E build.task-id-differs /build/task_id\n"},
    {{"/build/task_id", "'5'", "/build/extra/container_koji_task_id", "5"}, ""},
    {{"/build/extra/container_koji_task_id", "null"}, "E build.task-id /build/extra/container_koji_task_id\n"},
    /* drafts */
    {{"/build/draft", "false"}, ""},
    {{"/build/draft", "true"}, "E build.draft-archive /build/draft\n"},
    {{"/build/draft", "true", "/output/0", NULL}, ""},
    {{"/build/draft", "null", "/build/build_id", "3"}, "E build.draft /build/draft\n"},
    {{"/build/draft", "null"}, ""},
    {{"/build/draft", "'false'", "/output/0", NULL}, "E schema.type /build/draft\n"},
    /* build types of the build */
    {{"/build/extra", NULL}, "E schema.required /build\n"},
    {{"/build/extra/typeinfo/image", "{}"}, "E build.btype-duplicate /build/extra/typeinfo/image\n"},
    {{"/build/extra/typeinfo/nosuchtype", "{}"}, "E btype.unknown /build/extra/typeinfo/nosuchtype\n"},
    {{"/build/extra/typeinfo/a~1b", "{}"}, "E btype.unknown /build/extra/typeinfo/a~01b\n"},
    {{"/build/extra/typeinfo/remote-sources", "[]"}, ""},
    {{"/build/extra", "{}", "/output/0", NULL}, "W build.btype-none /build/extra\n"},
    {{"/build/extra", "{}", "/output/0", RPM("a-1-1.noarch.rpm")}, ""},
    {{"/build/extra/maven", "{'group_id': 'g', 'version': '1'}"}, "E schema.required /build/extra/maven\n"},
    {{"/build/extra/win", "{'platform': null}"}, "E schema.type /build/extra/win/platform\n"},
    {{"/build/extra/typeinfo", "null"}, "E schema.type /build/extra/typeinfo\n"},
    /* buildroots */
    {{"/buildroots", "[]"},
     "E schema.minItems /buildroots\nE output.buildroot-id /output/0/buildroot_id\n"
     "E output.buildroot-id /output/1/buildroot_id\n"},
    {{"/buildroots/-", BUILDROOT("2", "atomic-reactor")}, "E buildroot.unused /buildroots/1/id\n"},
    {{"/buildroots/-", BUILDROOT("2", "atomic-reactor"), "/output/1/buildroot_id", "2"}, ""},
    {{"/buildroots/-", BUILDROOT("1", "atomic-reactor")}, "E buildroot.duplicate-id /buildroots/1/id\n"},
    {{"/buildroots/-", BUILDROOT("1.0", "atomic-reactor")},
     "W buildroot.id-type /buildroots/1/id\nE buildroot.duplicate-id /buildroots/1/id\n"},
    {{"/buildroots/-", BUILDROOT("true", "atomic-reactor")},
     "W buildroot.id-type /buildroots/1/id\nE buildroot.duplicate-id /buildroots/1/id\n"},
    {{"/buildroots/-", BUILDROOT("'1'", "atomic-reactor"), "/output/1/buildroot_id", "'1'"}, ""},
    {{"/buildroots/-", BUILDROOT("2", "other"), "/output/1/buildroot_id", "2"},
     "E content-generator.differs /buildroots/1/content_generator/name\n"},
    {{"/output/1/buildroot_id", "9"}, "E output.buildroot-id /output/1/buildroot_id\n"},
    {{"/output/1/buildroot_id", "'1'"}, "E output.buildroot-id /output/1/buildroot_id\n"},
    {{"/output/1/buildroot_id", "1.0"}, ""},
    {{"/buildroots/0/id", "0", "/output/0/buildroot_id", "-0.0", "/output/1/buildroot_id", "false"}, ""},
    {{"/output/1/buildroot_id", "[]"}, "E schema.type /output/1/buildroot_id\n"},
    {{"/buildroots/0/tools", NULL}, "E schema.required /buildroots/0\n"},
    {{"/buildroots/0/tools", "''"}, "W buildroot.tools-list /buildroots/0/tools\n"},
    {{"/buildroots/0/tools", "null"}, "W buildroot.tools-list /buildroots/0/tools\n"},
    {{"/buildroots/0/tools/-", "{'name': 'podman', 'version': '6'}"},
     "E buildroot.tool-duplicate /buildroots/0/tools/1/name\n"},
    {{"/buildroots/0/tools/0/version", "null"}, "E schema.type /buildroots/0/tools/0/version\n"},
    {{"/buildroots/0/tools/0/version", "''"}, ""},
    {{"/buildroots/0/content_generator/version", "null"}, "E schema.type /buildroots/0/content_generator/version\n"},
    {{"/buildroots/0/content_generator/name", "1"}, "E schema.type /buildroots/0/content_generator/name\n"},
    {{"/buildroots/0/container/type", "null"}, "E buildroot.container /buildroots/0/container/type\n"},
    {{"/buildroots/0/container/arch", "null"}, "E buildroot.container /buildroots/0/container/arch\n"},
    {{"/buildroots/0/container", "{'type': null, 'arch': null}"}, ""},
    /* components */
    {{"/buildroots/0/components", "''"}, "W components.list /buildroots/0/components\n"},
    {{"/buildroots/0/components", "null"}, "E schema.type /buildroots/0/components\n"},
    {{"/buildroots/0/components/-", "{'type': 'npm'}"}, "E component.type /buildroots/0/components/1/type\n"},
    {{"/buildroots/0/components/-", "{}"}, "E schema.required /buildroots/0/components/1\n"},
    {{"/buildroots/0/components/0/location", "'http://x'"},
     "E component.rpm-location /buildroots/0/components/0/location\n"},
    {{"/buildroots/0/components/0/id", "5"}, "E component.rpm-id /buildroots/0/components/0/id\n"},
    {{"/buildroots/0/components/0/sigmd5", NULL}, "E schema.required /buildroots/0/components/0\n"},
    {{"/buildroots/0/components/0/epoch", "'(none)'"}, ""},
    {{"/buildroots/0/components/-", "{" BASH "}"}, "E component.rpm-duplicate /buildroots/0/components/1\n"},
    {{"/output/0/components/-", "{" BASH "}", "/output/0/components/-", "{" BASH ", 'epoch': 1}"},
     "E component.rpm-duplicate /output/0/components/1\n"},
    {{"/buildroots/0/components/-", JAR("ab"), "/buildroots/0/components/-", JAR("ab")},
     "W component.file-duplicate /buildroots/0/components/2\n"},
    {{"/output/0/components/-", JAR("ab"), "/output/0/components/-", JAR("ab")},
     "E component.file-duplicate /output/0/components/1\n"},
    {{"/output/0/components/-", JAR("ab"), "/output/0/components/-", JAR("cd")}, ""},
    {{"/output/0/components/-", KOJIFILE, "/output/0/components/-", KOJIFILE},
     "E component.file-duplicate /output/0/components/1\n"},
    {{"/output/0/components/-", KOJIFILE, "/output/0/components/0/nvr", NULL},
     "E schema.required /output/0/components/0\n"},
    {{"/output/0/components/-", JAR("ab"), "/output/0/components/0/checksum_type", "'sha1'"},
     "W component.sha1 /output/0/components/0/checksum_type\n"},
    {{"/output/0/components/-", JAR("ab"), "/output/0/components/0/checksum_type", "'sha512'"},
     "E schema.enum /output/0/components/0/checksum_type\n"},
    /* paths of outputs */
    {{"/output/1/filename", "'../x.log'"}, "E output.path /output/1/filename\n"},
    {{"/output/1/filename", "'/etc/passwd.log'"}, "E output.path /output/1/filename\n"},
    {{"/output/1/filename", "''"}, "E output.path /output/1/filename\n"},
    {{"/output/1/filename", "'a//b.log'"}, "E output.path /output/1/filename\n"},
    {{"/output/1/filename", "'a/./b.log'"}, "E output.path /output/1/filename\n"},
    {{"/output/1/filename", "'a/b.log/'"}, "E output.path /output/1/filename\n"},
    {{"/output/1/filename", "'a\\u0000b'"}, "E output.path /output/1/filename\n"},
    {{"/output/1/filename", "'a\\nb'"}, "E output.path /output/1/filename\n"},
    {{"/output/1/filename", "'d/" A255 "'"}, ""},
    {{"/output/1/filename", "'" A255 "a'"}, "E output.path /output/1/filename\n"},
    {{"/output/1/filename", "'.hidden'"}, "E output.filename-hidden /output/1/filename\n"},
    {{"/output/1/filename", "'.d/x.log'"}, ""},
    {{"/output/1/filename", "'.user'"}, "E output.filename-hidden /output/1/filename\n"},
    {{"/output/1/filename", "'.user/x.log'"}, "E output.path /output/1/filename\n"},
    {{"/output/1/relpath", "'.user'"}, "E output.path /output/1/relpath\n"},
    {{"/output/1/relpath", "'../../etc'"}, "E output.path /output/1/relpath\n"},
    {{"/output/1/relpath", "''"}, ""},
    {{"/output/1/relpath", "null"}, "E schema.type /output/1/relpath\n"},
    {{"/output/1/subdir", "'a/../../b'"}, "E output.path /output/1/subdir\n"},
    {{"/output/1/subdir", "null"}, ""},
    {{"/output/1/subdir", "'x86_64'"}, ""},
    /* size, checksum, metadata_only */
    {{"/output/1/filesize", "'8'"}, "E output.filesize /output/1/filesize\n"},
    {{"/output/1/filesize", "-1"}, "E schema.minimum /output/1/filesize\n"},
    {{"/output/1/filesize", "8.5"}, "E schema.type /output/1/filesize\n"},
    {{"/output/1/filesize", "0"}, ""},
    {{"/output/1/checksum", "'0123456789ABCDEF0123456789abcdef'"}, "E output.checksum /output/1/checksum\n"},
    {{"/output/1/checksum", "'0123456789abcdef0123456789abcde'"}, "E output.checksum /output/1/checksum\n"},
    {{"/output/1/checksum", "'" MD5 "0'"}, "E output.checksum /output/1/checksum\n"},
    {{"/output/1/checksum", "'" MD5 " '"}, "E output.checksum /output/1/checksum\n"},
    {{"/output/1/checksum_type", "'sha1'"}, "E output.checksum-type /output/1/checksum_type\n"},
    {{"/output/1/checksum_type", "'sha512'"}, "E output.checksum-type /output/1/checksum_type\n"},
    {{"/output/1/checksum_type", "null"}, "E schema.enum /output/1/checksum_type\n"},
    {{"/output/1/checksum_type", "'sha256'", "/output/1/checksum", "'" MD5 MD5 "'"}, ""},
    {{"/output/1/checksum_type", "'adler32'", "/output/1/checksum", "'0a1b2c3d'"}, ""},
    {{"/output/1/checksum_type", "'adler32'"}, "W output.checksum /output/1/checksum\n"},
    {{"/output/0/checksum_type", "'adler32'", "/output/0/checksum", "'0a1b2c3d'"},
     "E output.checksum-type /output/0/checksum_type\n"},
    {{"/output/1/metadata_only", "true"}, "E output.metadata-only /output/1/metadata_only\n"},
    {{"/output/1/metadata_only", "false"}, ""},
    /* archives */
    {{"/output/0/filename", "'image.oci'"}, "E output.extension /output/0/filename\n"},
    {{"/output/0/filename", "'IMAGE.Tar.GZ'"}, ""},
    {{"/output/0/filename", "'vmlinuz'"}, ""},
    {{"/output/0/filename", "'a.gz'"}, "E output.extension /output/0/filename\n"},
    {{"/output/0/extra/image", NULL}, "E output.btype-missing /output/0/extra\n"},
    {{"/output/0/extra", NULL}, "E output.btype-missing /output/0\n"},
    {{"/output/0/extra/docker", NULL}, "W output.docker /output/0/extra\n"},
    {{"/output/0/extra/typeinfo", "{'icm': {}}"}, "E output.btype-several /output/0/extra/typeinfo/icm\n"},
    {{"/output/0/extra/typeinfo", "{'image': {'arch': 'a'}}"},
     "E output.btype-several /output/0/extra/typeinfo/image\n"},
    {{"/build/extra/image", NULL}, "E output.btype-not-in-build /output/0/extra/image\n"},
    {{"/output/0/extra/image/arch", NULL}, "E schema.required /output/0/extra/image\n"},
    {{"/output/0/extra/image/arch", "'" A16 "'"}, ""},
    {{"/output/0/extra/image/arch", "'" A16 "a'"}, "E image.arch /output/0/extra/image/arch\n"},
    {{"/output/0/subdir", "'x'"}, "E output.subdir /output/0/subdir\n"},
    {{"/output/0/type", "'tar'", "/output/0/extra", ICM, "/output/0/subdir", "'x/y'"}, ""},
    {{"/output/0/components", "null"}, "E schema.type /output/0/components\n"},
    /* maven and win */
    {{"/build/extra/maven", MAVEN, "/output/0",
      FILE_OF("d/a-1-2.pom", "'type': 'maven', 'extra': {'maven': " MAVEN "}")},
     ""},
    {{"/build/extra/maven", MAVEN, "/output/0",
      FILE_OF("a.pom", "'type': 'maven', 'extra': {'maven': " MAVEN "}, 'components': []")},
     "E maven.pom-name /output/0/filename\nE output.components /output/0/components\n"},
    {{"/build/extra/maven", MAVEN, "/output/0", FILE_OF("a.jar", "'type': 'maven', 'extra': {'maven': " MAVEN "}"),
      "/output/0/extra/maven/version", "'..'"},
     "E maven.path /output/0/extra/maven/version\n"},
    {{"/build/extra/maven", MAVEN, "/output/0", FILE_OF("a.jar", "'type': 'maven', 'extra': {'maven': " MAVEN "}"),
      "/output/0/extra/maven/group_id", "'.x'"},
     "E maven.path /output/0/extra/maven/group_id\n"},
    {{"/build/extra/win", "{'platform': 'p'}", "/output/0",
      FILE_OF("a.dll", "'type': 'dll', 'extra': {'win': {'relpath': '/a/', 'platforms': ['p'], 'flags': null}}")},
     ""},
    {{"/build/extra/win", "{'platform': 'p'}", "/output/0",
      FILE_OF("a.dll", "'type': 'dll', 'extra': {'win': {'relpath': 'a/../..', 'platforms': [], 'flags': []}}")},
     "E win.relpath /output/0/extra/win/relpath\nE schema.minItems /output/0/extra/win/platforms\n"},
    /* rpms */
    {{"/output/-", RPM("d/a-1-1.x86_64.rpm")}, ""},
    {{"/output/-", RPM("a-1-1.x86_64")}, "E output.rpm-name /output/2/filename\n"},
    {{"/output/-", RPM("a-1.x86_64.rpm")}, "E output.rpm-name /output/2/filename\n"},
    {{"/output/-", RPM("1:a-1-1.x86_64.rpm")}, "E output.rpm-name /output/2/filename\n"},
    {{"/output/-", RPM("a-1-1." A16 ".rpm")}, ""},
    {{"/output/-", RPM("a-1-1." A16 "a.rpm")}, "E output.rpm-name /output/2/filename\n"},
    {{"/output/-", RPM("a-1-1.nosrc.rpm")}, "E output.rpm-name /output/2/filename\n"},
    {{"/output/-", RPM("a-1-1.src.rpm")}, "E output.rpm-source /output/2/filename\n"},
    {{"/output/-", RPM("test-container-1.0-1.src.rpm")}, ""},
    {{"/output/-", RPM("a-1-1.x86_64.rpm"), "/output/2/subdir", "'x'"}, "E output.rpm-subdir /output/2/subdir\n"},
    /* places on the hub */
    {{"/output/-", LOG("x86_64.log")}, "E output.upload-path /output/2/filename\n"},
    {{"/output/-", LOG("d/x86_64.log")}, "E output.destination /output/2/filename\n"},
    {{"/output/-", LOG("x86_64.log/b")}, "E output.upload-path /output/2/filename\n"},
    {{"/output/-", LOG("d/x86_64.log"), "/output/2/subdir", "'d'"}, ""},
    {{"/output/-", LOG("b.log"), "/output/2/subdir", "'x86_64.log'"}, "E output.destination /output/2/filename\n"},
    {{"/output/-", LOG("image.tar.gz")}, "E output.upload-path /output/2/filename\n"},
    {{"/output/-", LOG("d/image.tar.gz")}, ""},
    {{"/output/-", RPM("d/a-1-1.x86_64.rpm"), "/output/-", RPM("a-1-1.x86_64.rpm")},
     "E output.destination /output/3/filename\n"},
    {{"/output/1/filename", "'cg_import.log'"}, "E output.log-name /output/1/filename\n"},
    {{"/output/1/filename", "'cg_import.log'", "/output/1/subdir", "'d'"}, ""},
    {{"/output", "[]"}, "E buildroot.unused /buildroots/0/id\nE schema.minItems /output\n"},
    /* text that no reply can carry */
    {{"/build/extra/note", "['a\\u001bb']"}, "E text.character /build/extra/note/0\n"},
    {{"/build/extra/note", "'a\\t\\r\\n\\u007f'"}, ""},
    {{"/build/source", "'https://x/y#\\u0001'"}, "E text.character /build/source\n"},
    {{"/output/0/extra/note", "'\\uffff'"}, "E text.character /output/0/extra/note\n"},
    {{"/output/1/extra", "'\\u0001'"}, ""},
    {{"/buildroots/0/host/os", "'\\u0001'"}, "E text.character /buildroots/0/host/os\n"},
    {{"/buildroots/0/tools/0/name", "'\\u0001'"}, ""},
};

static char *findings_of(const json_t *document, const struct cg_hub_facts *hub)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes lines = {0};
    CG_AUTO_REPORT struct cg_report *report = NULL;
    CG_AUTO_FREE char *text = json_dumps(document, 0);
    struct cg_check_options options = {.hub = hub};
    int verdict = cg_check(text, strlen(text), &options, &report, NULL, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(verdict, cg_report_count(report, CG_LEVEL_ERROR) > 0 ? 1 : 0);
    for (size_t i = 0; i < cg_report_size(report); i++) {
        const struct cg_finding *finding = cg_report_get(report, i);
        cg_bytes_printf(&lines, &err, "%c %s %s\n", finding->level == CG_LEVEL_ERROR ? 'E' : 'W', finding->rule,
                        finding->pointer);
    }
    return strdup(cg_bytes_text(&lines));
}

static void finds_exactly_what_is_wrong(void **state)
{
    (void)state;
    size_t different = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CG_AUTO_JSON json_t *document = metadata_document_good();
        const char *const *edits = cases[i].edits;
        for (size_t e = 0; e < 2 * EDITS && edits[e]; e += 2)
            metadata_document_edit(document, edits[e], edits[e + 1]);
        CG_AUTO_FREE char *findings = findings_of(document, NULL);
        if (strcmp(findings, cases[i].findings) == 0)
            continue;
        different++;
        print_error("%s = %s: found\n%sand not\n%s", edits[0], edits[1] ? edits[1] : "nothing", findings,
                    cases[i].findings);
    }
    print_message("%zu changed documents\n", sizeof cases / sizeof cases[0]);
    assert_int_equal(different, 0);
}

static void judges_against_the_hub_that_was_asked(void **state)
{
    (void)state;
    static const char *const generators[] = {"other", "atomic-reactor", NULL}, *const none[] = {NULL};
    static const char *const btypes[] = {"rpm", "image", NULL}, *const extensions[] = {"zip", "gz", NULL};
    static const struct {
        struct cg_hub_facts hub;
        const char *findings;
    } hubs[] = {
        {{.content_generators = generators}, ""},
        {{.content_generators = none}, "E content-generator.unknown /buildroots/0/content_generator/name\n"},
        {{.btypes = btypes}, "E btype.unknown /build/extra/typeinfo/icm\n"},
        {{.archive_extensions = extensions}, ""},
        {{.archive_extensions = none}, "E output.extension /output/0/filename\n"},
    };
    for (size_t i = 0; i < sizeof hubs / sizeof hubs[0]; i++) {
        CG_AUTO_JSON json_t *document = metadata_document_good();
        CG_AUTO_FREE char *findings = findings_of(document, &hubs[i].hub);
        assert_string_equal(findings, hubs[i].findings);
    }
}

/* Before 1.35 logs of one name and files of one type and name collide whatever their subdir is. */
static void judges_subdir_by_the_version_of_the_hub(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        bool without_subdir;
    } hubs[] = {{"1.34.3", true}, {"1.9", true},      {"0.99", true},    {"1.35.0", false},
                {"1.100", false}, {"2.0.1", false},   {NULL, false},     {"", false},
                {"1", false},     {"next.34", false}, {"1.34dev", true}, {"1.x", false}};
    for (size_t i = 0; i < sizeof hubs / sizeof hubs[0]; i++) {
        CG_AUTO_JSON json_t *document = metadata_document_good();
        metadata_document_edit(document, "/output/-", LOG("d/x86_64.log"));
        metadata_document_edit(document, "/output/2/subdir", "'d'");
        struct cg_hub_facts hub = {.version = hubs[i].version};
        CG_AUTO_FREE char *findings = findings_of(document, &hub);
        assert_string_equal(findings, hubs[i].without_subdir ? "E output.destination /output/2/filename\n" : "");
    }
    CG_AUTO_JSON json_t *document = metadata_document_good();
    metadata_document_edit(document, "/output/1/filename", "'cg_import.log'");
    metadata_document_edit(document, "/output/1/subdir", "'d'");
    struct cg_hub_facts old = {.version = "1.33.2"};
    CG_AUTO_FREE char *findings = findings_of(document, &old);
    assert_string_equal(findings, "E output.log-name /output/1/filename\n");
}

/* No value in no place may crash a rule or leave a document without verdict; every value of the document is tried. */
static void replace_everywhere(json_t *root, json_t *value, size_t *count)
{
    static const char *const others[] = {"null", "true", "-1", "1.5", "''", "'x'", "[]", "{}", "[[{}]]", "{'a': {}}"};
    size_t size = json_is_array(value) ? json_array_size(value) : json_object_size(value);
    void *at = json_object_iter(value);
    for (size_t i = 0; i < size; i++) {
        json_t *child = at ? json_object_iter_value(at) : json_array_get(value, i);
        json_incref(child);
        for (size_t o = 0; o < sizeof others / sizeof others[0]; o++) {
            json_t *other = metadata_document_value(others[o]);
            if (at)
                json_object_iter_set_new(value, at, other);
            else
                json_array_set_new(value, i, other);
            CG_AUTO_FREE char *findings = findings_of(root, NULL);
            assert_non_null(findings);
            ++*count;
        }
        if (at)
            json_object_iter_set(value, at, child);
        else
            json_array_set(value, i, child);
        replace_everywhere(root, child, count);
        json_decref(child);
        at = at ? json_object_iter_next(value, at) : NULL;
    }
}

static void takes_any_value_anywhere(void **state)
{
    (void)state;
    size_t count = 0;
    CG_AUTO_JSON json_t *document = metadata_document_good();
    replace_everywhere(document, document, &count);
    assert_true(count > 500);
}

/* Property: the first of equal things is good, each further one has one finding, however many there are. */
static void counts_every_duplicate_once(void **state)
{
    (void)state;
    CG_AUTO_JSON json_t *document = metadata_document_good();
    for (int i = 0; i < 20000; i++)
        metadata_document_edit(document, "/buildroots/0/components/-", "{" BASH "}");
    CG_AUTO_FREE char *text = json_dumps(document, 0);
    CG_AUTO_REPORT struct cg_report *report = NULL;
    struct cg_error err = {0};
    assert_int_equal(cg_check(text, strlen(text), NULL, &report, NULL, &err), 1);
    assert_int_equal(cg_report_count(report, CG_LEVEL_ERROR), 20000);
    assert_int_equal(cg_report_size(report), CG_REPORT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_exactly_what_is_wrong),
        cmocka_unit_test(judges_against_the_hub_that_was_asked),
        cmocka_unit_test(judges_subdir_by_the_version_of_the_hub),
        cmocka_unit_test(takes_any_value_anywhere),
        cmocka_unit_test(counts_every_duplicate_once),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
