/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include "check.h"
#include "contents.h"
#include "exclusive.h"
#include "hello.h"
#include "import.h"
#include "incomplete.h"
#include "record.h"

static const char *const recorded[] = {"postImport", "postBuildStateChange", "postBuildPromote", "postTag", "postUntag",
                                       NULL};

static const char *const before_import[] = {"preImport", NULL};

static const char *const after_commit[] = {"postCommit", NULL};

static const struct export exports[] = {
    {.name = "hello",
     .alias = "cgimport.hello",
     .doc = "Tell the versions of the hub module and of libcg, the digest of the schema, and what the module can do.",
     .method = hello},
    {.name = "checkMetadata",
     .alias = "cgimport.checkMetadata",
     .doc = "Check content-generator metadata as an import would, and return the report.\n\n"
            ":param metadata: a struct, JSON text, or the name of an uploaded file; nothing for metadata.json\n"
            ":param str directory: your upload directory, where a file is named\n"
            ":param bool strict: warnings count as errors\n"
            ":returns: dict of verdict (acceptable or refused), errors, warnings, dropped, and findings",
     .method = check_metadata,
     .parameters = {{"metadata", EXPORT_NONE, 0}, {"directory", EXPORT_NONE, 0}, {"strict", EXPORT_NUMBER, 0}}},
    {.name = "check_before_import",
     .doc = "Refuse content-generator metadata that breaks rules.",
     .callback = check_before_import,
     .events = before_import},
    {.name = "importBuild",
     .alias = "cgimport.importBuild",
     .doc = "Import a build as CGImport does, faster, and safe to be repeated.\n\n"
            ":param metadata: a struct, JSON text, or the name of an uploaded file; nothing for metadata.json\n"
            ":param str directory: the upload directory\n"
            ":param str token: the reservation token of CGInitBuild, if the metadata have a build_id\n"
            ":param str key: your own name for this import: asked again with it, the first answer is given again\n"
            ":returns: buildinfo dict",
     .method = import_build,
     .parameters = {{"metadata", EXPORT_REQUIRED, 0},
                    {"directory", EXPORT_REQUIRED, 0},
                    {"token", EXPORT_NONE, 0},
                    {"key", EXPORT_NONE, 0}}},
    {.name = "exclusive_before_import",
     .doc = "Let one import of a build run at a time, and look again whether it may.",
     .callback = exclusive_before_import,
     .events = before_import},
    {.name = "incomplete_finish",
     .doc = "Take the marks off the builds that were committed.",
     .callback = incomplete_finish,
     .events = after_commit},
    {.name = "findContent",
     .alias = "cgimport.findContent",
     .doc = "Tell which contents this hub holds, as archives of builds that you may see.\n\n"
            ":param list contents: dicts of checksum_type (sha256 or md5), checksum and size\n"
            ":returns: list of booleans, one for each",
     .method = find_content,
     .parameters = {{"contents", EXPORT_REQUIRED, 0}}},
    {.name = "stageContent",
     .alias = "cgimport.stageContent",
     .doc = "Put contents that this hub holds into your upload directory, so that they need not be sent.\n\n"
            ":param str directory: your upload directory\n"
            ":param list contents: dicts of checksum_type, checksum, size, and path below the directory\n"
            ":returns: list of how each was put there: reflink, link, copy or there; nil: it has to be sent",
     .method = stage_content,
     .parameters = {{"directory", EXPORT_REQUIRED, 0}, {"contents", EXPORT_REQUIRED, 0}}},
    {.name = "events",
     .alias = "cgimport.events",
     .doc = "Read the record of imports in the order of commits, without gaps.\n\n"
            ":param int after: the position of the last event you know, 0 for none\n"
            ":param int limit: events of one answer, at most 1000\n"
            ":returns: list of dicts, the oldest first",
     .method = events,
     .parameters = {{"after", EXPORT_NUMBER, 0}, {"limit", EXPORT_NUMBER, 100}}},
    {.name = "record_event",
     .doc = "Record what happens to builds of content generators.",
     .callback = record_event,
     .events = recorded},
    {.name = NULL},
};

const struct export *table_of_exports(void)
{
    return exports;
}
