/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* witness: cosigns the checkpoints of logs that it has seen grow, by C2SP tlog-witness. */
#include "audit.h"
#include "output.h"
#include "ready_file.h"
#include "signals.h"

#include <string.h>

#include "audit/key_file.h"
#include "audit/witness.h"
#include "base/clock.h"
#include "base/log.h"
#include "cg/add_checkpoint.h"
#include "intake/request.h"
#include "intake/server_private.h"

/* Logs of one witness, and threads that take requests: a request is a file written and a signature. */
#define LOGS_MAX 256
#define THREADS 4
/* For requests under way when it is to stop, seconds. */
#define GRACE_S 5
#define ADDRESS_DEFAULT "127.0.0.1:8081"
#define ADDRESS_SIZE 256

enum witness_option {
    OPTION_KEY_FILE = OPTION_LONG_ONLY,
    OPTION_STATE,
    OPTION_LOG,
    OPTION_LISTEN,
    OPTION_TLS_CERT,
    OPTION_TLS_KEY,
    OPTION_READY_FILE,
};

static const struct option_row rows[] = {
    {OPTION_KEY_FILE, "key-file", "FILE", "private key, made by cg-import audit keygen --witness"},
    {OPTION_STATE, "state", "DIRECTORY", "where it remembers what it cosigned"},
    {OPTION_LOG, "log", "KEY", "verifier key of a log, or a file of such keys; may be given again"},
    {OPTION_LISTEN, "listen", "ADDRESS:PORT", "where it takes requests (default: " ADDRESS_DEFAULT ")"},
    {OPTION_TLS_CERT, "tls-cert", "FILE", "certificate, PEM, with --tls-key (default: no TLS)"},
    {OPTION_TLS_KEY, "tls-key", "FILE", "its key, PEM"},
    {OPTION_READY_FILE, "ready-file", "FILE", "written when it takes requests, and tells where"},
    {0, NULL, NULL, NULL},
};
static const struct option_group groups[] = {{"Witness", rows}, {NULL, NULL}};

struct witnessing {
    const char *key_file, *state, *listen, *tls_cert, *tls_key, *ready_file;
    struct cg_note_verifier logs[LOGS_MAX];
    size_t log_count;
    char address[ADDRESS_SIZE];
    unsigned short port;
    struct stop stop;
    struct signals signals;
};

static int take(void *context, int id, const char *value, struct cg_error *err)
{
    struct witnessing *witnessing = context;
    switch ((enum witness_option)id) {
    case OPTION_KEY_FILE:
        witnessing->key_file = value;
        break;
    case OPTION_STATE:
        witnessing->state = value;
        break;
    case OPTION_LOG:
        return audit_trust_add("log", value, witnessing->logs, LOGS_MAX, &witnessing->log_count, err);
    case OPTION_LISTEN:
        witnessing->listen = value;
        break;
    case OPTION_TLS_CERT:
        witnessing->tls_cert = value;
        break;
    case OPTION_TLS_KEY:
        witnessing->tls_key = value;
        break;
    case OPTION_READY_FILE:
        witnessing->ready_file = value;
        break;
    }
    return 0;
}

/* Splits "127.0.0.1:8081" or "[::1]:8081". */
static int read_listen(struct witnessing *witnessing, struct cg_error *err)
{
    const char *text = witnessing->listen ? witnessing->listen : ADDRESS_DEFAULT;
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    int64_t port;
    if (length == 0 || length >= ADDRESS_SIZE || options_number("listen", colon + 1, 0, 65535, &port, NULL) < 0)
        return cg_fail(err, CG_E_USAGE, "--listen %s is not an address and a port, like " ADDRESS_DEFAULT, text);
    bool bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';
    memcpy(witnessing->address, text + bracketed, length - 2 * (size_t)bracketed);
    witnessing->port = (unsigned short)port;
    return 0;
}

/* --- requests ------------------------------------------------------------------------------------------------------
 */

static int begin_request(struct intake_request *request, void **state)
{
    (void)request;
    *state = calloc(1, sizeof(struct cg_bytes));
    return *state ? 0 : -1;
}

static int take_data(struct intake_request *request, void *state, const char *data, size_t size)
{
    struct cg_error err = {0};
    if (cg_bytes_append(state, data, size, &err) == 0)
        return 0;
    intake_fail(request, &err, NULL);
    return -1;
}

static void answer(struct intake_request *request, void *state)
{
    struct witness *witness = intake_options(request)->owner;
    const struct cg_bytes *body = state;
    struct witness_answer given = {0};
    struct cg_error err = {0};
    witness_add_checkpoint(witness, cg_bytes_text(body), body->size, (uint64_t)clock_epoch_seconds(), &given, &err);
    if (err.code != CG_OK)
        log_error(intake_options(request)->log, &err, "checkpoint not cosigned", "request", intake_request_id(request),
                  NULL);
    if (given.body.size > 0)
        intake_answer_text(request, given.status, given.content_type, given.body.data);
    else
        intake_fail_status(request, given.status, &err, NULL);
    cg_bytes_finish(&given.body);
}

