/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub_facts.h"

#include "koji/hub_lists.h"

#include <string.h>

/* koji.AUTHTYPES */
static const char *authtype_name(int authtype)
{
    static const char *const names[] = {"password", "kerberos", "certificate", "gssapi"};
    return authtype >= 0 && authtype < (int)(sizeof names / sizeof names[0]) ? names[authtype] : "unknown means";
}

static int copy(const char *text, char **copied, struct cg_error *err)
{
    *copied = strdup(text ? text : "");
    return *copied ? 0 : cg_fail_memory(err);
}

static int read_identity(struct koji_session *session, struct hub_facts *facts, struct cg_error *err)
{
    CG_AUTO(koji_identity_finish) struct koji_identity identity = {0};
    if (koji_session_identity(session, &identity, err) < 0)
        return -1;
    const char *version =
        identity.hub_version && identity.hub_version[0] ? identity.hub_version : koji_session_hub_version(session);
    if (copy(version, &facts->version, err) < 0)
        return -1;
    if (!identity.name)
        return 0;
    facts->authtype = authtype_name(identity.authtype);
    CG_AUTO(koji_ticket_finish) struct koji_ticket ticket = {0};
    if (copy(identity.name, &facts->user, err) < 0 || koji_session_take_ticket(session, &ticket, err) < 0)
        return -1;
    facts->header_session = ticket.header_session;
    return 0;
}

/* Is `name` in an array of strings? */
static bool contains(const json_t *array, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        const char *text = json_string_value(item);
        if (text && strcmp(text, name) == 0)
            return true;
    }
    return false;
}

static int read_methods(struct koji_session *session, struct hub_facts *facts, struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_array();
    CG_AUTO_JSON json_t *methods = NULL;
    if (!params)
        return cg_fail_memory(err);
    if (koji_session_call(session, KOJI_READ, "system.listMethods", params, &methods, err) < 0)
        return -1;
    facts->plugin = contains(methods, "cgimport.hello");
    facts->promotes = contains(methods, "promoteBuild");
    return 0;
}

/* A new array of a NULL-terminated list's names. */
static json_t *names_array(char *const *names)
{
    json_t *array = json_array();
    for (; array && names && *names; names++)
        if (json_array_append_new(array, json_string(*names)) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static int read_lists(struct koji_session *session, struct hub_facts *facts, struct cg_error *err)
{
    CG_AUTO(koji_hub_lists_finish) struct koji_hub_lists lists = {0};
    if (koji_hub_lists_read(session, &lists, err) < 0)
        return -1;
    facts->generators = names_array(lists.content_generators);
    facts->btypes = names_array(lists.btypes);
    facts->extensions = names_array(lists.archive_extensions);
    facts->my_generators = json_array();
    if (!facts->generators || !facts->btypes || !facts->extensions || !facts->my_generators)
        return cg_fail_memory(err);
    size_t i;
    json_t *name;
    json_array_foreach(facts->generators, i, name)
    {
        const json_t *generator = json_object_get(lists.cgs, json_string_value(name));
        if (facts->user && contains(json_object_get(generator, "users"), facts->user) &&
            json_array_append(facts->my_generators, name) < 0)
            return cg_fail_memory(err);
    }
    return 0;
}

int hub_facts_read(struct koji_session *session, struct hub_facts *facts, struct cg_error *err)
{
    if (copy(koji_session_profile(session)->server, &facts->url, err) < 0 || read_identity(session, facts, err) < 0 ||
        read_methods(session, facts, err) < 0)
        return -1;
    return read_lists(session, facts, err);
}

void hub_facts_finish(struct hub_facts *facts)
{
    free(facts->url);
    free(facts->version);
    free(facts->user);
    json_decref(facts->my_generators);
    json_decref(facts->generators);
    json_decref(facts->btypes);
    json_decref(facts->extensions);
    *facts = (struct hub_facts){0};
}
