/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTAKE_RESOURCES_H
#define INTAKE_RESOURCES_H

/*
 * The resources: imports below /v1, their outputs, events and verbs, and the audit log (schema/openapi.yaml).
 *
 * Health, metrics and the contract itself are the server's own. Each handler lies in the file named after its resource.
 */

#include "intake/request.h"

#include <stddef.h>

/* All routes, borrowed for ever. */
const struct intake_route *intake_resources(size_t *count);

extern const struct intake_handler intake_imports_post;      /* imports_post.c */
extern const struct intake_handler intake_imports_list;      /* imports_get.c */
extern const struct intake_handler intake_import_get;        /* imports_get.c */
extern const struct intake_handler intake_import_metadata;   /* imports_get.c */
extern const struct intake_handler intake_import_log;        /* imports_get.c */
extern const struct intake_handler intake_import_events;     /* events.c */
extern const struct intake_handler intake_all_events;        /* events.c */
extern const struct intake_handler intake_output_put;        /* outputs.c */
extern const struct intake_handler intake_output_patch;      /* outputs.c */
extern const struct intake_handler intake_output_head;       /* outputs.c */
extern const struct intake_handler intake_import_retry;      /* verbs.c */
extern const struct intake_handler intake_import_cancel;     /* verbs.c */
extern const struct intake_handler intake_import_release;    /* verbs.c */
extern const struct intake_handler intake_import_audit;      /* audit_proofs.c */
extern const struct intake_handler intake_audit_entry;       /* audit_proofs.c */
extern const struct intake_handler intake_audit_inclusion;   /* audit_proofs.c */
extern const struct intake_handler intake_audit_consistency; /* audit_proofs.c */
extern const struct intake_handler intake_audit_log;         /* audit_log.c */
extern const struct intake_handler intake_overview;          /* overview.c */
extern const struct intake_handler intake_audit_checkpoint;  /* audit_files.c */
extern const struct intake_handler intake_audit_tile;        /* audit_files.c */
extern const struct intake_handler intake_audit_entries;     /* audit_files.c */

#define INTAKE_SIGN_IN_MAX 4096                           /* bytes of a sign-in's body */
extern const struct intake_handler intake_session_get;    /* session.c */
extern const struct intake_handler intake_session_post;   /* session.c */
extern const struct intake_handler intake_session_delete; /* session.c */

extern const struct intake_handler intake_provenance_find;        /* provenance_find.c */
extern const struct intake_handler intake_provenance_get;         /* provenance_build.c */
extern const struct intake_handler intake_provenance_difference;  /* provenance_build.c */
extern const struct intake_handler intake_provenance_ancestors;   /* provenance_build.c */
extern const struct intake_handler intake_provenance_descendants; /* provenance_build.c */
extern const struct intake_handler intake_provenance_attestation; /* provenance_attest.c */
extern const struct intake_handler intake_provenance_sbom;        /* provenance_attest.c */

#endif
