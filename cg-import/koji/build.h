/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_BUILD_H
#define KOJI_BUILD_H

/*
 * A build on the hub and what it holds: getBuild, listArchives, getBuildLogs, listBuildRPMs.
 *
 * Only asks; what an answer means is the importer's.
 */

#include "koji/session.h"

/* koji.BUILD_STATES */
enum koji_build_state {
    KOJI_BUILD_BUILDING = 0,
    KOJI_BUILD_COMPLETE = 1,
    KOJI_BUILD_DELETED = 2,
    KOJI_BUILD_FAILED = 3,
    KOJI_BUILD_CANCELED = 4,
};

/* A build as getBuild tells it. Strings owned, NULL when the hub says nil. */
struct koji_build {
    int64_t build_id;
    enum koji_build_state state;
    char *nvr;
    char *content_generator; /* cg_name */
    char *owner;             /* owner_name */
    int64_t owner_id;
    char *volume; /* volume_name */
    bool draft;
    double started; /* start_ts, seconds since 1970 by the hub's clock; 0 when nil */
    json_t *json;   /* owned: the whole answer */
};

#define AUTO_KOJI_BUILD CG_AUTO(koji_build_finish)

/* 1: found, 0: there is no such build, -1: failed. */
int koji_get_build(struct koji_session *session, const char *nvr, struct koji_build *build, struct cg_error *err);
int koji_get_build_by_id(struct koji_session *session, int64_t build_id, struct koji_build *build,
                         struct cg_error *err);
/* Fills `build` from a getBuild or CGImport answer (borrowed). 0, or -1 with CG_E_HUB_REPLY, CG_E_MEMORY. */
int koji_build_from_json(const json_t *json, struct koji_build *build, struct cg_error *err);
void koji_build_finish(struct koji_build *build);
/* "COMPLETE"; "state N" is never asked for: an unknown number reads "unknown". */
const char *koji_build_state_name(enum koji_build_state state);

/* Parts of a path that koji_build_directory makes at most. */
#define KOJI_BUILD_PARTS 6

/*
 * The directory of a build below topdir and topurl, [vol/VOLUME/]packages/NAME/VERSION/RELEASE (koji.PathInfo.build),
 * as parts for stored_file.h, borrowed from `build`, an answer of getBuild or listBuilds; "" for what it does not tell.
 * Returns how many.
 */
size_t koji_build_directory(const json_t *build, const char *parts[KOJI_BUILD_PARTS]);

/* listArchives of a build: new reference to an array. */
int koji_list_archives(struct koji_session *session, int64_t build_id, json_t **archives, struct cg_error *err);

/* Whether the rpms of a build are asked for with its files. */
enum koji_ask_rpms { KOJI_WITHOUT_RPMS, KOJI_WITH_RPMS };

/* What a build holds on the hub; owned arrays. Release with koji_build_files_finish. */
struct koji_build_files {
    json_t *archives; /* listArchives */
    json_t *logs;     /* getBuildLogs */
    json_t *rpms;     /* listBuildRPMs; NULL when not asked for */
};

#define AUTO_KOJI_BUILD_FILES CG_AUTO(koji_build_files_finish)

/* One request. 0, or -1 with CG_E_HUB_REPLY, CG_E_MEMORY or the session's codes. */
int koji_build_files_read(struct koji_session *session, int64_t build_id, enum koji_ask_rpms rpms,
                          struct koji_build_files *files, struct cg_error *err);
void koji_build_files_finish(struct koji_build_files *files);

#endif
