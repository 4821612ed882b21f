/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "suggest.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > SUGGEST_LENGTH_MAX || b_length > SUGGEST_LENGTH_MAX)
        return SUGGEST_LENGTH_MAX;

    size_t cost[SUGGEST_LENGTH_MAX + 1][SUGGEST_LENGTH_MAX + 1];
    for (size_t i = 0; i <= a_length; i++)
        cost[i][0] = i;
    for (size_t j = 0; j <= b_length; j++)
        cost[0][j] = j;
    for (size_t i = 1; i <= a_length; i++)
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            cost[i][j] = least(replaced, least(cost[i - 1][j], cost[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    return cost[a_length][b_length];
}

void suggest_consider(struct suggestion *suggestion, const char *name)
{
    size_t length = strlen(suggestion->typed);
    size_t distance = suggest_distance(suggestion->typed, name);
    /* Somebody who typed the beginning of a name meant it, however much is missing. */
    if (length >= 3 && strncmp(name, suggestion->typed, length) == 0)
        distance = 1;
    /* A third of the letters wrong is another word. */
    if (distance * 3 > length + 1)
        return;
    if (!suggestion->name || distance < suggestion->distance) {
        suggestion->name = name;
        suggestion->distance = distance;
    }
}
