/* command.h - the table of commands and options: the one place that knows their names, arguments, ranges and texts.
 *
 * Parsing, usage errors, --help, completion scripts and the man page are all derived from it. A row of kmi_option is
 * one option as one command means it; rows that carry the same value share a slot (there are several --format rows,
 * with different choices, and one KMI_SLOT_FORMAT). Life: static constants, never freed. */
#ifndef KMI_CLI_COMMAND_H
#define KMI_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kmi_cli;

typedef enum kmi_slot {
    KMI_SLOT_PROJECT,
    KMI_SLOT_USER_MEMORY,
    KMI_SLOT_CONFIG,
    KMI_SLOT_DEBUG,
    KMI_SLOT_QUIET,
    KMI_SLOT_NO_COLOR,
    KMI_SLOT_VERSION,
    KMI_SLOT_HELP,
    KMI_SLOT_SOURCE,
    KMI_SLOT_METADATA,
    KMI_SLOT_SESSION,
    KMI_SLOT_SPEAKER,
    KMI_SLOT_AT,
    KMI_SLOT_TYPE,
    KMI_SLOT_PRIORITY,
    KMI_SLOT_KEY,
    KMI_SLOT_BATCH,
    KMI_SLOT_VERBATIM,
    KMI_SLOT_SYNC,
    KMI_SLOT_DRY_RUN,
    KMI_SLOT_WAIT,
    KMI_SLOT_FORMAT,
    KMI_SLOT_STRICT,
    KMI_SLOT_PROGRESS,
    KMI_SLOT_MAX_MEMORIES,
    KMI_SLOT_CONFIDENCE,
    KMI_SLOT_MAX_CHARS,
    KMI_SLOT_LIMIT,
    KMI_SLOT_COUNT,
    KMI_SLOT_SINCE,
    KMI_SLOT_UNTIL,
    KMI_SLOT_NOW,
    KMI_SLOT_EXPLAIN,
    KMI_SLOT_ALL,
    KMI_SLOT_OUTPUT,
    KMI_SLOT_QUERY,
    KMI_SLOT_CONFIRM,
    KMI_SLOT_DETAILED,
    KMI_SLOT_STATE,
    KMI_SLOT_TIMEOUT,
    KMI_SLOT_FORCE,
    KMI_SLOT_UNTIL_IDLE,
    KMI_SLOT_BACKGROUND,
    KMI_SLOT_INHERITED_LOCK,
    KMI_SLOT_WATCH,
    KMI_SLOT_FIX,
    KMI_SLOT_HISTORY,
    KMI_SLOT_DAYS,
    KMI_SLOT_FOLLOW,
    KMI_SLOT_LEVEL,
    KMI_SLOT_DELIVER,
    KMI_SLOT_CLIENT,
    KMI_SLOT_USER,
    KMI_SLOT_IN_PROJECT,
    KMI_SLOT_PRINT,
    KMI_SLOT_LIST,
    KMI_SLOT_FROM,
    KMI_SLOT_EVERYWHERE,
    KMI_SLOT_OWN,
    KMI_SLOT_MAX
} kmi_slot;

typedef enum kmi_value_kind {
    KMI_VALUE_FLAG,      /* takes no argument */
    KMI_VALUE_TEXT,      /* any text but an empty one */
    KMI_VALUE_PATH,      /* a file */
    KMI_VALUE_DIRECTORY, /* a directory */
    KMI_VALUE_INTEGER,   /* least..most */
    KMI_VALUE_REAL,      /* least..most */
    KMI_VALUE_TIME,      /* RFC 3339 and its relatives; the number is microseconds since 1970 */
    KMI_VALUE_SPAN,      /* the same, or "last week", "2026-03": read again where the span is needed */
    KMI_VALUE_CHOICE     /* one of choices() */
} kmi_value_kind;

/* Returns: a NULL-terminated list of the words a choice accepts. */
typedef const char *const *(*kmi_choices)(void);

typedef struct kmi_option {
    kmi_slot slot;
    const char *name; /* long name without dashes; NULL ends a list */
    char letter;      /* short name, or 0 */
    kmi_value_kind kind;
    const char *argument; /* its name in help texts; NULL for flags */
    bool argument_is_optional;
    bool is_hidden;
    double least, most; /* integers and reals */
    kmi_choices choices;
    const char *help; /* one sentence without a dot */
} kmi_option;

/* Runs a command after its arguments were checked. Returns: the exit code of the process. */
typedef int (*kmi_command_run)(struct kmi_cli *cli);

