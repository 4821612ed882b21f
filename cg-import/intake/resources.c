/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/resources.h"

enum {
    ANY_ROLE = STORE_ROLE_SUBMITTER | STORE_ROLE_OPERATOR | STORE_ROLE_AUDITOR,
    MAY_POST = STORE_ROLE_SUBMITTER | STORE_ROLE_OPERATOR,
    MAY_WATCH_ALL = STORE_ROLE_OPERATOR | STORE_ROLE_AUDITOR,
};

/* Bodies whose size the handler limits, by the configuration and the metadata. */
#define HANDLER_LIMITS UINT64_MAX
#define NOTE_BYTES 4096

static const struct intake_route routes[] = {
    {"POST", "/v1/imports", MAY_POST, HANDLER_LIMITS, &intake_imports_post},
    {"GET", "/v1/imports", ANY_ROLE, 0, &intake_imports_list},
    {"GET", "/v1/imports/{id}", ANY_ROLE, 0, &intake_import_get},
    {"GET", "/v1/imports/{id}/metadata", ANY_ROLE, 0, &intake_import_metadata},
    {"GET", "/v1/imports/{id}/log", ANY_ROLE, 0, &intake_import_log},
    {"GET", "/v1/imports/{id}/events", ANY_ROLE, 0, &intake_import_events},
    {"GET", "/v1/events", MAY_WATCH_ALL, 0, &intake_all_events},
    {"PUT", "/v1/imports/{id}/outputs/{position}", MAY_POST, HANDLER_LIMITS, &intake_output_put},
    {"PATCH", "/v1/imports/{id}/outputs/{position}", MAY_POST, HANDLER_LIMITS, &intake_output_patch},
    {"HEAD", "/v1/imports/{id}/outputs/{position}", MAY_POST, 0, &intake_output_head},
    {"POST", "/v1/imports/{id}/retry", STORE_ROLE_OPERATOR, HANDLER_LIMITS, &intake_import_retry},
    {"POST", "/v1/imports/{id}/cancel", STORE_ROLE_OPERATOR, NOTE_BYTES, &intake_import_cancel},
    {"POST", "/v1/imports/{id}/release", STORE_ROLE_OPERATOR, NOTE_BYTES, &intake_import_release},
    {"GET", "/v1/session", INTAKE_ANY_CALLER, 0, &intake_session_get},
    {"POST", "/v1/session", 0, INTAKE_SIGN_IN_MAX, &intake_session_post},
    {"DELETE", "/v1/session", 0, 0, &intake_session_delete},
    {"GET", "/v1/provenance/builds", MAY_WATCH_ALL, 0, &intake_provenance_find},
    {"GET", "/v1/provenance/builds/{build}", MAY_WATCH_ALL, 0, &intake_provenance_get},
    {"GET", "/v1/provenance/builds/{build}/difference", MAY_WATCH_ALL, 0, &intake_provenance_difference},
    {"GET", "/v1/provenance/builds/{build}/ancestors", MAY_WATCH_ALL, 0, &intake_provenance_ancestors},
    {"GET", "/v1/provenance/builds/{build}/descendants", MAY_WATCH_ALL, 0, &intake_provenance_descendants},
    {"GET", "/v1/imports/{id}/audit", ANY_ROLE, 0, &intake_import_audit},
    {"GET", "/v1/overview", ANY_ROLE, 0, &intake_overview},
    {"GET", "/v1/audit/log", MAY_WATCH_ALL, 0, &intake_audit_log},
    {"GET", "/v1/audit/entries/{index}", MAY_WATCH_ALL, 0, &intake_audit_entry},
    {"GET", "/v1/audit/inclusion", 0, 0, &intake_audit_inclusion},
    {"GET", "/v1/audit/consistency", 0, 0, &intake_audit_consistency},
    /* As C2SP tlog-tiles has them: the hashes are for anyone, what is told only for those who may see all of it. */
    {"GET", "/checkpoint", 0, 0, &intake_audit_checkpoint},
    {"GET", "/tile/{level}/{a}", 0, 0, &intake_audit_tile},
    {"GET", "/tile/{level}/{a}/{b}", 0, 0, &intake_audit_tile},
    {"GET", "/tile/{level}/{a}/{b}/{c}", 0, 0, &intake_audit_tile},
    {"GET", "/tile/{level}/{a}/{b}/{c}/{d}", 0, 0, &intake_audit_tile},
    {"GET", "/tile/entries/{a}", MAY_WATCH_ALL, 0, &intake_audit_entries},
    {"GET", "/tile/entries/{a}/{b}", MAY_WATCH_ALL, 0, &intake_audit_entries},
    {"GET", "/tile/entries/{a}/{b}/{c}", MAY_WATCH_ALL, 0, &intake_audit_entries},
    {"GET", "/tile/entries/{a}/{b}/{c}/{d}", MAY_WATCH_ALL, 0, &intake_audit_entries},
    {"GET", "/v1/provenance/builds/{build}/attestation", MAY_WATCH_ALL, 0, &intake_provenance_attestation},
    {"GET", "/v1/provenance/builds/{build}/sbom", MAY_WATCH_ALL, 0, &intake_provenance_sbom},
};

const struct intake_route *intake_resources(size_t *count)
{
    *count = sizeof routes / sizeof routes[0];
    return routes;
}
