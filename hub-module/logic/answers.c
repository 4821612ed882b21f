/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/answers.h"

#include "cg/auto.h"
#include "logic/locks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A number as a value of a statement. */
struct number {
    char text[24];
};

static const char *number_text(struct number *number, int64_t value)
{
    snprintf(number->text, sizeof number->text, "%" PRId64, value);
    return number->text;
}

static int check_key(const char *key, struct cg_error *err)
{
    size_t length = strlen(key);
    if (length == 0 || length > ANSWER_KEY_MOST)
        return cg_fail(err, CG_E_USAGE, "the key has %zu bytes, expected 1 to %d", length, ANSWER_KEY_MOST);
    return 0;
}

static int check_table(const struct database *database, struct cg_error *err)
{
    int there = database_has(database, "answer", err);
    if (there != 0)
        return there;
    cg_fail(err, CG_E_UNSUPPORTED, "this hub keeps no answers: its database is not prepared for keys");
    return cg_hint(err, "leave the key out, or have schema/hub-sql/install.sql applied");
}

static int copy_cell(const struct database_rows *rows, size_t column, char **copy, struct cg_error *err)
{
    const char *cell = database_cell(rows, 0, column);
    *copy = strdup(cell ? cell : "");
    return *copy ? 0 : cg_fail_memory(err);
}

static int take_answer(const struct database_rows *rows, struct answer *answer, struct cg_error *err)
{
    AUTO_ANSWER struct answer made = {.build_id = database_number(rows, 0, 2)};
    if (copy_cell(rows, 0, &made.metadata_sha256, err) < 0 || copy_cell(rows, 1, &made.nvr, err) < 0 ||
        copy_cell(rows, 3, &made.text, err) < 0)
        return -1;
    *answer = CG_MOVE(made);
    return 1;
}

int answer_find(const struct database *database, int64_t user_id, const char *key, const char *metadata_sha256,
                struct answer *answer, struct cg_error *err)
{
    char name[ANSWER_KEY_MOST + 32];
    struct number user = {""};
    if (check_key(key, err) < 0 || check_table(database, err) < 0)
        return -1;
    snprintf(name, sizeof name, "%" PRId64 " %s", user_id, key);
    if (lock_take(database, LOCK_KEY, name, err) < 0)
        return -1;

    AUTO_DATABASE_ROWS struct database_rows rows = {0};
    const char *values[] = {number_text(&user, user_id), key};
    if (database_run(database,
                     "SELECT metadata_sha256, nvr, build_id::text, answer::text FROM cgimport.answer"
                     " WHERE user_id = %s::bigint AND key = %s",
                     values, 2, &rows, err) < 0)
        return -1;
    if (rows.count == 0)
        return 0;
    if (metadata_sha256 && strcmp(metadata_sha256, database_cell(&rows, 0, 0)) != 0)
        return cg_fail(err, CG_E_CONFLICT, "the key \"%s\" was used for other metadata, of %s with the sha256 %s", key,
                       database_cell(&rows, 0, 1), database_cell(&rows, 0, 0));
    return take_answer(&rows, answer, err);
}

int answer_keep(const struct database *database, int64_t user_id, const char *key, const struct answer *answer,
                struct cg_error *err)
{
    struct number user = {""};
    struct number build = {""};
    struct number days = {""};
    struct number lock = {""};
    const char *const old[] = {number_text(&days, ANSWER_DAYS), number_text(&lock, lock_number(LOCK_ANSWERS, ""))};
    const char *const values[] = {
        number_text(&user, user_id),           key,         answer->metadata_sha256, answer->nvr,
        number_text(&build, answer->build_id), answer->text};
    if (database_run(database,
                     "DELETE FROM cgimport.answer WHERE at < now() - %s::int * interval '1 day'"
                     " AND (SELECT pg_try_advisory_xact_lock(%s::bigint))",
                     old, 2, NULL, err) < 0)
        return -1;
    return database_run(database,
                        "INSERT INTO cgimport.answer (user_id, key, metadata_sha256, nvr, build_id, answer)"
                        " VALUES (%s::bigint, %s, %s, %s, %s::bigint, %s::json)",
                        values, 6, NULL, err);
}

void answer_finish(struct answer *answer)
{
    free(answer->metadata_sha256);
    free(answer->nvr);
    free(answer->text);
    *answer = (struct answer){0};
}
