/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logic/wire_text.h"

#include <stdbool.h>
#include <string.h>

/* Is what stands behind this backslash a control character other than tab and the line ends? */
static bool is_control(const char *escape)
{
    return escape[0] == 'b' || escape[0] == 'f' || (strncmp(escape, "u00", 3) == 0 && strchr("01", escape[3]));
}

/* The noncharacters U+FFFE and U+FFFF. */
static bool is_noncharacter(const char *bytes)
{
    return strncmp(bytes, "\xef\xbf\xbe", 3) == 0 || strncmp(bytes, "\xef\xbf\xbf", 3) == 0;
}

int wire_text_append(struct cg_bytes *text, const json_t *json, struct cg_error *err)
{
    char *dump CG_AUTO_FREE = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!dump)
        return cg_fail_memory(err);
    const char *kept = dump;
    for (const char *p = dump; *p; p++) {
        bool escape = *p == '\\';
        bool noncharacter = is_noncharacter(p);
        if (noncharacter || (escape && is_control(p + 1))) {
            if (cg_bytes_append(text, kept, (size_t)(p - kept), err) < 0 ||
                cg_bytes_append_text(text, noncharacter ? "\xef\xbf\xbd" : "\\", err) < 0)
                return -1;
            kept = noncharacter ? p + 3 : p;
        }
        p += noncharacter ? 2 : escape ? 1 : 0;
    }
    return cg_bytes_append_text(text, kept, err);
}
