/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_faults.h"

#include "audit/witness_client.h"
#include "cg/image.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* --- collecting ----------------------------------------------------------------------------------------------------
 */

static struct config_place find_place(const struct config_faults *faults, const char *section, const char *key)
{
    struct config_place place;
    const char *name;
    for (size_t i = 0; key && (name = config_parser_option(faults->parser, section, i, &place)); i++)
        if (strcmp(name, key) == 0)
            return place;
    return config_parser_section_place(faults->parser, section);
}

int config_fault(struct config_faults *faults, const char *section, const char *key, const char *format, ...)
{
    struct config_place place = find_place(faults, section, key);
    int result = place.file ? cg_bytes_printf(faults->lines, faults->err, "%s:%zu: ", place.file, place.line)
                            : cg_bytes_printf(faults->lines, faults->err, "%s: ", faults->file);
    if (result < 0)
        return -1;
    char message[CG_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return config_fault_line(faults, message);
}

int config_fault_line(struct config_faults *faults, const char *line)
{
    faults->count++;
    return cg_bytes_printf(faults->lines, faults->err, "%s\n", line);
}

/* --- judging -------------------------------------------------------------------------------------------------------
 */

/* Is the key there, be its value right or wrong? A wrong one was told of and is not missing. */
static bool is_written(const struct config_faults *faults, const char *section, const char *key)
{
    const char *name;
    for (size_t i = 0; (name = config_parser_option(faults->parser, section, i, NULL)); i++)
        if (strcmp(name, key) == 0)
            return true;
    return false;
}

static int judge_database(struct config_faults *faults)
{
    if (is_written(faults, "database", "conninfo") && is_written(faults, "database", "conninfo_file"))
        return config_fault(faults, "database", "conninfo",
                            "[database] conninfo and conninfo_file both name a database: set one of them");
    return 0;
}

/* sun_path of Linux, less its NUL. */
#define SOCKET_PATH_MOST 107

static int judge_listen(const struct config_listen *listen, struct config_faults *faults)
{
    if (strcmp(listen->address, "none") == 0 && !listen->unix_socket &&
        config_fault(faults, "listen", "address", "[listen] address is none, and no unix_socket is set") < 0)
        return -1;
    if (listen->tls_cert && !is_written(faults, "listen", "tls_key") &&
        config_fault(faults, "listen", "tls_cert", "[listen] tls_cert is set and tls_key is not") < 0)
        return -1;
    if (listen->tls_key && !is_written(faults, "listen", "tls_cert") &&
        config_fault(faults, "listen", "tls_key", "[listen] tls_key is set and tls_cert is not") < 0)
        return -1;
    if (listen->unix_socket && strlen(listen->unix_socket) > SOCKET_PATH_MOST &&
        config_fault(faults, "listen", "unix_socket", "[listen] unix_socket is longer than %d bytes",
                     SOCKET_PATH_MOST) < 0)
        return -1;
    if (listen->public_url && strncmp(listen->public_url, "http://", 7) != 0 &&
        strncmp(listen->public_url, "https://", 8) != 0)
        return config_fault(faults, "listen", "public_url",
                            "[listen] public_url wants an address that begins with http:// or https://, not \"%s\"",
                            listen->public_url);
    return 0;
}

static int judge_callers(const struct config *config, struct config_faults *faults)
{
    const struct config_callers *callers = &config->callers;
    if (callers->client_ca && !config->listen.tls_cert &&
        config_fault(faults, "callers", "client_ca",
                     "[callers] client_ca needs TLS: tls_cert and tls_key in [listen]") < 0)
        return -1;
    if (callers->client_crl && !callers->client_ca &&
        config_fault(faults, "callers", "client_crl", "[callers] client_crl is set and client_ca is not") < 0)
        return -1;
    if (callers->front_user_header && !config->listen.unix_socket &&
        config_fault(faults, "callers", "front_user_header",
                     "[callers] front_user_header is believed on the Unix socket only: set unix_socket in [listen]") <
            0)
        return -1;
    if (callers->kubernetes_url && strncmp(callers->kubernetes_url, "https://", 8) != 0 &&
        strncmp(callers->kubernetes_url, "http://127.0.0.1:", 17) != 0 &&
        config_fault(faults, "callers", "kubernetes_url",
                     "[callers] kubernetes_url wants an address that begins with https://, not \"%s\"",
                     callers->kubernetes_url) < 0)
        return -1;
    const struct {
        const char *key, *value;
    } wanting[] = {{"kubernetes_ca", callers->kubernetes_ca},
                   {"kubernetes_token_file", callers->kubernetes_token_file},
                   {"kubernetes_audience", callers->kubernetes_audience}};
    for (size_t i = 0; i < sizeof wanting / sizeof wanting[0]; i++)
        if (wanting[i].value && !callers->kubernetes_url &&
            config_fault(faults, "callers", wanting[i].key, "[callers] %s is set and kubernetes_url is not",
                         wanting[i].key) < 0)
            return -1;
    if (!callers->tokens && !callers->client_ca && !callers->front_user_header && !callers->kubernetes_url)
        return config_fault(faults, "callers", "tokens",
                            "[callers] knows nobody: tokens is no and no other way is set");
    return 0;
}

static int judge_hub(const struct config_hub *hub, struct config_faults *faults)
{
    char section[256];
    snprintf(section, sizeof section, "hub %s", hub->name);
    if (hub->url && hub->profile &&
        config_fault(faults, section, "url", "[%s] url and profile both name a hub: set one of them", section) < 0)
        return -1;
    if (hub->authtype && strcmp(hub->authtype, "password") == 0 && (!hub->user || !hub->password_file))
        return config_fault(faults, section, "authtype", "[%s] authtype password needs user and password_file",
                            section);
    return 0;
}

static int judge_hubs(const struct config *config, struct config_faults *faults)
{
    bool found = false;
    for (size_t i = 0; i < config->hub_count; i++) {
        if (judge_hub(&config->hubs[i], faults) < 0)
            return -1;
        found = found || strcmp(config->hubs[i].name, config->service.default_hub) == 0;
    }
    if (found)
        return 0;
    return config_fault(faults, "service", "default_hub", "[service] default_hub is %s, and there is no [hub %s]",
                        config->service.default_hub, config->service.default_hub);
}

static int judge_named(const struct config *config, struct config_faults *faults)
{
    char section[256];
    for (size_t i = 0; i < config->grant_count; i++) {
        const struct config_grant *grant = &config->grants[i];
        snprintf(section, sizeof section, "grant %s", grant->name);
        if (!is_written(faults, section, "caller") &&
            config_fault(faults, section, NULL, "[%s] wants a caller", section) < 0)
            return -1;
        if (!is_written(faults, section, "roles") &&
            config_fault(faults, section, "roles", "[%s] wants roles", section) < 0)
            return -1;
    }
    for (size_t i = 0; i < config->root_count; i++) {
        snprintf(section, sizeof section, "root %s", config->roots[i].name);
        if (!is_written(faults, section, "directory") &&
            config_fault(faults, section, NULL, "[%s] wants a directory", section) < 0)
            return -1;
    }
    return 0;
}

static int judge_times(const struct config_worker *worker, struct config_faults *faults)
{
    if (worker->retry_most_ms >= worker->retry_first_ms)
        return 0;
    return config_fault(faults, "worker", "retry_most", "[worker] retry_most is shorter than retry_first");
}

static int judge_images(const struct config_images *images, struct config_faults *faults)
{
    struct cg_image_levels levels = cg_image_levels_default();
    for (char **level = images->levels; level && *level; level++) {
        struct cg_error why = {0};
        if (cg_image_levels_set(&levels, *level, &why) < 0 &&
            config_fault(faults, "images", "levels", "[images] levels: %s", why.message) < 0)
            return -1;
    }
    return 0;
}

static int judge_witness(const struct config_witness *witness, struct config_faults *faults)
{
    char heading[CG_ERROR_HINT_SIZE];
    struct cg_note_verifier verifier;
    struct cg_error why = {0};
    snprintf(heading, sizeof heading, "witness %s", witness->name);
    if (!witness->url || !witness->key)
        return config_fault(faults, heading, NULL, "[%s] wants url and key", heading);
    if (strncmp(witness->url, "http://", 7) != 0 && strncmp(witness->url, "https://", 8) != 0 &&
        config_fault(faults, heading, "url",
                     "[%s] url wants an address that begins with http:// or https://, not \"%s\"", heading,
                     witness->url) < 0)
        return -1;
    if (cg_note_verifier_parse(witness->key, &verifier, &why) != 0)
        return config_fault(faults, heading, "key", "[%s] key: %s", heading, why.message);
    if (verifier.type != CG_NOTE_COSIGNATURE)
        return config_fault(faults, heading, "key", "[%s] key is no key of a witness (type 04)", heading);
    return 0;
}

/* A quorum of none, with witnesses, would publish what nobody has seen: it has to be said. */
static int judge_audit(const struct config *config, struct config_faults *faults)
{
    const struct config_audit *audit = &config->audit;
    if (config->witness_count > AUDIT_WITNESSES_MAX &&
        config_fault(faults, "audit", NULL, "there are %zu witnesses, expected at most %u", config->witness_count,
                     AUDIT_WITNESSES_MAX) < 0)
        return -1;
    if (audit->quorum > config->witness_count &&
        config_fault(faults, "audit", "quorum", "[audit] quorum is %" PRIu64 ", and there are %zu witnesses",
                     audit->quorum, config->witness_count) < 0)
        return -1;
    if (config->witness_count > 0 && !is_written(faults, "audit", "quorum") &&
        config_fault(
            faults, "audit", "quorum",
            "[audit] quorum is not set: how many of the witnesses must sign before a checkpoint is published?") < 0)
        return -1;
    for (size_t i = 0; i < config->witness_count; i++)
        if (judge_witness(&config->witnesses[i], faults) < 0)
            return -1;
    return 0;
}

int config_judge(const struct config *config, struct config_faults *faults)
{
    if (judge_audit(config, faults) < 0)
        return -1;
    if (judge_database(faults) < 0 || judge_listen(&config->listen, faults) < 0 || judge_callers(config, faults) < 0 ||
        judge_times(&config->worker, faults) < 0 || judge_images(&config->images, faults) < 0 ||
        judge_hubs(config, faults) < 0)
        return -1;
    return judge_named(config, faults);
}
