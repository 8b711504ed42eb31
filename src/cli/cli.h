/* cli.h - what every command works with: its checked options and arguments, the project, and the result text.
 *
 * One kmi_cli lives through one process. A command opens the project when it needs it, puts its whole result into
 * `out` (raw UTF-8) and returns the exit code; main writes `out` to standard output in one piece. Messages go to
 * standard error at once, each as one line "kuzu-memory: ...". */
#ifndef KMI_CLI_CLI_H
#define KMI_CLI_CLI_H

#include "cli/command.h"
#include "cli/terminal.h"
#include "kuzu_memory.h"
#include "util/buf.h"
#include "util/slice.h"

/* Exit codes of the contract that no status stands for. */
#define KMI_EXIT_OK 0
#define KMI_EXIT_USAGE 2
#define KMI_EXIT_CONFLICT 4
#define KMI_EXIT_IO 73
#define KMI_EXIT_AGAIN 75
#define KMI_EXIT_INTERRUPTED 130

/* Largest file that a command reads as a whole: a batch, an import. */
#define KMI_FILE_LIMIT_BYTES ((size_t)1024 * 1024 * 1024)
/* Largest result that is collected before it is written; longer ones are streamed (output.h). */
#define KMI_OUT_LIMIT_BYTES ((size_t)1024 * 1024 * 1024)

typedef struct kmi_value {
    bool is_set;
    const char *text; /* NULL for flags, and for optional arguments that were left out */
    int64_t number;   /* integers; times in microseconds */
    double real;
} kmi_value;

typedef struct kmi_cli {
    const kmi_command *command; /* the verb, for a group */
    const kmi_command *group;   /* NULL when the command has no verbs */
    kmi_value values[KMI_SLOT_MAX];
    char *const *arguments; /* what is left after options */
    int argument_count;
    bool is_quiet;
    bool is_debug;
    km_project *project; /* NULL until kmi_cli_open() */
    kmi_buf out;
    bool is_fast_exit; /* nothing is open that must be closed in order: leave at once */
} kmi_cli;

/* Tells whether an option was given. */
bool kmi_cli_has(const kmi_cli *cli, kmi_slot slot);
/* Returns: the option's text, or NULL when it was not given. */
const char *kmi_cli_text(const kmi_cli *cli, kmi_slot slot);
/* Returns: the option's number, or `fallback`. */
int64_t kmi_cli_number(const kmi_cli *cli, kmi_slot slot, int64_t fallback);
double kmi_cli_real(const kmi_cli *cli, kmi_slot slot, double fallback);
/* Tells whether --format has this value. */
bool kmi_cli_is_format(const kmi_cli *cli, const char *name);
/* Returns: what standard output is, for tables and colours. */
kmi_terminal kmi_cli_terminal(const kmi_cli *cli);

/* Finds the project and reads its configuration, once. */
km_status kmi_cli_open(kmi_cli *cli, km_error *error) KM_MUST_CHECK;
/* The same for commands that only read: a broken configuration is told on standard error, and they go on. */
km_status kmi_cli_open_reading(kmi_cli *cli, km_error *error) KM_MUST_CHECK;

/* Writes one line to standard error: "kuzu-memory: " and the text, control characters replaced. */
void kmi_cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, unless --quiet. */
void kmi_cli_note(const kmi_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes "DEBUG: " and the text to standard error, if --debug. */
void kmi_cli_debug(const kmi_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes the message of an error and returns its exit code. */
int kmi_cli_fail(const km_error *error);
/* The same for a fault of the command line: adds the usage line and where to find help. Returns 2. */
int kmi_cli_fail_usage(const kmi_cli *cli, const km_error *error);

/* Writes the collected result to standard output. Returns: `exit_code`, or that of the write error. A reader that went
 * away early (head) has what it wanted, and one that closed it from the start wants nothing: no message, and
 * `exit_code`. */
int kmi_cli_finish(kmi_cli *cli, int exit_code);
/* The same judgement for streamed output. */
int kmi_cli_fail_output(const km_error *error, int exit_code);

#endif
