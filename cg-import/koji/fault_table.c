/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/fault_table.h"

/* Python exceptions that the hub did not mean to show: koji's kojixmlrpc.py _log_exception gives them the number 1. */
#define BARE 1
/* koji.GenericError and the others, by number. */
#define GENERIC 1000
#define LOCK 1001
#define AUTH 1002
#define TAG 1003
#define NOT_ALLOWED 1004
#define AUTH_LOCK 1006
#define AUTH_EXPIRED 1007
#define SEQUENCE 1008
#define RETRY 1009
#define DEPRECATED 1013
#define OFFLINE 1014
#define PLUGIN 1016
#define CALLBACK 1017
#define PARAMETER 1019
#define CONFIGURATION 1021
#define GSSAPI 1023

#define SEE_BUILD "look at it with: koji buildinfo $1"
#define OTHER_NVR "import under another release, or have the existing build deleted by a hub administrator"
#define NEW_DIRECTORY "run the import again; it uploads into a new directory"
#define RUN_CHECK "run: cg-import check METADATA"
#define ASK_ADMIN "ask the hub's administrators; their log has the whole story"

/* clang-format off: one fault a paragraph reads better than what fits on a line */
const struct fault_row fault_table[] = {
    /* A build of that NVR. Releases up to 1.35 write the whole build, master its NVR (facts of six hub versions). */
    {GENERIC, NULL, "Build already exists: {*'id': *, *'nvr': '*'*'state': 0,*", CG_E_RESERVED,
     "the build $4 (id $2) is reserved or being built already",
     "with its reservation token, give --token and --build-id; without it only its owner can cancel it"},
    {GENERIC, NULL, "Build already exists: {*'id': *, *'nvr': '*'*", CG_E_CONFLICT,
     "the build $4 exists on the hub already (id $2)", OTHER_NVR},
    {GENERIC, NULL, "Build already exists: {*", CG_E_CONFLICT, "the build exists on the hub already", OTHER_NVR},
    {GENERIC, NULL, "Build already exists: * (id=*)", CG_E_CONFLICT, "the build $1 exists on the hub already (id $2)",
     SEE_BUILD},
    {GENERIC, NULL, "Build already exists (id=*, state=BUILDING): *", CG_E_RESERVED,
     "the build is reserved or being built already (id $1)", SEE_BUILD},
    {GENERIC, NULL, "Build already exists (id=*, state=*): {*'name': '*', 'version': '*', 'release': '*'*",
     CG_E_CONFLICT, "the build $4-$5-$6 exists on the hub already (id $1, state $2)", SEE_BUILD},
    {GENERIC, NULL, "Build already exists (id=*, state=*): *", CG_E_CONFLICT,
     "the build exists on the hub already (id $1, state $2)", SEE_BUILD},
    {GENERIC, NULL, "Build already exists. Unable to recycle, has *", CG_E_CONFLICT,
     "the failed or canceled build of this NVR cannot be used again: it has $1", OTHER_NVR},
    {GENERIC, NULL, "Target build already exists: *", CG_E_CONFLICT, "the build exists on the hub already: $1",
     OTHER_NVR},
    {GENERIC, NULL, "Existing build found: *", CG_E_CONFLICT, "the build exists on the hub already: $1", OTHER_NVR},
    {GENERIC, NULL, "Build already in progress (task *)", CG_E_RESERVED, "task $1 is building this NVR",
     "look at it with: koji taskinfo $1"},
    {GENERIC, NULL, "Build is already reserved", CG_E_RESERVED, "the NVR is reserved already",
     "with its reservation token, give --token and --build-id; without it only its owner can cancel it"},

    /* A reservation that does not fit. */
    {GENERIC, NULL, "Token doesn't match build ID *", CG_E_RESERVED,
     "the reservation token is not that of build $1, or no token was given for a reserved build",
     "give the token and build id that CGInitBuild answered; tokens are dropped after a day"},
    {GENERIC, NULL, "Reservation token given, but no build_id in metadata", CG_E_HUB_REFUSED,
     "a reservation token was given, but the metadata's build has no build_id",
     "put the reserved id into the metadata as build.build_id"},
    {GENERIC, NULL, "Build (*) NVR is different", CG_E_HUB_REFUSED,
     "the reserved build $1 has another NVR than the metadata", SEE_BUILD},
    {GENERIC, NULL, "Build (*) epoch is different", CG_E_HUB_REFUSED,
     "the reserved build $1 has another epoch than the metadata", SEE_BUILD},
    {GENERIC, NULL, "Draft field does not match reservation (build id = *)", CG_E_HUB_REFUSED,
     "build $1 was reserved with another value of draft than the metadata has", NULL},
    {GENERIC, NULL, "Build ID * is not in BUILDING state", CG_E_CONFLICT,
     "build $1 is not reserved any more: it is complete, failed or canceled", SEE_BUILD},
    {GENERIC, NULL, "Build ID * is not reserved by this CG", CG_E_RESERVED,
     "build $1 is reserved by another content generator", SEE_BUILD},
    {GENERIC, NULL, "Build is owned by task *", CG_E_RESERVED, "the reserved build belongs to task $1",
     "look at it with: koji taskinfo $1"},
    {GENERIC, NULL, "Only FAILED/CANCELED build states are allowed", CG_E_USAGE,
     "a refund makes a build FAILED or CANCELED and nothing else", NULL},
    {GENERIC, NULL, "Draft build not supported", CG_E_UNSUPPORTED, "this hub imports no draft builds here",
     "import without --draft"},

    /* Files where the build belongs, and uploads that are not what was sent. */
    {GENERIC, NULL, "Destination directory already exists: *", CG_E_STRAY,
     "files of an import that died lie on the hub in $1",
     "when no import of this build is running: reserve it and give the reservation back, which removes them"},
    {GENERIC, NULL, "Error importing build log. */packages/* already exists.", CG_E_STRAY,
     "the hub has a file packages/$2 already",
     "two outputs of one name, or another import of this build at the same time"},
    {GENERIC, NULL, "File size * for * (expected *) doesn't match. Corrupted upload?", CG_E_TRANSFER,
     "the hub sees $1 bytes of $2, the metadata says $3",
     "the hub's servers may not see an upload at once: try again; whether the metadata is wrong (a size is a number, "
     "not a text), cg-import check tells"},
    {GENERIC, NULL, "File checksum mismatch for *: * != *", CG_E_MISMATCH,
     "the hub's copy of $1 has the checksum $3, the metadata says $2",
     "checksums are in lower case; if the metadata is right, the upload was altered: " NEW_DIRECTORY},
    {GENERIC, NULL, "No such file: *", CG_E_TRANSFER, "the hub does not see the uploaded file $1", NEW_DIRECTORY},
    {GENERIC, NULL, "upload path exists: *", CG_E_TRANSFER, "the hub has an upload $1 already", NEW_DIRECTORY},
    {GENERIC, NULL, "destination is a symlink: *", CG_E_TRANSFER,
     "the upload $1 was imported before and cannot be written again", NEW_DIRECTORY},
    {GENERIC, NULL, "Incorrect upload length for * - Expected *, actual *", CG_E_TRANSFER,
     "the hub holds $3 bytes of $1, expected $2", NEW_DIRECTORY},
    {GENERIC, NULL, "Invalid upload filename: *", CG_E_HUB_REFUSED, "the hub takes no upload of the name $1",
     "a name has no slash and does not begin with a dot"},
    {GENERIC, NULL, "Invalid upload directory, not owner: *", CG_E_AUTH,
     "the upload directory $1 belongs to another user", NEW_DIRECTORY},
    {GENERIC, NULL, "Invalid upload directory: *", CG_E_HUB_REFUSED, "the hub takes no upload directory $1", NULL},
    {GENERIC, NULL, "Unsupported verify type: *", CG_E_HUB_REFUSED,
     "the hub verifies no checksum of the type $1, but md5, sha256 and, of uploads, adler32", RUN_CHECK},

    /* What the metadata says. */
    {GENERIC, NULL, "No such entry in table content_generator: *", CG_E_HUB_REFUSED,
     "the hub has no content generator \"$1\"", "ask a hub administrator for: koji grant-cg-access --new USER $1"},
    {GENERIC, NULL, "No such entry in table btype: *", CG_E_HUB_REFUSED, "the hub has no build type \"$1\"",
     "ask a hub administrator for: koji add-btype $1"},
    {GENERIC, NULL, "No such entry in table *: *", CG_E_HUB_REFUSED, "the hub has no $1 \"$2\"", NULL},
    {GENERIC, NULL, "Koji now support only one content-generator per import", CG_E_HUB_REFUSED,
     "the metadata names several content generators; the hub takes one", RUN_CHECK},
    {GENERIC, NULL, "Output type * not listed in build types", CG_E_HUB_REFUSED,
     "an output has the build type $1, which the build's extra does not list", RUN_CHECK},
    {GENERIC, NULL, "No typeinfo for: *", CG_E_HUB_REFUSED, "the output $1 has no build type in extra.typeinfo",
     RUN_CHECK},
    {GENERIC, NULL, "Output file has multiple types: *", CG_E_HUB_REFUSED, "the output $1 has several build types",
     RUN_CHECK},
    {GENERIC, NULL, "Duplicate typeinfo for* '*'", CG_E_HUB_REFUSED, "the build type $2 is described twice", RUN_CHECK},
    {GENERIC, NULL, "Missing buildroot metadata for id *", CG_E_HUB_REFUSED,
     "an output names the buildroot $1, which the metadata does not describe", RUN_CHECK},
    {GENERIC, NULL, "Buildroot id not used in output: *", CG_E_HUB_REFUSED, "no output was made in buildroot $1",
     RUN_CHECK},
    {GENERIC, NULL, "Duplicate buildroot id in metadata: *", CG_E_HUB_REFUSED, "two buildroots have the id $1",
     RUN_CHECK},
    {GENERIC, NULL, "The \"*\" character not allowed in * field", CG_E_NVR,
     "the build's $2 has \"$1\", which it must not", RUN_CHECK},
    {GENERIC, NULL, "No name or package id provided for build", CG_E_NVR, "the build's name is empty", RUN_CHECK},
    {GENERIC, NULL, "No * value for build", CG_E_NVR, "the build's $1 is empty", RUN_CHECK},
    {GENERIC, NULL, "did not provide name, version, and release", CG_E_NVR,
     "the build's name, version or release is missing", RUN_CHECK},
    {GENERIC, NULL, "Invalid json data: *", CG_E_HUB_REFUSED, "the hub cannot read the metadata as JSON", RUN_CHECK},
    {GENERIC, NULL, "Invalid metadata, cannot encode: *", CG_E_HUB_REFUSED, "the hub cannot read the metadata",
     RUN_CHECK},
    {GENERIC, NULL, "No such metadata version: *", CG_E_HUB_REFUSED, "the metadata_version is $1, the hub reads 0",
     RUN_CHECK},
    {GENERIC, NULL, "No such user: *", CG_E_HUB_REFUSED, "the hub has no user $1",
     "build.owner names a user of the hub"},
    {GENERIC, NULL, "Invalid owner format (expected username): *", CG_E_HUB_REFUSED,
     "the build's owner $1 is not a user's name", RUN_CHECK},
    {GENERIC, NULL, "unsupported file extension: *", CG_E_HUB_REFUSED, "the hub has no archive type for the file $1",
     "see: koji list-archivetypes, or the hub's getArchiveTypes"},
    {GENERIC, NULL, "No such component type: *", CG_E_HUB_REFUSED,
     "a component has the type $1; the hub knows rpm, file and kojifile", RUN_CHECK},
    {GENERIC, NULL, "External rpms not allowed", CG_E_HUB_REFUSED,
     "an rpm component has a location, which the hub refuses", RUN_CHECK},
    {GENERIC, NULL, "Unexpected 'id' field in component", CG_E_HUB_REFUSED,
     "a component has an id, which the hub refuses", RUN_CHECK},
    {GENERIC, NULL, "No such archive: *", CG_E_HUB_REFUSED,
     "a kojifile component names the archive $1, which is not there", NULL},
    {GENERIC, NULL, "No such build: *", CG_E_HUB_REFUSED, "the hub has no build $1", NULL},
    {GENERIC, NULL, "invalid format: *", CG_E_HUB_REFUSED, "the hub wanted a number and found the text $1", RUN_CHECK},
    {GENERIC, NULL, "Invalid method: *", CG_E_UNSUPPORTED, "this hub has no method $1", NULL},
    {GENERIC, NULL, "Request too long", CG_E_TOO_LARGE, "the request is longer than the hub takes", NULL},
    {GENERIC, NULL, "*", CG_E_HUB_REFUSED, "the hub refused $m: $1", NULL},

    /* Who asks. */
    {LOCK, NULL, "[Errno 11] *", CG_E_BUSY, "another request is writing this upload", NULL},
    {LOCK, NULL, "*", CG_E_BUSY, "a lock on the hub is held by another: $1", NULL},
    {AUTH, NULL, "Content generator access required (*)", CG_E_AUTH,
     "the user may not import for the content generator $1",
     "ask a hub administrator for: koji grant-cg-access USER $1"},
    {AUTH, NULL, "Invalid session or bad credentials", CG_E_SESSION, "the hub does not know the session any more",
     NULL},
    {AUTH, NULL, "Not logged*", CG_E_AUTH, "$m needs a login", "set authtype and its credentials in the profile"},
    {AUTH, NULL, "'session-id' not specified in session args", CG_E_AUTH, "$m needs a login",
     "set authtype and its credentials in the profile"},
    {AUTH, NULL, "* is not authorized to login other users", CG_E_AUTH, "$1 may not log in as another user (runas)",
     "the hub lists those who may in ProxyDNs and ProxyPrincipals"},
    {AUTH, NULL, "Unknown user: *", CG_E_AUTH, "the hub has no user for $1", "ask a hub administrator for an account"},
    {AUTH, NULL, "Kerberos principal's realm: * is not allowed", CG_E_AUTH,
     "the hub takes no principals of the realm $1", NULL},
    {AUTH, NULL, "could not verify client: *", CG_E_AUTH, "the hub's web server took no credentials for the login",
     "the certificate or ticket did not arrive; authtype in the profile says which is sent"},
    {AUTH, NULL, "logins by * are not allowed", CG_E_AUTH, "the user $1 is disabled on the hub", NULL},
    {AUTH, NULL, "invalid username or password", CG_E_AUTH, "the hub does not accept the user or the password", NULL},
    {AUTH, NULL, "*", CG_E_AUTH, "the hub does not allow $m: $1", NULL},
    {AUTH_LOCK, NULL, "*", CG_E_BUSY, "another session has the user for itself: $1",
     "an exclusive session of the same user is open; it ends by logout or time"},
    {AUTH_EXPIRED, NULL, "*", CG_E_SESSION, "the session has expired", NULL},
    {SEQUENCE, NULL, "*", CG_E_SESSION, "the hub has seen a later call of this session: $1", NULL},
    {RETRY, NULL, "*", CG_E_RETRIED, "the hub has already done this very call", NULL},
    {GSSAPI, NULL, "*", CG_E_AUTH, "the GSSAPI login failed: $1", "see klist"},

    /* What the hub's owners say. */
    {NOT_ALLOWED, NULL, "policy violation (*): *", CG_E_DENIED, "the hub's policy $1 denies it: $2", NULL},
    {NOT_ALLOWED, NULL, "*", CG_E_DENIED, "the hub does not allow $m: $1", NULL},
    {OFFLINE, NULL, "*", CG_E_OFFLINE, "the hub is offline: $1", NULL},
    {CALLBACK, NULL, "Error running * callback from _koji_plugin__*: koji.*: *", CG_E_DENIED,
     "the hub's plugin $2 says no ($1): $4", ASK_ADMIN},
    {CALLBACK, NULL, "Error running * callback from *: koji.*: *", CG_E_DENIED, "the hub's plugin $2 says no ($1): $4",
     ASK_ADMIN},
    {CALLBACK, NULL, "Error running * callback from _koji_plugin__*: *", CG_E_HUB_FAULT,
     "the hub's plugin $2 broke ($1): $3", ASK_ADMIN},
    {CALLBACK, NULL, "Error running * callback from *: *", CG_E_HUB_FAULT, "the hub's plugin $2 broke ($1): $3",
     ASK_ADMIN},
    {CALLBACK, NULL, "*", CG_E_HUB_FAULT, "a plugin of the hub broke: $1", ASK_ADMIN},
    {PLUGIN, NULL, "*", CG_E_HUB_FAULT, "a plugin of the hub broke: $1", ASK_ADMIN},
    {TAG, NULL, "*", CG_E_TAG, "tagging failed: $1", NULL},
    {DEPRECATED, NULL, "*", CG_E_UNSUPPORTED, "this hub has given up $m: $1", NULL},
    {CONFIGURATION, NULL, "*", CG_E_HUB_FAULT, "the hub is configured wrongly: $1", ASK_ADMIN},
    {PARAMETER, "CGImport", "Invalid name or id value: None", CG_E_HUB_REFUSED,
     "the metadata has no buildroots, so the hub finds no content generator", RUN_CHECK},
    {PARAMETER, NULL, "*", CG_E_UNSUPPORTED, "this hub takes other arguments of $m: $1", NULL},

    /* Python exceptions. */
    {BARE, NULL, "KeyError: 'adler32'", CG_E_HUB_REFUSED,
     "the metadata has a checksum of the type adler32, which the hub does not store; expected md5 or sha256",
     RUN_CHECK},
    {BARE, NULL, "KeyError: 'HTTP_KOJI_SESSION_KEY'", CG_E_AUTH, "the request had a session id but no session key",
     NULL},
    {BARE, "CGImport", "KeyError: '*'", CG_E_HUB_FAULT, "the hub found no \"$1\" in the metadata", RUN_CHECK},
    {BARE, "CGInitBuild", "KeyError: '*'", CG_E_HUB_FAULT, "the hub found no \"$1\" in the build to reserve", NULL},
    {BARE, NULL, "KeyError: *", CG_E_HUB_FAULT, "the hub found no $1 in what $m was given", NULL},
    {BARE, NULL, "FileNotFoundError: [Errno 2] No such file or directory: '*/work/*'", CG_E_TRANSFER,
     "the hub does not see the uploaded file $2", NEW_DIRECTORY},
    {BARE, NULL, "*: [Errno 28] *", CG_E_HUB_FAULT, "the hub's disk is full", ASK_ADMIN},
    {BARE, NULL, "ValueError: Invalid path segment: *", CG_E_HUB_REFUSED,
     "the hub refuses the path $1: it leaves its directory", RUN_CHECK},
    {BARE, NULL, "ValueError: invalid literal for int() with base 10: *", CG_E_HUB_FAULT,
     "the hub wanted a number and found $1 in what $m was given", NULL},
    {BARE, NULL, "*UniqueViolation: *build_pkg_ver_rel*", CG_E_CONFLICT, "another import of the same build was faster",
     OTHER_NVR},
    {BARE, NULL, "*DeadlockDetected: *", CG_E_BUSY, "the hub's database had a deadlock", NULL},
    {BARE, NULL, "*SerializationFailure: *", CG_E_BUSY, "the hub's database had a conflict of transactions", NULL},
    {BARE, NULL, "*OperationalError: *", CG_E_BUSY, "the hub's database failed: $2", NULL},
    {BARE, NULL, "*ExpatError: *", CG_E_HUB_FAULT, "the hub could not read the request: $2", NULL},
    {BARE, NULL, "TypeError: * got an unexpected keyword argument '*'", CG_E_UNSUPPORTED,
     "this hub's $m knows no argument $2", NULL},
    {BARE, NULL, "*", CG_E_HUB_FAULT, "the hub broke on $m: $1", ASK_ADMIN},

    {FAULT_ANY, NULL, "*", CG_E_HUB_REFUSED, "the hub refused $m: $1", NULL},
};
/* clang-format on */

const size_t fault_table_size = sizeof fault_table / sizeof fault_table[0];
