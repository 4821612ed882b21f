/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A witness, and the client that asks it: without a network between them. */
#include "unit.h"

#include "audit/witness.h"
#include "audit/witness_client.h"
#include "cg/add_checkpoint.h"
#include "scratch.h"
#include "signed_log.h"

#include <pthread.h>
#include <stdio.h>

enum { PATH_SIZE = 1024 };

struct fixture {
    char directory[PATH_SIZE];
    struct signed_log *log;
    pthread_mutex_t log_lock; /* its tree hashes in a context of its own, for one thread at a time */
    struct witness *witness;
};

static void open_witness(struct fixture *fixture)
{
    struct cg_error err = {0};
    struct witness_options options = {.signer = fixture->log->witness,
                                      .directory = fixture->directory,
                                      .logs = fixture->log->policy.logs,
                                      .log_count = 1};
    fixture->witness = witness_create(&options, &err);
    if (!fixture->witness)
        fail_msg("%s", err.message);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    scratch_clear();
    scratch_make_directory("log");
    snprintf(fixture->directory, PATH_SIZE, "%s", scratch_path("log"));
    fixture->log = signed_log_create(300);
    pthread_mutex_init(&fixture->log_lock, NULL);
    open_witness(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    witness_destroy(fixture->witness);
    signed_log_destroy(fixture->log);
    pthread_mutex_destroy(&fixture->log_lock);
    free(fixture);
    return 0;
}

/* Asks the witness to go from one size to another, with the note given or the log's own. */
static int ask(struct fixture *fixture, uint64_t old_size, uint64_t new_size, const char *note,
               struct witness_answer *answer, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes body = {0}, own = {0};
    struct cg_merkle_source source = memory_tree_source(fixture->log->tree);
    struct cg_add_checkpoint request = {.old_size = old_size};
    pthread_mutex_lock(&fixture->log_lock);
    signed_log_checkpoint(fixture->log, new_size, &own);
    request.note = note ? note : own.data;
    request.note_size = strlen(request.note);
    if (old_size <= new_size)
        assert_int_equal(cg_merkle_prove_consistency(&source, old_size, new_size, &request.proof, NULL), 0);
    pthread_mutex_unlock(&fixture->log_lock);
    assert_int_equal(cg_add_checkpoint_format(&request, &body, NULL), 0);
    cg_bytes_clear(&answer->body);
    return witness_add_checkpoint(fixture->witness, body.data, body.size, 1700000000, answer, err);
}

static void cosigns_a_log_that_grows(void **state)
{
    struct fixture *fixture = *state;
    static const uint64_t sizes[] = {0, 0, 1, 1, 7, 256, 300};
    struct witness_answer answer = {0};
    for (size_t i = 1; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes note = {0};
        CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
        assert_int_equal(ask(fixture, sizes[i - 1], sizes[i], NULL, &answer, &err), 0);
        assert_int_equal(answer.status, 200);
        signed_log_checkpoint(fixture->log, sizes[i], &note);
        cg_bytes_append(&note, answer.body.data, answer.body.size, &err);
        assert_int_equal(cg_checkpoint_open(note.data, note.size, &fixture->log->policy, &checkpoint, NULL, &err), 0);
    }
    cg_bytes_finish(&answer.body);
}

static void remembers_over_a_restart(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct witness_answer answer = {0};
    assert_int_equal(ask(fixture, 0, 42, NULL, &answer, &err), 0);
    witness_destroy(fixture->witness);
    open_witness(fixture);
    assert_int_equal(ask(fixture, 0, 50, NULL, &answer, &err), -1);
    assert_int_equal(answer.status, 409);
    assert_string_equal(answer.content_type, "text/x.tlog.size");
    assert_string_equal(answer.body.data, "42\n");
    assert_error(&err, CG_E_FORK, "the last size cosigned is 42, not 0");
    assert_int_equal(ask(fixture, 42, 50, NULL, &answer, &err), 0);
    cg_bytes_finish(&answer.body);
}

static void answers_as_the_specification_says(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct witness_answer answer = {0};
    CG_AUTO_BYTES struct cg_bytes forked = {0}, unknown = {0}, unsigned_note = {0}, old = {0};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *other = signed_log_key("example.com/other", CG_NOTE_ED25519, 9);
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *false_log = signed_log_key("example.com/log", CG_NOTE_ED25519, 9);
    const struct cg_note_signer *signer = fixture->log->signer;
    struct cg_checkpoint checkpoint = {.origin = "example.com/log", .size = 20, .root = {{1}}};
    cg_checkpoint_sign(&checkpoint, &signer, 1, &forked, NULL);
    signer = false_log;
    cg_checkpoint_sign(&checkpoint, &signer, 1, &unsigned_note, NULL);
    signer = other;
    strcpy(checkpoint.origin, "example.com/other");
    cg_checkpoint_sign(&checkpoint, &signer, 1, &unknown, NULL);

    assert_int_equal(ask(fixture, 0, 10, "no note", &answer, &err), -1);
    assert_int_equal(answer.status, 400);
    assert_error(&err, CG_E_FORM, "the text of a note ends in a newline");
    assert_int_equal(ask(fixture, 0, 10, unknown.data, &answer, &err), -1);
    assert_int_equal(answer.status, 404);
    assert_error(&err, CG_E_FORK, "the log example.com/other is not known here");
    assert_int_equal(ask(fixture, 0, 10, unsigned_note.data, &answer, &err), -1);
    assert_int_equal(answer.status, 403);
    assert_error(&err, CG_E_SIGNATURE, "the checkpoint is not signed by a key of the log example.com/log");
    assert_int_equal(ask(fixture, 11, 10, NULL, &answer, &err), -1);
    assert_int_equal(answer.status, 400);
    assert_error(&err, CG_E_FORM, "the old size 11 is above the checkpoint's, 10");

    assert_int_equal(ask(fixture, 0, 10, NULL, &answer, &err), 0);
    assert_int_equal(ask(fixture, 10, 20, forked.data, &answer, &err), -1);
    assert_int_equal(answer.status, 422);
    assert_error(&err, CG_E_PROOF, "the tree of 20 leaves does not continue this one of 10");
    assert_int_equal(ask(fixture, 10, 20, NULL, &answer, &err), 0);
    assert_int_equal(ask(fixture, 20, 20, forked.data, &answer, &err), -1);
    assert_int_equal(answer.status, 409);
    assert_string_equal(answer.body.data, "20\n");
    assert_error(&err, CG_E_FORK, "another root of 20 leaves was cosigned");
    signed_log_checkpoint(fixture->log, 10, &old);
    assert_int_equal(ask(fixture, 10, 10, old.data, &answer, &err), -1);
    assert_int_equal(answer.status, 409);
    assert_error(&err, CG_E_FORK, "the last size cosigned is 20, not 10");
    cg_bytes_finish(&answer.body);
}

/* Whoever changes the file does not make the witness forget what it signed. */
static void stops_when_its_state_was_changed(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct witness_answer answer = {0};
    assert_int_equal(ask(fixture, 0, 10, NULL, &answer, &err), 0);
    char command[PATH_SIZE + 64];
    snprintf(command, sizeof command, "sed -i '2s/.*/9/' %s/*.checkpoint", fixture->directory);
    assert_int_equal(system(command), 0);
    assert_int_equal(ask(fixture, 9, 20, NULL, &answer, &err), -1);
    assert_int_equal(answer.status, 500);
    assert_error_has(&err, CG_E_SIGNATURE, "the signature is not this key's");
    cg_bytes_finish(&answer.body);
}

static void *grow(void *context)
{
    struct fixture *fixture = context;
    struct witness_answer answer = {0};
    for (uint64_t size = 0; size < 40;) {
        struct cg_error err = {0};
        int result = ask(fixture, size, size + 1, NULL, &answer, &err);
        size = result == 0 ? size + 1 : strtoull(cg_bytes_text(&answer.body), NULL, 10);
    }
    cg_bytes_finish(&answer.body);
    return NULL;
}

/* The race of tlog-witness: two requests at once must not roll the state back. */
static void is_not_rolled_back_by_two_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct witness_answer answer = {0};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, grow, fixture), 0);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(ask(fixture, 0, 50, NULL, &answer, &err), -1);
    assert_string_equal(answer.body.data, "40\n");
    cg_bytes_finish(&answer.body);
}

