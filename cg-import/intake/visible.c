/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/visible.h"

#include <fnmatch.h>
#include <string.h>

static const struct store_scope everything = {NULL, NULL};

const struct store_scope *visible_scope(const struct intake_request *request)
{
    const struct intake_caller *caller = intake_caller(request);
    return (caller->roles & STORE_ROLE_AUDITOR) ? &everything : &caller->scope;
}

static bool is_everything(const char *const *globs)
{
    while (globs && *globs && strcmp(*globs, "*") != 0)
        globs++;
    return !globs || *globs;
}

bool visible_is_all(const struct intake_caller *caller)
{
    return (caller->roles & STORE_ROLE_AUDITOR) ||
           ((caller->roles & STORE_ROLE_OPERATOR) && is_everything(caller->scope.content_generators) &&
            is_everything(caller->scope.packages));
}

int visible_all_or_refuse(struct intake_request *request)
{
    struct cg_error err = {0};
    if (visible_is_all(intake_caller(request)))
        return 0;
    cg_fail(&err, CG_E_AUTH, "this tells of all imports, and the caller's scope is some of them");
    intake_fail_status(request, 403, &err, NULL);
    return -1;
}

static bool matches(const char *const *globs, const char *text)
{
    if (!globs)
        return true;
    for (; *globs; globs++)
        if (fnmatch(*globs, text, 0) == 0)
            return true;
    return false;
}

bool visible_covers(const struct store_scope *scope, const char *content_generator, const char *package)
{
    return matches(scope->content_generators, content_generator) && matches(scope->packages, package);
}

void visible_nothing(struct intake_request *request)
{
    struct cg_error err = {0};
    cg_fail(&err, CG_E_USAGE, "there is no such import or output");
    intake_fail_status(request, 404, &err, NULL);
}

int visible_import(struct intake_request *request, const struct store_scope *scope, struct store_import *import)
{
    struct cg_error err = {0};
    const char *id = intake_path(request, "id");
    int found = store_is_id(id) ? store_import_get(intake_options(request)->store, id, scope, import, &err) : 0;
    if (found > 0) {
        intake_note_import(request, id);
        return 0;
    }
    if (found < 0)
        intake_fail(request, &err, NULL);
    else
        visible_nothing(request);
    return -1;
}
