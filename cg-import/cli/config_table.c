/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_table.h"

#define SECOND 1000ULL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB 1024ULL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)

/* In the order of enum log_format and enum log_level. */
static const char *const log_formats[] = {"key-value", "json", NULL};
static const char *const log_levels[] = {"debug", "info", "warning", "error", NULL};
/* In the order of the bits of enum store_role. */
static const char *const roles[] = {"submitter", "operator", "auditor", NULL};
/* In the order of enum follower_wish. */
static const char *const wishes[] = {"auto", "yes", "no", NULL};
static const char *const authtypes[] = {"ssl", "kerberos", "password", NULL};

#define END                                                                                                            \
    {                                                                                                                  \
        0                                                                                                              \
    }

#define AT(member) offsetof(struct config_service, member)
static const struct config_key service_keys[] = {
    {.name = "state_directory", .type = CONFIG_PATH, .offset = AT(state_directory)},
    {.name = "replica", .type = CONFIG_TEXT, .offset = AT(replica)},
    {.name = "default_hub", .type = CONFIG_TEXT, .offset = AT(default_hub)},
    {.name = "log_format",
     .type = CONFIG_CHOICE,
     .offset = AT(log_format),
     .fallback = "key-value",
     .words = log_formats},
    {.name = "log_level", .type = CONFIG_CHOICE, .offset = AT(log_level), .fallback = "info", .words = log_levels},
    {.name = "drain", .type = CONFIG_DURATION, .offset = AT(drain_ms), .fallback = "30 s", .least = 0, .most = HOUR},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_listen, member)
static const struct config_key listen_keys[] = {
    {.name = "address", .type = CONFIG_TEXT, .offset = AT(address), .fallback = "127.0.0.1"},
    {.name = "port", .type = CONFIG_COUNT, .offset = AT(port), .fallback = "8181", .least = 0, .most = 65535},
    {.name = "unix_socket", .type = CONFIG_PATH, .offset = AT(unix_socket)},
    {.name = "unix_mode", .type = CONFIG_MODE, .offset = AT(unix_mode), .fallback = "0660"},
    {.name = "tls_cert", .type = CONFIG_READABLE, .offset = AT(tls_cert)},
    {.name = "tls_key", .type = CONFIG_READABLE, .offset = AT(tls_key)},
    {.name = "public_url", .type = CONFIG_TEXT, .offset = AT(public_url)},
    {.name = "threads", .type = CONFIG_COUNT, .offset = AT(threads), .fallback = "16", .least = 1, .most = 512},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_database, member)
static const struct config_key database_keys[] = {
    {.name = "conninfo", .type = CONFIG_SECRET, .offset = AT(conninfo)},
    {.name = "conninfo_file", .type = CONFIG_SECRET_FILE, .offset = AT(conninfo)},
    {.name = "connections", .type = CONFIG_COUNT, .offset = AT(connections), .fallback = "24", .least = 2, .most = 500},
    {.name = "connect_timeout",
     .type = CONFIG_DURATION,
     .offset = AT(connect_timeout_ms),
     .fallback = "10 s",
     .least = SECOND,
     .most = 10 * MINUTE},
    {.name = "statement_timeout",
     .type = CONFIG_DURATION,
     .offset = AT(statement_timeout_ms),
     .fallback = "30 s",
     .least = SECOND,
     .most = HOUR},
    {.name = "lock_timeout",
     .type = CONFIG_DURATION,
     .offset = AT(lock_timeout_ms),
     .fallback = "10 s",
     .least = SECOND,
     .most = HOUR},
    {.name = "migrate", .type = CONFIG_SWITCH, .offset = AT(migrate), .fallback = "no"},
    {.name = "private_user", .type = CONFIG_TEXT, .offset = AT(private_user), .fallback = "postgres"},
    {.name = "private_programs", .type = CONFIG_PATH, .offset = AT(private_programs)},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_spool, member)
static const struct config_key spool_keys[] = {
    {.name = "directory", .type = CONFIG_PATH, .offset = AT(directory)},
    {.name = "reserve",
     .type = CONFIG_SIZE,
     .offset = AT(reserve_bytes),
     .fallback = "1 GiB",
     .least = 0,
     .most = 1024 * TIB},
    {.name = "keep",
     .type = CONFIG_DURATION,
     .offset = AT(keep_ms),
     .fallback = "7 d",
     .least = SECOND,
     .most = 3650 * DAY},
    {.name = "keep_part",
     .type = CONFIG_DURATION,
     .offset = AT(keep_part_ms),
     .fallback = "2 d",
     .least = SECOND,
     .most = 3650 * DAY},
    {.name = "collect",
     .type = CONFIG_DURATION,
     .offset = AT(collect_ms),
     .fallback = "10 min",
     .least = SECOND,
     .most = DAY},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_callers, member)
