/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_CONTENT_GENERATOR_H
#define KOJI_CONTENT_GENERATOR_H

/*
 * The hub's calls around a content-generator import, typed: one function a call (kojihub.py, class RootExports).
 *
 * CGImport itself has no function here: its call number is written down before it is sent, so the importer sends it
 * with koji_session_call_as and the params made here. Decides nothing: what an answer means is the importer's.
 */

#include "base/secret.h"
#include "cg/check.h"
#include "koji/hub_module.h"
#include "koji/session.h"

/* koji.BUILD_STATES */
enum koji_build_state {
    KOJI_BUILD_BUILDING = 0,
    KOJI_BUILD_COMPLETE = 1,
    KOJI_BUILD_DELETED = 2,
    KOJI_BUILD_FAILED = 3,
    KOJI_BUILD_CANCELED = 4,
};

/* Is a reservation for a draft build? */
enum koji_draft { KOJI_NORMAL, KOJI_DRAFT };

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

/* Zero-initialise; release with koji_reservation_finish. */
struct koji_reservation {
    int64_t build_id; /* 0: none */
    struct secret token;
};

/* What the hub has registered, for cg_check(); owned arrays behind `facts`. Release with koji_hub_lists_finish. */
struct koji_hub_lists {
    struct cg_hub_facts facts;
    char **content_generators;
    char **btypes;
    char **archive_extensions;
    json_t *cgs;     /* listCGs: {name: {id, users: [..]}}, owned */
    unsigned module; /* what the hub module can do: enum koji_module_ability (hub_module.h), 0 where there is none */
};

/* One request, and one more where the hub has the module; an anonymous session will do. 0, or -1 with CG_E_HUB_REPLY,
 * CG_E_MEMORY or the session's codes. */
int koji_hub_lists_read(struct koji_session *session, struct koji_hub_lists *lists, struct cg_error *err);
void koji_hub_lists_finish(struct koji_hub_lists *lists);

/* 1: found, 0: there is no such build, -1: failed. */
int koji_get_build(struct koji_session *session, const char *nvr, struct koji_build *build, struct cg_error *err);
int koji_get_build_by_id(struct koji_session *session, int64_t build_id, struct koji_build *build,
                         struct cg_error *err);
/* Fills `build` from a getBuild or CGImport answer (borrowed). 0, or -1 with CG_E_HUB_REPLY, CG_E_MEMORY. */
int koji_build_from_json(const json_t *json, struct koji_build *build, struct cg_error *err);
void koji_build_finish(struct koji_build *build);
/* "COMPLETE"; "state N" is never asked for: an unknown number reads "unknown". */
const char *koji_build_state_name(enum koji_build_state state);

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

/*
 * CGInitBuild under a call number that koji_session_take_ticket gave. KOJI_DRAFT asks for a draft build; a hub that
 * ignores that is found out from its answer and the reservation given back: CG_E_UNSUPPORTED. CG_E_RESERVED,
 * CG_E_CONFLICT when the NVR is taken by somebody. CG_E_RETRIED: this very call was committed, so the reservation is
 * ours, but its token was lost with the answer. CG_E_UNKNOWN: no answer came.
 */
int koji_reserve(struct koji_session *session, uint32_t call_number, const char *content_generator,
                 const struct cg_metadata *metadata, enum koji_draft draft, struct koji_reservation *reservation,
                 struct cg_error *err);
void koji_reservation_finish(struct koji_reservation *reservation);

/* CGRefundBuild; `state` FAILED or CANCELED. Never while a CGImport of the build may run: it would end FAILED. */
int koji_refund(struct koji_session *session, const char *content_generator, const struct koji_reservation *reservation,
                enum koji_build_state state, struct cg_error *err);

/* cancelBuild: 1 canceled, 0 the hub says no, -1 failed. */
int koji_cancel_build(struct koji_session *session, int64_t build_id, struct cg_error *err);

/* The params of CGImport for metadata file `metadata_name` in `directory`; token may be unset. New reference. */
json_t *koji_import_params(const char *metadata_name, const char *directory, const struct secret *token,
                           struct cg_error *err);

#endif
