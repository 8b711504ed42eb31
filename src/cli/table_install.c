/* Rows of the command table about assistants' configuration. */
#include "cli/command.h"

static const kmi_option install_user = {.slot = KMI_SLOT_USER,
                                        .name = "user",
                                        .kind = KMI_VALUE_FLAG,
                                        .help = "in your own configuration, for all projects (default)"};
static const kmi_option install_project = {.slot = KMI_SLOT_IN_PROJECT,
                                           .name = "project",
                                           .kind = KMI_VALUE_FLAG,
                                           .help = "in the configuration of this project alone"};
static const kmi_option install_dry_run = {
    .slot = KMI_SLOT_DRY_RUN, .name = "dry-run", .kind = KMI_VALUE_FLAG, .help = "show the difference, write nothing"};
static const kmi_option install_print = {.slot = KMI_SLOT_PRINT,
                                         .name = "print",
                                         .kind = KMI_VALUE_FLAG,
                                         .help = "print what to write by hand, and where; read and write nothing"};
static const kmi_option install_list = {.slot = KMI_SLOT_LIST,
                                        .name = "list",
                                        .kind = KMI_VALUE_FLAG,
                                        .help = "list the assistants: what is here, what is configured, what is stale"};

static const kmi_option *const install_options[] = {
    &install_user, &install_project, &install_dry_run, &install_print, &install_list, &kmi_option_format, NULL};
static const kmi_option *const uninstall_options[] = {&install_user, &install_project, &install_dry_run,
                                                      &kmi_option_format, NULL};

const kmi_command kmi_command_install = {
    .name = "install",
    .arguments = "[CLIENT...]",
    .most_arguments = 32,
    .summary = "add the memory to assistants: MCP server and hooks",
    .details =
        "Without CLIENT: every assistant that is found here. The difference is shown, then written as a whole, with "
        "everything else in the files left as it is; `uninstall` puts back what was there. Safe to repeat. Here "
        "--project is a switch; to name a project's root, put --project DIR before the command.",
    .examples = "kuzu-memory install --list\n"
                "kuzu-memory install claude-code --dry-run\n"
                "kuzu-memory install codex gemini --project",
    .options = install_options,
    .run = kmi_run_install};

const kmi_command kmi_command_uninstall = {
    .name = "uninstall",
    .arguments = "[CLIENT...]",
    .most_arguments = 32,
    .summary = "remove from assistants what install added",
    .details =
        "Without CLIENT: from every assistant that has it. A file that nobody changed since is put back to the byte; "
        "otherwise only our entries go. Memories stay.",
    .examples = "kuzu-memory uninstall claude-code",
    .options = uninstall_options,
    .run = kmi_run_uninstall};
