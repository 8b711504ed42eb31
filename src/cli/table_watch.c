/* Rows of the command table about watching: metrics, alerts, the log. */
#include "cli/command.h"

#include "kuzu_memory.h"

static const kmi_option *const format_only[] = {&kmi_option_format, NULL};

const kmi_command kmi_command_metrics = {
    .name = "metrics",
    .summary = "every counter, gauge and histogram, for monitoring",
    .details =
        "The text form is OpenMetrics 1.0, as Prometheus reads it: let node_exporter's textfile collector pick it up, "
        "or serve it over HTTP.",
    .examples = "kuzu-memory metrics > kuzu_memory.prom",
    .options = format_only,
    .run = kmi_run_metrics};

/* ---- alerts ---- */
static const kmi_option alerts_all = {
    .slot = KMI_SLOT_ALL, .name = "all", .kind = KMI_VALUE_FLAG, .help = "acknowledged alerts too"};
static const kmi_option alerts_deliver = {.slot = KMI_SLOT_DELIVER,
                                          .name = "deliver",
                                          .kind = KMI_VALUE_TEXT,
                                          .argument = "CODE",
                                          .is_hidden = true,
                                          .help = "tell about this alert; started by whoever has seen it"};
static const kmi_option *const alerts_list_options[] = {&alerts_all, &kmi_option_format, NULL};
static const kmi_option *const alerts_test_options[] = {&alerts_deliver, &kmi_option_format, NULL};

static const kmi_command alerts_verbs[] = {
    {.name = "list",
     .summary = "what went wrong and was not acknowledged",
     .options = alerts_list_options,
     .run = kmi_run_alerts_list},
    {.name = "ack",
     .arguments = "[CODE]",
     .most_arguments = 1,
     .summary =
         "acknowledge one alert, or all: silent until it occurs anew; \"secrets\": the secrets that were removed",
     .options = format_only,
     .run = kmi_run_alerts_ack},
    {.name = "test",
     .summary = "run alerts.command with an alert that is only a test",
     .details =
         "Exit code 0 when the program ended with 0, 4 when it failed, 75 when it took more than 10 seconds, 3 when "
         "none is configured. Its output goes to standard error.",
     .options = alerts_test_options,
     .run = kmi_run_alerts_test},
    {.name = NULL}};

const kmi_command kmi_command_alerts = {
    .name = "alerts",
    .summary = "list, acknowledge and try out alerts",
    .details =
        "Conditions and limits are the alerts.* keys of the configuration. The worker, stats and status check them. "
        "alerts.command, a "
        "program of yours that is told, is read from your own configuration file only, never from a project's.",
    .examples = "kuzu-memory alerts ack disk_space",
    .verbs = alerts_verbs,
    .default_verb = "list"};

/* ---- logs ---- */
static const char *const *log_levels(void) {
    static const char *words[KM_LOG_ERROR + 2];
    for (int level = KM_LOG_DEBUG; level <= KM_LOG_ERROR; level++)
        words[level] = km_log_level_name((km_log_level)level);
    return words;
}

static const kmi_option logs_follow = {.slot = KMI_SLOT_FOLLOW,
                                       .name = "follow",
                                       .letter = 'f',
                                       .kind = KMI_VALUE_FLAG,
                                       .help = "go on with new lines as they come, until interrupted"};
static const kmi_option logs_level = {.slot = KMI_SLOT_LEVEL,
                                      .name = "level",
                                      .kind = KMI_VALUE_CHOICE,
                                      .argument = "LEVEL",
                                      .choices = log_levels,
                                      .help = "only lines of this level or a graver one"};
static const kmi_option logs_limit = {.slot = KMI_SLOT_LIMIT,
                                      .name = "limit",
                                      .letter = 'n',
                                      .kind = KMI_VALUE_INTEGER,
                                      .argument = "N",
                                      .least = 0,
                                      .most = 1000000,
                                      .help = "most lines of those that are there already (default: 100)"};
static const kmi_option *const logs_options[] = {&logs_follow, &logs_level, &logs_limit, &kmi_option_format, NULL};

const kmi_command kmi_command_logs = {
    .name = "logs",
    .summary = "what the worker has noted",
    .details =
        "The log holds ids, counts and errors, never the text of a memory. KUZU_MEMORY_DEBUG=1, or --debug with the "
        "command that starts the worker, makes the worker note more. --format json prints the lines as they are kept.",
    .examples = "kuzu-memory logs --follow --level warning",
    .options = logs_options,
    .run = kmi_run_logs};
