/* Rows of the command table about the queue, the worker, files, configuration and the program itself. */
#include "cli/command.h"

#include "kuzu_memory.h"

static const char *const *format_export(void) {
    static const char *const words[] = {"jsonl", "json", NULL};
    return words;
}

/* Asked of the library, so that a new state cannot be forgotten here. */
static const char *const *task_states(void) {
    static const char *words[KM_TASK_CANCELLED + 2];
    for (int state = KM_TASK_QUEUED; state <= KM_TASK_CANCELLED; state++) {
        words[state] = km_task_state_name((km_task_state)state);
    }
    return words;
}

static const kmi_option *const format_only[] = {&kmi_option_format, NULL};

/* ---- init, project, stats ---- */
static const kmi_option init_force = {.slot = KMI_SLOT_FORCE,
                                      .name = "force",
                                      .kind = KMI_VALUE_FLAG,
                                      .help = "replace config.json by the defaults; memories are never touched"};
static const kmi_option *const init_options[] = {&init_force, &kmi_option_format, NULL};

const kmi_command kmi_command_init = {.name = "init",
                                      .summary = "create the memory of a project",
                                      .details =
                                          "Creates kuzu-memories/ with configuration and store. Safe to repeat. Not "
                                          "required: learn and remember create the memory on first use.",
                                      .options = init_options,
                                      .run = kmi_run_init};

static const kmi_option use_own = {
    .slot = KMI_SLOT_OWN, .name = "own", .kind = KMI_VALUE_FLAG, .help = "its own memory again"};
static const kmi_option *const use_options[] = {&use_own, &kmi_option_format, NULL};
static const kmi_option merge_dry_run = {.slot = KMI_SLOT_DRY_RUN,
                                         .name = "dry-run",
                                         .kind = KMI_VALUE_FLAG,
                                         .help = "tell what would be merged and show the newest, change nothing"};
static const kmi_option *const merge_options[] = {&merge_dry_run, &kmi_option_format, NULL};

static const kmi_command project_verbs[] = {
    {.name = "show",
     .summary = "tell which memory is used here, and why",
     .options = format_only,
     .run = kmi_run_project},
    {.name = "use",
     .arguments = "[DIR]",
     .most_arguments = 1,
     .summary = "use the memory of another folder here, such as a second clone of the repository",
     .details = "Both folders note it, so that a folder cannot choose a memory by itself. Memories that are here "
                "already stay, "
                "unused; \"project merge\" brings them over.",
     .examples = "kuzu-memory project use ~/projects/shop\n"
                 "kuzu-memory project use --own",
     .options = use_options,
     .run = kmi_run_project_use},
    {.name = "merge",
     .arguments = "DIR",
     .least_arguments = 1,
     .most_arguments = 1,
     .summary = "bring the memories of another folder into this project's",
     .details =
         "Lossless, in one transaction, each memory once however often it is repeated. The other folder keeps its own.",
     .examples = "kuzu-memory project merge ../shop-clone --dry-run",
     .options = merge_options,
     .run = kmi_run_project_merge},
    {.name = NULL}};

const kmi_command kmi_command_project = {.name = "project",
                                         .summary =
                                             "tell which project's memory is used, and why; share or merge memories",
                                         .verbs = project_verbs,
                                         .default_verb = "show"};

static const kmi_option stats_detailed = {.slot = KMI_SLOT_DETAILED,
                                          .name = "detailed",
                                          .kind = KMI_VALUE_FLAG,
                                          .help = "latencies, sizes, memories by type and source, last errors"};
static const kmi_option stats_history = {.slot = KMI_SLOT_HISTORY,
                                         .name = "history",
                                         .kind = KMI_VALUE_FLAG,
                                         .help =
                                             "what each of the last days brought instead: a chart, or tab-separated"};
static const kmi_option stats_days = {.slot = KMI_SLOT_DAYS,
                                      .name = "days",
                                      .kind = KMI_VALUE_INTEGER,
                                      .argument = "N",
                                      .least = 1,
                                      .most = 90,
                                      .help = "days of the history (default: 30)"};
static const kmi_option *const stats_options[] = {&stats_detailed, &stats_history, &stats_days, &kmi_option_format,
                                                  NULL};

const kmi_command kmi_command_stats = {.name = "stats",
                                       .summary = "numbers of queue, worker and store",
                                       .examples = "kuzu-memory stats --detailed\n"
                                                   "kuzu-memory stats --history --days 14",
                                       .options = stats_options,
                                       .run = kmi_run_stats};

/* ---- tasks ---- */
static const kmi_option tasks_state = {.slot = KMI_SLOT_STATE,
                                       .name = "state",
                                       .kind = KMI_VALUE_CHOICE,
                                       .argument = "S",
                                       .choices = task_states,
                                       .help = "only tasks in this state"};
static const kmi_option tasks_limit = {.slot = KMI_SLOT_LIMIT,
                                       .name = "limit",
                                       .kind = KMI_VALUE_INTEGER,
                                       .argument = "N",
                                       .least = 1,
                                       .most = 1000000,
                                       .help = "most tasks to print (default: 100)"};
