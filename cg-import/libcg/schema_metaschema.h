/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCG_SCHEMA_METASCHEMA_H
#define LIBCG_SCHEMA_METASCHEMA_H

/* The meta-schemas of draft 2020-12, built in so that a schema may refer to them without a network. */

#define CG_SCHEMA_METASCHEMA_URI "https://json-schema.org/draft/2020-12/schema"

/* The text of the meta-schema `uri` (absolute, no fragment); NULL if it is none of them. */
const char *cg_schema_metaschema(const char *uri);

#endif
