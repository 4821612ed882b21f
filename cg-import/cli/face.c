/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include "base/secret.h"

#include <string.h>

static unsigned seconds(uint64_t milliseconds)
{
    return (unsigned)((milliseconds + 999) / 1000);
}

static struct intake_limits make_limits(const struct config_limits *given)
{
    return (struct intake_limits){.metadata_bytes = given->metadata_bytes,
                                  .output_bytes = given->output_bytes,
                                  .outputs = (unsigned)given->outputs,
                                  .connections = (unsigned)given->connections,
                                  .connections_per_caller = (unsigned)given->connections_per_caller,
                                  .imports_per_caller = (unsigned)given->imports_per_caller,
                                  .header_seconds = seconds(given->header_ms),
                                  .idle_seconds = seconds(given->idle_ms),
                                  .rate_min = (unsigned)given->rate_min};
}

/* Which callers there are, but for the grants. */
static struct intake_trust make_trust(const struct config_callers *given)
{
    return (struct intake_trust){
        .tokens = given->tokens,
        .sessions = {.idle_s = seconds(given->session_idle_ms), .most_s = seconds(given->session_most_ms)},
        .client_ca = given->client_ca,
        .client_crl = given->client_crl,
        .front_user_header = given->front_user_header,
        .kubernetes_url = given->kubernetes_url,
        .kubernetes_ca = given->kubernetes_ca,
        .kubernetes_token_file = given->kubernetes_token_file,
        .kubernetes_audience = given->kubernetes_audience};
}

static int make_grants(struct face *face, const struct config *config, struct cg_error *err)
{
    face->grants = calloc(config->grant_count + 1, sizeof *face->grants);
    if (!face->grants)
        return cg_fail_memory(err);
    for (size_t i = 0; i < config->grant_count; i++) {
        const struct config_grant *given = &config->grants[i];
        face->grants[i] = (struct intake_grant){.name = given->caller,
                                                .roles = (unsigned)given->roles,
                                                .content_generators = (const char *const *)given->content_generators,
                                                .packages = (const char *const *)given->packages};
    }
    face->options.trust.grants = face->grants;
    face->options.trust.grant_count = config->grant_count;
    return 0;
}

static int make_roots(struct face *face, const struct config *config, struct cg_error *err)
{
    face->roots = calloc(config->root_count + 1, sizeof *face->roots);
    if (!face->roots)
        return cg_fail_memory(err);
    for (size_t i = 0; i < config->root_count; i++)
        face->roots[i] =
            (struct reference_root){.name = config->roots[i].name, .directory = config->roots[i].directory};
    face->options.roots = face->roots;
    face->options.root_count = config->root_count;
    return 0;
}

static int make_hubs(struct face *face, const struct hubs *hubs, struct cg_error *err)
{
    face->hubs = calloc(hubs->count + 1, sizeof *face->hubs);
    if (!face->hubs)
        return cg_fail_memory(err);
    face->options.hubs = face->hubs;
    for (size_t i = 0; i < hubs->count; i++) {
        face->hubs[i].name = strdup(hubs->for_worker[i].name);
        face->hubs[i].web_url = strdup(hubs->for_worker[i].profile->weburl);
        face->options.hub_count++;
        if (!face->hubs[i].name || !face->hubs[i].web_url)
            return cg_fail_memory(err);
    }
    return 0;
}

static int make_witnesses(struct face *face, const struct config *config, struct cg_error *err)
{
    face->witnesses = calloc(config->witness_count + 1, sizeof *face->witnesses);
    if (!face->witnesses)
        return cg_fail_memory(err);
    for (size_t i = 0; i < config->witness_count; i++)
        face->witnesses[i] =
            (struct intake_witness){.name = config->witnesses[i].name, .key = config->witnesses[i].key};
    face->options.witnesses = face->witnesses;
    face->options.witness_count = config->witness_count;
    face->options.quorum = (unsigned)config->audit.quorum;
    return 0;
}

static int read_attestation_key(struct face *face, const char *file, struct cg_error *err)
{
    AUTO_SECRET struct secret key = {0};
    if (!file)
        return 0;
    if (secret_set_from_file(&key, file, err) < 0)
        return -1;
    face->attestation_signer = cg_note_signer_parse(secret_reveal(&key), err);
    face->options.attestation_signer = face->attestation_signer;
    if (face->attestation_signer)
        return 0;
    cg_error_clear(err);
    return cg_fail(err, CG_E_CONFIG, "%s has no key as cg-import audit keygen makes it", file);
}

int face_make(struct face *face, const struct config *config, const struct hubs *hubs, struct cg_error *err)
{
    const struct config_listen *listen = &config->listen;
    face->options = (struct intake_options){.address = strcmp(listen->address, "none") == 0 ? NULL : listen->address,
                                            .port = (unsigned short)listen->port,
                                            .unix_socket = listen->unix_socket,
                                            .unix_mode = (unsigned)listen->unix_mode,
                                            .tls_cert = listen->tls_cert,
                                            .tls_key = listen->tls_key,
                                            .trust = make_trust(&config->callers),
                                            .limits = make_limits(&config->limits),
                                            .default_hub = config->service.default_hub,
                                            .audit_directory = config->audit.directory,
                                            .audit_wait_s = seconds(config->audit.wait_ms),
                                            .public_url = listen->public_url,
                                            .threads = (unsigned)listen->threads};
    if (make_grants(face, config, err) < 0 || make_roots(face, config, err) < 0 || make_hubs(face, hubs, err) < 0 ||
        make_witnesses(face, config, err) < 0)
        return -1;
    return read_attestation_key(face, config->audit.attestation_key_file, err);
}

void face_finish(struct face *face)
{
    free(face->grants);
    free(face->roots);
    for (size_t i = 0; i < face->options.hub_count; i++) {
        free((char *)(uintptr_t)face->hubs[i].name);
        free((char *)(uintptr_t)face->hubs[i].web_url);
    }
    free(face->hubs);
    free(face->witnesses);
    cg_note_signer_destroy(face->attestation_signer);
    *face = (struct face){0};
}
