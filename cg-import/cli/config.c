/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "config_faults.h"
#include "config_table.h"
#include "state_directory.h"
#include "suggest.h"

#include "koji/config_parser.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Of a hub, grant or root, bytes. */
#define NAME_MOST 100

/* --- structures of the table ---------------------------------------------------------------------------------------
 */

static void *at(const struct config *config, size_t offset)
{
    return (char *)config + offset;
}

/* How many sections of a kind there are, and the structure of the i-th. */
static size_t section_count(const struct config *config, const struct config_section_kind *kind)
{
    return kind->count_offset == 0 ? 1 : *(size_t *)at(config, kind->count_offset);
}

static void *section_structure(const struct config *config, const struct config_section_kind *kind, size_t i)
{
    if (kind->count_offset == 0)
        return at(config, kind->offset);
    return *(char **)at(config, kind->offset) + i * kind->size;
}

static int set_defaults(const struct config_section_kind *kind, void *structure, struct cg_error *err)
{
    for (const struct config_key *key = kind->keys; key->name; key++)
        if (key->fallback && config_value_read(key, structure, key->fallback, err) < 0)
            return -1;
    return 0;
}

/* One more [KIND NAME], with its defaults. */
static void *add_section(struct config *config, const struct config_section_kind *kind, const char *name,
                         struct cg_error *err)
{
    char **array = at(config, kind->offset);
    size_t *count = at(config, kind->count_offset);
    char *grown = realloc(*array, (*count + 1) * kind->size);
    if (!grown) {
        cg_fail_memory(err);
        return NULL;
    }
    *array = grown;
    void *structure = memset(grown + *count * kind->size, 0, kind->size);
    char *copy = strdup(name);
    if (!copy) {
        cg_fail_memory(err);
        return NULL;
    }
    *(char **)structure = copy;
    ++*count;
    return set_defaults(kind, structure, err) < 0 ? NULL : structure;
}

