/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "koji/content_generator.h"

#include "koji/answer.h"

#include <inttypes.h>
#include <string.h>

/* The build data of CGInitBuild. The epoch is named too: an import whose document has one must match it. */
static json_t *init_params(const char *content_generator, const struct cg_metadata *metadata, enum koji_draft draft)
{
    json_t *data = json_pack("{s:s, s:s, s:s}", "name", metadata->name, "version", metadata->version, "release",
                             metadata->release);
    if (!data)
        return NULL;
    if (metadata->has_epoch && json_object_set_new(data, "epoch", json_integer(metadata->epoch)) < 0) {
        json_decref(data);
        return NULL;
    }
    if (draft == KOJI_DRAFT && json_object_set_new(data, "draft", json_true()) < 0) {
        json_decref(data);
        return NULL;
    }
    return json_pack("[s, o]", content_generator, data);
}

/* Releases up to 1.33 make a normal build where a draft was asked for: told only by looking at what was made. */
static int confirm_draft(struct koji_session *session, const char *content_generator,
                         const struct koji_reservation *reservation, struct cg_error *err)
{
    AUTO_KOJI_BUILD struct koji_build build = {0};
    int found = koji_get_build_by_id(session, reservation->build_id, &build, err);
    if (found < 0)
        return -1;
    if (found == 1 && build.draft)
        return 0;
    struct cg_error ignored = {0};
    if (koji_refund(session, content_generator, reservation, KOJI_BUILD_CANCELED, &ignored) < 0)
        return cg_fail(err, CG_E_UNSUPPORTED,
                       "the hub made a normal build of the draft that was asked for, and build %" PRId64
                       " could not be given back: %s",
                       reservation->build_id, ignored.message);
    return cg_fail(err, CG_E_UNSUPPORTED, "this hub has no draft builds: it answered with a normal reservation");
}

/* Reads what CGInitBuild answered. 0 or -1. */
static int reservation_from_json(const json_t *answer, struct koji_reservation *reservation, struct cg_error *err)
{
    const json_t *build_id = json_object_get(answer, "build_id");
    const char *token = json_string_value(json_object_get(answer, "token"));
    if (!json_is_integer(build_id) || !token)
        return koji_answer_lacks("CGInitBuild", "build_id and token", err);
    reservation->build_id = json_integer_value(build_id);
    return secret_set(&reservation->token, token, err);
}

int koji_reserve(struct koji_session *session, uint32_t call_number, const char *content_generator,
                 const struct cg_metadata *metadata, enum koji_draft draft, struct koji_reservation *reservation,
                 struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = init_params(content_generator, metadata, draft);
    if (!params)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    struct cg_error first = {0};
    int result = koji_session_call_as(session, call_number, "CGInitBuild", params, &answer, &first);
    /* A repeat that came at the same moment may see the reservation but not yet the call number of the first
     * (releases and master alike): asked once more, the hub tells by RetryError whether the reservation is this call's
     * own. */
    if (result < 0 && first.fault != 0 && first.code != CG_E_RETRIED && koji_session_sends(session) > 1)
        result = koji_session_call_as(session, call_number, "CGInitBuild", params, &answer, err);
    else if (result < 0 && err)
        *err = first;
    if (result < 0)
        return -1;

    struct koji_reservation made = {0};
    if (reservation_from_json(answer, &made, err) < 0 ||
        (draft == KOJI_DRAFT && confirm_draft(session, content_generator, &made, err) < 0)) {
        koji_reservation_finish(&made);
        return -1;
    }
    *reservation = made;
    return 0;
}

void koji_reservation_finish(struct koji_reservation *reservation)
{
    secret_finish(&reservation->token);
    reservation->build_id = 0;
}

int koji_refund(struct koji_session *session, const char *content_generator, const struct koji_reservation *reservation,
                enum koji_build_state state, struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[s, I, s, i]", content_generator, (json_int_t)reservation->build_id,
                                            secret_reveal(&reservation->token), (int)state);
    if (!params)
        return cg_fail_memory(err);
    struct cg_error fault = {0};
    if (koji_session_call(session, KOJI_CHANGE, "CGRefundBuild", params, NULL, &fault) == 0 ||
        fault.code == CG_E_RETRIED)
        return 0;
    if (err)
        *err = fault;
    return -1;
}

int koji_cancel_build(struct koji_session *session, int64_t build_id, struct cg_error *err)
{
    CG_AUTO_JSON json_t *params = json_pack("[I]", (json_int_t)build_id);
    if (!params)
        return cg_fail_memory(err);
    CG_AUTO_JSON json_t *answer = NULL;
    if (koji_session_call(session, KOJI_CHANGE, "cancelBuild", params, &answer, err) < 0)
        return -1;
    return json_is_true(answer) ? 1 : 0;
}

json_t *koji_import_params(const char *metadata_name, const char *directory, const struct secret *token,
                           struct cg_error *err)
{
    json_t *params = token && secret_is_set(token)
                         ? json_pack("[s, s, s]", metadata_name, directory, secret_reveal(token))
                         : json_pack("[s, s]", metadata_name, directory);
    if (!params)
        cg_fail_memory(err);
    return params;
}
