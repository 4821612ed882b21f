/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KOJI_HUB_MODULE_H
#define KOJI_HUB_MODULE_H

/*
 * The calls of the hub module (hub-module/), where the hub has it: what it can do, staging content, importing by key,
 * its record.
 *
 * A hub without it is asked nothing here but for help on the method by which the module is known: its log has no word
 * of it, and the answer is empty, where a list of all methods is long.
 */

#include "base/secret.h"
#include "cg/digest.h"
#include "koji/session.h"

/* The method by which the module tells what it can. */
#define KOJI_MODULE_HELLO "cgimport.hello"

/* Contents of one cgimport.stageContent; the module takes no more. */
#define KOJI_STAGE_MOST 1000

/* What the module of a hub can do, combined with |; 0: it has none. */
enum koji_module_ability {
    KOJI_MODULE_STAGES = 1,  /* cgimport.stageContent */
    KOJI_MODULE_IMPORTS = 2, /* cgimport.importBuild, with keys */
    KOJI_MODULE_TELLS = 4,   /* cgimport.events: it keeps a record of imports */
};

/* Events of one cgimport.events; the module gives no more. */
#define KOJI_EVENTS_MOST 1000

/* A content that is to be put into the upload directory. Borrowed. */
struct koji_stage_wish {
    const char *path; /* below the upload directory */
    enum cg_digest_kind kind;
    const char *checksum;
    uint64_t size_bytes;
};

/*
 * Asks what the module can do if `help`, the answer of system.methodHelp to KOJI_MODULE_HELLO (borrowed, NULL allowed),
 * says that it is there. A module that does not answer as it should has no abilities. 0, or -1 with the session's codes
 * when no answer came.
 */
int koji_module_abilities(struct koji_session *session, const json_t *help, unsigned *abilities, struct cg_error *err);

/*
 * Has the hub put contents that it holds into `directory`. *staged is a new reference to an array with a string for
 * each that is there now, else null. Asked again it answers the same. 0, or -1 with CG_E_HUB_REPLY, CG_E_MEMORY, the
 * fault's code or the session's.
 */
int koji_module_stage(struct koji_session *session, const char *directory, const struct koji_stage_wish *wishes,
                      size_t count, json_t **staged, struct cg_error *err);

/*
 * The events of the record after position `after`, the oldest first, at most `limit`: new reference to an array, as
 * docs/hub-module.md describes them. 0, or -1 with CG_E_DENIED or CG_E_AUTH (this user may not read it),
 * CG_E_HUB_REPLY, the fault's code or the session's.
 */
int koji_module_events(struct koji_session *session, int64_t after, unsigned limit, json_t **events,
                       struct cg_error *err);

/*
 * The params of cgimport.importBuild: those of CGImport, and the key under which its answer is kept. New reference,
 * NULL with CG_E_MEMORY.
 */
json_t *koji_module_import_params(const char *metadata_name, const char *directory, const struct secret *token,
                                  const char *key, struct cg_error *err);

#endif
