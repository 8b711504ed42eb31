/* A finding is one line, because it will be searched for, piped and mailed. Only a terminal gets it broken at words and indented:
 * a line that the terminal breaks in the middle of a command cannot be read. */
#include "cli/health_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"

#define INDENT 4
#define LINE_LIMIT_BYTES ((size_t)64 * 1024)

static const char *level_name(km_health level) {
    return level == KM_HEALTH_OK ? "notice" : km_health_name(level);
}

static kmi_style level_style(km_health level) {
    static const kmi_style styles[] = {KMI_STYLE_GREEN, KMI_STYLE_YELLOW, KMI_STYLE_RED};
    return styles[level];
}

/* Cells of a text in UTF-8: good enough for messages and paths, whose breaks need not be exact. */
static size_t count_cells(const char *text, size_t len) {
    size_t cells = 0;
    for (size_t i = 0; i < len; i++) cells += ((unsigned char)text[i] & 0xC0) != 0x80;
    return cells;
}

/* Adds text word by word, beginning a new line before a word that would not fit. */
static void add_words(const kmi_terminal *terminal, kmi_buf *buf, const char *text, size_t *column) {
    while (*text != '\0') {
        size_t spaces = strspn(text, " ");
        size_t len = spaces + strcspn(text + spaces, " ");
        size_t cells = count_cells(text, len);
        if (terminal->columns > 0 && spaces > 0 && *column + cells > terminal->columns) {
            kmi_buf_add_char(buf, '\n');
            for (size_t i = 0; i < INDENT; i++) kmi_buf_add_char(buf, ' ');
            *column = INDENT;
            text += spaces;
            len -= spaces;
            cells -= spaces;
        }
        kmi_terminal_add_text(terminal, buf, (kmi_slice){text, len});
        *column += cells;
        text += len;
    }
}

void kmi_health_view_head(const km_health_report *report, const char *before, const kmi_terminal *terminal,
                          kmi_buf *buf) {
    static const char *const words[] = {"Healthy", "Degraded", "Broken"};
    char text[160];
    size_t column = strlen(before) + strlen(words[report->health]);
    kmi_buf_add_text(buf, before);
    kmi_terminal_add(terminal, buf, level_style(report->health), words[report->health]);
    int len = snprintf(text, sizeof text, ": %" PRIu64 " memories, %" PRIu64 " tasks waiting, worker %s",
                       report->memories, report->queue_size, km_worker_state_name(report->worker.state));
    if (report->worker.pid > 0)
        snprintf(text + len, sizeof text - (size_t)len, " (process %" PRId64 ")", report->worker.pid);
    add_words(terminal, buf, text, &column);
    kmi_buf_add_char(buf, '\n');
}

static void add_since(kmi_buf *line, int64_t since_us, int64_t now_us) {
    char time[KMI_TIME_TEXT_SIZE], age[32];
    if (since_us == 0) return;
    kmi_time_format(since_us, time);
    time[19] = 'Z'; /* seconds will do */
    time[20] = '\0';
    kmi_buf_add_format(line, ", since %s", time);
    if (since_us < now_us) kmi_buf_add_format(line, " (%s)", kmi_duration_format(now_us - since_us, age, sizeof age));
}

/* On a terminal a command has a line of its own and is never broken, so that it can be marked and pasted. */
static void add_command(const char *command, const kmi_terminal *terminal, kmi_buf *buf) {
    for (size_t i = 0; i < INDENT; i++) kmi_buf_add_char(buf, ' ');
    kmi_terminal_add(terminal, buf, KMI_STYLE_DIM, "run:");
    kmi_buf_add_char(buf, ' ');
    kmi_terminal_add_text(terminal, buf, kmi_slice_from(command));
    kmi_buf_add_char(buf, '\n');
}

void kmi_health_view_finding(const km_finding *finding, int64_t now_us, const kmi_terminal *terminal, kmi_buf *buf) {
    const char *level = finding->is_fixed ? "mended" : level_name(finding->level);
    size_t column = strlen(level);
    KMI_CLEANUP_BUF kmi_buf line;
    kmi_buf_init(&line, LINE_LIMIT_BYTES);
    kmi_terminal_add(terminal, buf, finding->is_fixed ? KMI_STYLE_GREEN : level_style(finding->level), level);
    kmi_buf_add_format(&line, " %s: %s", finding->code, finding->what);
    add_since(&line, finding->since_us, now_us);
    if (finding->is_fixed && finding->repair != NULL)
        kmi_buf_add_format(&line, "; done: %s", finding->repair);
    else
        kmi_buf_add_format(&line, terminal->is_terminal ? "; %s" : "; %s; run: %s", finding->why, finding->remedy);
    add_words(terminal, buf, line.ptr != NULL ? line.ptr : "", &column);
    kmi_buf_add_char(buf, '\n');
    if (terminal->is_terminal && !finding->is_fixed) add_command(finding->remedy, terminal, buf);
}

static void add_json_finding(kmi_json_out *out, const km_finding *finding) {
    kmi_json_out_object(out, NULL);
    kmi_json_out_text(out, "code", finding->code);
    kmi_json_out_text(out, "level", level_name(finding->level));
    kmi_json_out_text(out, "what", finding->what);
    kmi_json_out_time(out, "since", finding->since_us);
    kmi_json_out_text(out, "why", finding->why);
    kmi_json_out_text(out, "remedy", finding->remedy);
    kmi_json_out_text(out, "repair", finding->repair);
    kmi_json_out_bool(out, "fixed", finding->is_fixed);
    kmi_json_out_object_end(out);
}

void kmi_health_view_json(kmi_json_out *out, const km_health_report *report) {
    kmi_json_out_text(out, "status", km_health_name(report->health));
    kmi_json_out_time(out, "checked_at", report->checked_at_us);
    kmi_json_out_ms(out, "elapsed_ms", report->elapsed_us);
    kmi_json_out_object(out, "worker");
    kmi_json_out_text(out, "state", km_worker_state_name(report->worker.state));
    kmi_json_out_integer(out, "pid", report->worker.pid);
    kmi_json_out_time(out, "heartbeat_at", report->worker.heartbeat_at_us);
    kmi_json_out_object_end(out);
    kmi_json_out_count(out, "memories", report->memories);
    kmi_json_out_count(out, "queue_size", report->queue_size);
    kmi_json_out_count(out, "queue_limit", report->queue_limit);
    kmi_json_out_count(out, "failed_tasks", report->failed_tasks);
    kmi_json_out_real(out, "oldest_waiting_seconds", (double)report->oldest_waiting_us / 1e6);
    kmi_json_out_count(out, "database_bytes", report->database_bytes);
    kmi_json_out_count(out, "log_bytes", report->log_bytes);
    kmi_json_out_count(out, "disk_free_bytes", report->disk_free_bytes);
    kmi_json_out_count(out, "free_bytes", report->free_bytes);
    kmi_json_out_count(out, "schema_version", report->schema_version);
    kmi_json_out_count(out, "quarantined_bytes", report->quarantined_bytes);
    kmi_json_out_array(out, "findings");
    for (size_t i = 0; i < report->finding_count; i++) add_json_finding(out, &report->findings[i]);
    kmi_json_out_array_end(out);
}
