/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub_check.h"

int hub_check_begin(struct hub_check *hub, const struct connection *connection, struct cg_error *err)
{
    struct connection anonymous = *connection;
    anonymous.anonymous = true;
    hub->profile = connection_profile(&anonymous, err);
    if (!hub->profile)
        return -1;
    hub->session = koji_session_create(hub->profile, NULL, err);
    if (!hub->session)
        return -1;
    return koji_hub_lists_read(hub->session, &hub->lists, err);
}

void hub_check_finish(struct hub_check *hub)
{
    koji_hub_lists_finish(&hub->lists);
    koji_session_destroy(hub->session);
    koji_profile_destroy(hub->profile);
    *hub = (struct hub_check){0};
}

static int ask(struct koji_session *session, const char *method, json_t *params, json_t **answer, struct cg_error *err)
{
    CG_AUTO_JSON json_t *owned = params;
    if (!owned)
        return cg_fail_memory(err);
    return koji_session_call(session, KOJI_READ, method, owned, answer, err);
}

static int add(struct cg_report *report, enum cg_level level, const char *rule, const char *pointer,
               const char *message, const char *expected, struct cg_error *err)
{
    struct cg_finding finding = {
        .level = level, .rule = rule, .pointer = pointer, .message = message, .expected = expected};
    return cg_report_add(report, &finding, err);
}

static int check_package(struct hub_check *hub, const char *tag, const char *package, struct cg_report *report,
                         struct cg_error *err)
{
    CG_AUTO_JSON json_t *listed = NULL;
    if (ask(hub->session, "checkTagPackage", json_pack("[s, s]", tag, package), &listed, err) < 0)
        return -1;
    if (json_is_true(listed))
        return 0;
    CG_AUTO_BYTES struct cg_bytes message = {0};
    if (cg_bytes_printf(&message, err, "package %s is not listed in tag %s, or blocked there", package, tag) < 0)
        return -1;
    return add(report, CG_LEVEL_WARNING, "hub.tag-package", "/build/name", cg_bytes_text(&message),
               "a listed package; an import with --tag lists it if the user may do so", err);
}

int hub_check_tag_is_open(struct koji_session *session, const char *tag, struct cg_bytes *why, struct cg_error *err)
{
    CG_AUTO_JSON json_t *info = NULL;
    if (ask(session, "getTag", json_pack("[s]", tag), &info, err) < 0)
        return -1;
    if (!json_is_object(info))
        return cg_bytes_printf(why, err, "the hub has no tag %s", tag);
    if (json_is_true(json_object_get(info, "locked")))
        return cg_bytes_printf(why, err, "tag %s is locked", tag);
    return 1;
}

int hub_check_tag(struct hub_check *hub, const char *tag, const struct cg_metadata *metadata, struct cg_report *report,
                  struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes why = {0};
    int open = hub_check_tag_is_open(hub->session, tag, &why, err);
    if (open < 0)
        return -1;
    if (!open)
        return add(report, CG_LEVEL_ERROR, "hub.tag", "", cg_bytes_text(&why), "a tag that takes builds", err);
    return check_package(hub, tag, metadata->name, report, err);
}
