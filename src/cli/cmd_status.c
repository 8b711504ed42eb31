/* status: how the memory is, once or again and again.
 *
 * --watch on a terminal draws on the alternate screen, each line erased just before it is written instead of clearing all
 * first, so nothing flickers and a window that changes its size leaves no rubbish; what was last seen is printed once more
 * when the watch ends. Elsewhere every look is plain lines, or one JSON object. */
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/health_view.h"
#include "cli/signals.h"
#include "util/clock.h"
#include "util/file.h"

#define WATCH_PAUSE_S 1.0
#define ENTER_SCREEN "\033[?1049h\033[?25l\033[?7l" /* lines that are too long are cut: each is one row */
#define LEAVE_SCREEN "\033[?7h\033[?25h\033[?1049l"
#define HOME "\033[H"
#define ERASE_LINE "\033[K"
#define ERASE_BELOW "\033[J"

static void add_report(kmi_buf *buf, const km_health_report *report, const char *before, const kmi_terminal *terminal) {
    kmi_health_view_head(report, before, terminal, buf);
    for (size_t i = 0; i < report->finding_count; i++)
        kmi_health_view_finding(&report->findings[i], report->checked_at_us, terminal, buf);
}

static void add_json(kmi_buf *buf, const km_health_report *report) {
    kmi_json_out out = kmi_json_out_start(buf);
    kmi_json_out_object(&out, NULL);
    kmi_health_view_json(&out, report);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(buf, '\n');
}

/* ---- Watching ---- */

static km_status write_out(const kmi_buf *buf, km_error *error) {
    return kmi_fd_write_all(STDOUT_FILENO, "standard output", buf->ptr, buf->len, error);
}

/* Turns a page of text into a frame: from the top left corner, no more lines than the window has. */
static void add_frame(kmi_buf *frame, const kmi_buf *page, size_t rows) {
    const char *line = page->ptr != NULL ? page->ptr : "";
    kmi_buf_add_text(frame, HOME);
    for (size_t row = 0; *line != '\0' && row < rows; row++) {
        const char *end = strchrnul(line, '\n');
        if (row > 0) kmi_buf_add_text(frame, "\r\n");
        kmi_buf_add_text(frame, ERASE_LINE); /* not after it: behind a full line it would erase the last letter */
        kmi_buf_add(frame, line, (size_t)(end - line));
        line = *end == '\n' ? end + 1 : end;
    }
    kmi_buf_add_text(frame, ERASE_BELOW);
}

typedef struct watching {
    kmi_cli *cli;
    bool is_json;
    bool is_drawn; /* on the alternate screen */
    kmi_buf page;  /* what was last seen */
} watching;

static km_status show_once(watching *w, km_error *error) {
    km_health_report *report = NULL;
    km_status status = km_health_get(w->cli->project, &report, error);
    if (status != KM_OK) return status;
    kmi_buf_clear(&w->page);
    kmi_terminal terminal = kmi_cli_terminal(w->cli);
    if (w->is_json) {
        add_json(&w->page, report);
    } else {
        char time[KMI_TIME_TEXT_SIZE];
        kmi_time_format(report->checked_at_us, time);
        stpcpy(time + 19, "Z "); /* without the fraction */
        add_report(&w->page, report, time, &terminal);
    }
    km_health_report_free(report);
    if (!w->is_drawn) return write_out(&w->page, error);
    KMI_CLEANUP_BUF kmi_buf frame;
    kmi_buf_init(&frame, KMI_OUT_LIMIT_BYTES);
    add_frame(&frame, &w->page, kmi_terminal_rows(STDOUT_FILENO));
    return write_out(&frame, error);
}

static void switch_screen(const char *sequence) {
    km_status ignored = kmi_fd_write_all(STDOUT_FILENO, "standard output", sequence, strlen(sequence), NULL);
    (void)ignored; /* whoever cannot see it does not mind */
}

static int watch(kmi_cli *cli) {
    km_error error = {0};
    const kmi_terminal terminal = kmi_cli_terminal(cli);
    watching w = {.cli = cli, .is_json = kmi_cli_is_format(cli, "json")};
    w.is_drawn = terminal.is_terminal && !kmi_terminal_is_dumb() && !w.is_json;
    kmi_buf_init(&w.page, KMI_OUT_LIMIT_BYTES);
    const volatile int *stop = kmi_signals_watch();
    int64_t pause_ms = (int64_t)(kmi_cli_real(cli, KMI_SLOT_WATCH, WATCH_PAUSE_S) * 1000);
    kmi_signals_follow_window();
    if (w.is_drawn) switch_screen(ENTER_SCREEN);
    km_status status = KM_OK;
    while (status == KM_OK && *stop == 0) {
        status = show_once(&w, &error);
        if (status == KM_OK) kmi_signals_sleep(pause_ms > 0 ? pause_ms : (int64_t)(WATCH_PAUSE_S * 1000));
    }
    kmi_signals_follow_end();
    if (w.is_drawn) switch_screen(LEAVE_SCREEN);
    if (w.is_drawn && status == KM_OK) status = write_out(&w.page, &error);
    kmi_buf_deinit(&w.page);
    if (status == KM_E_IO) return kmi_cli_fail_output(&error, KMI_EXIT_OK);
    return status == KM_OK ? KMI_EXIT_INTERRUPTED : kmi_cli_fail(&error);
}

int kmi_run_status(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_has(cli, KMI_SLOT_WATCH)) return watch(cli);
    km_health_report *report = NULL;
    if (km_health_get(cli->project, &report, &error) != KM_OK) return kmi_cli_fail(&error);
    km_health health = report->health;
    kmi_terminal terminal = kmi_cli_terminal(cli);
    if (kmi_cli_is_format(cli, "json")) {
        add_json(&cli->out, report);
    } else if (!cli->is_quiet) {
        add_report(&cli->out, report, "", &terminal);
    }
    km_health_report_free(report);
    return (int)health;
}
