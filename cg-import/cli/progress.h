/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/*
 * How far the work is: a bar with rate and remaining time on a terminal, plain lines elsewhere, nothing when quiet.
 *
 * All messages that may come while a bar stands go through here, so that the bar is taken away and put back. Threads
 * may call at once. Time comes in from outside.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A bar is repainted this often at most, milliseconds. */
#define PROGRESS_REPAINT_MS 100
/* Plain lines come at each tenth of the work, but not more often than this, milliseconds ... */
#define PROGRESS_LINE_MS 5000
/* ... and at least this often, however slow the work is. */
#define PROGRESS_LINE_MAX_MS 60000
/* The rate is that of the last so many samples, one per PROGRESS_SAMPLE_MS. */
#define PROGRESS_SAMPLES 16
#define PROGRESS_SAMPLE_MS 500

enum progress_form {
    PROGRESS_NONE,  /* --quiet */
    PROGRESS_LINES, /* logs, pipes */
    PROGRESS_BAR,   /* a terminal */
};

enum progress_unit { PROGRESS_BYTES, PROGRESS_BUILDS };

struct progress_sample {
    uint64_t at_ms;
    uint64_t done;
};

/* On the caller's memory; members are private. */
struct progress {
    FILE *out_;
    enum progress_form form_;
    pthread_mutex_t lock_;
    const char *doing_; /* "uploading" while something is under way, else NULL */
    const char *done_word_;
    enum progress_unit unit_;
    uint64_t done_, total_;
    uint64_t begun_ms_, painted_ms_;
    unsigned tenth_; /* last one told, 0 to 10 */
    bool bar_stands_;
    struct progress_sample samples_[PROGRESS_SAMPLES]; /* a ring */
    size_t sample_count_;                              /* all that were ever taken */
};

void progress_init(struct progress *progress, FILE *out, enum progress_form form);

/* Begins counting something: `doing` it ("uploading"), and how it is called when it is `done` ("uploaded"). Borrowed.
 */
void progress_begin(struct progress *progress, const char *doing, const char *done, enum progress_unit unit,
                    uint64_t now_ms);

/* So much of so much is done. Ignored while nothing was begun. */
void progress_update(struct progress *progress, uint64_t done, uint64_t total, uint64_t now_ms);

/* Ends it: the bar goes, a line that sums up stays if anything was moved. Nothing when nothing was begun. */
void progress_end(struct progress *progress, uint64_t now_ms);

/* Ends it without a word: it failed, which others tell. */
void progress_break_off(struct progress *progress);

/* Prints a line "cg-import: TEXT", made safe for terminals, above the bar. Nothing when quiet. */
void progress_say(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the bar away, for whoever prints something else; the next update paints it again. */
void progress_clear(struct progress *progress);

void progress_finish(struct progress *progress);

/* "1.2 GiB": bytes for people, at most 4 digits. */
#define PROGRESS_SIZE_TEXT 24
void progress_size_text(uint64_t bytes, char text[PROGRESS_SIZE_TEXT]);

#endif
