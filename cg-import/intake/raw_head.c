/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/raw_head.h"

#include <stdlib.h>
#include <string.h>

/* The line [begin, cr) was cut behind its value if a NUL has only blanks behind it: that NUL was a blank too. */
static void mend_value_end(char *begin, char *cr)
{
    char *last = cr;
    while (last > begin && (last[-1] == ' ' || last[-1] == '\t'))
        last--;
    if (last > begin && last[-1] == '\0')
        last[-1] = ' ';
}

void raw_head_mend(char *bytes, size_t size)
{
    char *end = bytes + size, *line = bytes, *lf;
    for (; line < end && (lf = memchr(line, '\n', (size_t)(end - line))); line = lf + 1) {
        char *cr = lf > line ? lf - 1 : lf;
        if (*cr != '\r' && *cr != '\0')
            continue;
        if (*cr == '\r')
            mend_value_end(line, cr);
        cr[0] = lf[0] = '\0';
    }
}

char *raw_head_copy(enum raw_head_form form, const char *method, const struct raw_head_target *target, size_t *size)
{
    char *head = malloc(*size + 1);
    if (!head)
        return NULL;
    size_t offset = strlen(method) + 1, target_size = strlen(target->text);
    /* More than one blank before the target, no target, or one that would not lie in the head: no good request line. */
    if (target->at != method + offset || offset + target_size >= *size) {
        *size = 0;
        return head;
    }
    memcpy(head, method, *size);
    memcpy(head + offset, target->text, target_size);
    if (form == RAW_HEAD_CUT_VALUES)
        raw_head_mend(head, *size);
    return head;
}
