/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

/* What the two output streams can show: how wide they are, whether they take colours and a line that is repainted. */

#include <stdbool.h>
#include <stdio.h>

/* Columns of texts that go to no terminal, and of a terminal that does not tell. */
#define TERMINAL_WIDTH_DEFAULT 80
/* Lines longer than this are hard to read, however wide the window is. */
#define TERMINAL_WIDTH_MAX 120
/* No line is cut for this. */
#define TERMINAL_WIDTH_ENDLESS 0

/* Columns of the terminal behind `stream`, at most TERMINAL_WIDTH_MAX; TERMINAL_WIDTH_ENDLESS for none. */
unsigned terminal_width(FILE *stream);

/* The same for texts that are read like a page: TERMINAL_WIDTH_DEFAULT where there is no terminal. */
unsigned terminal_page_width(FILE *stream);

/* Is `stream` a terminal that can repaint its last line? Not with TERM=dumb. */
bool terminal_repaints(FILE *stream);

/* Is `stream` to be coloured? Not without a terminal, with TERM=dumb, or when NO_COLOR is set (no-color.org). */
bool terminal_colours(FILE *stream);

/*
 * Prints a text whose first word stands at column `indent`, breaking it at blanks into lines of at most `width`
 * columns, each indented likewise, and ends the line. A UTF-8 character counts as one column.
 */
void terminal_wrap(FILE *stream, const char *text, unsigned indent, unsigned width);

#endif
