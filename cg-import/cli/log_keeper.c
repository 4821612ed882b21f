/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log_keeper.h"
#include "state_directory.h"

/* The key and the last checkpoint are not for the eyes of those who may read the published log beside them. */
static int make_directories(const struct config *config, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes own = {0};
    if (cg_bytes_printf(&own, err, "%s/audit", config->service.state_directory) < 0)
        return -1;
    return state_directory_make(cg_bytes_text(&own), err);
}

static int make_witnesses(struct log_keeper *keeper, const struct config *config, struct cg_error *err)
{
    keeper->witnesses = calloc(config->witness_count + 1, sizeof *keeper->witnesses);
    if (!keeper->witnesses)
        return cg_fail_memory(err);
    for (size_t i = 0; i < config->witness_count; i++) {
        keeper->witnesses[i].url = config->witnesses[i].url;
        if (cg_note_verifier_parse(config->witnesses[i].key, &keeper->witnesses[i].verifier, err) != 0)
            return -1;
    }
    return 0;
}

int log_keeper_start(struct log_keeper *keeper, const struct config *config, struct store *store, struct log *log,
                     struct cg_error *err)
{
    const struct config_audit *given = &config->audit;
    if (make_directories(config, err) < 0 || make_witnesses(keeper, config, err) < 0)
        return -1;
    const struct sequencer_options options = {.store = store,
                                              .log = log,
                                              .replica = config->service.replica,
                                              .directory = given->directory,
                                              .last_signed = given->last_signed,
                                              .keys = {.origin = given->origin,
                                                       .key_file = given->key_file,
                                                       .second_key_file = given->second_key_file,
                                                       .trusted_keys = (const char *const *)given->trusted_keys},
                                              .witnesses = keeper->witnesses,
                                              .witness_count = config->witness_count,
                                              .quorum = (size_t)given->quorum,
                                              .witness_ca = given->witness_ca};
    keeper->sequencer = sequencer_start(&options, err);
    return keeper->sequencer ? 0 : -1;
}

void log_keeper_stop(struct log_keeper *keeper)
{
    sequencer_stop(keeper->sequencer);
    free(keeper->witnesses);
    *keeper = (struct log_keeper){0};
}
