/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The official JSON Schema test suite, draft 2020-12, when the shared vectors are there. */
#include "unit.h"

#include "cg/schema.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

/* What the suite has; fewer means that a file was lost. */
#define REQUIRED_TESTS 1299
#define PATH_SIZE 1024
#define REMOTES_MAX 200

struct count {
    size_t run;
    size_t passed;
};

static struct cg_schema_resource remotes[REMOTES_MAX];
static size_t remote_count;

static const char *suite_path(char path[PATH_SIZE], const char *name)
{
    const char *shared = getenv("CG_SHARED");
    snprintf(path, PATH_SIZE, "%s/vectors/json-schema-2020-12/%s", shared ? shared : "../shared", name);
    return path;
}

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *json = json_load_file(path, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!json)
        print_message("%s: %s\n", path, error.text);
    return json;
}

/* Calls `use` for every .json file in a folder; `below` enters the folders in it. */
static void each_file(const char *folder, bool below, void (*use)(const char *path, void *with), void *with)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        char path[PATH_SIZE];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || stat(path, &status) < 0)
            continue;
        size_t size = strlen(path);
        if (S_ISDIR(status.st_mode) && below)
            each_file(path, below, use, with);
        else if (S_ISREG(status.st_mode) && size > 5 && strcmp(path + size - 5, ".json") == 0)
            use(path, with);
    }
    closedir(entries);
}

/* The suite serves its remotes as http://localhost:1234/. */
static void add_remote(const char *path, void *with)
{
    const char *folder = with;
    char uri[PATH_SIZE];
    assert_true(remote_count < REMOTES_MAX);
    snprintf(uri, sizeof uri, "http://localhost:1234%s", path + strlen(folder));
    remotes[remote_count].uri = strdup(uri);
    remotes[remote_count].document = load(path);
    assert_non_null(remotes[remote_count].document);
    remote_count++;
}

static int load_remotes(void **state)
{
    (void)state;
    char folder[PATH_SIZE];
    if (access(suite_path(folder, "remotes"), R_OK) == 0)
        each_file(folder, true, add_remote, folder);
    return 0;
}

static int free_remotes(void **state)
{
    (void)state;
    for (size_t i = 0; i < remote_count; i++) {
        free((char *)(uintptr_t)remotes[i].uri);
        json_decref(remotes[i].document);
    }
    return 0;
}

static void judge(const struct cg_schema *schema, const json_t *test, const char *file, const char *group,
                  struct count *count)
{
    struct cg_error err = {0};
    CG_AUTO_REPORT struct cg_report *report = cg_report_create(&err);
    int result = schema ? cg_schema_check(schema, json_object_get(test, "data"), report, &err) : -1;
    bool good = result == (json_is_true(json_object_get(test, "valid")) ? 0 : 1);
    if (result >= 0)
        good &= (cg_report_count(report, CG_LEVEL_ERROR) > 0) == (result == 1);
    count->run++;
    count->passed += good;
    if (!good)
        print_message("  %s: %s: %s: got %d %s\n", strrchr(file, '/') + 1, group,
                      json_string_value(json_object_get(test, "description")), result, err.message);
}

static void run_file(const char *path, void *with)
{
    CG_AUTO_JSON json_t *groups = load(path);
    if (!groups)
        return; /* said so; the count of required tests shows it */
    for (size_t g = 0; g < json_array_size(groups); g++) {
        struct cg_error err = {0};
        const json_t *group = json_array_get(groups, g), *tests = json_object_get(group, "tests");
        const char *name = json_string_value(json_object_get(group, "description"));
        CG_AUTO_SCHEMA struct cg_schema *schema = cg_schema_compile(json_object_get(group, "schema"), NULL, remotes,
                                                                    remote_count, CG_SCHEMA_UNKNOWN_IGNORE, &err);
        if (!schema)
            print_message("  %s: %s: %s\n", strrchr(path, '/') + 1, name, err.message);
        for (size_t i = 0; i < json_array_size(tests); i++)
            judge(schema, json_array_get(tests, i), path, name, with);
    }
}

static void passes_every_required_test(void **state)
{
    (void)state;
    char folder[PATH_SIZE];
    if (access(suite_path(folder, "tests"), R_OK) < 0) {
        print_message("skipped: the JSON Schema suite is not at %s\n", folder);
        skip();
    }
    struct count count = {0};
    each_file(folder, false, run_file, &count);
    print_message("%zu of %zu required tests\n", count.passed, count.run);
    assert_int_equal(count.run, REQUIRED_TESTS);
    assert_int_equal(count.passed, REQUIRED_TESTS);
}

/* Optional tests are of no duty: formats as assertions, for one, are not offered. They must only not break anything. */
static void survives_the_optional_tests(void **state)
{
    (void)state;
    char folder[PATH_SIZE];
    if (access(suite_path(folder, "tests/optional"), R_OK) < 0) {
        print_message("skipped: the JSON Schema suite is not at %s\n", folder);
        skip();
    }
    struct count count = {0};
    each_file(folder, false, run_file, &count);
    print_message("%zu of %zu optional tests, formats left out\n", count.passed, count.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_every_required_test),
        cmocka_unit_test(survives_the_optional_tests),
    };
    return cmocka_run_group_tests_name("conformance: JSON Schema 2020-12", tests, load_remotes, free_remotes);
}