static const kmi_option tasks_all_wait = {
    .slot = KMI_SLOT_ALL, .name = "all", .kind = KMI_VALUE_FLAG, .help = "wait until no task is waiting"};
static const kmi_option tasks_all_retry = {
    .slot = KMI_SLOT_ALL, .name = "all", .kind = KMI_VALUE_FLAG, .help = "retry every failed task"};
static const kmi_option tasks_timeout = {.slot = KMI_SLOT_TIMEOUT,
                                         .name = "timeout",
                                         .kind = KMI_VALUE_REAL,
                                         .argument = "S",
                                         .least = 0,
                                         .most = 86400,
                                         .help = "give up after S seconds, with exit code 75 (default: never)"};
static const kmi_option *const tasks_list_options[] = {&tasks_state, &tasks_limit, &kmi_option_format, NULL};
static const kmi_option *const tasks_wait_options[] = {&tasks_all_wait, &tasks_timeout, &kmi_option_format,
                                                       &kmi_option_progress, NULL};
static const kmi_option *const tasks_retry_options[] = {&tasks_all_retry, &kmi_option_format, NULL};

static const kmi_command tasks_verbs[] = {
    {.name = "list",
     .summary = "tasks that are waiting, in work or recently finished, oldest first",
     .options = tasks_list_options,
     .run = kmi_run_tasks_list},
    {.name = "show",
     .arguments = "ID",
     .least_arguments = 1,
     .most_arguments = 1,
     .summary = "one task, with its error or its memories",
     .options = format_only,
     .run = kmi_run_tasks_show},
    {.name = "wait",
     .arguments = "[ID]",
     .most_arguments = 1,
     .summary = "wait until a task is finished, or all are",
     .details = "Exit code 0 when the task was completed, 4 when it failed or was cancelled, 75 when time is up.",
     .options = tasks_wait_options,
     .run = kmi_run_tasks_wait},
    {.name = "retry",
     .arguments = "[ID]",
     .most_arguments = 1,
     .summary = "put a failed or cancelled task back into the queue",
     .options = tasks_retry_options,
     .run = kmi_run_tasks_retry},
    {.name = "cancel",
     .arguments = "ID",
     .least_arguments = 1,
     .most_arguments = 1,
     .summary = "cancel a waiting task",
     .options = format_only,
     .run = kmi_run_tasks_cancel},
    {.name = "purge",
     .summary = "drop the records of finished, failed and cancelled tasks; counters stay",
     .options = format_only,
     .run = kmi_run_tasks_purge},
    {.name = NULL}};

const kmi_command kmi_command_tasks = {.name = "tasks",
                                       .summary = "follow and steer queued work",
                                       .details = "ID may be any prefix that only one task has.",
                                       .examples = "kuzu-memory tasks --state failed\n"
                                                   "kuzu-memory tasks wait --all --timeout 10",
                                       .verbs = tasks_verbs,
                                       .default_verb = "list"};

/* ---- worker ---- */
static const kmi_option worker_until_idle = {.slot = KMI_SLOT_UNTIL_IDLE,
                                             .name = "until-idle",
                                             .kind = KMI_VALUE_FLAG,
                                             .help = "end when nothing has been waiting for async.worker_idle_seconds"};
static const kmi_option worker_background = {.slot = KMI_SLOT_BACKGROUND,
                                             .name = "background",
                                             .kind = KMI_VALUE_FLAG,
                                             .is_hidden = true,
                                             .help = "started on demand by another command"};
static const kmi_option worker_inherited_lock = {
    .slot = KMI_SLOT_INHERITED_LOCK,
    .name = "inherited-lock",
    .kind = KMI_VALUE_INTEGER,
    .argument = "FD",
    .is_hidden = true,
    .least = 0,
    .most = 1048576,
    .help = "descriptor of the queue lock handed over by the starting command"};
static const kmi_option worker_force = {.slot = KMI_SLOT_FORCE,
                                        .name = "force",
                                        .kind = KMI_VALUE_FLAG,
                                        .help = "kill a worker that does not end in time; nothing is lost"};
static const kmi_option worker_timeout = {.slot = KMI_SLOT_TIMEOUT,
                                          .name = "timeout",
                                          .kind = KMI_VALUE_REAL,
                                          .argument = "S",
                                          .least = 0,
                                          .most = 3600,
                                          .help = "seconds to wait for its end (default: 10)"};
static const kmi_option *const worker_run_options[] = {&worker_until_idle, &worker_background, &worker_inherited_lock,
                                                       NULL};
static const kmi_option *const worker_stop_options[] = {&worker_force, &worker_timeout, &kmi_option_format, NULL};

static const kmi_command worker_verbs[] = {
    {.name = "run",
     .summary = "work in the foreground until stopped, as under systemd",
     .details =
         "SIGTERM, SIGINT and SIGHUP finish the batch in hand and end; a second one rolls it back and ends at once. "
         "Nothing is lost either way.",
     .options = worker_run_options,
     .run = kmi_run_worker_run},
    {.name = "start",
     .summary = "make sure that a background worker runs",
     .options = format_only,
     .run = kmi_run_worker_start},
    {.name = "stop",
     .summary = "let the worker finish its batch and end",
     .options = worker_stop_options,
     .run = kmi_run_worker_stop},
    {.name = "status", .summary = "tell whether a worker runs", .options = format_only, .run = kmi_run_worker_status},
    {.name = NULL}};