static void finish_request(void *state)
{
    if (state)
        cg_bytes_finish(state);
    free(state);
}

static const struct intake_handler add_checkpoint = {begin_request, take_data, answer, finish_request};
static const struct intake_route routes[] = {
    {"POST", "/add-checkpoint", 0, CG_ADD_CHECKPOINT_SIZE_MAX, &add_checkpoint},
};

/* --- running -------------------------------------------------------------------------------------------------------
 */

static int serve(struct witnessing *witnessing, struct witness *witness, struct cg_error *err)
{
    struct log *log = log_create(STDERR_FILENO, LOG_KEY_VALUE, LOG_INFO, err);
    const struct router router = {.count = 1, .tables = {{routes, sizeof routes / sizeof routes[0]}}};
    struct intake_options options = {.log = log,
                                     .address = witnessing->address,
                                     .port = witnessing->port,
                                     .tls_cert = witnessing->tls_cert,
                                     .tls_key = witnessing->tls_key,
                                     .owner = witness,
                                     .threads = THREADS};
    struct intake *intake = log ? server_start(&options, &router, err) : NULL;
    struct ready_file ready = {.path = witnessing->ready_file,
                               .address = witnessing->address,
                               .port = intake ? intake_port(intake) : 0,
                               .tls = witnessing->tls_cert ? READY_TLS : READY_PLAIN};
    int result = intake ? ready_file_write(&ready, err) : -1;
    if (result == 0) {
        char port[16];
        snprintf(port, sizeof port, "%u", (unsigned)ready.port);
        log_line(log, LOG_INFO, "witness takes requests", "address", witnessing->address, "port", port, NULL);
        while (stop_sleep(&witnessing->stop, 60000) == 0)
            continue;
    }
    if (intake)
        intake_stop(intake, GRACE_S);
    log_destroy(log);
    return result;
}

static void told_to_stop(void *context, enum stop_level level)
{
    (void)context;
    (void)level;
}

static int act(struct witnessing *witnessing, struct cg_error *err)
{
    CG_AUTO_NOTE_SIGNER struct cg_note_signer *signer = key_file_read(witnessing->key_file, err);
    if (!signer)
        return -1;
    struct witness_options options = {
        .signer = signer, .directory = witnessing->state, .logs = witnessing->logs, .log_count = witnessing->log_count};
    AUTO_WITNESS struct witness *witness = witness_create(&options, err);
    if (!witness || stop_init(&witnessing->stop, err) < 0)
        return -1;
    int result = signals_begin(&witnessing->signals, &witnessing->stop, told_to_stop, NULL, err);
    if (result == 0) {
        result = serve(witnessing, witness, err);
        signals_end(&witnessing->signals);
    }
    stop_finish(&witnessing->stop);
    return result;
}

static int run(int argc, char **argv)
{
    struct witnessing witnessing = {0};
    struct cg_error err = {0};
    int first = 0, status = EXIT_DONE;
    if (verbs_begin(&verb_witness, argc, argv, take, &witnessing, &first, &status) == VERBS_STOP)
        return status;
    if (first < argc)
        cg_fail(&err, CG_E_USAGE, "witness takes no arguments, and there is \"%s\"", argv[first]);
    else if (!witnessing.key_file || !witnessing.state || witnessing.log_count == 0)
        cg_fail(&err, CG_E_USAGE, "a witness needs --key-file, --state and the --log that it cosigns");
    if (err.code != CG_OK || read_listen(&witnessing, &err) < 0)
        return verbs_refuse(&verb_witness, argv, &err);
    act(&witnessing, &err);
    return audit_end(&verb_witness, false, &err);
}

static const char *const usage[] = {"--key-file FILE --state DIRECTORY --log KEY [OPTION]...", NULL};

const struct verb verb_witness = {
    .name = "witness",
    .summary = "cosign the checkpoints of logs that are seen to grow only",
    .usage = usage,
    .description = "Takes requests of C2SP tlog-witness (add-checkpoint) and cosigns a checkpoint of a log it knows "
                   "when it continues the last one it cosigned. Runs on a machine of other people than the log's: who "
                   "verifies then knows that the log showed all of them the same. Ends by SIGTERM.",
    .exit_statuses = "  0  ended by a signal\n"
                     "  2  wrong usage; a key, the address or the directory cannot be used\n",
    .groups = groups,
    .run = run,
};
