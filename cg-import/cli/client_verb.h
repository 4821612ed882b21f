/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_CLIENT_VERB_H
#define CLI_CLIENT_VERB_H

/*
 * What the verbs that talk to the service have in common: its address, JSON or text, stopping by signal, how they end.
 */

#include "service_access.h"
#include "service_client.h"
#include "signals.h"
#include "verbs.h"

/* Zero-initialise; one verb's run holds it. */
struct client_verb {
    const struct verb *verb;
    struct service_access access;
    bool json;
    struct stop stop;
    struct signals signals;
    struct service_client *client;
    const char *own;  /* value of the one option of the verb's own, by client_verb_take_all; NULL: not given */
    json_t *findings; /* of a refusal by the service, owned; NULL: none */
};

enum client_verb_option { OPTION_CLIENT_JSON = OPTION_OF_CLIENT_VERB, OPTION_OF_ONE_CLIENT_VERB };

/* --json of the verbs that print one object. */
#define CLIENT_VERB_JSON_ROW                                                                                           \
    {                                                                                                                  \
        OPTION_CLIENT_JSON, "json", NULL, "print one JSON object"                                                      \
    }

/* Takes --json and the options of the service. 1: taken, 0: it is none of them. */
int client_verb_take(struct client_verb *verb, int id, const char *value);

/* Finds the service and begins to listen to signals. 0, or -1 with CG_E_USAGE, CG_E_CONFIG, CG_E_IO, CG_E_MEMORY. */
int client_verb_begin(struct client_verb *verb, struct cg_error *err);

/* For verbs with at most one option of their own: their context is the client verb, which keeps its value. */
int client_verb_take_all(void *context, int id, const char *value, struct cg_error *err);

/* A verb about one import. Its context begins with the client verb. */
struct client_verb_about_one {
    const char *wanted; /* "one import is shown: its id or NVR": said when there is not one word */
    options_take *take;
    /* What else must be right before the service is asked: 0, or -1 with CG_E_USAGE; NULL: nothing. */
    int (*judge)(void *context, const char *id_or_nvr, struct cg_error *err);
    int (*act)(void *context, const char *id_or_nvr, struct cg_error *err); /* 0 or -1 */
};

/* Runs it: options, the one word, the service, the act, what went wrong. The exit status. */
int client_verb_run_about_one(void *context, const struct client_verb_about_one *what, int argc, char **argv);

/* Keeps the findings of a refusal for client_verb_end. */
void client_verb_keep_findings(struct client_verb *verb, const struct service_reply *reply);

/* Says what went wrong (CG_OK: nothing), gives everything back, and returns the exit status. */
int client_verb_end(struct client_verb *verb, const struct cg_error *err);

#endif
