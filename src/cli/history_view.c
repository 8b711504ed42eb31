/* The chart: a bar a day for the tasks that were learnt, in eighths of a cell, as long as the widest of them has room. */
#include "cli/history_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_out.h"
#include "util/clock.h"

#define DURATION_SIZE 32
/* Cells before the bar: date, learnt, failed and memories; and, where there is room, prompts and time. */
#define NARROW_CELLS 38
#define WIDE_CELLS 56
#define LEAST_BAR_CELLS 20
#define MOST_BAR_CELLS 100

void kmi_history_add_json(kmi_buf *buf, const km_history *history) {
    kmi_json_out out = kmi_json_out_start(buf);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_array(&out, "days");
    for (size_t i = 0; i < history->count; i++) {
        const km_history_day *day = &history->days[i];
        kmi_json_out_object(&out, NULL);
        kmi_json_out_text(&out, "date", day->date);
        kmi_json_out_count(&out, "submitted", day->submitted);
        kmi_json_out_count(&out, "completed", day->completed);
        kmi_json_out_count(&out, "failed", day->failed);
        kmi_json_out_count(&out, "cancelled", day->cancelled);
        kmi_json_out_integer(&out, "memories", day->memories);
        kmi_json_out_count(&out, "duplicates", day->duplicates);
        kmi_json_out_count(&out, "redactions", day->redactions);
        kmi_json_out_count(&out, "enhanced", day->enhanced);
        kmi_json_out_ms(&out, "avg_processing_ms", day->average_processing_us);
        kmi_json_out_ms(&out, "avg_wait_ms", day->average_wait_us);
        kmi_json_out_count(&out, "worker_starts", day->worker_starts);
        kmi_json_out_count(&out, "worker_crashes", day->worker_crashes);
        kmi_json_out_object_end(&out);
    }
    kmi_json_out_array_end(&out);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(buf, '\n');
}

static void add_fields(kmi_buf *buf, const km_history *history) {
    kmi_buf_add_text(buf, "date\tsubmitted\tcompleted\tfailed\tcancelled\tmemories\tduplicates\tredactions\tenhanced"
                          "\tavg_processing_ms\tavg_wait_ms\tworker_starts\tworker_crashes\n");
    for (size_t i = 0; i < history->count; i++) {
        const km_history_day *day = &history->days[i];
        kmi_buf_add_format(buf, "%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64, day->date,
                           day->submitted, day->completed, day->failed, day->cancelled, day->memories);
        kmi_buf_add_format(buf, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%.3f\t%.3f\t%" PRIu64 "\t%" PRIu64 "\n",
                           day->duplicates, day->redactions, day->enhanced, (double)day->average_processing_us / 1000,
                           (double)day->average_wait_us / 1000, day->worker_starts, day->worker_crashes);
    }
}

/* A bar of `eighths` of a cell; a terminal without much gets signs that everyone has. */
static void add_bar(kmi_buf *buf, uint64_t eighths, bool is_plain) {
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    for (uint64_t cell = 0; cell < eighths / 8; cell++) kmi_buf_add_text(buf, is_plain ? "#" : "█");
    if (is_plain)
        kmi_buf_add_text(buf, eighths % 8 >= 4 ? "#" : "");
    else
        kmi_buf_add_text(buf, parts[eighths % 8]);
}

static void add_day(kmi_buf *buf, const kmi_terminal *terminal, const km_history_day *day, bool is_wide) {
    char failed[24], duration[DURATION_SIZE] = "-";
    kmi_buf_add_format(buf, "%s %8" PRIu64 " ", day->date, day->completed);
    kmi_buf failed_buf;
    kmi_buf_init_fixed(&failed_buf, failed, sizeof failed);
    kmi_buf_add_format(&failed_buf, "%6" PRIu64, day->failed);
    if (day->failed > 0)
        kmi_terminal_add(terminal, buf, KMI_STYLE_RED, failed);
    else
        kmi_buf_add_text(buf, failed);
    kmi_buf_add_format(buf, " %+9" PRId64, day->memories);
    if (!is_wide) return;
    if (day->completed > 0) kmi_duration_format(day->average_processing_us, duration, sizeof duration);
    bool has_micro = strstr(duration, "µ") != NULL; /* two bytes, one cell */
    kmi_buf_add_format(buf, " %8" PRIu64 " %*s", day->enhanced, has_micro ? 9 : 8, duration);
}

static void add_chart(kmi_buf *buf, const kmi_terminal *terminal, const km_history *history) {
    const char *term = getenv("TERM");
    bool is_plain = term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
    bool is_wide = terminal->columns >= WIDE_CELLS + LEAST_BAR_CELLS;
    size_t before = is_wide ? WIDE_CELLS : NARROW_CELLS;
    size_t cells = terminal->columns > before ? terminal->columns - before : 0;
    uint64_t most = 0;
    if (cells > MOST_BAR_CELLS) cells = MOST_BAR_CELLS;
    for (size_t i = 0; i < history->count; i++)
        most = history->days[i].completed > most ? history->days[i].completed : most;
    char title[96];
    kmi_buf line;
    kmi_buf_init_fixed(&line, title, sizeof title);
    kmi_buf_add_format(&line, "%-10s %8s %6s %9s%s", "DAY", "LEARNT", "FAILED", "MEMORIES",
                       is_wide ? "  PROMPTS     TIME" : "");
    kmi_terminal_add(terminal, buf, KMI_STYLE_BOLD, title);
    kmi_buf_add_char(buf, '\n');
    for (size_t i = 0; i < history->count; i++) {
        const km_history_day *day = &history->days[i];
        add_day(buf, terminal, day, is_wide);
        uint64_t eighths = most == 0 ? 0 : (uint64_t)((double)day->completed * (double)cells * 8 / (double)most);
        if (day->completed > 0 && eighths == 0 && cells > 0) eighths = 1;
        if (eighths > 0) kmi_buf_add_char(buf, ' ');
        add_bar(buf, eighths, is_plain);
        kmi_buf_add_char(buf, '\n');
    }
}

void kmi_history_add_text(kmi_buf *buf, const kmi_terminal *terminal, const km_history *history) {
    if (terminal->is_terminal)
        add_chart(buf, terminal, history);
    else
        add_fields(buf, history);
}