void config_destroy(struct config *config)
{
    if (!config)
        return;
    for (const struct config_section_kind *kind = config_section_kinds; kind->name; kind++) {
        for (size_t i = 0; i < section_count(config, kind); i++) {
            void *structure = section_structure(config, kind, i);
            for (const struct config_key *key = kind->keys; key->name; key++)
                config_value_finish(key, structure);
            if (kind->count_offset != 0)
                free(*(char **)structure);
        }
        if (kind->count_offset != 0)
            free(*(char **)at(config, kind->offset));
    }
    free(config);
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

static const struct config_key *find_key(const struct config_section_kind *kind, const char *name)
{
    for (const struct config_key *key = kind->keys; key->name; key++)
        if (strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

static int unknown_key(struct config_faults *faults, const struct config_section_kind *kind, const char *section,
                       const char *name)
{
    struct suggestion suggestion = {.typed = name};
    for (const struct config_key *key = kind->keys; key->name; key++)
        suggest_consider(&suggestion, key->name);
    return config_fault(faults, section, name, "[%s] has no key %s%s%s%s", section, name,
                        suggestion.name ? "; did you mean " : "", suggestion.name ? suggestion.name : "",
                        suggestion.name ? "?" : "");
}

static int read_key(struct config_faults *faults, const struct config_section_kind *kind, const char *section,
                    void *structure, const char *name)
{
    const struct config_key *key = find_key(kind, name);
    if (!key)
        return unknown_key(faults, kind, section, name);
    CG_AUTO_FREE char *value = NULL;
    struct config_place place;
    struct cg_error why = {0};
    int got = config_parser_get(faults->parser, section, name, &value, &place, &why);
    if (got > 0 && config_value_read(key, structure, value, &why) == 0)
        return 0;
    if (why.code == CG_E_MEMORY)
        return cg_fail_memory(faults->err);
    /* What cannot be filled in names its own place. */
    if (got < 0)
        return config_fault_line(faults, why.message);
    return config_fault(faults, section, name, "[%s] %s", section, why.message);
}

static int read_keys(struct config_faults *faults, const struct config_section_kind *kind, const char *section,
                     void *structure)
{
    const char *name;
    for (size_t i = 0; (name = config_parser_option(faults->parser, section, i, NULL)); i++)
        if (read_key(faults, kind, section, structure, name) < 0)
            return -1;
    return 0;
}

/* The kind of a heading, *name what stands behind its first word, NULL for nothing. */
static const struct config_section_kind *find_kind(const char *heading, const char **name, struct suggestion *near)
{
    size_t size = strcspn(heading, " \t");
    const char *rest = heading + size + strspn(heading + size, " \t");
    *name = *rest ? rest : NULL;
    for (const struct config_section_kind *kind = config_section_kinds; kind->name; kind++) {
        if (strlen(kind->name) == size && memcmp(kind->name, heading, size) == 0)
            return kind;
        suggest_consider(near, kind->name);
    }
    return NULL;
}

static int read_section(struct config_faults *faults, struct config *config, const char *heading)
{
    const char *name;
    char word[SUGGEST_LENGTH_MAX + 2];
    size_t size = strcspn(heading, " \t");
    memcpy(word, heading, size < sizeof word ? size : sizeof word - 1);
    word[size < sizeof word ? size : sizeof word - 1] = '\0';
    struct suggestion near = {.typed = word};
    const struct config_section_kind *kind = find_kind(heading, &name, &near);
    if (!kind)
        return config_fault(faults, heading, NULL, "there is no section [%s]%s%s%s", heading,
                            near.name ? "; did you mean [" : "", near.name ? near.name : "", near.name ? "]?" : "");
    if (kind->count_offset == 0 && name)
        return config_fault(faults, heading, NULL, "section [%s] takes no name, and there is \"%s\"", kind->name, name);
    if (kind->count_offset != 0 && !name)
        return config_fault(faults, heading, NULL, "section [%s] wants a name: [%s NAME]", kind->name, kind->name);
    if (name && strlen(name) > NAME_MOST)
        return config_fault(faults, heading, NULL, "the name of a section is longer than %d bytes", NAME_MOST);
    if (name && (heading[size] != ' ' || strlen(heading) != size + 1 + strlen(name)))
        return config_fault(faults, heading, NULL, "section [%s] is written [%s %s]", heading, kind->name, name);
    void *structure =
        kind->count_offset == 0 ? section_structure(config, kind, 0) : add_section(config, kind, name, faults->err);
    return structure ? read_keys(faults, kind, heading, structure) : -1;
}

static int read_sections(struct config_faults *faults, struct config *config)
{
    if (config_parser_option(faults->parser, "DEFAULT", 0, NULL) &&
        config_fault(faults, "DEFAULT", config_parser_option(faults->parser, "DEFAULT", 0, NULL),
                     "section [DEFAULT] is not used here: write keys in their own section") < 0)
        return -1;
    const char *heading;
    for (size_t i = 0; (heading = config_parser_section(faults->parser, i)); i++)
        if (read_section(faults, config, heading) < 0)
            return -1;
    return 0;
}

/* --- what has no constant default ----------------------------------------------------------------------------------
 */

/* systemd names the directory it made; else the system's place for root, and the user's own for anybody else. */
static char *default_state_directory(struct cg_error *err)
{
    const char *given = getenv("STATE_DIRECTORY");
    char *copy;
    if (given && given[0] == '/' && !strchr(given, ':'))
        copy = strdup(given);
    else if (geteuid() == 0)
        copy = strdup("/var/lib/cg-import");
    else
        return state_directory_default(err);
    if (!copy)
        cg_fail_memory(err);
    return copy;
}

static int below(const char *directory, const char *name, char **place, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (*place)
        return 0;
    if (cg_bytes_printf(&path, err, "%s/%s", directory, name) < 0)
        return -1;
    *place = cg_bytes_steal(&path);
    return 0;
}

/* Host and process: unique among replicas, and a process that comes after this one is another. */
static int name_replica(struct config_service *service, struct cg_error *err)
{
    char host[65] = "localhost";
    if (service->replica)
        return 0;
    if (gethostname(host, sizeof host - 1) != 0)
        return cg_fail_errno(err, "find", "the name of this host");
    CG_AUTO_BYTES struct cg_bytes name = {0};
    if (cg_bytes_printf(&name, err, "%.48s:%ld", host, (long)getpid()) < 0)
        return -1;
    service->replica = cg_bytes_steal(&name);
    return 0;
}

static const struct config_section_kind *kind_named(const char *name)
{
    const struct config_section_kind *kind = config_section_kinds;
    while (strcmp(kind->name, name) != 0)
        kind++;
    return kind;
}

static int complete(struct config *config, struct cg_error *err)
{
    const struct config_hub *first =
        config->hub_count > 0 ? config->hubs : add_section(config, kind_named("hub"), "koji", err);
    if (!first)
        return -1;
    for (size_t i = 0; i < config->hub_count; i++) {
        struct config_hub *hub = &config->hubs[i];
        if (!hub->profile && !hub->url && !(hub->profile = strdup(hub->name)))
            return cg_fail_memory(err);
    }
    struct config_service *service = &config->service;
    if (!service->state_directory && !(service->state_directory = default_state_directory(err)))
        return -1;
    if (!service->default_hub && !(service->default_hub = strdup(first->name)))
        return cg_fail_memory(err);
    if (name_replica(service, err) < 0)
        return -1;
    struct config_audit *audit = &config->audit;
    if (below(service->state_directory, "spool", &config->spool.directory, err) < 0 ||
        below(service->state_directory, "audit/log", &audit->directory, err) < 0 ||
        below(service->state_directory, "audit/last-signed", &audit->last_signed, err) < 0 ||
        below(service->state_directory, "audit/key", &audit->key_file, err) < 0)
        return -1;
    return below(service->state_directory, "work", &config->worker.directory, err);
}

/* --- the whole -----------------------------------------------------------------------------------------------------
 */

static struct config *config_create(struct cg_error *err)
{
    struct config *config = calloc(1, sizeof *config);
    if (!config) {
        cg_fail_memory(err);
        return NULL;
    }
    for (const struct config_section_kind *kind = config_section_kinds; kind->name; kind++)
        if (kind->count_offset == 0 && set_defaults(kind, at(config, kind->offset), err) < 0) {
            config_destroy(config);
            return NULL;
        }
    return config;
}

static int read_file(const char *path, struct config_parser *parser, struct config_faults *faults)
{
    struct cg_error why = {0};
    if (!path && access(CONFIG_FILE_DEFAULT, F_OK) != 0 && errno == ENOENT)
        return 0;
    if (config_parser_read(parser, path ? path : CONFIG_FILE_DEFAULT, &why) == 0)
        return 0;
    if (why.code == CG_E_CONFIG)
        return config_fault_line(faults, why.message);
    return cg_fail(faults->err, why.code, "%s", why.message);
}

struct config *config_load(const char *path, struct cg_bytes *lines, struct cg_error *err)
{
    AUTO_CONFIG_PARSER struct config_parser *parser = config_parser_create(err);
    AUTO_CONFIG struct config *config = parser ? config_create(err) : NULL;
    if (!config)
        return NULL;
    struct config_faults faults = {
        .parser = parser, .file = path ? path : CONFIG_FILE_DEFAULT, .lines = lines, .err = err};
    if (read_file(path, parser, &faults) < 0 || read_sections(&faults, config) < 0 || complete(config, err) < 0 ||
        config_judge(config, &faults) < 0)
        return NULL;
    if (faults.count > 0) {
        cg_fail(err, CG_E_CONFIG, "the configuration has %zu %s", faults.count, faults.count == 1 ? "fault" : "faults");
        return NULL;
    }
    return CG_STEAL(config);
}

int config_show(const struct config *config, struct cg_bytes *text, struct cg_error *err)
{
    for (const struct config_section_kind *kind = config_section_kinds; kind->name; kind++)
        for (size_t i = 0; i < section_count(config, kind); i++) {
            const void *structure = section_structure(config, kind, i);
            if (cg_bytes_printf(text, err, "%s[%s%s%s]\n", text->size > 0 ? "\n" : "", kind->name,
                                kind->count_offset ? " " : "", kind->count_offset ? *(char *const *)structure : "") < 0)
                return -1;
            for (const struct config_key *key = kind->keys; key->name; key++) {
                CG_AUTO_BYTES struct cg_bytes value = {0};
                int set = config_value_show(key, structure, &value, err);
                if (set < 0 || (set && cg_bytes_printf(text, err, "%s = %s\n", key->name, cg_bytes_text(&value)) < 0))
                    return -1;
            }
        }
    return 0;
}