static const struct config_key callers_keys[] = {
    {.name = "tokens", .type = CONFIG_SWITCH, .offset = AT(tokens), .fallback = "yes"},
    {.name = "session_idle",
     .type = CONFIG_DURATION,
     .offset = AT(session_idle_ms),
     .fallback = "30 min",
     .least = MINUTE,
     .most = 30 * DAY},
    {.name = "session_most",
     .type = CONFIG_DURATION,
     .offset = AT(session_most_ms),
     .fallback = "12 h",
     .least = MINUTE,
     .most = 365 * DAY},
    {.name = "client_ca", .type = CONFIG_READABLE, .offset = AT(client_ca)},
    {.name = "client_crl", .type = CONFIG_READABLE, .offset = AT(client_crl)},
    {.name = "front_user_header", .type = CONFIG_TEXT, .offset = AT(front_user_header)},
    {.name = "kubernetes_url", .type = CONFIG_TEXT, .offset = AT(kubernetes_url)},
    {.name = "kubernetes_ca", .type = CONFIG_READABLE, .offset = AT(kubernetes_ca)},
    {.name = "kubernetes_token_file", .type = CONFIG_READABLE, .offset = AT(kubernetes_token_file)},
    {.name = "kubernetes_audience", .type = CONFIG_TEXT, .offset = AT(kubernetes_audience)},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_limits, member)
static const struct config_key limits_keys[] = {
    {.name = "metadata_size",
     .type = CONFIG_SIZE,
     .offset = AT(metadata_bytes),
     .fallback = "64 MiB",
     .least = KIB,
     .most = 64 * MIB},
    {.name = "output_size",
     .type = CONFIG_SIZE,
     .offset = AT(output_bytes),
     .fallback = "1 TiB",
     .least = KIB,
     .most = 1024 * TIB},
    {.name = "outputs", .type = CONFIG_COUNT, .offset = AT(outputs), .fallback = "10000", .least = 1, .most = 1000000},
    {.name = "connections",
     .type = CONFIG_COUNT,
     .offset = AT(connections),
     .fallback = "1000",
     .least = 8,
     .most = 100000},
    {.name = "connections_per_caller",
     .type = CONFIG_COUNT,
     .offset = AT(connections_per_caller),
     .fallback = "64",
     .least = 1,
     .most = 100000},
    {.name = "imports_per_caller",
     .type = CONFIG_COUNT,
     .offset = AT(imports_per_caller),
     .fallback = "1000",
     .least = 1,
     .most = 1000000},
    {.name = "header_timeout",
     .type = CONFIG_DURATION,
     .offset = AT(header_ms),
     .fallback = "10 s",
     .least = SECOND,
     .most = HOUR},
    {.name = "idle_timeout",
     .type = CONFIG_DURATION,
     .offset = AT(idle_ms),
     .fallback = "60 s",
     .least = SECOND,
     .most = HOUR},
    {.name = "rate_min", .type = CONFIG_SIZE, .offset = AT(rate_min), .fallback = "1 KiB", .least = 1, .most = GIB},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_worker, member)
static const struct config_key worker_keys[] = {
    {.name = "threads", .type = CONFIG_COUNT, .offset = AT(threads), .fallback = "4", .least = 1, .most = 64},
    {.name = "lease",
     .type = CONFIG_DURATION,
     .offset = AT(lease_ms),
     .fallback = "30 s",
     .least = SECOND,
     .most = HOUR},
    {.name = "retry_first",
     .type = CONFIG_DURATION,
     .offset = AT(retry_first_ms),
     .fallback = "5 s",
     .least = 10,
     .most = HOUR},
    {.name = "retry_most",
     .type = CONFIG_DURATION,
     .offset = AT(retry_most_ms),
     .fallback = "10 min",
     .least = 10,
     .most = DAY},
    {.name = "give_up",
     .type = CONFIG_DURATION,
     .offset = AT(give_up_ms),
     .fallback = "1 d",
     .least = SECOND,
     .most = 365 * DAY},
    {.name = "directory", .type = CONFIG_PATH, .offset = AT(directory)},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_images, member)
static const struct config_key images_keys[] = {
    {.name = "inspect", .type = CONFIG_SWITCH, .offset = AT(inspect), .fallback = "yes"},
    {.name = "levels", .type = CONFIG_LIST, .offset = AT(levels)},
    {.name = "memory",
     .type = CONFIG_SIZE,
     .offset = AT(memory_bytes),
     .fallback = "1 GiB",
     .least = 256 * MIB,
     .most = TIB},
    {.name = "processor_time",
     .type = CONFIG_DURATION,
     .offset = AT(processor_ms),
     .fallback = "20 min",
     .least = SECOND,
     .most = DAY},
    {.name = "time",
     .type = CONFIG_DURATION,
     .offset = AT(time_ms),
     .fallback = "30 min",
     .least = SECOND,
     .most = DAY},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_audit, member)
