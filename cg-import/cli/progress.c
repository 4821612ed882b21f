/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "progress.h"
#include "terminal.h"

#include "cg/printable.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* Back to the first column and clear to the end of the line (ECMA-48 EL). */
static const char wipe[] = "\r\033[K";

/* Widest and narrowest bar, columns; a window too narrow for the narrowest gets none. */
#define BAR_MAX 40
#define BAR_MIN 10

void progress_init(struct progress *progress, FILE *out, enum progress_form form)
{
    *progress = (struct progress){.out_ = out, .form_ = form};
    pthread_mutex_init(&progress->lock_, NULL);
}

void progress_finish(struct progress *progress)
{
    pthread_mutex_destroy(&progress->lock_);
}

/* --- texts ---------------------------------------------------------------------------------------------------------
 */

void progress_size_text(uint64_t bytes, char text[PROGRESS_SIZE_TEXT])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) {
        snprintf(text, PROGRESS_SIZE_TEXT, "%" PRIu64 " B", bytes);
        return;
    }
    size_t unit = 0;
    double size = (double)bytes / 1024;
    while (size >= 1023.95 && unit + 1 < sizeof units / sizeof units[0]) {
        size /= 1024;
        unit++;
    }
    snprintf(text, PROGRESS_SIZE_TEXT, "%.1f %s", size, units[unit]);
}

static void amount_text(enum progress_unit unit, uint64_t amount, char text[PROGRESS_SIZE_TEXT])
{
    if (unit == PROGRESS_BYTES)
        progress_size_text(amount, text);
    else
        snprintf(text, PROGRESS_SIZE_TEXT, "%" PRIu64, amount);
}

/* "4:05" or "1:02:03" */
static void duration_text(uint64_t seconds, char text[PROGRESS_SIZE_TEXT])
{
    unsigned hours = (unsigned)(seconds / 3600), minutes = (unsigned)(seconds / 60 % 60);
    if (hours > 0)
        snprintf(text, PROGRESS_SIZE_TEXT, "%u:%02u:%02u", hours, minutes, (unsigned)(seconds % 60));
    else
        snprintf(text, PROGRESS_SIZE_TEXT, "%u:%02u", minutes, (unsigned)(seconds % 60));
}

static unsigned percent(const struct progress *progress)
{
    return progress->total_ == 0 ? 100 : (unsigned)((double)progress->done_ * 100 / (double)progress->total_);
}

/* Units per second over the last samples, 0 when that cannot be told yet. */
static double rate(const struct progress *progress, uint64_t now_ms)
{
    size_t kept = progress->sample_count_ < PROGRESS_SAMPLES ? progress->sample_count_ : PROGRESS_SAMPLES;
    if (kept == 0)
        return 0;
    const struct progress_sample *oldest = &progress->samples_[(progress->sample_count_ - kept) % PROGRESS_SAMPLES];
    if (now_ms <= oldest->at_ms || progress->done_ < oldest->done)
        return 0;
    return (double)(progress->done_ - oldest->done) * 1000 / (double)(now_ms - oldest->at_ms);
}

/*
 * "  42 %    1.2 GiB of 3.0 GiB   98.3 MiB/s    0:18 left": as long whatever the numbers are, so that the bar before it
 * keeps its length.
 */
static void state_text(const struct progress *progress, uint64_t now_ms, char *text, size_t size)
{
    char done[PROGRESS_SIZE_TEXT], total[PROGRESS_SIZE_TEXT], left[PROGRESS_SIZE_TEXT] = "";
    char speed[PROGRESS_SIZE_TEXT + 2] = "";
    amount_text(progress->unit_, progress->done_, done);
    amount_text(progress->unit_, progress->total_, total);
    double per_second = rate(progress, now_ms);
    if (per_second > 0) {
        char amount[PROGRESS_SIZE_TEXT];
        progress_size_text((uint64_t)per_second, amount);
        snprintf(speed, sizeof speed, "%s/s", amount);
        duration_text((uint64_t)((double)(progress->total_ - progress->done_) / per_second + 0.5), left);
    }
    if (progress->unit_ == PROGRESS_BUILDS)
        snprintf(text, size, "%3u %%  %*s of %s builds  %7s%s", percent(progress), (int)strlen(total), done, total,
                 left, left[0] ? " left" : "     ");
    else
        snprintf(text, size, "%3u %%  %10s of %s  %12s  %7s%s", percent(progress), done, total, speed, left,
                 left[0] ? " left" : "     ");
}

/* --- bar and lines -------------------------------------------------------------------------------------------------
 */

static void take_bar_away(struct progress *progress)
{
    if (progress->bar_stands_)
        fputs(wipe, progress->out_);
    progress->bar_stands_ = false;
}

/* Never as long as the window is wide: a terminal would break the line, and the repainting with it. */
static void paint_bar(struct progress *progress, uint64_t now_ms)
{
    char state[160], line[256];
    state_text(progress, now_ms, state, sizeof state);
    unsigned width = terminal_width(progress->out_);
    size_t used = strlen(progress->doing_) + strlen(state) + 5;
    size_t bar = width > used ? width - used : 0;
    if (bar > BAR_MAX)
        bar = BAR_MAX;

    if (bar >= BAR_MIN) {
        char drawn[BAR_MAX + 1];
        size_t full = bar * percent(progress) / 100;
        memset(drawn, '=', full);
        memset(drawn + full, ' ', bar - full);
        drawn[bar] = '\0';
        if (full > 0 && full < bar)
            drawn[full - 1] = '>';
        snprintf(line, sizeof line, "%s [%s] %s", progress->doing_, drawn, state);
    } else {
        snprintf(line, sizeof line, "%s %s", progress->doing_, state);
    }
    fprintf(progress->out_, "%s%.*s", wipe, width > 1 ? (int)width - 1 : 0, line);
    fflush(progress->out_);
    progress->bar_stands_ = true;
    progress->painted_ms_ = now_ms;
}