static void refuses_to_begin_without_keys(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct witness_options options = {.signer = fixture->log->signer, .directory = "x"};
    assert_null(witness_create(&options, &err));
    assert_string_equal(err.hint, "make one with cg-import audit keygen --witness");
    assert_error(&err, CG_E_CONFIG, "the key example.com/log is not one of a witness");
    options.signer = fixture->log->witness;
    assert_null(witness_create(&options, &err));
    assert_error(&err, CG_E_CONFIG, "a witness needs the key of at least one log");
}

/* --- the client ----------------------------------------------------------------------------------------------------
 */

/* A transport whose first exchange goes to the witness of the fixture, the others get `status` and no body. */
struct wire {
    struct fixture *fixture;
    long status;
    unsigned posts;
};

static void post(void *context, struct audit_witness_exchange *exchanges, size_t count, long timeout_ms)
{
    struct wire *wire = context;
    (void)timeout_ms;
    for (size_t i = 0; i < count; i++) {
        wire->posts++;
        if (strcmp(exchanges[i].url, "http://first/w/add-checkpoint") != 0) {
            exchanges[i].status = wire->status;
            if (wire->status == 0)
                cg_fail(&exchanges[i].failure, CG_E_UNREACHABLE, "nobody there");
            continue;
        }
        struct witness_answer answer = {0};
        witness_add_checkpoint(wire->fixture->witness, exchanges[i].body, exchanges[i].body_size, 1700000000, &answer,
                               NULL);
        exchanges[i].status = (long)answer.status;
        exchanges[i].answer = answer.body;
    }
}