const kmi_command kmi_command_worker = {
    .name = "worker",
    .summary = "control the background worker",
    .details =
        "There is nothing to manage: learn starts a worker on demand and it ends when idle. These commands are for "
        "services, tests and curiosity.",
    .verbs = worker_verbs,
    .default_verb = "status"};

/* ---- export and import ---- */
static const kmi_option export_format = {.slot = KMI_SLOT_FORMAT,
                                         .name = "format",
                                         .kind = KMI_VALUE_CHOICE,
                                         .argument = "F",
                                         .choices = format_export,
                                         .help = "output format (default: jsonl, one object a line)"};
static const kmi_option export_output = {.slot = KMI_SLOT_OUTPUT,
                                         .name = "output",
                                         .letter = 'o',
                                         .kind = KMI_VALUE_PATH,
                                         .argument = "FILE",
                                         .help = "write to FILE, which appears only when complete"};
static const kmi_option import_dry_run = {.slot = KMI_SLOT_DRY_RUN,
                                          .name = "dry-run",
                                          .kind = KMI_VALUE_FLAG,
                                          .help = "count what would be imported, store nothing"};
static const kmi_option *const export_options[] = {&export_format, &export_output, &kmi_option_progress, NULL};
static const kmi_option import_from = {.slot = KMI_SLOT_FROM,
                                       .name = "from",
                                       .kind = KMI_VALUE_CHOICE,
                                       .argument = "FORMAT",
                                       .choices = kmi_import_format_names,
                                       .help = "what the files are (default: found by looking at them)"};
static const kmi_option *const import_options[] = {&import_dry_run, &import_from, &kmi_option_format,
                                                   &kmi_option_progress, NULL};

const kmi_command kmi_command_export = {.name = "export",
                                        .summary = "write the whole memory as JSON lines, lossless",
                                        .examples = "kuzu-memory export -o memories.jsonl",
                                        .options = export_options,
                                        .run = kmi_run_export};

const kmi_command kmi_command_import = {
    .name = "import",
    .arguments = "FILE…",
    .least_arguments = 1,
    .most_arguments = 1000,
    .summary = "take over what other programs remember",
    .details =
        "Reads exports of this program and of the Python kuzu-memory, rules for assistants (AGENTS.md, CLAUDE.md, "
        "GEMINI.md, .cursor/rules, copilot-instructions.md), the memory folders of Claude Code and Codex, the file of "
        "the "
        "reference memory server, and conversations that Claude Code, Codex, Gemini CLI and Copilot kept.\n\n"
        "FILE may be a folder: then what assistants keep in it is read, and no other file. - is standard input. "
        "Nothing "
        "is imported twice; a rule that was changed in its file replaces the older one. Conversations are learnt in "
        "the "
        "background, what hooks learnt of them already is not learnt again.",
    .examples = "kuzu-memory import . --dry-run\n"
                "kuzu-memory import ~/.claude/projects/-home-me-app/memory\n"
                "kuzu-memory import ~/.codex/sessions/2026/11",
    .options = import_options,
    .run = kmi_run_import};

/* ---- config ---- */
static const kmi_command config_verbs[] = {
    {.name = "show",
     .summary = "effective values and where each came from",
     .options = format_only,
     .run = kmi_run_config_show},
    {.name = "get",
     .arguments = "KEY",
     .least_arguments = 1,
     .most_arguments = 1,
     .summary = "one effective value",
     .options = format_only,
     .run = kmi_run_config_get},
    {.name = "set",
     .arguments = "KEY VALUE",
     .least_arguments = 2,
     .most_arguments = 2,
     .summary = "check a value and write it into the project's config.json",
     .options = format_only,
     .run = kmi_run_config_set},
    {.name = "check",
     .summary = "look for unknown keys and bad values; exit code 2 when there is an error",
     .options = format_only,
     .run = kmi_run_config_check},
    {.name = NULL}};

const kmi_command kmi_command_config = {.name = "config",
                                        .summary = "show, check and change the configuration",
                                        .examples = "kuzu-memory config set async.max_queue_size 500",
                                        .verbs = config_verbs,
                                        .default_verb = "show"};

/* ---- completion and help ---- */
const kmi_command kmi_command_completion = {.name = "completion",
                                            .arguments = "bash|zsh|fish|man",
                                            .least_arguments = 1,
                                            .most_arguments = 1,
                                            .summary = "print a completion script for a shell, or the manual page",
                                            .examples = "source <(kuzu-memory completion bash)\n"
                                                        "kuzu-memory completion man > kuzu-memory.1",
                                            .run = kmi_run_completion};

const kmi_command kmi_command_help = {.name = "help",
                                      .arguments = "[COMMAND [VERB]]",
                                      .most_arguments = 2,
                                      .summary = "print help on a command",
                                      .run = kmi_run_help};
