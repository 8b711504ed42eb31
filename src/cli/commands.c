/* The list of commands and the global options.
 *
 * The rows stand in files by subject, table_memory.c (texts and memories), table_system.c (queue, files, configuration) and
 * table_watch.c (metrics, alerts, log), so that each can be read as a page; this one only puts them in order. The order is that of the help
 * text: what a newcomer needs first comes first. */
#include "cli/command.h"

#include <string.h>

static const char *const *format_choices(void) {
    static const char *const words[] = {"text", "json", NULL};
    return words;
}

static const char *const *progress_choices(void) {
    static const char *const words[] = {"auto", "always", "never", "json", NULL};
    return words;
}

const kmi_option kmi_option_format = {.slot = KMI_SLOT_FORMAT,
                                      .name = "format",
                                      .kind = KMI_VALUE_CHOICE,
                                      .argument = "F",
                                      .choices = format_choices,
                                      .help = "output format (default: text)"};
const kmi_option kmi_option_progress = {.slot = KMI_SLOT_PROGRESS,
                                        .name = "progress",
                                        .kind = KMI_VALUE_CHOICE,
                                        .argument = "WHEN",
                                        .choices = progress_choices,
                                        .help = "progress on standard error (default: auto, on a terminal)"};

static const kmi_option global_project = {
    .slot = KMI_SLOT_PROJECT,
    .name = "project",
    .kind = KMI_VALUE_DIRECTORY,
    .argument = "DIR",
    .help = "root of the project (default: KUZU_MEMORY_PROJECT, else found from the current directory)"};
static const kmi_option global_user = {.slot = KMI_SLOT_USER_MEMORY,
                                       .name = "user",
                                       .kind = KMI_VALUE_FLAG,
                                       .help = "your own memory, which follows you, instead of the project's"};
static const kmi_option global_config = {.slot = KMI_SLOT_CONFIG,
                                         .name = "config",
                                         .kind = KMI_VALUE_PATH,
                                         .argument = "FILE",
                                         .help = "configuration file to use instead of the project's config.json"};
static const kmi_option global_debug = {.slot = KMI_SLOT_DEBUG,
                                        .name = "debug",
                                        .kind = KMI_VALUE_FLAG,
                                        .help = "tell on standard error what happens (also KUZU_MEMORY_DEBUG=1)"};
static const kmi_option global_quiet = {
    .slot = KMI_SLOT_QUIET,
    .name = "quiet",
    .letter = 'q',
    .kind = KMI_VALUE_FLAG,
    .help = "print no confirmations and notes, only results that were asked for (also KUZU_MEMORY_QUIET=1)"};
static const kmi_option global_no_color = {.slot = KMI_SLOT_NO_COLOR,
                                           .name = "no-color",
                                           .kind = KMI_VALUE_FLAG,
                                           .help = "no colours, on a terminal too (also NO_COLOR)"};
static const kmi_option global_version = {
    .slot = KMI_SLOT_VERSION, .name = "version", .kind = KMI_VALUE_FLAG, .help = "print the version and exit"};
static const kmi_option global_help = {
    .slot = KMI_SLOT_HELP, .name = "help", .letter = 'h', .kind = KMI_VALUE_FLAG, .help = "print help and exit"};

const kmi_option *const kmi_global_options[] = {&global_project, &global_user,  &global_config,
                                                &global_debug,   &global_quiet, &global_no_color,
                                                &global_version, &global_help,  NULL};

const kmi_command *const kmi_commands[] = {
    &kmi_command_init,   &kmi_command_learn,   &kmi_command_remember,   &kmi_command_enhance,   &kmi_command_recall,
    &kmi_command_recent, &kmi_command_show,    &kmi_command_edit,       &kmi_command_forget,    &kmi_command_stats,
    &kmi_command_status, &kmi_command_metrics, &kmi_command_alerts,     &kmi_command_logs,      &kmi_command_tasks,
    &kmi_command_worker, &kmi_command_export,  &kmi_command_import,     &kmi_command_backup,    &kmi_command_restore,
    &kmi_command_doctor, &kmi_command_config,  &kmi_command_install,    &kmi_command_uninstall, &kmi_command_project,
    &kmi_command_mcp,    &kmi_command_hook,    &kmi_command_completion, &kmi_command_help,      NULL};

const kmi_command *kmi_command_find(const char *name) {
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        if (strcmp((*command)->name, name) == 0) {
            return *command;
        }
    }
    return NULL;
}

const kmi_command *kmi_command_find_verb(const kmi_command *group, const char *name) {
    for (const kmi_command *verb = group->verbs; verb != NULL && verb->name != NULL; verb++) {
        if (strcmp(verb->name, name) == 0) {
            return verb;
        }
    }
    return NULL;
}
