/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

/*
 * The configuration of the service, cg-import.conf(5), as plain structures: read on the top floor, handed down.
 *
 * One table (config_table.c) says which keys there are, what they may be and what they are when not set; the file is
 * read by it and --check-config prints from it. All faults are found at once, each with file and line.
 */

#include "base/secret.h"
#include "cg/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_FILE_DEFAULT "/etc/cg-import/cg-import.conf"

/* Everywhere: strings owned, NULL when not set; times in milliseconds, sizes in bytes; lists end with NULL. */

struct config_service {
    char *state_directory;
    char *replica;
    char *default_hub;
    uint64_t log_format; /* enum log_format */
    uint64_t log_level;  /* enum log_level */
    uint64_t drain_ms;
};

struct config_listen {
    char *address; /* NULL: no TCP */
    uint64_t port;
    char *unix_socket;
    uint64_t unix_mode;
    char *tls_cert, *tls_key;
    char *public_url;
    uint64_t threads;
};

struct config_database {
    struct secret conninfo; /* unset: a private PostgreSQL in the state directory */
    uint64_t connections;
    uint64_t connect_timeout_ms, statement_timeout_ms, lock_timeout_ms;
    bool migrate;
    char *private_user, *private_programs;
};

struct config_spool {
    char *directory;
    uint64_t reserve_bytes;
    uint64_t keep_ms;      /* contents that nothing unfinished needs */
    uint64_t keep_part_ms; /* parts that nobody goes on with */
    uint64_t collect_ms;
};

struct config_callers {
    bool tokens;
    char *client_ca;
    char *client_crl;
    uint64_t session_idle_ms, session_most_ms; /* of people who signed in with a token */
    char *front_user_header;
    char *kubernetes_url, *kubernetes_ca, *kubernetes_token_file, *kubernetes_audience;
};

struct config_limits {
    uint64_t metadata_bytes, output_bytes;
    uint64_t outputs, connections, connections_per_caller, imports_per_caller;
    uint64_t header_ms, idle_ms;
    uint64_t rate_min; /* bytes per second */
};

struct config_worker {
    uint64_t threads;
    uint64_t lease_ms, retry_first_ms, retry_most_ms, give_up_ms;
    char *directory;
};

struct config_images {
    bool inspect;
    char **levels; /* "RULE=LEVEL", "LEVEL", as --image-level; later ones over earlier */
    uint64_t memory_bytes;
    uint64_t processor_ms, time_ms;
};

struct config_audit {
    char *directory;   /* of the published log */
    char *last_signed; /* file outside the database */
    char *key_file, *second_key_file;
    char *attestation_key_file; /* NULL: attestations go out unsigned */
    char **trusted_keys;
    char *origin;
    uint64_t quorum;
    char *witness_ca;
    uint64_t wait_ms; /* of a leaf, until the service is not ready */
};

/* [witness NAME] */
struct config_witness {
    char *name;
    char *url;
    char *key; /* verifier key */
};

/* [hub NAME]; login as in a profile of the koji command, these over it. */
struct config_hub {
    char *name;
    char *profile; /* NULL: as the name, unless url is set */
    char *koji_config;
    char *url;
    char *authtype;
    char *serverca, *cert, *principal, *keytab, *user, *password_file, *runas;
    uint64_t lists_ms;
    uint64_t outbox; /* enum follower_wish */
    uint64_t outbox_every_ms;
};

/* [grant NAME] */
struct config_grant {
    char *name;
    char *caller; /* glob */
    uint64_t roles;
    char **content_generators, **packages;
};

/* [root NAME] */
struct config_root {
    char *name;
    char *directory;
};

struct config {
    struct config_service service;
    struct config_listen listen;
    struct config_database database;
    struct config_spool spool;
    struct config_callers callers;
    struct config_limits limits;
    struct config_worker worker;
    struct config_images images;
    struct config_audit audit;
    struct config_witness *witnesses;
    size_t witness_count;
    struct config_hub *hubs; /* at least one */
    size_t hub_count;
    struct config_grant *grants;
    size_t grant_count;
    struct config_root *roots;
    size_t root_count;
};

#define AUTO_CONFIG CG_AUTO(config_auto)

/*
 * Reads a file; NULL reads CONFIG_FILE_DEFAULT and takes the defaults if there is none. Returns NULL with CG_E_CONFIG
 * and a line per fault in `faults` ("FILE:LINE: ..."), or with CG_E_IO, CG_E_MEMORY.
 */
struct config *config_load(const char *path, struct cg_bytes *faults, struct cg_error *err);

/* Appends the configuration in force in the form of the file, with secrets hidden. 0, or -1 with CG_E_MEMORY. */
int config_show(const struct config *config, struct cg_bytes *text, struct cg_error *err);

/* NULL is allowed. */
void config_destroy(struct config *config);

static inline void config_auto(struct config **config)
{
    config_destroy(*config);
}

#endif