/* Takes the padding out, in place. */
static char *squeeze(char *text)
{
    char *to = text;
    for (const char *from = text + strspn(text, " "); *from; from++)
        if (*from != ' ' || (from[1] != ' ' && from[1] != '\0'))
            *to++ = *from;
    *to = '\0';
    return text;
}

static void print_line(struct progress *progress, uint64_t now_ms)
{
    char state[160];
    state_text(progress, now_ms, state, sizeof state);
    fprintf(progress->out_, "cg-import: %s %s\n", progress->doing_, squeeze(state));
    fflush(progress->out_);
    progress->tenth_ = percent(progress) / 10;
    progress->painted_ms_ = now_ms;
}

/* The end is told by progress_end(). */
static void print_line_if_due(struct progress *progress, uint64_t now_ms)
{
    unsigned tenth = percent(progress) / 10;
    uint64_t since = now_ms - progress->painted_ms_;
    if (progress->done_ < progress->total_ &&
        ((tenth > progress->tenth_ && since >= PROGRESS_LINE_MS) || since >= PROGRESS_LINE_MAX_MS))
        print_line(progress, now_ms);
}

static void take_sample(struct progress *progress, uint64_t now_ms)
{
    if (progress->sample_count_ > 0) {
        const struct progress_sample *last = &progress->samples_[(progress->sample_count_ - 1) % PROGRESS_SAMPLES];
        if (now_ms - last->at_ms < PROGRESS_SAMPLE_MS)
            return;
    }
    progress->samples_[progress->sample_count_++ % PROGRESS_SAMPLES] =
        (struct progress_sample){.at_ms = now_ms, .done = progress->done_};
}

/* --- what the verbs call -------------------------------------------------------------------------------------------
 */

void progress_begin(struct progress *progress, const char *doing, const char *done, enum progress_unit unit,
                    uint64_t now_ms)
{
    pthread_mutex_lock(&progress->lock_);
    take_bar_away(progress);
    progress->doing_ = doing;
    progress->done_word_ = done;
    progress->unit_ = unit;
    progress->done_ = progress->total_ = 0;
    progress->begun_ms_ = progress->painted_ms_ = now_ms;
    progress->tenth_ = 0;
    progress->sample_count_ = 0;
    pthread_mutex_unlock(&progress->lock_);
}

void progress_update(struct progress *progress, uint64_t done, uint64_t total, uint64_t now_ms)
{
    pthread_mutex_lock(&progress->lock_);
    if (progress->doing_) {
        progress->total_ = total;
        progress->done_ = done < total ? done : total;
        take_sample(progress, now_ms);
        if (progress->form_ == PROGRESS_LINES)
            print_line_if_due(progress, now_ms);
        else if (progress->form_ == PROGRESS_BAR &&
                 (!progress->bar_stands_ || now_ms - progress->painted_ms_ >= PROGRESS_REPAINT_MS))
            paint_bar(progress, now_ms);
    }
    pthread_mutex_unlock(&progress->lock_);
}

/* "cg-import: uploaded 3.0 GiB in 0:18, 170.6 MiB/s" */
static void sum_up(struct progress *progress, uint64_t now_ms)
{
    uint64_t took_ms = now_ms > progress->begun_ms_ ? now_ms - progress->begun_ms_ : 1;
    char moved[PROGRESS_SIZE_TEXT], speed[PROGRESS_SIZE_TEXT], took[PROGRESS_SIZE_TEXT];
    progress_size_text(progress->done_, moved);
    progress_size_text((uint64_t)((double)progress->done_ * 1000 / (double)took_ms), speed);
    duration_text((took_ms + 500) / 1000, took);
    fprintf(progress->out_, "cg-import: %s %s in %s, %s/s\n", progress->done_word_, moved, took, speed);
}

void progress_end(struct progress *progress, uint64_t now_ms)
{
    pthread_mutex_lock(&progress->lock_);
    take_bar_away(progress);
    if (progress->doing_ && progress->form_ != PROGRESS_NONE && progress->unit_ == PROGRESS_BYTES &&
        progress->done_ > 0)
        sum_up(progress, now_ms);
    fflush(progress->out_);
    progress->doing_ = NULL;
    pthread_mutex_unlock(&progress->lock_);
}

void progress_break_off(struct progress *progress)
{
    progress_clear(progress);
    pthread_mutex_lock(&progress->lock_);
    progress->doing_ = NULL;
    pthread_mutex_unlock(&progress->lock_);
}

void progress_clear(struct progress *progress)
{
    pthread_mutex_lock(&progress->lock_);
    take_bar_away(progress);
    fflush(progress->out_);
    pthread_mutex_unlock(&progress->lock_);
}

void progress_say(struct progress *progress, const char *format, ...)
{
    if (progress->form_ == PROGRESS_NONE)
        return;
    CG_AUTO_BYTES struct cg_bytes safe = {0};
    char text[CG_ERROR_MESSAGE_SIZE + CG_ERROR_HINT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (cg_bytes_append_text(&safe, "cg-import: ", NULL) < 0 || cg_printable_append(&safe, text, NULL) < 0)
        return;

    pthread_mutex_lock(&progress->lock_);
    take_bar_away(progress);
    terminal_wrap(progress->out_, cg_bytes_text(&safe), 0, terminal_width(progress->out_));
    fflush(progress->out_);
    pthread_mutex_unlock(&progress->lock_);
}
