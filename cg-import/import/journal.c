/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/journal.h"

#include "import/journal_record.h"

#include <string.h>

struct import_journal {
    struct import_journal_keeper keeper;
    bool kept; /* does the keeper have a record? */
    struct import_record record;
};

static int read_record(struct import_journal *journal, struct cg_error *err)
{
    CG_AUTO_JSON json_t *json = NULL;
    if (journal->keeper.load(journal->keeper.context, &json, err) < 0)
        return -1;
    if (!json)
        return 0;
    journal->kept = true;
    return import_record_from_json(json, journal->keeper.name, &journal->record, err);
}

struct import_journal *import_journal_open_with(const struct import_journal_keeper *keeper, struct cg_error *err)
{
    AUTO_IMPORT_JOURNAL struct import_journal *journal = calloc(1, sizeof *journal);
    if (!journal) {
        cg_fail_memory(err);
        if (keeper->close)
            keeper->close(keeper->context);
        return NULL;
    }
    journal->keeper = *keeper;
    return read_record(journal, err) < 0 ? NULL : CG_STEAL(journal);
}

const struct import_record *import_journal_record(const struct import_journal *journal)
{
    return journal ? &journal->record : NULL;
}

const char *import_journal_path(const struct import_journal *journal)
{
    return journal ? journal->keeper.name : "";
}

static int write_record(struct import_journal *journal, struct cg_error *err)
{
    CG_AUTO_JSON json_t *json = import_record_to_json(&journal->record, err);
    if (!json || journal->keeper.save(journal->keeper.context, json, err) < 0)
        return -1;
    journal->kept = true;
    return 0;
}

int import_journal_confirm(struct import_journal *journal, struct cg_error *err)
{
    return journal && journal->kept ? write_record(journal, err) : 0;
}

/* Forgets the upload directory and what is in it. */
static void clear_directory(struct import_record *record)
{
    free(record->directory);
    record->directory = NULL;
    json_decref(record->files);
    record->files = NULL;
}

int import_journal_directory(struct import_journal *journal, const char *directory, enum import_journal_when when,
                             struct cg_error *err)
{
    if (!journal)
        return 0;
    clear_directory(&journal->record);
    journal->record.directory = strdup(directory);
    journal->record.files = json_object();
    if (!journal->record.directory || !journal->record.files)
        return cg_fail_memory(err);
    return when == IMPORT_JOURNAL_NOW ? write_record(journal, err) : 0;
}

int import_journal_file(struct import_journal *journal, const char *path, uint64_t size_bytes, struct cg_error *err)
{
    if (!journal)
        return 0;
    if (json_object_set_new(journal->record.files, path, json_integer((json_int_t)size_bytes)) < 0)
        return cg_fail_memory(err);
    return write_record(journal, err);
}

int import_journal_reserving(struct import_journal *journal, const struct koji_ticket *ticket, struct cg_error *err)
{
    if (!journal)
        return 0;
    if (import_ticket_copy(&journal->record.reserve_ticket, ticket, err) < 0)
        return -1;
    journal->record.reserving = IMPORT_SENDING;
    if (write_record(journal, err) == 0)
        return 0;
    /* It is not sent then, and a later record must not say so. */
    journal->record.reserving = IMPORT_NOT_SENT;
    return -1;
}

int import_journal_reserved(struct import_journal *journal, const struct koji_reservation *reservation,
                            struct cg_error *err)
{
    if (!journal)
        return 0;
    if (secret_copy(&journal->record.reservation.token, &reservation->token, err) < 0)
        return -1;
    journal->record.reservation.build_id = reservation->build_id;
    journal->record.reserving = IMPORT_NOT_SENT;
    return write_record(journal, err);
}

int import_journal_unreserved(struct import_journal *journal, struct cg_error *err)
{
    if (!journal || (journal->record.reserving == IMPORT_NOT_SENT && journal->record.reservation.build_id == 0))
        return 0;
    koji_reservation_finish(&journal->record.reservation);
    journal->record.reserving = IMPORT_NOT_SENT;
    return write_record(journal, err);
}

int import_journal_importing(struct import_journal *journal, const struct koji_ticket *ticket, double now,
                             struct cg_error *err)
{
    if (!journal)
        return 0;
    if (import_ticket_copy(&journal->record.import_ticket, ticket, err) < 0)
        return -1;
    journal->record.importing = IMPORT_SENDING;
    journal->record.sent_at = now;
    if (write_record(journal, err) == 0)
        return 0;
    journal->record.importing = IMPORT_NOT_SENT;
    return -1;
}

int import_journal_import_failed(struct import_journal *journal, struct cg_error *err)
{
    if (!journal)
        return 0;
    clear_directory(&journal->record);
    journal->record.importing = IMPORT_NOT_SENT;
    return journal->kept ? write_record(journal, err) : 0;
}

int import_journal_remove(struct import_journal *journal, struct cg_error *err)
{
    if (!journal || !journal->kept)
        return 0;
    if (journal->keeper.remove(journal->keeper.context, err) < 0)
        return -1;
    journal->kept = false;
    import_record_finish(&journal->record);
    return 0;
}

void import_journal_close(struct import_journal *journal)
{
    if (!journal)
        return;
    if (journal->keeper.close)
        journal->keeper.close(journal->keeper.context);
    import_record_finish(&journal->record);
    free(journal);
}
