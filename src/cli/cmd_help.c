/* help and completion: texts made from the command table. */
#include <string.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "util/error.h"

int kmi_run_help(kmi_cli *cli) {
    km_error error = {0};
    if (cli->argument_count == 0) {
        kmi_help_program(&cli->out);
        return KMI_EXIT_OK;
    }
    const kmi_command *group = NULL;
    const kmi_command *command = kmi_command_find(cli->arguments[0]);
    if (command != NULL && cli->argument_count > 1) {
        group = command;
        command = kmi_command_find_verb(group, cli->arguments[1]);
    }
    if (command == NULL) {
        kmi_fail(&error, KM_E_INVALID, "no help on \"%.100s\": there is no such command",
                 cli->arguments[cli->argument_count - 1]);
        return kmi_cli_fail_usage(cli, &error);
    }
    kmi_help_command(group, command, &cli->out);
    return KMI_EXIT_OK;
}

int kmi_run_completion(kmi_cli *cli) {
    km_error error = {0};
    if (strcmp(cli->arguments[0], "man") == 0) {
        kmi_man_page(&cli->out);
        return KMI_EXIT_OK;
    }
    if (kmi_completion_script(cli->arguments[0], &cli->out, &error) != KM_OK) {
        return kmi_cli_fail_usage(cli, &error);
    }
    return KMI_EXIT_OK;
}