typedef struct kmi_command {
    const char *name;      /* NULL ends a list */
    const char *arguments; /* as in the usage line: "[TEXT]"; NULL: none */
    int least_arguments, most_arguments;
    const char *summary;              /* one line for lists */
    const char *details;              /* paragraphs separated by an empty line, or NULL */
    const char *examples;             /* one a line, or NULL */
    const kmi_option *const *options; /* NULL-terminated, or NULL */
    const struct kmi_command *verbs;  /* a group has verbs instead of run */
    const char *default_verb;         /* what a group does without one, or NULL */
    bool is_silent;                   /* bad usage too ends with exit code 0 and without a word */
    kmi_command_run run;
} kmi_command;

/* The options every command takes, and all commands, in the order of the help text. */
extern const kmi_option *const kmi_global_options[];
/* Rows that many commands share: --format text|json and --progress. */
extern const kmi_option kmi_option_format, kmi_option_progress;
extern const kmi_command *const kmi_commands[];

/* Returns: the command of that name, or NULL. */
const kmi_command *kmi_command_find(const char *name);
/* Returns: the verb of a group, or NULL. */
const kmi_command *kmi_command_find_verb(const kmi_command *group, const char *name);

/* What the two table files declare to commands.c. */
extern const kmi_command kmi_command_init, kmi_command_learn, kmi_command_remember, kmi_command_enhance,
    kmi_command_recall, kmi_command_recent, kmi_command_show, kmi_command_edit, kmi_command_forget, kmi_command_stats,
    kmi_command_tasks, kmi_command_worker, kmi_command_export, kmi_command_import, kmi_command_config,
    kmi_command_project, kmi_command_completion, kmi_command_help, kmi_command_status, kmi_command_doctor,
    kmi_command_backup, kmi_command_restore, kmi_command_mcp, kmi_command_hook, kmi_command_install,
    kmi_command_uninstall;
extern const kmi_command kmi_command_metrics, kmi_command_alerts, kmi_command_logs; /* table_watch.c */

/* The commands themselves, one file a group. */
int kmi_run_init(struct kmi_cli *cli);
int kmi_run_project(struct kmi_cli *cli);
int kmi_run_project_use(struct kmi_cli *cli);
int kmi_run_project_merge(struct kmi_cli *cli);
int kmi_run_learn(struct kmi_cli *cli);
int kmi_run_remember(struct kmi_cli *cli);
int kmi_run_enhance(struct kmi_cli *cli);
int kmi_run_recall(struct kmi_cli *cli);
int kmi_run_recent(struct kmi_cli *cli);
int kmi_run_show(struct kmi_cli *cli);
int kmi_run_edit(struct kmi_cli *cli);
int kmi_run_forget(struct kmi_cli *cli);
int kmi_run_stats(struct kmi_cli *cli);
int kmi_run_metrics(struct kmi_cli *cli);
int kmi_run_alerts_list(struct kmi_cli *cli);
int kmi_run_alerts_ack(struct kmi_cli *cli);
int kmi_run_alerts_test(struct kmi_cli *cli);
int kmi_run_logs(struct kmi_cli *cli);
int kmi_run_tasks_list(struct kmi_cli *cli);
int kmi_run_tasks_show(struct kmi_cli *cli);
int kmi_run_tasks_wait(struct kmi_cli *cli);
int kmi_run_tasks_retry(struct kmi_cli *cli);
int kmi_run_tasks_cancel(struct kmi_cli *cli);
int kmi_run_tasks_purge(struct kmi_cli *cli);
int kmi_run_worker_run(struct kmi_cli *cli);
int kmi_run_worker_start(struct kmi_cli *cli);
int kmi_run_worker_stop(struct kmi_cli *cli);
int kmi_run_worker_status(struct kmi_cli *cli);
int kmi_run_export(struct kmi_cli *cli);
int kmi_run_import(struct kmi_cli *cli);          /* src/import */
const char *const *kmi_import_format_names(void); /* src/import: for --from */
int kmi_run_config_show(struct kmi_cli *cli);
int kmi_run_config_get(struct kmi_cli *cli);
int kmi_run_config_set(struct kmi_cli *cli);
int kmi_run_config_check(struct kmi_cli *cli);
int kmi_run_completion(struct kmi_cli *cli);
int kmi_run_help(struct kmi_cli *cli);
int kmi_run_status(struct kmi_cli *cli);
int kmi_run_doctor(struct kmi_cli *cli);
int kmi_run_backup(struct kmi_cli *cli);
int kmi_run_restore(struct kmi_cli *cli);
int kmi_run_mcp(struct kmi_cli *cli);  /* src/mcp */
int kmi_run_hook(struct kmi_cli *cli); /* src/assist */
int kmi_run_install(struct kmi_cli *cli);
int kmi_run_uninstall(struct kmi_cli *cli);

#endif
