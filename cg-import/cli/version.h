/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

/* --version: of the program, of the schema it judges by, and of the libraries it runs with. */

#include <stdio.h>

/* Prints them; returns the exit status. */
int version_print(FILE *out);

#endif
