/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/report.h"
#include "utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

struct cg_report {
    struct cg_finding findings[CG_REPORT_MAX];
    size_t size;
    size_t errors; /* these two count what was not kept, too */
    size_t warnings;
};

struct cg_report *cg_report_create(struct cg_error *err)
{
    struct cg_report *report = calloc(1, sizeof *report);
    if (!report)
        cg_fail_memory(err);
    return report;
}

/* --- adding --------------------------------------------------------------------------------------------------------
 */

static void finding_finish(struct cg_finding *finding)
{
    free((char *)finding->rule);
    free((char *)finding->pointer);
    free((char *)finding->message);
    free((char *)finding->expected);
    free((char *)finding->got);
    free((char *)finding->schema_pointer);
    *finding = (struct cg_finding){0};
}

#define AUTO_FINDING CG_AUTO(finding_finish)

/*
 * Copies at most `most` bytes of `text` as valid UTF-8 into *copy; NULL stays NULL. The copy of a longer text ends in
 * "..." within those bytes.
 */
static int copy_text(const char *text, size_t most, const char **copy, struct cg_error *err)
{
    static const char replacement[] = "\xEF\xBF\xBD", ellipsis[] = "...";
    if (!text)
        return 0;
    CG_AUTO_BYTES struct cg_bytes made = {0};
    size_t left = strnlen(text, most + 1), fits = 0;
    if (cg_bytes_reserve(&made, left < most ? left : most, err) < 0)
        return -1;
    while (left > 0) {
        uint32_t character;
        size_t length = cg_utf8_decode(text, left, &character);
        const char *shown = length > 0 ? text : replacement;
        size_t shown_size = length > 0 ? length : strlen(replacement);
        if (made.size + shown_size > most) {
            made.size = fits;
            *copy = cg_bytes_append_text(&made, ellipsis, err) < 0 ? NULL : cg_bytes_steal(&made);
            return *copy ? 0 : -1;
        }
        if (cg_bytes_append(&made, shown, shown_size, err) < 0)
            return -1;
        if (made.size + strlen(ellipsis) <= most)
            fits = made.size;
        text += length > 0 ? length : 1;
        left -= length > 0 ? length : 1;
    }
    *copy = cg_bytes_steal(&made);
    return 0;
}

static int copy_finding(const struct cg_finding *finding, struct cg_finding *copy, struct cg_error *err)
{
    AUTO_FINDING struct cg_finding made = {.level = finding->level, .line = finding->line, .column = finding->column};
    if (copy_text(finding->rule, CG_REPORT_TEXT_MAX, &made.rule, err) < 0 ||
        copy_text(finding->pointer, CG_REPORT_TEXT_MAX, &made.pointer, err) < 0 ||
        copy_text(finding->message, CG_REPORT_TEXT_MAX, &made.message, err) < 0 ||
        copy_text(finding->expected, CG_REPORT_TEXT_MAX, &made.expected, err) < 0 ||
        copy_text(finding->got, CG_REPORT_GOT_MAX, &made.got, err) < 0 ||
        copy_text(finding->schema_pointer, CG_REPORT_TEXT_MAX, &made.schema_pointer, err) < 0)
        return -1;
    *copy = CG_MOVE(made);
    return 0;
}

/*
 * Where a finding of `level` goes: after the last one, or in place of the last warning, since a refusal must show its
 * reason; CG_REPORT_MAX if it is not to be kept.
 */
static size_t find_place(const struct cg_report *report, enum cg_level level)
{
    if (report->size < CG_REPORT_MAX || level != CG_LEVEL_ERROR || report->errors >= CG_REPORT_MAX)
        return report->size;
    /* With fewer errors than places, and all places taken, one of them is a warning's. */
    size_t i = CG_REPORT_MAX - 1;
    while (report->findings[i].level == CG_LEVEL_ERROR)
        i--;
    return i;
}

int cg_report_add(struct cg_report *report, const struct cg_finding *finding, struct cg_error *err)
{
    assert(finding->rule && finding->pointer && finding->message);
    size_t place = find_place(report, finding->level);
    /* What is not kept is not copied: a document of a million faults must not cost a million copies. */
    if (place < CG_REPORT_MAX) {
        struct cg_finding copy = {0};
        if (copy_finding(finding, &copy, err) < 0)
            return -1;
        struct cg_finding *gone = &report->findings[place];
        if (place < report->size) {
            finding_finish(gone);
            report->size--;
            memmove(gone, gone + 1, (report->size - place) * sizeof *gone);
        }
        report->findings[report->size++] = copy;
    }
    if (finding->level == CG_LEVEL_ERROR)
        report->errors++;
    else
        report->warnings++;
    return 0;
}

/* --- document order ------------------------------------------------------------------------------------------------
 */

/* A finding on its way down the document: `rest` is what is left of its pointer below the value looked at. */
struct place {
    struct cg_finding finding;
    const char *rest;
    json_t *child; /* the value that its first token names, NULL if there is none */
    size_t order;  /* of adding */
    size_t rank;   /* among the siblings: 0 the value itself, then its members, then what is not there */
};

#define NOT_THERE SIZE_MAX

