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
