/* Rows of the command table about health and safety: status, doctor, backup, restore. */
#include "cli/command.h"

static const kmi_option status_watch = {.slot = KMI_SLOT_WATCH,
                                        .name = "watch",
                                        .kind = KMI_VALUE_REAL,
                                        .argument = "S",
                                        .argument_is_optional = true,
                                        .least = 0.1,
                                        .most = 3600,
                                        .help = "look again every S seconds (default: 1) until interrupted"};
static const kmi_option *const status_options[] = {&status_watch, &kmi_option_format, NULL};

const kmi_command kmi_command_status = {
    .name = "status",
    .summary = "how the memory is: each finding with its remedy",
    .details =
        "Exit code 0 healthy, 1 degraded (it goes on, but something is lost from sight or will break), 2 broken "
        "(texts are refused, or memories cannot be read). A notice is no fault. Reads counters and signs of life "
        "only; \"doctor\" looks deeper. With --watch a terminal is redrawn in place.",
    .examples = "kuzu-memory status --watch\n"
                "kuzu-memory status --format json",
    .options = status_options,
    .run = kmi_run_status};

static const kmi_option doctor_fix = {.slot = KMI_SLOT_FIX,
                                      .name = "fix",
                                      .kind = KMI_VALUE_FLAG,
                                      .help =
                                          "mend what can be mended; what cannot be read is set aside, never deleted"};
static const kmi_option *const doctor_options[] = {&doctor_fix, &kmi_option_format, &kmi_option_progress, NULL};

const kmi_command kmi_command_doctor = {
    .name = "doctor",
    .summary = "check everything, and mend it with --fix",
    .details =
        "All that \"status\" sees, and the deep checks: integrity of database and search index, edges of the graph, "
        "counters against a recount, every record of the queue, files. Without --fix it only tells, and says what "
        "--fix would do. Exit code as for status, of what is left: 0 healthy, 1 degraded, 2 broken.",
    .examples = "kuzu-memory doctor\n"
                "kuzu-memory doctor --fix",
    .options = doctor_options,
    .run = kmi_run_doctor};

static const kmi_option *const backup_options[] = {&kmi_option_format, &kmi_option_progress, NULL};

const kmi_command kmi_command_backup = {
    .name = "backup",
    .arguments = "FILE",
    .least_arguments = 1,
    .most_arguments = 1,
    .summary = "write memories and waiting texts into one file, while everything runs",
    .details =
        "The file appears only when it was written, read back and checked. A backup that is there is replaced; any "
        "other file is not. The configuration is not part of it.",
    .examples = "kuzu-memory backup ~/backups/project.kmbackup",
    .options = backup_options,
    .run = kmi_run_backup};

static const kmi_option restore_dry_run = {.slot = KMI_SLOT_DRY_RUN,
                                           .name = "dry-run",
                                           .kind = KMI_VALUE_FLAG,
                                           .help = "check the backup and tell what would happen, change nothing"};
static const kmi_option *const restore_options[] = {&restore_dry_run, &kmi_option_format, &kmi_option_progress, NULL};

const kmi_command kmi_command_restore = {
    .name = "restore",
    .arguments = "FILE",
    .least_arguments = 1,
    .most_arguments = 1,
    .summary = "put a backup in the place of the memory; what was there is kept",
    .details =
        "Also takes a plain memories.db, such as one in kuzu-memories/aside/. The store that was there is moved to "
        "kuzu-memories/aside/. Texts that wait stay and are learnt into the restored memory; texts that waited in "
        "the backup wait again.",
    .examples = "kuzu-memory restore --dry-run ~/backups/project.kmbackup",
    .options = restore_options,
    .run = kmi_run_restore};
