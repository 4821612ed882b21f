/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "cg/bytes.h"
#include "koji/fault.h"
#include "koji/reply_gate.h"
#include "koji/value.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* Every fault that a real hub was made to answer, and what a release engineer is told of it. */
static const struct {
    const char *exchange;
    const char *method;
    int fault;
    enum cg_code code;
    const char *message;
} recorded[] = {
    /* clang-format off: a fault and its meaning a paragraph */
    {"005-invalid-method", "noSuchMethod", 1000, CG_E_UNSUPPORTED, "this hub has no method noSuchMethod"},
    {"006-bad-params", "getBuild", 1019, CG_E_UNSUPPORTED,
     "this hub takes other arguments of getBuild: get_build() missing 1 required positional argument: 'buildInfo'"},
    {"011-upload-anonymous", "rawUpload", 1002, CG_E_AUTH, "rawUpload needs a login"},
    {"012-CGImport-anonymous", "CGImport", 1002, CG_E_AUTH, "CGImport needs a login"},
    {"025-ssllogin-no-proxyuser-auth", "sslLogin", 1002, CG_E_AUTH,
     "CN=osbs,O=realhub throwaway may not log in as another user (runas)"},
    {"028-CGInitBuild-again", "CGInitBuild", 1000, CG_E_RESERVED, "the NVR is reserved already"},
    {"043-getBuild-strict", "getBuild", 1000, CG_E_HUB_REFUSED, "the hub has no build 'test-container-1.0-none'"},
    {"053-CGRefundBuild-bad-token", "CGRefundBuild", 1000, CG_E_RESERVED,
     "the reservation token is not that of build 5, or no token was given for a reserved build"},
    {"054-CGRefundBuild-bad-state", "CGRefundBuild", 1000, CG_E_USAGE,
     "a refund makes a build FAILED or CANCELED and nothing else"},
    {"056-CGRefundBuild-again", "CGRefundBuild", 1000, CG_E_CONFLICT,
     "build 5 is not reserved any more: it is complete, failed or canceled"},
    {"060-CGInitBuild-no-access", "CGInitBuild", 1002, CG_E_AUTH,
     "the user may not import for the content generator atomic-reactor"},
    {"061-CGInitBuild-unknown-cg", "CGInitBuild", 1000, CG_E_HUB_REFUSED,
     "the hub has no content generator \"no-such-cg\""},
    {"062-CGInitBuild-exists", "CGInitBuild", 1000, CG_E_CONFLICT,
     "the build test-container-1.0-1 exists on the hub already (id 1, state COMPLETE)"},
    {"063-CGInitBuild-bad-nvr", "CGInitBuild", 1000, CG_E_NVR, "the build's version has \"-\", which it must not"},
    {"064-CGInitBuild-no-release", "CGInitBuild", 1, CG_E_HUB_FAULT,
     "the hub found no \"release\" in the build to reserve"},
    {"065-CGImport-duplicate", "CGImport", 1000, CG_E_CONFLICT,
     "the build test-container-1.0-1 exists on the hub already (id 1)"},
    {"066-CGImport-bad-checksum", "CGImport", 1000, CG_E_MISMATCH,
     "the hub's copy of "
     "docker-image-sha256:38b4e652e44da7f2370d9e260e27136550a4a3a6d07f5c0c332f8b1224083fd2.x86_64.tar.gz has the "
     "checksum 920f0a89ee7295255cef9046d7b378fc, the metadata says 00000000000000000000000000000000"},
    {"067-CGImport-upper-checksum", "CGImport", 1000, CG_E_MISMATCH,
     "the hub's copy of "
     "docker-image-sha256:38b4e652e44da7f2370d9e260e27136550a4a3a6d07f5c0c332f8b1224083fd2.x86_64.tar.gz has the "
     "checksum 920f0a89ee7295255cef9046d7b378fc, the metadata says 920F0A89EE7295255CEF9046D7B378FC"},
    {"068-CGImport-wrong-size", "CGImport", 1000, CG_E_TRANSFER,
     "the hub sees 200 bytes of "
     "docker-image-sha256:38b4e652e44da7f2370d9e260e27136550a4a3a6d07f5c0c332f8b1224083fd2.x86_64.tar.gz, the metadata "
     "says 199"},
    {"069-CGImport-size-string", "CGImport", 1000, CG_E_TRANSFER,
     "the hub sees 200 bytes of "
     "docker-image-sha256:38b4e652e44da7f2370d9e260e27136550a4a3a6d07f5c0c332f8b1224083fd2.x86_64.tar.gz, the metadata "
     "says 200"},
    {"070-CGImport-i8-size", "CGImport", 1000, CG_E_TRANSFER,
     "the hub sees 200 bytes of "
     "docker-image-sha256:38b4e652e44da7f2370d9e260e27136550a4a3a6d07f5c0c332f8b1224083fd2.x86_64.tar.gz, the metadata "
     "says 5368709120"},
    {"071-CGImport-bad-sumtype", "CGImport", 1000, CG_E_HUB_REFUSED,
     "the hub verifies no checksum of the type sha1, but md5, sha256 and, of uploads, adler32"},
    {"072-CGImport-adler32-sumtype", "CGImport", 1, CG_E_HUB_REFUSED,
     "the metadata has a checksum of the type adler32, which the hub does not store; expected md5 or sha256"},
    {"073-CGImport-unknown-cg", "CGImport", 1000, CG_E_HUB_REFUSED, "the hub has no content generator \"no-such-cg\""},
    {"074-CGImport-two-cgs", "CGImport", 1000, CG_E_HUB_REFUSED, "the hub has no content generator \"other\""},
    {"075-CGImport-no-access", "CGImport", 1002, CG_E_AUTH,
     "the user may not import for the content generator atomic-reactor"},
    {"076-CGImport-unknown-btype", "CGImport", 1000, CG_E_HUB_REFUSED, "the hub has no build type \"no-such-btype\""},
    {"077-CGImport-btype-not-listed", "CGImport", 1000, CG_E_HUB_REFUSED,
     "an output has the build type operator-manifests, which the build's extra does not list"},
    {"078-CGImport-no-typeinfo", "CGImport", 1000, CG_E_HUB_REFUSED,
     "the output docker-image-sha256:38b4e652e44da7f2370d9e260e27136550a4a3a6d07f5c0c332f8b1224083fd2.x86_64.tar.gz "
     "has no build type in extra.typeinfo"},
    {"079-CGImport-multi-typeinfo", "CGImport", 1000, CG_E_HUB_REFUSED,
     "the output docker-image-sha256:38b4e652e44da7f2370d9e260e27136550a4a3a6d07f5c0c332f8b1224083fd2.x86_64.tar.gz "
     "has several build types"},
    {"080-CGImport-dup-typeinfo", "CGImport", 1000, CG_E_HUB_REFUSED, "the build type image is described twice"},
    {"081-CGImport-image-no-arch", "CGImport", 1, CG_E_HUB_FAULT, "the hub found no \"arch\" in the metadata"},
    {"082-CGImport-no-buildroot", "CGImport", 1000, CG_E_HUB_REFUSED,
     "an output names the buildroot 99, which the metadata does not describe"},
    {"083-CGImport-unused-buildroot", "CGImport", 1000, CG_E_HUB_REFUSED, "no output was made in buildroot 2"},
    {"084-CGImport-dup-buildroot", "CGImport", 1000, CG_E_HUB_REFUSED, "two buildroots have the id 1"},
    {"085-CGImport-empty-buildroots", "CGImport", 1019, CG_E_HUB_REFUSED,
     "the metadata has no buildroots, so the hub finds no content generator"},
    {"086-CGImport-version-dash", "CGImport", 1000, CG_E_NVR, "the build's version has \"-\", which it must not"},
    {"087-CGImport-release-dash", "CGImport", 1000, CG_E_NVR, "the build's release has \"-\", which it must not"},
    {"091-CGImport-empty-name", "CGImport", 1000, CG_E_NVR, "the build's name is empty"},
    {"092-CGImport-no-release", "CGImport", 1000, CG_E_NVR, "the build's name, version or release is missing"},
    {"093-CGImport-filename-dotdot", "CGImport", 1, CG_E_HUB_REFUSED,
     "the hub refuses the path ../x: it leaves its directory"},
    {"094-CGImport-filename-absolute", "CGImport", 1, CG_E_HUB_REFUSED,
     "the hub refuses the path /etc/passwd: it leaves its directory"},
    {"095-CGImport-relpath-dotdot", "CGImport", 1, CG_E_HUB_REFUSED,
     "the hub refuses the path ../x: it leaves its directory"},
    {"096-CGImport-relpath-inner-dotdot", "CGImport", 1, CG_E_HUB_REFUSED,
     "the hub refuses the path a/../../x: it leaves its directory"},
    {"097-CGImport-directory-dotdot", "CGImport", 1, CG_E_HUB_REFUSED,
     "the hub refuses the path ../x: it leaves its directory"},
    {"098-CGImport-directory-absolute", "CGImport", 1, CG_E_HUB_REFUSED,
     "the hub refuses the path /etc: it leaves its directory"},
    {"099-CGImport-metadata-dotdot", "CGImport", 1, CG_E_HUB_REFUSED,
     "the hub refuses the path ../x.json: it leaves its directory"},
    {"100-CGImport-log-subdir-dotdot", "CGImport", 1, CG_E_HUB_REFUSED,
     "the hub refuses the path ../../x: it leaves its directory"},
    {"101-CGImport-file-missing", "CGImport", 1, CG_E_TRANSFER,
     "the hub does not see the uploaded file cg-fault/37/./x86_64.log"},
    {"102-CGImport-metadata-missing", "CGImport", 1000, CG_E_TRANSFER,
     "the hub does not see the uploaded file metadata.json"},
    {"103-CGImport-metadata-junk", "CGImport", 1000, CG_E_HUB_REFUSED, "the hub cannot read the metadata as JSON"},
    {"104-CGImport-metadata-version", "CGImport", 1000, CG_E_HUB_REFUSED, "the metadata_version is 1, the hub reads 0"},
    {"105-CGImport-no-metadata-version", "CGImport", 1, CG_E_HUB_FAULT,
     "the hub found no \"metadata_version\" in the metadata"},
    {"106-CGImport-no-build", "CGImport", 1, CG_E_HUB_FAULT, "the hub found no \"build\" in the metadata"},
    {"107-CGImport-no-output", "CGImport", 1, CG_E_HUB_FAULT, "the hub found no \"output\" in the metadata"},
    {"108-CGImport-no-tools", "CGImport", 1, CG_E_HUB_FAULT, "the hub found no \"tools\" in the metadata"},
    {"109-CGImport-no-source", "CGImport", 1, CG_E_HUB_FAULT, "the hub found no \"source\" in the metadata"},
    {"110-CGImport-no-start", "CGImport", 1, CG_E_HUB_FAULT, "the hub found no \"start_time\" in the metadata"},
    {"112-CGImport-unknown-owner", "CGImport", 1000, CG_E_HUB_REFUSED, "the hub has no user 'nobody'"},
    {"113-CGImport-unknown-archivetype", "CGImport", 1000, CG_E_HUB_REFUSED,
     "the hub has no archive type for the file image.xyz"},
    {"114-CGImport-unknown-component", "CGImport", 1000, CG_E_HUB_REFUSED,
     "a component has the type deb; the hub knows rpm, file and kojifile"},
    {"115-CGImport-component-location", "CGImport", 1000, CG_E_HUB_REFUSED,
     "an rpm component has a location, which the hub refuses"},
    {"116-CGImport-component-no-name", "CGImport", 1, CG_E_HUB_FAULT, "the hub found no \"name\" in the metadata"},
    {"117-CGImport-kojifile-missing", "CGImport", 1000, CG_E_HUB_REFUSED,
     "a kojifile component names the archive 99999, which is not there"},
    {"118-CGImport-dup-output", "CGImport", 1000, CG_E_STRAY,
     "the hub has a file packages/test-container/1.0/f54/data/logs/x86_64.log already"},
    {"119-CGImport-metadata-only-absent", "CGImport", 1, CG_E_TRANSFER,
     "the hub does not see the uploaded file cg-fault/55/./never-uploaded.tar.gz"},
    {"120-CGImport-token-no-id", "CGImport", 1000, CG_E_HUB_REFUSED,
     "a reservation token was given, but the metadata's build has no build_id"},
    {"121-CGImport-wrong-token", "CGImport", 1000, CG_E_RESERVED,
     "the reservation token is not that of build 15, or no token was given for a reserved build"},
    {"122-CGImport-id-no-token", "CGImport", 1000, CG_E_RESERVED,
     "the reservation token is not that of build 15, or no token was given for a reserved build"},
    {"123-CGImport-reserved-no-id", "CGImport", 1000, CG_E_CONFLICT,
     "the build test-container-1.0-resv exists on the hub already (id 15)"},
    {"124-CGImport-nvr-differs", "CGImport", 1000, CG_E_HUB_REFUSED,
     "the reserved build 15 has another NVR than the metadata"},
    {"125-CGImport-unknown-id", "CGImport", 1000, CG_E_HUB_REFUSED, "the hub has no build 999999"},
    {"126-CGImport-id-string", "CGImport", 1000, CG_E_HUB_REFUSED, "the hub wanted a number and found the text 15"},
    {"127-upload-no-verify", "rawUpload", 1, CG_E_HUB_FAULT,
     "the hub broke on rawUpload: TypeError: 'NoneType' object is not callable"},
    {"128-upload-unknown-verify", "rawUpload", 1000, CG_E_HUB_REFUSED,
     "the hub verifies no checksum of the type sha1, but md5, sha256 and, of uploads, adler32"},
    {"129-upload-no-filename", "rawUpload", 1, CG_E_HUB_FAULT,
     "the hub found no 'filename' in what rawUpload was given"},
    {"131-upload-exists", "rawUpload", 1000, CG_E_TRANSFER, "the hub has an upload /mnt/koji/work/cg-up/1/f already"},
    {"134-upload-inside", "rawUpload", 1000, CG_E_TRANSFER,
     "the hub holds 3 bytes of /mnt/koji/work/cg-up/1/f, expected 2"},
    {"137-upload-bad-offset", "rawUpload", 1, CG_E_HUB_FAULT,
     "the hub wanted a number and found 'abc' in what rawUpload was given"},
    {"138-upload-name-slash", "rawUpload", 1000, CG_E_HUB_REFUSED, "the hub takes no upload of the name ../x"},
    {"139-upload-name-hidden", "rawUpload", 1000, CG_E_HUB_REFUSED, "the hub takes no upload of the name .x"},
    {"140-upload-dir-dotdot", "rawUpload", 1000, CG_E_HUB_REFUSED, "the hub takes no upload directory ../x"},
    {"141-upload-dir-absolute", "rawUpload", 1, CG_E_HUB_REFUSED,
     "the hub refuses the path /etc: it leaves its directory"},
    {"142-upload-dir-tasks", "rawUpload", 1002, CG_E_AUTH, "the hub does not allow rawUpload: User 2 is not a host"},
    {"143-upload-not-owner", "rawUpload", 1000, CG_E_AUTH, "the upload directory cg-up/1 belongs to another user"},
    {"144-upload-unknown-volume", "rawUpload", 1000, CG_E_HUB_REFUSED, "the hub has no volume \"nope\""},
    {"148-upload-expect-bad-session", "rawUpload", 1002, CG_E_SESSION, "the hub does not know the session any more"},
    {"150-upload-locked", "rawUpload", 1001, CG_E_BUSY, "another request is writing this upload"},
    {"151-checkUpload-locked", "checkUpload", 1001, CG_E_BUSY, "another request is writing this upload"},
    {"152-upload-onto-imported", "rawUpload", 1000, CG_E_TRANSFER,
     "the upload /mnt/koji/work/cg-ok/1/x86_64.log was imported before and cannot be written again"},
    {"156-CGImport-destination-exists", "CGImport", 1000, CG_E_STRAY,
     "files of an import that died lie on the hub in /mnt/koji/packages/test-container/1.0/stray"},
    {"157-bad-key", "getAPIVersion", 1002, CG_E_SESSION, "the hub does not know the session any more"},
    {"158-bad-session-id", "getAPIVersion", 1, CG_E_HUB_FAULT,
     "the hub wanted a number and found 'x' in what getAPIVersion was given"},
    {"159-id-no-key", "getAPIVersion", 1, CG_E_AUTH, "the request had a session id but no session key"},
    {"162-RetryError", "CGInitBuild", 1009, CG_E_RETRIED, "the hub has already done this very call"},
    {"163-SequenceError", "getLoggedInUser", 1008, CG_E_SESSION,
     "the hub has seen a later call of this session: 0 > -1 (session 11)"},
    {"167-CGImport-retry-after-lost", "CGImport", 1009, CG_E_RETRIED, "the hub has already done this very call"},
    {"169-CGImport-again-after-lost", "CGImport", 1000, CG_E_CONFLICT,
     "the build test-container-1.0-lost exists on the hub already (id 18)"},
    {"171-after-logout", "getLoggedInUser", 1002, CG_E_SESSION, "the hub does not know the session any more"},
    {"172-AuthExpired", "getLoggedInUser", 1007, CG_E_SESSION, "the session has expired"},
    {"173-AuthExpired-upload", "rawUpload", 1007, CG_E_SESSION, "the session has expired"},
    {"175-after-renew", "getLoggedInUser", 1008, CG_E_SESSION,
     "the hub has seen a later call of this session: 4 > 0 (session 12)"},
    {"178-AuthLockError", "getLoggedInUser", 1006, CG_E_BUSY,
     "another session has the user for itself: User locked by another session"},
    {"182-CGImport-policy-denied", "CGImport", 1004, CG_E_DENIED,
     "the hub's policy cg_import denies it: these packages are not for you"},
    {"183-CGImport-policy-denied-verbose", "CGImport", 1004, CG_E_DENIED,
     "the hub's policy cg_import denies it: these packages are not for you [rule: package denied-* :: deny these "
     "packages are not for you]"},
    {"184-CGImport-callback-refused", "CGImport", 1017, CG_E_DENIED,
     "the hub's plugin refuse says no (preImport): plugin refuses test-container"},
    {"185-CGInitBuild-callback-error", "CGInitBuild", 1017, CG_E_HUB_FAULT,
     "the hub's plugin refuse broke (postBuildStateChange): ValueError: boom"},
    {"186-ServerOffline-lockout", "getLoggedInUser", 1014, CG_E_OFFLINE,
     "the hub is offline: Server disabled for maintenance"},
    {"187-ServerOffline-lockout-upload", "rawUpload", 1014, CG_E_OFFLINE,
     "the hub is offline: Server disabled for maintenance"},
    {"188-ServerOffline", "getAPIVersion", 1014, CG_E_OFFLINE, "the hub is offline: temporary outage"},
    {"190-logged-out", "getLoggedInUser", 1002, CG_E_SESSION, "the hub does not know the session any more"},
    /* clang-format on */
};

