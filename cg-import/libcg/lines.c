/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lines.h"

#include <string.h>

#include "cg/base64.h"

int cg_lines_take(struct cg_lines *lines, const char *what, const char *expected, struct cg_line *line,
                  struct cg_error *err)
{
    const char *end = lines->left ? memchr(lines->next, '\n', lines->left) : NULL;
    if (!end)
        return cg_fail(err, CG_E_FORM, "%s ends where %s is expected", what, expected);
    *line = (struct cg_line){lines->next, (size_t)(end - lines->next)};
    lines->next = end + 1;
    lines->left -= line->size + 1;
    return 0;
}

bool cg_line_take_word(struct cg_line *line, const char *word)
{
    size_t length = strlen(word);
    if (line->size <= length || memcmp(line->text, word, length) != 0 || line->text[length] != ' ')
        return false;
    line->text += length + 1;
    line->size -= length + 1;
    return true;
}

int cg_line_number(struct cg_line line, uint64_t *number, struct cg_error *err)
{
    bool good = line.size > 0 && (line.text[0] != '0' || line.size == 1);
    uint64_t value = 0;
    for (size_t i = 0; good && i < line.size; i++) {
        char c = line.text[i];
        good = c >= '0' && c <= '9' && value <= (UINT64_MAX - (uint64_t)(c - '0')) / 10;
        value = value * 10 + (good ? (uint64_t)(c - '0') : 0);
    }
    if (!good)
        return cg_fail(err, CG_E_FORM, "\"%.*s\" is no decimal number of 64 bits without leading zeroes",
                       line.size < 40 ? (int)line.size : 40, line.text);
    *number = value;
    return 0;
}

int cg_lines_take_proof(struct cg_lines *lines, const char *what, struct cg_merkle_proof *proof, struct cg_error *err)
{
    struct cg_merkle_proof taken = {0};
    for (;;) {
        struct cg_line line = {0};
        if (cg_lines_take(lines, what, "the empty line after the hashes", &line, err) < 0)
            return -1;
        if (line.size == 0)
            break;
        if (taken.count == CG_MERKLE_PROOF_MAX)
            return cg_fail(err, CG_E_LIMIT, "%s has more than %d hashes", what, CG_MERKLE_PROOF_MAX);
        struct cg_error hash_error = {0};
        if (cg_base64_decode_exactly(line.text, line.size, taken.hashes[taken.count].bytes, CG_MERKLE_HASH_SIZE,
                                     &hash_error) < 0)
            return cg_fail(err, CG_E_FORM, "hash %zu of %s: %s", taken.count + 1, what, hash_error.message);
        taken.count++;
    }
    *proof = taken;
    return 0;
}

int cg_lines_put_proof(const struct cg_merkle_proof *proof, struct cg_bytes *text, struct cg_error *err)
{
    for (size_t i = 0; i < proof->count; i++)
        if (cg_base64_encode(proof->hashes[i].bytes, CG_MERKLE_HASH_SIZE, text, err) < 0 ||
            cg_bytes_append(text, "\n", 1, err) < 0)
            return -1;
    return 0;
}
