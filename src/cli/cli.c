/* The common part of all commands: options, project, messages, and the one write of the result.
 *
 * Results are collected and written once instead of through stdio: `learn` must not pay for buffers it does not need,
 * and a failed write must be seen (a full disk behind standard output is an error of the command, not of nobody). */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

/* A message is cut to this many bytes: longer than any km_error, short enough for the stack. */
#define MESSAGE_SIZE 1024

bool kmi_cli_has(const kmi_cli *cli, kmi_slot slot) {
    return cli->values[slot].is_set;
}

const char *kmi_cli_text(const kmi_cli *cli, kmi_slot slot) {
    return cli->values[slot].text;
}

int64_t kmi_cli_number(const kmi_cli *cli, kmi_slot slot, int64_t fallback) {
    return cli->values[slot].is_set ? cli->values[slot].number : fallback;
}

double kmi_cli_real(const kmi_cli *cli, kmi_slot slot, double fallback) {
    return cli->values[slot].is_set ? cli->values[slot].real : fallback;
}

bool kmi_cli_is_format(const kmi_cli *cli, const char *name) {
    const char *format = kmi_cli_text(cli, KMI_SLOT_FORMAT);
    return format != NULL && strcmp(format, name) == 0;
}

kmi_terminal kmi_cli_terminal(const kmi_cli *cli) {
    return kmi_terminal_get(STDOUT_FILENO, kmi_cli_has(cli, KMI_SLOT_NO_COLOR));
}

/* Whoever expects another memory must not wonder where things went. */
static void tell_note(const kmi_cli *cli) {
    const char *note = km_project_note(cli->project);
    bool shows_it = cli->command != NULL && cli->command->run == kmi_run_project;
    if (note == NULL || cli->is_quiet || shows_it) return;
    kmi_cli_message("this folder uses its own memory: %s", note);
}

km_status kmi_cli_open(kmi_cli *cli, km_error *error) {
    if (cli->project != NULL) return KM_OK;
    /* The running program itself is the worker, wherever it lies and even after an upgrade replaced its file.
     * KUZU_MEMORY_PROGRAM, which the library reads when no program is named, may say otherwise. */
    const char *program = getenv("KUZU_MEMORY_PROGRAM");
    km_options options = KM_OPTIONS_INIT;
    options.project_dir = kmi_cli_text(cli, KMI_SLOT_PROJECT);
    options.user_memory = kmi_cli_has(cli, KMI_SLOT_USER_MEMORY);
    if (options.user_memory && options.project_dir != NULL)
        return kmi_fail(error, KM_E_INVALID, "give either --user or --project, not both");
    options.config_file = kmi_cli_text(cli, KMI_SLOT_CONFIG);
    options.program = program != NULL && program[0] != '\0' ? NULL : "/proc/self/exe";
    km_status status = km_project_open(&options, &cli->project, error);
    if (status == KM_OK) tell_note(cli);
    return status;
}

km_status kmi_cli_open_reading(kmi_cli *cli, km_error *error) {
    km_status status = kmi_cli_open(cli, error);
    if (status != KM_OK) return status;
    const km_error *problem = km_project_config_error(cli->project);
    if (problem != NULL) {
        kmi_cli_message("%s; defaults are used instead", problem->message);
    }
    return KM_OK;
}

/* One line, one write, nothing in it that a terminal would obey. Lost when standard error cannot be written: there is
 * nobody left to tell. */
__attribute__((format(printf, 2, 0))) static void write_line(const char *prefix, const char *format,
                                                             va_list arguments) {
    char line[MESSAGE_SIZE];
    size_t start = (size_t)(stpcpy(line, prefix) - line);
    int written = vsnprintf(line + start, sizeof line - start, format, arguments);
    if (written < 0) return;
    size_t end = start + strlen(line + start);
    for (size_t i = start; i < end; i++) {
        unsigned char c = (unsigned char)line[i];
        line[i] = c < ' ' || c == 0x7F ? '?' : line[i];
    }
    line[end] = '\n'; /* in place of the NUL */
    km_status ignored = kmi_fd_write_all(STDERR_FILENO, "standard error", line, end + 1, NULL);
    (void)ignored;
}

void kmi_cli_message(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_line("kuzu-memory: ", format, arguments);
    va_end(arguments);
}

void kmi_cli_note(const kmi_cli *cli, const char *format, ...) {
    if (cli->is_quiet) return;
    va_list arguments;
    va_start(arguments, format);
    write_line("kuzu-memory: ", format, arguments);
    va_end(arguments);
}

void kmi_cli_debug(const kmi_cli *cli, const char *format, ...) {
    if (!cli->is_debug) return;
    va_list arguments;
    va_start(arguments, format);
    write_line("DEBUG: ", format, arguments);
    va_end(arguments);
}

int kmi_cli_fail(const km_error *error) {
    kmi_cli_message("%s", error->message);
    return km_status_exit_code(error->status);
}

int kmi_cli_fail_usage(const kmi_cli *cli, const km_error *error) {
    kmi_cli_message("%s", error->message);
    if (cli->command == NULL) {
        kmi_cli_message("see \"kuzu-memory --help\"");
        return KMI_EXIT_USAGE;
    }
    const char *group = cli->group != NULL ? cli->group->name : "";
    const char *space = cli->group != NULL ? " " : "";
    const char *arguments = cli->command->arguments;
    kmi_cli_message("usage: kuzu-memory %s%s%s [OPTIONS]%s%s; see \"kuzu-memory help %s%s%s\"", group, space,
                    cli->command->name, arguments != NULL ? " " : "", arguments != NULL ? arguments : "", group, space,
                    cli->command->name);
    return KMI_EXIT_USAGE;
}

int kmi_cli_fail_output(const km_error *error, int exit_code) {
    if (error->os_errno == EPIPE || error->os_errno == EBADF) return exit_code; /* nobody wants to read it */
    kmi_cli_message("%s", error->message);
    return KMI_EXIT_IO;
}

int kmi_cli_finish(kmi_cli *cli, int exit_code) {
    km_error error = {0};
    if (kmi_buf_status(&cli->out) != KM_OK) {
        kmi_fail(&error, KM_E_NOMEM, "the result does not fit into memory: ask for less");
        return kmi_cli_fail(&error);
    }
    if (cli->out.len == 0) return exit_code;
    if (kmi_fd_write_all(STDOUT_FILENO, "standard output", cli->out.ptr, cli->out.len, &error) != KM_OK) {
        return kmi_cli_fail_output(&error, exit_code);
    }
    return exit_code;
}
