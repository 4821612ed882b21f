/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/witness_client.h"

#include <assert.h>
#include <inttypes.h>

#include "cg/add_checkpoint.h"

/* A witness may have moved on between its 409 and the next request only if another log feeds it: twice is enough. */
enum { ROUNDS = 2 };

struct witness_state {
    struct audit_witness witness;
    struct cg_bytes url;
    uint64_t size; /* that it has cosigned, as far as we know */
};

struct audit_witness_client {
    struct witness_state states[AUDIT_WITNESSES_MAX];
    size_t count;
    struct audit_witness_transport transport;
};

/* One call: what is asked, and what came of it so far. */
struct round {
    struct audit_witness_client *client;
    const struct cg_merkle_source *source;
    const char *note;
    size_t note_size;
    struct cg_note parsed;
    struct cg_checkpoint checkpoint;
    struct audit_witness_outcome outcomes[AUDIT_WITNESSES_MAX];
    struct cg_bytes lines; /* the cosignatures that count */
};

#define AUTO_ROUND CG_AUTO(round_finish)

static void round_finish(struct round *round)
{
    cg_note_finish(&round->parsed);
    cg_checkpoint_finish(&round->checkpoint);
    cg_bytes_finish(&round->lines);
}

/* Exchanges of one round, their bodies beside them. */
struct exchanges {
    struct audit_witness_exchange list[AUDIT_WITNESSES_MAX];
    struct cg_bytes bodies[AUDIT_WITNESSES_MAX];
    size_t witness[AUDIT_WITNESSES_MAX]; /* whom each is with */
    size_t count;
};

#define AUTO_EXCHANGES CG_AUTO(exchanges_finish)

static void exchanges_finish(struct exchanges *exchanges)
{
    for (size_t i = 0; i < AUDIT_WITNESSES_MAX; i++) {
        cg_bytes_finish(&exchanges->bodies[i]);
        cg_bytes_finish(&exchanges->list[i].answer);
    }
}

/* Takes the next witness. */
static int add_witness(struct audit_witness_client *client, const struct audit_witness *witness, struct cg_error *err)
{
    if (witness->verifier.type != CG_NOTE_COSIGNATURE)
        return cg_fail(err, CG_E_CONFIG, "the key of the witness %s is of type 0x%02x, expected 0x04 (cosignature)",
                       witness->verifier.name, (unsigned)witness->verifier.type);
    for (size_t i = 0; i < client->count; i++)
        if (memcmp(client->states[i].witness.verifier.public_key, witness->verifier.public_key,
                   CG_ED25519_PUBLIC_SIZE) == 0)
            return cg_fail(err, CG_E_CONFIG, "the witnesses %s and %s have one key",
                           client->states[i].witness.verifier.name, witness->verifier.name);
    struct witness_state *state = &client->states[client->count++];
    size_t length = strlen(witness->url);
    state->witness = *witness;
    return cg_bytes_printf(&state->url, err, "%s%sadd-checkpoint", witness->url,
                           length > 0 && witness->url[length - 1] == '/' ? "" : "/");
}

struct audit_witness_client *audit_witness_client_create(const struct audit_witness *witnesses, size_t count,
                                                         const struct audit_witness_transport *transport,
                                                         struct cg_error *err)
{
    if (count > AUDIT_WITNESSES_MAX) {
        cg_fail(err, CG_E_CONFIG, "%zu witnesses, at most %u are asked", count, AUDIT_WITNESSES_MAX);
        return NULL;
    }
    AUTO_AUDIT_WITNESS_CLIENT struct audit_witness_client *client = calloc(1, sizeof *client);
    if (!client) {
        cg_fail_memory(err);
        return NULL;
    }
    client->transport = *transport;
    for (size_t i = 0; i < count; i++)
        if (add_witness(client, &witnesses[i], err) < 0)
            return NULL;
    return CG_STEAL(client);
}

