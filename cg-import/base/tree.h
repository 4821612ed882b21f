/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_TREE_H
#define BASE_TREE_H

/* Removes a directory with all that is in it, following no link; what cannot be removed is left. NULL is allowed. */
void tree_remove(const char *directory);

#endif
