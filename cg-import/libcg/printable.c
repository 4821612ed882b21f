/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/printable.h"
#include "utf8.h"

#include <stdint.h>
#include <string.h>

static bool drives_terminal(uint32_t character)
{
    static const uint32_t ranges[][2] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},      {0x61C, 0x61C},
                                         {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},  {0x2060, 0x206F},
                                         {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (character >= ranges[i][0] && character <= ranges[i][1])
            return true;
    return false;
}

int cg_printable_append(struct cg_bytes *out, const char *text, struct cg_error *err)
{
    for (size_t left = strlen(text); left > 0;) {
        uint32_t character = 0;
        size_t length = cg_utf8_decode(text, left, &character);
        int result;
        if (length == 0)
            result = cg_bytes_printf(out, err, "\\x%02x", (unsigned)(unsigned char)*text);
        else if (drives_terminal(character))
            result = cg_bytes_printf(out, err, "\\u%04x", (unsigned)character);
        else
            result = cg_bytes_append(out, text, length, err);
        if (result < 0)
            return -1;
        text += length > 0 ? length : 1;
        left -= length > 0 ? length : 1;
    }
    return 0;
}
