/* kuzu-memory: finds the command in the table, runs it, writes its result in one piece.
 *
 * `learn` pays for everything that stands here, so it stands in this order: two signals held back, the command line, the
 * command. No locale (numbers must not depend on it, and a static program has none), no stdio; and a learn that only
 * queued ends by _exit, with nothing to close. Standard descriptors may be closed: kmi_fd_open() never hands them out. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/signals.h"
#include "util/clock.h"

static int run_command(kmi_cli *cli) {
    if (kmi_cli_has(cli, KMI_SLOT_VERSION)) {
        kmi_buf_add_format(&cli->out, "kuzu-memory %s\n", km_version());
        return KMI_EXIT_OK;
    }
    if (kmi_cli_has(cli, KMI_SLOT_HELP) && cli->command != NULL) {
        kmi_help_command(cli->group, cli->command, &cli->out);
        return KMI_EXIT_OK;
    }
    if (kmi_cli_has(cli, KMI_SLOT_HELP)) {
        kmi_help_program(&cli->out);
        return KMI_EXIT_OK;
    }
    if (cli->command == NULL) {
        kmi_cli_message("no command given; see \"kuzu-memory --help\"");
        return KMI_EXIT_USAGE;
    }
    return cli->command->run(cli);
}

/* learn has lines of its own, and no others. */
static void tell_debug(kmi_cli *cli, int exit_code, int64_t started_us) {
    if (cli->command != NULL && cli->command->run == kmi_run_learn) return;
    char duration[32];
    km_project_info info;
    if (cli->project != NULL && km_project_get_info(cli->project, &info, NULL) == KM_OK)
        kmi_cli_debug(cli, "Project %s%s", info.root, info.memory_exists ? "" : " (no memory yet)");
    kmi_cli_debug(cli, "%s %s ended with exit code %d after %s", km_version(),
                  cli->command != NULL ? cli->command->name : "kuzu-memory", exit_code,
                  kmi_duration_format(kmi_clock_monotonic_us() - started_us, duration, sizeof duration));
}

/* A hook must never fail: an assistant takes some exit codes for a veto. True for its bad usage too. */
static bool must_be_silent(const kmi_cli *cli, int argc, char **argv) {
    if (cli->command != NULL) return cli->command->is_silent;
    for (int i = 1; i < argc; i++) {
        const kmi_command *command = kmi_command_find(argv[i]);
        if (command != NULL) return command->is_silent;
    }
    return false;
}

int main(int argc, char **argv) {
    const int64_t started_us = kmi_clock_monotonic_us();
    kmi_signals_hold();
    kmi_cli cli = {.project = NULL};
    kmi_buf_init(&cli.out, KMI_OUT_LIMIT_BYTES);
    km_error error = {0};
    int exit_code = 0;
    if (kmi_parse(&cli, argc, argv, &error) != KM_OK) {
        exit_code = must_be_silent(&cli, argc, argv) ? KMI_EXIT_OK : kmi_cli_fail_usage(&cli, &error);
    } else {
        if (cli.is_debug) setenv("KUZU_MEMORY_DEBUG", "1", 1); /* for a worker that is started */
        exit_code = run_command(&cli);
    }
    if (cli.is_debug) tell_debug(&cli, exit_code, started_us);
    exit_code = kmi_cli_finish(&cli, exit_code);
    if (cli.command != NULL && cli.command->is_silent) exit_code = KMI_EXIT_OK;
    if (cli.is_fast_exit) _exit(exit_code);
    km_project_free(cli.project); /* closes the store in order */
    kmi_buf_deinit(&cli.out);
    return exit_code;
}