/* Writes the request for one witness from the size it is known to have. */
static int write_request(struct round *round, size_t witness, struct exchanges *exchanges, struct cg_error *err)
{
    const struct witness_state *state = &round->client->states[witness];
    struct cg_add_checkpoint request = {.old_size = state->size, .note = round->note, .note_size = round->note_size};
    struct cg_bytes *body = &exchanges->bodies[exchanges->count];
    if (cg_merkle_prove_consistency(round->source, state->size, round->checkpoint.size, &request.proof, err) < 0 ||
        cg_add_checkpoint_format(&request, body, err) < 0)
        return -1;
    exchanges->list[exchanges->count].url = state->url.data;
    exchanges->list[exchanges->count].body = body->data;
    exchanges->list[exchanges->count].body_size = body->size;
    exchanges->witness[exchanges->count++] = witness;
    return 0;
}

/* The text, a blank line and the lines of an answer are a note too, and what of it verifies is to be kept. */
static int take_cosignature(struct round *round, const struct witness_state *state, const struct cg_bytes *answer,
                            struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes joined = {0};
    CG_AUTO_NOTE struct cg_note note = {0};
    struct cg_note_verdict verdict;
    if (cg_bytes_printf(&joined, err, "%s\n%s", round->parsed.text, cg_bytes_text(answer)) < 0 ||
        cg_note_parse(joined.data, joined.size, &note, err) < 0)
        return -1;
    /* An empty line in the answer would make its beginning a part of the text that was signed. */
    if (note.text_size != round->parsed.text_size)
        return cg_fail(err, CG_E_FORM, "the answer of the witness %s is not signature lines alone",
                       state->witness.verifier.name);
    if (cg_note_verify(&note, &state->witness.verifier, 1, &verdict, err) < 0)
        return -1;
    if (!verdict.verified)
        return cg_fail(err, CG_E_SIGNATURE, "the answer of the witness has no signature of its key %s",
                       state->witness.verifier.name);

    /* Lines are split as the note's were; the first of this key is the one that counts. */
    const char *line = cg_bytes_text(answer);
    for (size_t i = 0; i < note.signature_count; i++) {
        const char *end = strchr(line, '\n') + 1;
        if (note.signatures[i].key_id == state->witness.verifier.key_id &&
            strcmp(note.signatures[i].name, state->witness.verifier.name) == 0)
            return cg_bytes_append(&round->lines, line, (size_t)(end - line), err);
        line = end;
    }
    return cg_fail(err, CG_E_INTERNAL, "a verified signature is gone");
}

/* The witness knows another size. 1: ask again from there; -1 with an error: it knows more than we have. */
static int take_conflict(const struct round *round, struct witness_state *state, const struct cg_bytes *answer,
                         struct cg_error *err)
{
    uint64_t size;
    size_t length = answer->size > 0 && answer->data[answer->size - 1] == '\n' ? answer->size - 1 : answer->size;
    if (cg_checkpoint_parse_number(cg_bytes_text(answer), length, &size, err) < 0)
        return -1;
    if (size > round->checkpoint.size)
        return cg_fail(err, CG_E_FORK, "the witness %s has cosigned a log of %" PRIu64 " leaves, ours has %" PRIu64,
                       state->witness.verifier.name, size, round->checkpoint.size);
    if (size == state->size)
        return cg_fail(err, CG_E_FORK, "the witness %s has cosigned another root of %" PRIu64 " leaves",
                       state->witness.verifier.name, size);
    state->size = size;
    return 1;
}

