/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_TABLE_H
#define CG_HUB_TABLE_H

/* What the plugin offers: the table of exports, ended by a row without a name. */

#include "export.h"

const struct export *table_of_exports(void);

#endif
