/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/journal_record.h"

#include <string.h>

#define RECORD_VERSION 1

int import_ticket_copy(struct koji_ticket *to, const struct koji_ticket *from, struct cg_error *err)
{
    struct koji_ticket made = {
        .session_id = from->session_id, .call_number = from->call_number, .header_session = from->header_session};
    if (secret_copy(&made.session_key, &from->session_key, err) < 0)
        return -1;
    koji_ticket_finish(to);
    *to = made;
    return 0;
}

static json_t *ticket_to_json(const struct koji_ticket *ticket)
{
    return json_pack("{s:I, s:s, s:I, s:b}", "session_id", (json_int_t)ticket->session_id, "session_key",
                     secret_reveal(&ticket->session_key), "call_number", (json_int_t)ticket->call_number,
                     "header_session", (int)ticket->header_session);
}

/* Adds a member that owns `value`; NULL is a failed allocation. */
static int add(json_t *object, const char *name, json_t *value, struct cg_error *err)
{
    return value && json_object_set_new(object, name, value) == 0 ? 0 : cg_fail_memory(err);
}

json_t *import_record_to_json(const struct import_record *record, struct cg_error *err)
{
    CG_AUTO_JSON json_t *json = json_pack("{s:i}", "version", RECORD_VERSION);
    if (!json) {
        cg_fail_memory(err);
        return NULL;
    }
    if (record->directory && (add(json, "directory", json_string(record->directory), err) < 0 ||
                              add(json, "files", json_incref(record->files), err) < 0))
        return NULL;
    if (record->reserving == IMPORT_SENDING && add(json, "reserving", ticket_to_json(&record->reserve_ticket), err) < 0)
        return NULL;
    if (record->reservation.build_id != 0 &&
        add(json, "reservation",
            json_pack("{s:I, s:s}", "build_id", (json_int_t)record->reservation.build_id, "token",
                      secret_reveal(&record->reservation.token)),
            err) < 0)
        return NULL;
    if (record->importing == IMPORT_SENDING &&
        (add(json, "importing", ticket_to_json(&record->import_ticket), err) < 0 ||
         add(json, "sent_at", json_real(record->sent_at), err) < 0))
        return NULL;
    return CG_STEAL(json);
}

static int no_journal(const char *path, const char *reason, struct cg_error *err)
{
    cg_fail(err, CG_E_IO, "%s is no journal of this program: %s", path, reason);
    return cg_hint(err, "it records what an earlier import left on the hub; move it away only when that is settled");
}

static int ticket_from_json(const json_t *json, const char *path, struct koji_ticket *ticket, struct cg_error *err)
{
    const json_t *id = json_object_get(json, "session_id");
    const char *key = json_string_value(json_object_get(json, "session_key"));
    const json_t *number = json_object_get(json, "call_number");
    if (!json_is_integer(id) || !key || !json_is_integer(number))
        return no_journal(path, "a ticket is not whole", err);
    ticket->session_id = json_integer_value(id);
    ticket->call_number = (uint32_t)json_integer_value(number);
    ticket->header_session = json_is_true(json_object_get(json, "header_session"));
    return secret_set(&ticket->session_key, key, err);
}

static int reservation_from_json(const json_t *json, const char *path, struct koji_reservation *reservation,
                                 struct cg_error *err)
{
    const json_t *build_id = json_object_get(json, "build_id");
    const char *token = json_string_value(json_object_get(json, "token"));
    if (!json_is_integer(build_id) || !token)
        return no_journal(path, "the reservation is not whole", err);
    reservation->build_id = json_integer_value(build_id);
    return secret_set(&reservation->token, token, err);
}

static int directory_from_json(const json_t *json, const char *path, struct import_record *record, struct cg_error *err)
{
    const char *directory = json_string_value(json_object_get(json, "directory"));
    json_t *files = json_object_get(json, "files");
    if (!directory || !json_is_object(files))
        return no_journal(path, "the upload directory is not whole", err);
    record->directory = strdup(directory);
    record->files = json_incref(files);
    return record->directory ? 0 : cg_fail_memory(err);
}

int import_record_from_json(const json_t *json, const char *path, struct import_record *record, struct cg_error *err)
{
    if (json_integer_value(json_object_get(json, "version")) != RECORD_VERSION)
        return no_journal(path, "its version is not 1", err);
    if (json_object_get(json, "directory") && directory_from_json(json, path, record, err) < 0)
        return -1;
    const json_t *reserving = json_object_get(json, "reserving");
    if (reserving && ticket_from_json(reserving, path, &record->reserve_ticket, err) < 0)
        return -1;
    const json_t *reservation = json_object_get(json, "reservation");
    if (reservation && reservation_from_json(reservation, path, &record->reservation, err) < 0)
        return -1;
    const json_t *importing = json_object_get(json, "importing");
    if (importing && ticket_from_json(importing, path, &record->import_ticket, err) < 0)
        return -1;
    record->reserving = reserving ? IMPORT_SENDING : IMPORT_NOT_SENT;
    record->importing = importing ? IMPORT_SENDING : IMPORT_NOT_SENT;
    record->sent_at = json_number_value(json_object_get(json, "sent_at"));
    return 0;
}

void import_record_finish(struct import_record *record)
{
    free(record->directory);
    json_decref(record->files);
    koji_ticket_finish(&record->reserve_ticket);
    koji_ticket_finish(&record->import_ticket);
    koji_reservation_finish(&record->reservation);
    *record = (struct import_record){0};
}
