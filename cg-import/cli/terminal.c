/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

unsigned terminal_width(FILE *stream)
{
    if (!isatty(fileno(stream)))
        return TERMINAL_WIDTH_ENDLESS;
    struct winsize size = {0};
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return TERMINAL_WIDTH_DEFAULT;
    return size.ws_col < TERMINAL_WIDTH_MAX ? size.ws_col : TERMINAL_WIDTH_MAX;
}

unsigned terminal_page_width(FILE *stream)
{
    unsigned width = terminal_width(stream);
    return width == TERMINAL_WIDTH_ENDLESS ? TERMINAL_WIDTH_DEFAULT : width;
}

bool terminal_repaints(FILE *stream)
{
    const char *term = getenv("TERM");
    return isatty(fileno(stream)) && term && strcmp(term, "dumb") != 0;
}

bool terminal_colours(FILE *stream)
{
    const char *refused = getenv("NO_COLOR");
    return terminal_repaints(stream) && (!refused || !*refused);
}

static unsigned columns(const char *word, size_t size)
{
    unsigned count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)word[i] & 0xC0U) != 0x80U;
    return count;
}

void terminal_wrap(FILE *stream, const char *text, unsigned indent, unsigned width)
{
    unsigned column = indent;
    while (*text) {
        size_t size = strcspn(text, " ");
        unsigned length = columns(text, size);
        if (column > indent && width != TERMINAL_WIDTH_ENDLESS && column + 1 + length > width) {
            fprintf(stream, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', stream);
            column++;
        }
        fwrite(text, 1, size, stream);
        column += length;
        text += size + (text[size] == ' ');
    }
    fputc('\n', stream);
}
