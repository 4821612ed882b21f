/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_PROVENANCE_H
#define STORE_PROVENANCE_H

/*
 * Which builds the trail knows, what they are made of, and which builds are made of something.
 *
 * The facts of a build (cg/provenance.h) come in with the transaction that accepts its import, and become those of an
 * imported build with the transaction that says so; builds that other clients imported come in by
 * store_provenance_add() and outbox.h. Answers are JSON objects as docs/provenance.md describes them, each made from
 * one snapshot of the database, with "complete_for": the range of the audit log whose builds they have. What `scope`
 * may not see is not there, for walks along parents, too. Nothing here is ever changed, but for a build's becoming
 * imported; what became of it on its hub since is told beside it, "on_hub".
 */

#include "store/imports.h"

/* Which builds, by what became of them. */
enum store_provenance_state {
    STORE_PROVENANCE_IMPORTED,     /* they are on their hub */
    STORE_PROVENANCE_NOT_IMPORTED, /* they were accepted and are not, or never became so */
    STORE_PROVENANCE_ANY,
};

/* What is looked for: all that is set must hold. NULL or 0: any. */
struct store_provenance_filter {
    const char *nvr; /* glob */
    const char *hub;
    int64_t build_id;
    const char *digest;     /* "ALGORITHM:HEX" or "HEX": of an image's manifest or config, of an archive */
    const char *pullspec;   /* of an image; one with a digest is also found by that */
    const char *rpm;        /* contained: name, NVR, NVRA, with or without epoch, or sigmd5 */
    const char *built_with; /* the same of the buildroots */
    const char *component;  /* contained file or kojifile: its name, checksum, or the NVR it is from */
    const char *source;     /* URL, without the commit */
    const char *commit;     /* or the beginning of one */
    const char *parent;     /* NVR, build id or pull spec of an image or kojifile it was made from */
    const char *content_generator;
    int64_t task_id;
    const char *submitter; /* who submitted, owns or posted it */
    double since, until;   /* of becoming imported, or accepted where it did not; 0: open */
    enum store_provenance_state state;
    int64_t after;  /* "next" of the page before; 0: the first */
    unsigned limit; /* 1-500, others are moved to the nearest */
};

/*
 * {"builds": [...], "next": number or null, "complete_for"}, those the trail learned of last first. *answer is a new
 * reference. 0; -1 with CG_E_LIMIT (a glob that is too long), CG_E_BUSY, ...
 */
int store_provenance_find(struct store *store, const struct store_provenance_filter *filter,
                          const struct store_scope *scope, json_t **answer, struct cg_error *err);

/*
 * One build: {"build": as in a list, "facts", "outputs_sha256": {"POSITION": as the service computed it of a posted
 * file}, "log": entries of the audit log that tell of it, "hub_events": what the hub's record told of it, last first,
 * "complete_for"}. `name` is an NVR (of a draft also the one that the hub has it under), a build id or the id of an
 * import, on `hub` (NULL: any). Of several that which is imported, then that whose NVR it is on the hub, then that
 * which was learned of last. 1, 0 none that `scope` may see, -1.
 */
int store_provenance_get(struct store *store, const char *name, const char *hub, const struct store_scope *scope,
                         json_t **answer, struct cg_error *err);

/* Which way along parents and kojifile components. */
enum store_provenance_way {
    STORE_PROVENANCE_ANCESTORS,   /* what it was made from */
    STORE_PROVENANCE_DESCENDANTS, /* what was made from it */
};

/* Builds that a walk visits at most, and steps it goes at most. */
#define STORE_PROVENANCE_RELATED_MAX 5000U
#define STORE_PROVENANCE_DEPTH_MAX 20U

/*
 * {"build", "related": [{"depth", "kind", "from", "nvr", "build_id", "pullspec", "build"}], "truncated",
 * "complete_for"}, nearest first. "build" is null for one that the trail does not know. 1, 0 no such build, -1.
 */
int store_provenance_related(struct store *store, const char *name, const char *hub, enum store_provenance_way way,
                             unsigned depth, const struct store_scope *scope, json_t **answer, struct cg_error *err);

/* A build that another client imported. Texts borrowed. */
struct store_found_build {
    const char *hub;
    int64_t build_id;
    const char *nvr;   /* on the hub now, with what marks a draft; NULL: not told */
    const char *state; /* on the hub now, as hub_builds has it; NULL: not told */
    const char *package;
    const char *content_generator;
    double imported_at;          /* by the hub's clock; 0: now */
    const char *metadata_sha256; /* of what was imported; NULL: not known */
    const char *origin;          /* "backfill" or "outbox" */
    const char *facts_from;      /* "metadata", "hub" (its tables) or "event" (of its record); NULL: "metadata" */
    const char *remark;          /* why not from the metadata; NULL: they are */
    const json_t *facts;
};

enum store_found {
    STORE_FOUND_KNOWN = 1, /* the trail has it */
    STORE_FOUND_ADDED,
    STORE_FOUND_ON_A_WAY, /* an import of this service that has not ended may be this build: nothing was added */
};

/*
 * Takes in what a backfill found, with a leaf of the audit log. An enum store_found; -1 with CG_E_SYNTAX (no facts),
 * ... A build of an import that was accepted before there were facts becomes that import's.
 */
int store_provenance_add(struct store *store, const struct store_found_build *found, struct cg_error *err);

#endif