#define RECORDED (sizeof recorded / sizeof recorded[0])

/* Opens a path below the recordings; the program runs at the top of the tree, or CG_TOP says where that is. */
static void recordings_path(char *path, size_t size, const char *below)
{
    const char *top = getenv("CG_TOP");
    snprintf(path, size, "%s/tests/data/recordings/%s", top ? top : ".", below);
}

/* The XML of a recorded answer, empty if it has none. */
static void read_body(const char *exchange, struct cg_bytes *body)
{
    char below[256];
    char path[512];
    char block[4096];
    snprintf(below, sizeof below, "%s/response.http", exchange);
    recordings_path(path, sizeof path, below);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    size_t got;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        assert_int_equal(cg_bytes_append(body, block, got, NULL), 0);
    fclose(file);
    const char *xml = strstr(cg_bytes_text(body), "<?xml");
    if (!xml) {
        cg_bytes_clear(body);
        return;
    }
    body->size -= (size_t)(xml - body->data);
    memmove(body->data, xml, body->size + 1);
}

static void says_what_every_recorded_fault_means(void **state)
{
    (void)state;
    for (size_t i = 0; i < RECORDED; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes body = {0};
        AUTO_KOJI_REPLY struct koji_reply reply = {0};
        read_body(recorded[i].exchange, &body);
        assert_int_equal(koji_reply_gate(cg_bytes_text(&body), body.size, &err), 0);
        assert_int_equal(koji_value_decode_reply(cg_bytes_text(&body), body.size, &reply, &err), 0);
        assert_int_equal(reply.fault, recorded[i].fault);
        assert_int_equal(koji_fault(recorded[i].method, reply.fault, reply.text, &err), -1);
        assert_int_equal(err.fault, recorded[i].fault);
        assert_error(&err, recorded[i].code, recorded[i].message);
    }
}

