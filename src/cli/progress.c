/* Progress is decoration: it is written with plain writes whose failure nobody hears of, and it never slows the work
 * down, because most calls return after one look at the clock. */
#include "cli/progress.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/json_out.h"
#include "util/clock.h"
#include "util/file.h"

#define TERMINAL_PAUSE_US 100000
#define LINE_PAUSE_US 1000000
#define LINE_SIZE 200

kmi_progress kmi_progress_start(const kmi_cli *cli, const char *what) {
    const char *wanted = kmi_cli_text(cli, KMI_SLOT_PROGRESS);
    kmi_progress progress = {.mode = KMI_PROGRESS_NEVER, .what = what};
    if (wanted != NULL && strcmp(wanted, "json") == 0) {
        progress.mode = KMI_PROGRESS_JSON;
    } else if (wanted != NULL && strcmp(wanted, "always") == 0) {
        progress.mode = isatty(STDERR_FILENO) == 1 ? KMI_PROGRESS_REWRITTEN : KMI_PROGRESS_LINES;
    } else if ((wanted == NULL || strcmp(wanted, "auto") == 0) && !cli->is_quiet && isatty(STDERR_FILENO) == 1) {
        progress.mode = KMI_PROGRESS_REWRITTEN;
    }
    progress.started_us = progress.mode != KMI_PROGRESS_NEVER ? kmi_clock_monotonic_us() : 0;
    progress.shown_us = progress.started_us;
    return progress;
}

static void add_json(const kmi_progress *progress, uint64_t done, uint64_t total, double rate, kmi_buf *line) {
    kmi_json_out out = kmi_json_out_start(line);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_text(&out, "progress", progress->what);
    kmi_json_out_count(&out, "done", done);
    if (total > 0) kmi_json_out_count(&out, "total", total);
    kmi_json_out_real(&out, "per_second", rate);
    if (total >= done && rate > 0) kmi_json_out_real(&out, "seconds_left", (double)(total - done) / rate);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(line, '\n');
}

static void add_words(const kmi_progress *progress, uint64_t done, uint64_t total, double rate, kmi_buf *line) {
    bool is_rewritten = progress->mode == KMI_PROGRESS_REWRITTEN;
    if (is_rewritten) kmi_buf_add_char(line, '\r');
    kmi_buf_add_format(line, "%" PRIu64, done);
    if (total > 0) kmi_buf_add_format(line, "/%" PRIu64, total);
    kmi_buf_add_format(line, " %s, %.0f/s", progress->what, rate);
    if (total > done && rate > 0) {
        char left[32];
        int64_t left_us = (int64_t)((double)(total - done) / rate * 1e6);
        kmi_buf_add_format(line, ", %s left", kmi_duration_format(left_us, left, sizeof left));
    }
    if (is_rewritten) {
        for (size_t column = line->len; column < 60; column++) kmi_buf_add_char(line, ' ');
    } else {
        kmi_buf_add_char(line, '\n');
    }
}

static void show(kmi_progress *progress, uint64_t done, uint64_t total, int64_t now_us) {
    char storage[LINE_SIZE];
    kmi_buf line;
    kmi_buf_init_fixed(&line, storage, sizeof storage);
    double seconds = (double)(now_us - progress->started_us) / 1e6;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    if (progress->mode == KMI_PROGRESS_JSON) {
        add_json(progress, done, total, rate, &line);
    } else {
        add_words(progress, done, total, rate, &line);
    }
    km_status ignored = kmi_fd_write_all(STDERR_FILENO, "standard error", storage, line.len, NULL);
    (void)ignored;
    progress->shown_us = now_us;
    progress->is_shown = true;
}

void kmi_progress_update(kmi_progress *progress, uint64_t done, uint64_t total) {
    progress->done = done;
    progress->total = total;
    if (progress->mode == KMI_PROGRESS_NEVER) return;
    int64_t pause_us = progress->mode == KMI_PROGRESS_REWRITTEN ? TERMINAL_PAUSE_US : LINE_PAUSE_US;
    int64_t now_us = kmi_clock_monotonic_us();
    if (now_us - progress->shown_us >= pause_us) show(progress, done, total, now_us);
}

void kmi_progress_end(kmi_progress *progress, uint64_t done, uint64_t total) {
    if (progress->mode == KMI_PROGRESS_NEVER) return;
    if (progress->mode == KMI_PROGRESS_REWRITTEN && !progress->is_shown) return; /* too short to be worth a line */
    show(progress, done, total, kmi_clock_monotonic_us());
    if (progress->mode == KMI_PROGRESS_REWRITTEN) {
        km_status ignored = kmi_fd_write_all(STDERR_FILENO, "standard error", "\n", 1, NULL);
        (void)ignored;
    }
}

bool kmi_progress_step(const char *what, uint64_t done, uint64_t total, void *context) {
    kmi_progress *progress = context;
    if (progress->mode != KMI_PROGRESS_NEVER && strcmp(progress->what, what) != 0) {
        if (progress->is_shown || progress->total > 0) kmi_progress_end(progress, progress->done, progress->total);
        progress->what = what;
        progress->is_shown = false;
        progress->started_us = kmi_clock_monotonic_us();
        progress->shown_us = progress->started_us;
    }
    kmi_progress_update(progress, done, total);
    return progress->stop == NULL || *progress->stop == 0;
}
