/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/profile.h"

#include "cg/bytes.h"
#include "koji/config_parser.h"
#include "koji/profile_files.h"
#include "koji/profile_options.h"

#include <string.h>
#include <unistd.h>

/* koji/__init__.py DEFAULT_REQUEST_TIMEOUT and DEFAULT_AUTH_TIMEOUT. */
#define REQUEST_TIMEOUT_S (60 * 60 * 12)
#define AUTH_TIMEOUT_S 60

int koji_profile_set(char **field, const char *value, struct cg_error *err)
{
    char *copy = strdup(value);
    if (!copy)
        return cg_fail_memory(err);
    free(*field);
    *field = copy;
    return 0;
}

static struct koji_profile *create(const char *name, struct cg_error *err)
{
    struct koji_profile *profile = calloc(1, sizeof *profile);
    if (!profile) {
        cg_fail_memory(err);
        return NULL;
    }
    profile->max_retries = 30;
    profile->retry_interval_s = 20;
    profile->offline_retry_interval_s = 20;
    profile->timeout_s = REQUEST_TIMEOUT_S;
    profile->auth_timeout_s = AUTH_TIMEOUT_S;
    profile->poll_interval_s = 6;
    if (koji_profile_set(&profile->name, name, err) == 0 &&
        koji_profile_set(&profile->weburl, "http://localhost/koji", err) == 0 &&
        koji_profile_set(&profile->topdir, "/mnt/koji", err) == 0)
        return profile;
    koji_profile_destroy(profile);
    return NULL;
}

/* --- where it is read from ---------------------------------------------------------------------------------------- */

/* "DIRECTORY/NAME" to the files; the home directory's "~" is expanded. */
static int add_at(struct profile_files *files, const char *directory, const char *name, const char *home,
                  struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_bytes_printf(&path, err, "%s/%s", directory, name) != 0)
        return -1;
    CG_AUTO_FREE char *expanded = profile_expand_home(path.data, home, err);
    return expanded ? profile_files_add(files, expanded, PROFILE_OPTIONAL, err) : -1;
}

static int find_files(const struct koji_profile_sources *sources, struct profile_files *files, struct cg_error *err)
{
    const char *system_directory = sources->system_directory ? sources->system_directory : "/etc";
    if (add_at(files, system_directory, "koji.conf.d", sources->home, err) != 0 ||
        add_at(files, system_directory, "koji.conf", sources->home, err) != 0)
        return -1;
    if (sources->config_file && *sources->config_file) {
        CG_AUTO_FREE char *path = profile_expand_home(sources->config_file, sources->home, err);
        return path ? profile_files_add(files, path, PROFILE_REQUIRED, err) : -1;
    }
    if (add_at(files, "~", ".koji/config.d", sources->home, err) != 0)
        return -1;
    return add_at(files, "~", ".koji/config", sources->home, err);
}

/* Like ConfigParser.read(), passes over a file that may not be opened; `skipped` gets its name for a message. */
static int read_file(struct config_parser *parser, const char *path, struct cg_bytes *skipped, struct cg_error *err)
{
    if (access(path, R_OK) != 0)
        return cg_bytes_printf(skipped, err, "%s%s", skipped->size ? ", " : "", path);
    return config_parser_read(parser, path, err);
}

static int list_sections(const struct config_parser *parser, struct cg_bytes *list, struct cg_error *err)
{
    const char *section;
    for (size_t i = 0; (section = config_parser_section(parser, i)); i++)
        if (cg_bytes_printf(list, err, "%s%s", i ? ", " : "", section) != 0)
            return -1;
    return 0;
}

static int refuse_unknown(const char *name, const struct config_parser *parser, const struct profile_files *files,
                          const struct cg_bytes *skipped, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes known = {0};
    CG_AUTO_BYTES struct cg_bytes read = {0};
    if (list_sections(parser, &known, err) != 0)
        return -1;
    for (size_t i = 0; i < files->count; i++)
        if (cg_bytes_printf(&read, err, "%s%s", i ? ", " : "", files->paths[i]) != 0)
            return -1;
    cg_fail(err, CG_E_CONFIG, "no configuration for profile name: %s; there is %s", name,
            known.size ? known.data : "none at all");
    if (files->count == 0)
        return cg_hint(err, "no configuration file was found; write a section [%s] into ~/.koji/config", name);
    return cg_hint(err, "looked in %s%s%s", cg_bytes_text(&read), skipped->size ? "; not readable: " : "",
                   cg_bytes_text(skipped));
}

struct koji_profile *koji_profile_load(const char *name, const struct koji_profile_sources *sources,
                                       struct cg_error *err)
{
    AUTO_PROFILE_FILES struct profile_files files = {0};
    CG_AUTO_BYTES struct cg_bytes skipped = {0};
    AUTO_CONFIG_PARSER struct config_parser *parser = config_parser_create(err);
    if (!parser || find_files(sources, &files, err) != 0)
        return NULL;
    for (size_t i = 0; i < files.count; i++)
        if (read_file(parser, files.paths[i], &skipped, err) != 0)
            return NULL;
    name = name ? name : "koji";
    if (!config_parser_has_section(parser, name)) {
        refuse_unknown(name, parser, &files, &skipped, err);
        return NULL;
    }
    AUTO_KOJI_PROFILE struct koji_profile *profile = create(name, err);
    if (!profile)
        return NULL;
    return profile_options_read(profile, parser, sources->home, err) == 0 ? CG_STEAL(profile) : NULL;
}

struct koji_profile *koji_profile_for_url(const char *url, const struct koji_profile_sources *sources,
                                          struct cg_error *err)
{
    if (!profile_is_web_address(url)) {
        cg_fail(err, CG_E_CONFIG, "the hub's address is \"%s\", expected a URL that begins with http:// or https://",
                url);
        return NULL;
    }
    AUTO_CONFIG_PARSER struct config_parser *parser = config_parser_create(err);
    AUTO_KOJI_PROFILE struct koji_profile *profile = parser ? create("DEFAULT", err) : NULL;
    if (!profile)
        return NULL;
    if (profile_options_read(profile, parser, sources->home, err) != 0 ||
        koji_profile_set(&profile->server, url, err) != 0 || koji_profile_set(&profile->name, url, err) != 0)
        return NULL;
    profile_cut_slashes(profile->server);
    return CG_STEAL(profile);
}

void koji_profile_destroy(struct koji_profile *profile)
{
    if (!profile)
        return;
    char *const owned[] = {profile->name,   profile->server, profile->weburl,   profile->topurl,
                           profile->topdir, profile->cert,   profile->serverca, profile->principal,
                           profile->keytab, profile->ccache, profile->user,     profile->runas};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        free(owned[i]);
    secret_finish(&profile->password);
    free(profile);
}
