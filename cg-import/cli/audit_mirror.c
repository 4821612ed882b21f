/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit mirror: copies a served log into a directory, and goes on where it stopped. */
#include "audit.h"
#include "output.h"
#include "service_client.h"
#include "signals.h"

#include <inttypes.h>
#include <string.h>

#include "audit/mirror.h"

enum mirror_option {
    OPTION_TOKEN_FILE = OPTION_OF_AUDIT_VERB,
    OPTION_CA,
    OPTION_CERTIFICATE,
    OPTION_JSON,
};

static const struct option_row what_rows[] = {
    {OPTION_JSON, "json", NULL, "print one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option_row access_rows[] = {
    {OPTION_TOKEN_FILE, "token-file", "FILE", "file whose first line is a bearer token, where the log wants one"},
    {OPTION_CA, "serverca", "FILE", "CA certificates of the log's server (default: the system's)"},
    {OPTION_CERTIFICATE, "cert", "FILE", "client certificate with its key, PEM"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {
    {"What", what_rows}, {"Trust", audit_trust_rows}, {"Server", access_rows}, {NULL, NULL}};

struct mirroring {
    struct audit_trust trust;
    struct service_access access;
    bool json;
    struct stop stop;
    struct signals signals;
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct mirroring *mirroring = context;
    int taken = audit_trust_take(&mirroring->trust, id, value, err);
    if (taken != 0)
        return taken < 0 ? -1 : 0;
    switch ((enum mirror_option)id) {
    case OPTION_TOKEN_FILE:
        mirroring->access.token_file = value;
        break;
    case OPTION_CA:
        mirroring->access.serverca = value;
        break;
    case OPTION_CERTIFICATE:
        mirroring->access.cert = value;
        break;
    case OPTION_JSON:
        mirroring->json = true;
        break;
    }
    return 0;
}

/* A mirror_fetch. */
static int fetch(void *context, const char *path, size_t most, struct cg_bytes *content, struct cg_error *err)
{
    struct service_client *client = context;
    CG_AUTO_BYTES struct cg_bytes below = {0};
    AUTO_SERVICE_REPLY struct service_reply reply = {0};
    struct cg_error failure = {0};
    if (cg_bytes_printf(&below, err, "/%s", path) < 0)
        return -1;
    struct service_request request = {.method = "GET", .path = below.data};
    if (service_client_ask(client, &request, &reply, &failure) < 0) {
        if (reply.status == 404 || reply.status == 410)
            return 0;
        cg_fail(err, failure.code, "%s: %s", path, failure.message);
        return cg_hint(err, "%s", failure.hint);
    }
    if (reply.body.size > most)
        return cg_fail(err, CG_E_FORM, "%s has %zu bytes, expected at most %zu", path, reply.body.size, most);
    return cg_bytes_append(content, reply.body.data, reply.body.size, err) < 0 ? -1 : 1;
}

static int show(const struct mirroring *mirroring, const char *directory, const struct mirror_result *result,
                struct cg_error *err)
{
    if (mirroring->json) {
        CG_AUTO_JSON json_t *object = json_pack(
            "{s:b, s:o, s:I, s:I, s:I}", "verified", 1, "directory", output_string(directory), "old_size",
            (json_int_t)result->old_size, "size", (json_int_t)result->new_size, "fetched", (json_int_t)result->fetched);
        return output_json(stdout, object, err);
    }
    printf("%s: %" PRIu64 " entries, %" PRIu64 " of them new\n", directory, result->new_size,
           result->new_size - result->old_size);
    return 0;
}

static int update(struct mirroring *mirroring, const char *directory, const struct cg_checkpoint_policy *policy,
                  struct cg_error *err)
{
    AUTO_SERVICE_CLIENT struct service_client *client =
        service_client_create(&mirroring->access, &mirroring->stop, err);
    struct mirror_options options = {.directory = directory, .policy = *policy, .fetch = fetch, .context = client};
    struct mirror_result result = {0};
    if (!client || mirror_update(&options, &result, err) < 0)
        return -1;
    return show(mirroring, directory, &result, err);
}

static void told_to_stop(void *context, enum stop_level level)
{
    (void)context;
    if (level == STOP_SOON)
        fputs("cg-import: stopping; run it again to go on\n", stderr);
}

static int act(struct mirroring *mirroring, const char *directory, const struct cg_checkpoint_policy *policy,
               struct cg_error *err)
{
    if (mirroring->access.token_file &&
        secret_set_from_file(&mirroring->access.token, mirroring->access.token_file, err) < 0)
        return -1;
    if (stop_init(&mirroring->stop, err) < 0)
        return -1;
    int result = signals_begin(&mirroring->signals, &mirroring->stop, told_to_stop, NULL, err);
    if (result == 0) {
        result = update(mirroring, directory, policy, err);
        signals_end(&mirroring->signals);
    }
    stop_finish(&mirroring->stop);
    return result;
}

static int run(int argc, char **argv)
{
    struct mirroring mirroring = {.trust.quorum = AUDIT_QUORUM_ALL};
    struct cg_checkpoint_policy policy;
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_audit_mirror, argc, argv, take, &mirroring, &first, &status) == VERBS_STOP)
        return status;
    if (argc - first != 2)
        cg_fail(&err, CG_E_USAGE, "two things are wanted: the address of the log and a directory");
    if (err.code != CG_OK || audit_trust_policy(&mirroring.trust, &policy, &err) < 0)
        return verbs_refuse(&verb_audit_mirror, argv, &err);
    mirroring.access.url = argv[first];
    act(&mirroring, argv[first + 1], &policy, &err);
    secret_finish(&mirroring.access.token);
    return audit_end(&verb_audit_mirror, mirroring.json, &err);
}

static const char *const usage[] = {"URL DIRECTORY --key KEY [OPTION]...", NULL};

const struct verb verb_audit_mirror = {
    .name = "audit mirror",
    .summary = "copy a log into a directory, and go on where it stopped",
    .usage = usage,
    .description = "Copies the log that is served at the address (C2SP tlog-tiles) into a directory, or what of it is "
                   "new. The directory gets the new checkpoint only after its tiles were found to lead to the signed "
                   "root and to continue what was there; a log that was forked, cut or rolled back is refused.",
    .exit_statuses = "  0   the directory has the log\n"
                     "  1   the service refuses the caller\n"
                     "  2   wrong usage; a file cannot be read or written\n"
                     "  3   temporary: the log's server is not reached or busy; run it again\n"
                     "  10  what is served is not in the form of a log\n"
                     "  11  the checkpoint is not signed by a key of the log\n"
                     "  12  too few witnesses signed\n"
                     "  13  the tiles do not lead to the signed root\n"
                     "  14  the log is another one, or was forked, cut or rolled back\n"
                     "  16  the log does not serve a part of it\n",
    .groups = groups,
    .run = run,
};