static int cosign(struct audit_witness_client *client, struct fixture *fixture, uint64_t size, struct cg_bytes *note,
                  struct audit_witness_outcome *outcomes)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes own = {0};
    struct cg_merkle_source source = memory_tree_source(fixture->log->tree);
    signed_log_checkpoint(fixture->log, size, &own);
    cg_bytes_clear(note);
    int count = audit_witness_client_cosign(client, &source, own.data, own.size, 1000, note, outcomes, &err);
    assert_string_equal(err.message, "");
    return count;
}

static void asks_witnesses_and_counts_them(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct wire wire = {.fixture = fixture};
    struct audit_witness_transport transport = {post, &wire};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *second = signed_log_key("second", CG_NOTE_COSIGNATURE, 3);
    struct audit_witness witnesses[] = {{"http://first/w", fixture->log->policy.witnesses[0]},
                                        {"http://second/", *cg_note_signer_verifier(second)}};
    struct audit_witness_outcome outcomes[2];
    CG_AUTO_BYTES struct cg_bytes note = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    AUTO_AUDIT_WITNESS_CLIENT struct audit_witness_client *client =
        audit_witness_client_create(witnesses, 2, &transport, &err);
    assert_int_equal(cosign(client, fixture, 10, &note, outcomes), 1);
    assert_true(outcomes[0].cosigned && !outcomes[1].cosigned);
    assert_error(&outcomes[1].failure, CG_E_UNREACHABLE, "the witness second: nobody there");
    assert_int_equal(cg_checkpoint_open(note.data, note.size, &fixture->log->policy, &checkpoint, NULL, &err), 0);

    /* It knows from where to go on, and learns it anew where it does not. */
    wire.posts = 0;
    assert_int_equal(cosign(client, fixture, 20, &note, outcomes), 1);
    assert_int_equal(wire.posts, 2);
    AUTO_AUDIT_WITNESS_CLIENT struct audit_witness_client *restarted =
        audit_witness_client_create(witnesses, 1, &transport, &err);
    wire.posts = 0;
    assert_int_equal(cosign(restarted, fixture, 30, &note, outcomes), 1);
    assert_int_equal(wire.posts, 2);
}