static bool is_recorded(const char *exchange)
{
    for (size_t i = 0; i < RECORDED; i++)
        if (strcmp(recorded[i].exchange, exchange) == 0)
            return true;
    return false;
}

/* A fault that is added to the recordings must be added to the table above. */
static void knows_every_recorded_fault(void **state)
{
    (void)state;
    char path[512];
    recordings_path(path, sizeof path, "");
    DIR *directory = opendir(path);
    assert_non_null(directory);
    size_t faults = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        CG_AUTO_BYTES struct cg_bytes body = {0};
        read_body(entry->d_name, &body);
        if (!strstr(cg_bytes_text(&body), "<fault>"))
            continue;
        faults++;
        if (!is_recorded(entry->d_name))
            fail_msg("the fault of %s is not in the table", entry->d_name);
    }
    closedir(directory);
    assert_int_equal(faults, RECORDED);
}

/* Texts that the recordings do not have: of releases, of hubs that show tracebacks, of databases in trouble. */
static const struct {
    const char *method;
    int fault;
    const char *text;
    enum cg_code code;
    const char *message;
} others[] = {
    /* clang-format off: a text and its meaning a paragraph */
    {"CGImport", 1000,
     "Build already exists: {'build_id': 7, 'cg_id': 1, 'id': 7, 'name': 'a', 'nvr': 'a-1-1', 'state': 1, 'x': 0}",
     CG_E_CONFLICT, "the build a-1-1 exists on the hub already (id 7)"},
    {"CGImport", 1000,
     "Build already exists: {'build_id': 7, 'cg_id': 1, 'id': 7, 'name': 'a', 'nvr': 'a-1-1', 'state': 0, 'x': 1}",
     CG_E_RESERVED, "the build a-1-1 (id 7) is reserved or being built already"},
    {"CGImport", 1000, "Build already exists: {}", CG_E_CONFLICT, "the build exists on the hub already"},
    {"CGInitBuild", 1000, "Build already exists (id=3, state=BUILDING): {'name': 'a', 'version': '1', 'release': '1'}",
     CG_E_RESERVED, "the build is reserved or being built already (id 3)"},
    {"CGInitBuild", 1000, "Build already exists (id=3, state=DELETED): ?", CG_E_CONFLICT,
     "the build exists on the hub already (id 3, state DELETED)"},
    {"CGInitBuild", 1000, "Build already exists. Unable to recycle, has archive data", CG_E_CONFLICT,
     "the failed or canceled build of this NVR cannot be used again: it has archive data"},
    {"CGImport", 1000, "Draft build not supported", CG_E_UNSUPPORTED, "this hub imports no draft builds here"},
    {"CGImport", 1000, "Request too long", CG_E_TOO_LARGE, "the request is longer than the hub takes"},
    {"CGImport", 1,
     "<class 'psycopg2.errors.UniqueViolation'>: duplicate key value violates unique constraint "
     "\"build_pkg_ver_rel\"\nDETAIL:  Key (pkg_id, version, release)=(1, 1, 1) already exists.\n",
     CG_E_CONFLICT, "another import of the same build was faster"},
    {"CGImport", 1, "<class 'psycopg2.OperationalError'>: could not connect to server", CG_E_BUSY,
     "the hub's database failed: could not connect to server"},
    {"CGImport", 1, "<class 'psycopg2.errors.DeadlockDetected'>: deadlock detected", CG_E_BUSY,
     "the hub's database had a deadlock"},
    {"CGImport", 1, "<class 'psycopg2.errors.SerializationFailure'>: could not serialize", CG_E_BUSY,
     "the hub's database had a conflict of transactions"},
    {"CGImport", 1, "<class 'OSError'>: [Errno 28] No space left on device: '/mnt/koji/x'", CG_E_HUB_FAULT,
     "the hub's disk is full"},
    {"echo", 1, "<class 'xml.parsers.expat.ExpatError'>: no element found: line 1, column 0", CG_E_HUB_FAULT,
     "the hub could not read the request: no element found: line 1, column 0"},
    {"sslLogin", 1, "<class 'TypeError'>: sslLogin() got an unexpected keyword argument 'renew'", CG_E_UNSUPPORTED,
     "this hub's sslLogin knows no argument renew"},
    {"tagBuild", 1003, "build a-1-1 already tagged (x)", CG_E_TAG, "tagging failed: build a-1-1 already tagged (x)"},
    {"addTag", 1004, "tag permission required", CG_E_DENIED, "the hub does not allow addTag: tag permission required"},
    {"sslLogin", 1002, "Unknown user: nobody@EXAMPLE.COM", CG_E_AUTH, "the hub has no user for nobody@EXAMPLE.COM"},
    {"sslLogin", 1002, "could not verify client: None", CG_E_AUTH,
     "the hub's web server took no credentials for the login"},
    {"x", 1013, "gone", CG_E_UNSUPPORTED, "this hub has given up x: gone"},
    {"x", 1021, "bad", CG_E_HUB_FAULT, "the hub is configured wrongly: bad"},
    {"x", 1020, "words of the hub", CG_E_HUB_REFUSED, "the hub refused x: words of the hub"},
    {"x", -7, "", CG_E_HUB_REFUSED, "the hub refused x: "},
    /* KojiDebug: a traceback, of which the exception is what counts. */
    {"CGImport", 1,
     "Traceback (most recent call last):\n  File \"kojihub.py\", line 1, in f\n    x['tools']\nKeyError: 'tools'\n",
     CG_E_HUB_FAULT, "the hub found no \"tools\" in the metadata"},
    {"CGImport", 1000,
     "Traceback (most recent call last):\n  File \"kojihub.py\", line 1, in f\n    raise\n"
     "koji.GenericError: Build already exists: a-1-1 (id=2)\n",
     CG_E_CONFLICT, "the build a-1-1 exists on the hub already (id 2)"},
    /* KojiTraceback = extended: the hub's local variables follow, which are not for users. */
    {"CGImport", 1000,
     "Traceback (most recent call last):\n  File \"x\"\nkoji.GenericError: boom\n"
     "Locals by frame, innermost last\nFrame f in x at line 1\n  key = 1-abcdefghijklmnopqrst\n",
     CG_E_HUB_REFUSED, "the hub refused CGImport: boom"},
    {"CGImport", 1017,
     "Error running preImport callback from policy.py:\nTraceback (most recent call last):\n"
     "  File \"x\"\nkoji.PluginError: not today\n",
     CG_E_DENIED, "the hub's plugin policy.py says no (preImport): not today"},
    {"CGImport", 1017, "no traceback here", CG_E_HUB_FAULT, "a plugin of the hub broke: no traceback here"},
    /* Control characters and secrets. */
    {"x", 1000, "red \x1b[31m\tbell\x07", CG_E_HUB_REFUSED, "the hub refused x: red \\u001b[31m\\u0009bell\\u0007"},
    {"x", 1000, "first line\nsecond line", CG_E_HUB_REFUSED, "the hub refused x: first line"},
    {"x", 1000, "session 9 with key 2-AbCdEfGhIjKlMnOpQrSt.", CG_E_HUB_REFUSED,
     "the hub refused x: session 9 with key (hidden)."},
    {"x", 1000, "nothing hidden in 2-AbCdEfGhIjKlMnOpQrS or 2-AbCdEfGhIjKlMnOpQrStu", CG_E_HUB_REFUSED,
     "the hub refused x: nothing hidden in 2-AbCdEfGhIjKlMnOpQrS or 2-AbCdEfGhIjKlMnOpQrStu"},
    {"x", 1000, "{'token': '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}", CG_E_HUB_REFUSED,
     "the hub refused x: {'token': '(hidden)'}"},
    {"x", 1000, "sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", CG_E_HUB_REFUSED,
     "the hub refused x: sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    /* clang-format on */
};

static void knows_texts_of_other_hubs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct cg_error err = {0};
        assert_int_equal(koji_fault(others[i].method, others[i].fault, others[i].text, &err), -1);
        assert_error(&err, others[i].code, others[i].message);
    }
}