/* What an exchange came to: 1 ask again, 0 cosigned, -1 with an error. */
static int take_answer(struct round *round, struct witness_state *state, const struct audit_witness_exchange *exchange,
                       struct cg_error *err)
{
    if (exchange->status == 0)
        return cg_fail(err, exchange->failure.code ? exchange->failure.code : CG_E_UNREACHABLE, "the witness %s: %s",
                       state->witness.verifier.name, exchange->failure.message);
    if (exchange->status == 409)
        return take_conflict(round, state, &exchange->answer, err);
    if (exchange->status == 422)
        return cg_fail(err, CG_E_FORK,
                       "the witness %s finds that our log does not continue the %" PRIu64 " leaves it has seen",
                       state->witness.verifier.name, state->size);
    if (exchange->status != 200)
        return cg_fail(err, exchange->status >= 500 ? CG_E_BUSY : CG_E_DENIED,
                       "the witness %s answered with status %ld", state->witness.verifier.name, exchange->status);
    if (take_cosignature(round, state, &exchange->answer, err) < 0)
        return -1;
    state->size = round->checkpoint.size;
    return 0;
}

/* Asks the witnesses in `again`, and leaves those there that are to be asked once more. */
static int ask(struct round *round, bool again[AUDIT_WITNESSES_MAX], long timeout_ms, struct cg_error *err)
{
    AUTO_EXCHANGES struct exchanges exchanges = {0};
    struct audit_witness_client *client = round->client;
    for (size_t i = 0; i < client->count; i++)
        if (again[i] && write_request(round, i, &exchanges, err) < 0)
            return -1;
    if (exchanges.count == 0)
        return 0;
    client->transport.post(client->transport.context, exchanges.list, exchanges.count, timeout_ms);
    for (size_t i = 0; i < exchanges.count; i++) {
        size_t witness = exchanges.witness[i];
        struct audit_witness_outcome *outcome = &round->outcomes[witness];
        int result = take_answer(round, &client->states[witness], &exchanges.list[i], &outcome->failure);
        outcome->cosigned = result == 0;
        again[witness] = result == 1;
    }
    return 0;
}

/* A witness's state may be ahead of a log whose checkpoint is asked for out of order. */
static void forget_sizes_above(struct audit_witness_client *client, uint64_t size)
{
    for (size_t i = 0; i < client->count; i++)
        if (client->states[i].size > size)
            client->states[i].size = 0;
}

int audit_witness_client_cosign(struct audit_witness_client *client, const struct cg_merkle_source *source,
                                const char *note, size_t note_size, long timeout_ms, struct cg_bytes *cosigned,
                                struct audit_witness_outcome *outcomes, struct cg_error *err)
{
    AUTO_ROUND struct round round = {.client = client, .source = source, .note = note, .note_size = note_size};
    bool again[AUDIT_WITNESSES_MAX];
    if (cg_note_parse(note, note_size, &round.parsed, err) < 0 ||
        cg_checkpoint_parse(round.parsed.text, round.parsed.text_size, &round.checkpoint, err) < 0)
        return -1;
    forget_sizes_above(client, round.checkpoint.size);
    for (size_t i = 0; i < AUDIT_WITNESSES_MAX; i++)
        again[i] = true;
    for (unsigned i = 0; i < ROUNDS; i++)
        if (ask(&round, again, timeout_ms, err) < 0)
            return -1;

    int count = 0;
    for (size_t i = 0; i < client->count; i++) {
        if (again[i])
            cg_fail(&round.outcomes[i].failure, CG_E_BUSY, "the witness %s changes its size while it is asked",
                    client->states[i].witness.verifier.name);
        count += round.outcomes[i].cosigned;
        if (outcomes)
            outcomes[i] = round.outcomes[i];
    }
    if (cg_bytes_reserve(cosigned, note_size + round.lines.size, err) < 0 ||
        cg_bytes_append(cosigned, note, note_size, err) < 0 ||
        cg_bytes_append(cosigned, round.lines.data, round.lines.size, err) < 0)
        return -1;
    return count;
}

void audit_witness_client_destroy(struct audit_witness_client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < AUDIT_WITNESSES_MAX; i++)
        cg_bytes_finish(&client->states[i].url);
    free(client);
}