/* The next byte of a pointer's token with ~0 and ~1 resolved, -1 at its end. */
static int next_byte(const char **token)
{
    if (**token == '\0' || **token == '/')
        return -1;
    int byte = (unsigned char)*(*token)++;
    if (byte != '~' || (**token != '0' && **token != '1'))
        return byte;
    return *(*token)++ == '0' ? '~' : '/';
}

static int compare_tokens(const void *a, const void *b)
{
    const char *left = ((const struct place *)a)->rest + 1, *right = ((const struct place *)b)->rest + 1;
    for (;;) {
        int l = next_byte(&left), r = next_byte(&right);
        if (l != r || l < 0)
            return (l > r) - (l < r);
    }
}

static int compare_name(const char *name, size_t size, const char *token)
{
    for (size_t i = 0;; i++) {
        int l = i < size ? (unsigned char)name[i] : -1, r = next_byte(&token);
        if (l != r || l < 0)
            return (l > r) - (l < r);
    }
}

/* The first of the places, sorted by token, whose token is this name; `count` if none is. */
static size_t find_token(const struct place *places, size_t count, const char *name, size_t size)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_name(name, size, places[middle].rest + 1) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && compare_name(name, size, places[low].rest + 1) == 0 ? low : count;
}

/* Ranks places below an object by the position of their member, in one pass over the members. */
static void rank_members(struct place *places, size_t count, json_t *object)
{
    qsort(places, count, sizeof places[0], compare_tokens);
    size_t position = 1;
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at), position++) {
        const char *name = json_object_iter_key(at);
        size_t size = json_object_iter_key_len(at);
        for (size_t i = find_token(places, count, name, size);
             i < count && compare_name(name, size, places[i].rest + 1) == 0; i++) {
            places[i].rank = position;
            places[i].child = json_object_iter_value(at);
        }
    }
}

static int compare_ranks(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

/* Ranks places below an array by their index. */
static void rank_elements(struct place *places, size_t count, const json_t *array)
{
    for (size_t i = 0; i < count; i++) {
        const char *token = places[i].rest + 1;
        size_t digits = strspn(token, "0123456789");
        if (digits == 0 || digits > 18 || (token[digits] != '\0' && token[digits] != '/'))
            continue;
        size_t index = (size_t)strtoull(token, NULL, 10);
        places[i].child = json_array_get(array, index);
        if (places[i].child)
            places[i].rank = index + 1;
    }
}

/* Ranks all and puts them in that order. */
static void rank_places(struct place *places, size_t count, json_t *value)
{
    for (size_t i = 0; i < count; i++) {
        places[i].rank = places[i].rest[0] == '\0' ? 0 : NOT_THERE;
        places[i].child = NULL;
    }
    qsort(places, count, sizeof places[0], compare_ranks);
    size_t here = 0;
    while (here < count && places[here].rank == 0)
        here++;

    if (json_is_object(value))
        rank_members(places + here, count - here, value);
    else
        rank_elements(places + here, count - here, value);
    qsort(places + here, count - here, sizeof places[0], compare_ranks);
}

/* Sorts the places below `value`. As deep as a pointer of CG_REPORT_TEXT_MAX bytes has tokens, at most. */
static void sort_places(struct place *places, size_t count, json_t *value)
{
    if (count < 2)
        return;
    rank_places(places, count, value);
    for (size_t begin = 0, end; begin < count; begin = end) {
        json_t *child = places[begin].child;
        for (end = begin; end < count && places[end].rank == places[begin].rank; end++)
            if (child)
                places[end].rest += 1 + strcspn(places[end].rest + 1, "/");
        if (child)
            sort_places(places + begin, end - begin, child);
    }
}

void cg_report_sort(struct cg_report *report, const json_t *document)
{
    if (!document)
        return;
    struct place places[CG_REPORT_MAX];
    for (size_t i = 0; i < report->size; i++)
        places[i] = (struct place){.finding = report->findings[i], .rest = report->findings[i].pointer, .order = i};
    /* jansson's object iterators take no const object; nothing is changed through them here. */
    sort_places(places, report->size, (json_t *)document);
    for (size_t i = 0; i < report->size; i++)
        report->findings[i] = places[i].finding;
}

/* --- looking -------------------------------------------------------------------------------------------------------
 */

void cg_report_strict(struct cg_report *report)
{
    for (size_t i = 0; i < report->size; i++)
        report->findings[i].level = CG_LEVEL_ERROR;
    report->errors += report->warnings;
    report->warnings = 0;
}

size_t cg_report_size(const struct cg_report *report)
{
    return report->size;
}

const struct cg_finding *cg_report_get(const struct cg_report *report, size_t i)
{
    assert(i < report->size);
    return &report->findings[i];
}

size_t cg_report_count(const struct cg_report *report, enum cg_level level)
{
    return level == CG_LEVEL_ERROR ? report->errors : report->warnings;
}

size_t cg_report_dropped(const struct cg_report *report)
{
    return report->errors + report->warnings - report->size;
}

void cg_report_destroy(struct cg_report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < report->size; i++)
        finding_finish(&report->findings[i]);
    free(report);
}