static void tells_what_to_do(void **state)
{
    (void)state;
    struct cg_error err = {0};
    koji_fault("CGImport", 1002, "Content generator access required (atomic-reactor)", &err);
    assert_string_equal(err.hint, "ask a hub administrator for: koji grant-cg-access USER atomic-reactor");
    cg_error_clear(&err);
    koji_fault("CGImport", 1000, "Build already exists: a-1-1 (id=2)", &err);
    assert_string_equal(err.hint, "look at it with: koji buildinfo a-1-1");
    cg_error_clear(&err);
    koji_fault("CGImport", 1014, "Server disabled for maintenance", &err);
    assert_string_equal(err.hint, "");
}

/* The promise: a bare KeyError never reaches a user, whatever the method and the key. */
static void shows_no_bare_key_error(void **state)
{
    (void)state;
    static const char *const methods[] = {"CGImport", "CGInitBuild", "CGRefundBuild", "getBuild", "rawUpload"};
    static const char *const texts[] = {"<class 'KeyError'>: 'tools'", "<class 'KeyError'>: 7",
                                        "<class 'KeyError'>: ''",
                                        "Traceback (most recent call last):\n  x\nKeyError: 'a'\n"};
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            struct cg_error err = {0};
            koji_fault(methods[m], 1, texts[i], &err);
            assert_null(strstr(err.message, "KeyError"));
            assert_null(strstr(err.message, "<class"));
            assert_int_equal(err.code, CG_E_HUB_FAULT);
        }
    }
}