static const struct config_key audit_keys[] = {
    {.name = "directory", .type = CONFIG_PATH, .offset = AT(directory)},
    {.name = "last_signed", .type = CONFIG_PATH, .offset = AT(last_signed)},
    {.name = "key_file", .type = CONFIG_PATH, .offset = AT(key_file)},
    {.name = "second_key_file", .type = CONFIG_PATH, .offset = AT(second_key_file)},
    {.name = "attestation_key_file", .type = CONFIG_READABLE, .offset = AT(attestation_key_file)},
    {.name = "trusted_keys", .type = CONFIG_LIST, .offset = AT(trusted_keys)},
    {.name = "origin", .type = CONFIG_TEXT, .offset = AT(origin)},
    {.name = "quorum", .type = CONFIG_COUNT, .offset = AT(quorum), .fallback = "0", .least = 0, .most = 16},
    {.name = "witness_ca", .type = CONFIG_READABLE, .offset = AT(witness_ca)},
    {.name = "wait",
     .type = CONFIG_DURATION,
     .offset = AT(wait_ms),
     .fallback = "5 min",
     .least = SECOND,
     .most = 365 * DAY},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_witness, member)
static const struct config_key witness_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .offset = AT(url)},
    {.name = "key", .type = CONFIG_TEXT, .offset = AT(key)},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_hub, member)
static const struct config_key hub_keys[] = {
    {.name = "profile", .type = CONFIG_TEXT, .offset = AT(profile)},
    {.name = "koji_config", .type = CONFIG_READABLE, .offset = AT(koji_config)},
    {.name = "url", .type = CONFIG_TEXT, .offset = AT(url)},
    {.name = "authtype", .type = CONFIG_WORD, .offset = AT(authtype), .words = authtypes},
    {.name = "serverca", .type = CONFIG_READABLE, .offset = AT(serverca)},
    {.name = "cert", .type = CONFIG_READABLE, .offset = AT(cert)},
    {.name = "principal", .type = CONFIG_TEXT, .offset = AT(principal)},
    {.name = "keytab", .type = CONFIG_READABLE, .offset = AT(keytab)},
    {.name = "user", .type = CONFIG_TEXT, .offset = AT(user)},
    {.name = "password_file", .type = CONFIG_READABLE, .offset = AT(password_file)},
    {.name = "runas", .type = CONFIG_TEXT, .offset = AT(runas)},
    {.name = "lists",
     .type = CONFIG_DURATION,
     .offset = AT(lists_ms),
     .fallback = "5 min",
     .least = SECOND,
     .most = DAY},
    {.name = "outbox", .type = CONFIG_CHOICE, .offset = AT(outbox), .fallback = "auto", .words = wishes},
    {.name = "outbox_every",
     .type = CONFIG_DURATION,
     .offset = AT(outbox_every_ms),
     .fallback = "10 s",
     .least = 10,
     .most = DAY},
    END,
};
#undef AT

#define AT(member) offsetof(struct config_grant, member)
static const struct config_key grant_keys[] = {
    {.name = "caller", .type = CONFIG_TEXT, .offset = AT(caller)},
    {.name = "roles", .type = CONFIG_ROLES, .offset = AT(roles), .words = roles},
    {.name = "content_generators", .type = CONFIG_LIST, .offset = AT(content_generators)},
    {.name = "packages", .type = CONFIG_LIST, .offset = AT(packages)},
    END,
};
#undef AT

static const struct config_key root_keys[] = {
    {.name = "directory", .type = CONFIG_PATH, .offset = offsetof(struct config_root, directory)},
    END,
};

#define ONE(member) .name = #member, .keys = member##_keys, .offset = offsetof(struct config, member)
#define MANY(word, words)                                                                                              \
    .name = #word, .keys = word##_keys, .offset = offsetof(struct config, words),                                      \
    .count_offset = offsetof(struct config, word##_count), .size = sizeof(struct config_##word)

const struct config_section_kind config_section_kinds[] = {
    {ONE(service)},    {ONE(listen)},         {ONE(database)},     {ONE(spool)}, {ONE(callers)},
    {ONE(limits)},     {ONE(worker)},         {ONE(images)},       {ONE(audit)}, {MANY(witness, witnesses)},
    {MANY(hub, hubs)}, {MANY(grant, grants)}, {MANY(root, roots)}, END,
};