static void says_why_a_witness_did_not_sign(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    static const struct {
        long status;
        enum cg_code code;
        const char *message;
    } cases[] = {
        {404, CG_E_DENIED, "the witness w answered with status 404"},
        {403, CG_E_DENIED, "the witness w answered with status 403"},
        {503, CG_E_BUSY, "the witness w answered with status 503"},
        {422, CG_E_FORK, "the witness w finds that our log does not continue the 0 leaves it has seen"},
        {409, CG_E_FORM, "\"\" is no decimal number of 64 bits without leading zeroes"},
        {200, CG_E_FORM, "the note has no signatures below an empty line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wire wire = {.fixture = fixture, .status = cases[i].status};
        struct audit_witness_transport transport = {post, &wire};
        CG_AUTO_NOTE_SIGNER struct cg_note_signer *key = signed_log_key("w", CG_NOTE_COSIGNATURE, 3);
        struct audit_witness witness = {"http://other", *cg_note_signer_verifier(key)};
        struct audit_witness_outcome outcome;
        CG_AUTO_BYTES struct cg_bytes note = {0};
        AUTO_AUDIT_WITNESS_CLIENT struct audit_witness_client *client =
            audit_witness_client_create(&witness, 1, &transport, &err);
        assert_int_equal(cosign(client, fixture, 10, &note, &outcome), 0);
        assert_error(&outcome.failure, cases[i].code, cases[i].message);
    }
}

/* A witness that adds to the text before it signs; its lines would also make the published checkpoint unreadable. */
static void post_longer_text(void *context, struct audit_witness_exchange *exchanges, size_t count, long timeout_ms)
{
    struct cg_error err = {0};
    struct cg_add_checkpoint request;
    CG_AUTO_NOTE struct cg_note note = {0};
    CG_AUTO_BYTES struct cg_bytes text = {0};
    (void)timeout_ms;
    assert_int_equal(count, 1);
    assert_int_equal(cg_add_checkpoint_parse(exchanges[0].body, exchanges[0].body_size, &request, &err), 0);
    assert_int_equal(cg_note_parse(request.note, request.note_size, &note, &err), 0);
    assert_int_equal(cg_bytes_printf(&text, &err, "%s\nmore\n", note.text), 0);
    assert_int_equal(cg_bytes_append_text(&exchanges[0].answer, "more\n\n", &err), 0);
    assert_int_equal(cg_note_sign(context, text.data, text.size, 1700000000, &exchanges[0].answer, &err), 0);
    exchanges[0].status = 200;
}

static void a_signature_of_another_text_does_not_count(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *key = signed_log_key("w", CG_NOTE_COSIGNATURE, 3);
    struct audit_witness_transport transport = {post_longer_text, key};
    struct audit_witness witness = {"http://other", *cg_note_signer_verifier(key)};
    struct audit_witness_outcome outcome;
    CG_AUTO_BYTES struct cg_bytes note = {0};
    CG_AUTO_CHECKPOINT struct cg_checkpoint checkpoint = {0};
    AUTO_AUDIT_WITNESS_CLIENT struct audit_witness_client *client =
        audit_witness_client_create(&witness, 1, &transport, &err);
    assert_int_equal(cosign(client, fixture, 10, &note, &outcome), 0);
    assert_error(&outcome.failure, CG_E_FORM, "the answer of the witness w is not signature lines alone");
    struct cg_checkpoint_policy log_alone = fixture->log->policy;
    log_alone.quorum = 0;
    assert_int_equal(cg_checkpoint_open(note.data, note.size, &log_alone, &checkpoint, NULL, &err), 0);
}

static void finds_out_that_the_log_was_rolled_back(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct wire wire = {.fixture = fixture};
    struct audit_witness_transport transport = {post, &wire};
    struct audit_witness witness = {"http://first/w", fixture->log->policy.witnesses[0]};
    struct audit_witness_outcome outcome;
    CG_AUTO_BYTES struct cg_bytes note = {0};
    AUTO_AUDIT_WITNESS_CLIENT struct audit_witness_client *client =
        audit_witness_client_create(&witness, 1, &transport, &err);
    assert_int_equal(cosign(client, fixture, 200, &note, NULL), 1);
    assert_int_equal(cosign(client, fixture, 150, &note, &outcome), 0);
    assert_error(&outcome.failure, CG_E_FORK,
                 "the witness witness.example/w has cosigned a log of 200 leaves, ours has 150");
}

static void refuses_witnesses_that_are_none(void **state)
{
    struct fixture *fixture = *state;
    struct cg_error err = {0};
    struct wire wire = {.fixture = fixture};
    struct audit_witness_transport transport = {post, &wire};
    struct audit_witness twice[] = {{"http://a", fixture->log->policy.witnesses[0]},
                                    {"http://b", fixture->log->policy.witnesses[0]}};
    assert_null(audit_witness_client_create(twice, 2, &transport, &err));
    assert_error(&err, CG_E_CONFIG, "the witnesses witness.example/w and witness.example/w have one key");
    twice[0].verifier = fixture->log->policy.logs[0];
    assert_null(audit_witness_client_create(twice, 1, &transport, &err));
    assert_error(&err, CG_E_CONFIG,
                 "the key of the witness example.com/log is of type 0x01, expected 0x04 (cosignature)");
    assert_null(audit_witness_client_create(twice, AUDIT_WITNESSES_MAX + 1, &transport, &err));
    assert_error(&err, CG_E_CONFIG, "17 witnesses, at most 16 are asked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cosigns_a_log_that_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(remembers_over_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_as_the_specification_says, setup, teardown),
        cmocka_unit_test_setup_teardown(stops_when_its_state_was_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(is_not_rolled_back_by_two_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_to_begin_without_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(asks_witnesses_and_counts_them, setup, teardown),
        cmocka_unit_test_setup_teardown(says_why_a_witness_did_not_sign, setup, teardown),
        cmocka_unit_test_setup_teardown(a_signature_of_another_text_does_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_out_that_the_log_was_rolled_back, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_witnesses_that_are_none, setup, teardown),
    };
    return cmocka_run_group_tests_name("witness", tests, scratch_create, scratch_remove);
}