static void keeps_an_earlier_error(void **state)
{
    (void)state;
    struct cg_error err = {0};
    cg_fail(&err, CG_E_IO, "first");
    koji_fault("x", 1000, "second", &err);
    assert_int_equal(err.fault, 0);
    assert_error(&err, CG_E_IO, "first");
    assert_int_equal(koji_fault("x", 1000, "text", NULL), -1);
}

/* Property: any text gives a code and one line without control characters. */
static void survives_any_text(void **state)
{
    (void)state;
    static const char alphabet[] = "<class 'KeyError'>: \n\xff\x01{}*$%Traceback (most recent call last):\n"
                                   "Build already exists: ";
    static const int faults[] = {1, 1000, 1001, 1002, 1004, 1009, 1014, 1017, 1019, 5};
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[120];
        size_t length = 0;
        while (length < sizeof text - 1) {
            seed = seed * 1103515245U + 12345U;
            size_t from = (seed >> 16) % (sizeof alphabet - 1);
            size_t size = (seed >> 8) % 40U;
            for (; size > 0 && from < sizeof alphabet - 1 && length < sizeof text - 1; size--)
                text[length++] = alphabet[from++];
        }
        text[length] = '\0';
        struct cg_error err = {0};
        assert_int_equal(koji_fault("CGImport", faults[(seed >> 4) % 10U], text, &err), -1);
        assert_int_not_equal(err.code, CG_OK);
        assert_int_not_equal(err.code, CG_E_INTERNAL);
        for (const char *c = err.message; *c; c++)
            assert_true((unsigned char)*c >= 0x20);
    }
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct cg_error err = {0};
        allocation_fail_at(n);
        koji_fault("CGImport", 1002, "Content generator access required (atomic-reactor)", &err);
        bool failed = allocation_failed();
        allocation_fail_at(0);
        if (!failed) {
            assert_int_equal(err.code, CG_E_AUTH);
            assert_true(n > 4 || !allocation_can_fail());
            return;
        }
        assert_int_equal(err.code, CG_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_every_recorded_fault_means),
        cmocka_unit_test(knows_every_recorded_fault),
        cmocka_unit_test(knows_texts_of_other_hubs),
        cmocka_unit_test(tells_what_to_do),
        cmocka_unit_test(shows_no_bare_key_error),
        cmocka_unit_test(keeps_an_earlier_error),
        cmocka_unit_test(survives_any_text),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
