/* logs: lines of worker.log for people, or as they are kept; with --follow as they come. Written line by line, not collected: who
 * follows wants each at once, and a full log is a megabyte or two. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/signals.h"
#include "util/clock.h"
#include "util/file.h"

#define DEFAULT_LINES 100
#define FOLLOW_MS 3600000

static kmi_style style_of(km_log_level level) {
    switch (level) {
    case KM_LOG_DEBUG:
        return KMI_STYLE_DIM;
    case KM_LOG_INFO:
        return KMI_STYLE_GREEN;
    case KM_LOG_WARNING:
        return KMI_STYLE_YELLOW;
    case KM_LOG_ERROR:
        break;
    }
    return KMI_STYLE_RED;
}

static void add_text(kmi_buf *buf, const kmi_terminal *terminal, const km_log_line *line) {
    char time_text[KMI_TIME_TEXT_SIZE];
    kmi_buf_add_format(buf, "%s ", kmi_time_format(line->time_us, time_text));
    kmi_terminal_add(terminal, buf, style_of(line->level), km_log_level_name(line->level));
    kmi_buf_add_char(buf, ' ');
    kmi_terminal_add_text(terminal, buf, kmi_slice_from(line->event));
    for (size_t i = 0; i < line->field_count; i++) {
        const km_log_field *field = &line->fields[i];
        const char *value = field->value != NULL ? field->value : "null";
        bool is_word = value[0] != '\0' && strpbrk(value, " \t\n\"") == NULL;
        kmi_buf_add_char(buf, ' ');
        kmi_terminal_add_text(terminal, buf, kmi_slice_from(field->name));
        kmi_buf_add_char(buf, '=');
        if (is_word)
            kmi_terminal_add_text(terminal, buf, kmi_slice_from(value));
        else
            kmi_buf_add_json_string(buf, kmi_slice_from(value));
    }
    kmi_buf_add_char(buf, '\n');
}

/* Writes what was collected. Returns: false when there is nobody to read it, or no room. */
static bool flush(kmi_cli *cli, km_error *error) {
    km_status status = kmi_buf_status(&cli->out);
    if (status == KM_OK && cli->out.len > 0)
        status = kmi_fd_write_all(STDOUT_FILENO, "standard output", cli->out.ptr, cli->out.len, error);
    kmi_buf_clear(&cli->out);
    return status == KM_OK;
}

static km_log_level wanted_level(const kmi_cli *cli) {
    const char *name = kmi_cli_text(cli, KMI_SLOT_LEVEL);
    km_log_level level = KM_LOG_DEBUG;
    while (name != NULL && level < KM_LOG_ERROR && strcmp(name, km_log_level_name(level)) != 0) level++;
    return level;
}

static int print_lines(kmi_cli *cli, km_log_reader *reader) {
    km_error error = {0};
    bool is_following = kmi_cli_has(cli, KMI_SLOT_FOLLOW);
    bool is_json = kmi_cli_is_format(cli, "json");
    const volatile int *stop = is_following ? kmi_signals_watch() : NULL;
    kmi_terminal terminal = kmi_cli_terminal(cli);
    for (;;) {
        const km_log_line *line = NULL;
        km_status status = km_log_next(reader, is_following ? FOLLOW_MS : 0, stop, &line, &error);
        if (status == KM_E_INTERRUPTED) return KMI_EXIT_INTERRUPTED;
        if (status != KM_OK) return kmi_cli_fail(&error);
        if (line == NULL && !is_following) return KMI_EXIT_OK;
        if (line == NULL) continue;
        if (is_json)
            kmi_buf_add_format(&cli->out, "%s\n", line->json);
        else
            add_text(&cli->out, &terminal, line);
        if (!flush(cli, &error)) return kmi_cli_fail_output(&error, KMI_EXIT_OK);
    }
}

int kmi_run_logs(kmi_cli *cli) {
    km_error error = {0};
    km_log_reader *reader = NULL;
    size_t limit = (size_t)kmi_cli_number(cli, KMI_SLOT_LIMIT, DEFAULT_LINES);
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (km_log_open(cli->project, wanted_level(cli), limit, &reader, &error) != KM_OK) return kmi_cli_fail(&error);
    int exit_code = print_lines(cli, reader);
    km_log_close(reader);
    return exit_code;
}
