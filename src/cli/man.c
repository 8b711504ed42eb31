/* The manual page. Its lists come from the command table, so they cannot lag behind the program; the prose between them
 * stands here because it says what no table knows: files, environment, exit codes, how the parts play together. */
#include "cli/help.h"

#include <string.h>

static const char head[] =
    ".TH KUZU-MEMORY 1 \"2026-11-22\" \"kuzu-memory " KM_VERSION_STRING "\" \"User Commands\"\n"
    ".SH NAME\n"
    "kuzu-memory \\- a project memory for AI assistants\n"
    ".SH SYNOPSIS\n"
    ".B kuzu-memory\n"
    "[\\fIGLOBAL OPTIONS\\fR] \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
    ".SH DESCRIPTION\n"
    "Keeps what was said and decided in a project, and adds what matters of it to a prompt.\n"
    ".B learn\n"
    "appends a text to a durable queue and returns in about a millisecond; a background worker, started on demand and\n"
    "gone when idle, turns queued texts into memories.\n"
    ".B enhance\n"
    "and\n"
    ".B recall\n"
    "read the memories and never wait for a writer.\n"
    ".PP\n"
    "Options may stand before or after arguments;\n"
    ".B \\-\\-\n"
    "ends options.\n"
    ".B kuzu-memory memory\n"
    "\\fICOMMAND\\fR is the same as\n"
    ".B kuzu-memory\n"
    "\\fICOMMAND\\fR.\n"
    ".PP\n"
    "Results go to standard output as UTF-8, never wrapped or decorated when that is not a terminal; messages go to\n"
    "standard error. A reader that closes its pipe early is no error. Times are given as 2026-11-22,\n"
    "2026-11-22T18:16:20+02:00 (UTC without a zone) or @SECONDS since 1970.\n";

static const char tail[] =
    ".SH FILES\n"
    "The project is given by \\-\\-project, KUZU_MEMORY_PROJECT, the nearest parent folder with\n"
    ".IR kuzu-memories/ ,\n"
    "the main worktree of the enclosing git repository, or the current directory, in this order.\n"
    ".TP\n"
    ".I kuzu-memories/config.json\n"
    "configuration of the project (optional)\n"
    ".TP\n"
    ".I kuzu-memories/memories.db\n"
    "the memories, an SQLite database\n"
    ".TP\n"
    ".I kuzu-memories/queue/\n"
    "texts that wait for the worker\n"
    ".TP\n"
    ".I kuzu-memories/worker.log\n"
    "what the worker did; never the text of a memory\n"
    ".TP\n"
    ".I $XDG_CONFIG_HOME/kuzu-memory/config.json\n"
    "configuration of the user\n"
    ".SH ENVIRONMENT\n"
    ".TP\n"
    ".B KUZU_MEMORY_PROJECT\n"
    "root of the project\n"
    ".TP\n"
    ".BR KUZU_MEMORY_QUIET \", \" KUZU_MEMORY_DEBUG\n"
    "1 is like \\-\\-quiet and \\-\\-debug\n"
    ".TP\n"
    ".BR KUZU_MEMORY_ASYNC_WORKERS \", \" KUZU_MEMORY_ASYNC_QUEUE_SIZE \", \" KUZU_MEMORY_ASYNC_TIMEOUT\n"
    "override async.max_workers, async.max_queue_size and async.worker_timeout_seconds\n"
    ".TP\n"
    ".B KUZU_MEMORY_ASYNC_DISABLED\n"
    "1 makes every learn synchronous\n"
    ".TP\n"
    ".B KUZU_MEMORY_PROGRAM\n"
    "the program that is started as worker, instead of the running one\n"
    ".TP\n"
    ".BR NO_COLOR \", \" TERM \", \" COLUMNS\n"
    "colours and width of tables\n"
    ".SH EXIT STATUS\n"
    ".TP\n"
    ".B 0\n"
    "done\n"
    ".TP\n"
    ".B 1\n"
    "internal error\n"
    ".TP\n"
    ".B 2\n"
    "bad usage or bad input\n"
    ".TP\n"
    ".B 3\n"
    "not found\n"
    ".TP\n"
    ".B 4\n"
    "conflict: an ambiguous id, or a state that forbids the change\n"
    ".TP\n"
    ".B 69\n"
    "store unusable: damaged, foreign, or written by a newer version\n"
    ".TP\n"
    ".B 73\n"
    "cannot create or write\n"
    ".TP\n"
    ".B 75\n"
    "try again: queue full, or time is up\n"
    ".TP\n"
    ".B 77\n"
    "no permission\n"
    ".TP\n"
    ".B 130\n"
    "interrupted\n"
    ".SH NOTES\n"
    "SIGPIPE and SIGXFSZ are held back: a closed pipe and a file size limit are errors of a write, never the end of a\n"
    "process that has something to keep.\n";

/* Text with what roff would take as its own escaped. */
static void add_roff(const char *text, kmi_buf *buf) {
    bool is_line_start = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (is_line_start && (*c == '.' || *c == '\'')) kmi_buf_add_text(buf, "\\&");
        if (*c == '\\') {
            kmi_buf_add_text(buf, "\\e");
        } else if (*c == '-') {
            kmi_buf_add_text(buf, "\\-");
        } else {
            kmi_buf_add_char(buf, *c);
        }
        is_line_start = *c == '\n';
    }
}

static void add_option(const kmi_option *option, kmi_buf *buf) {
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, 4096);
    kmi_buf_add_text(buf, ".TP\n.B \"");
    if (option->letter != '\0') kmi_buf_add_format(buf, "\\-%c, ", option->letter);
    kmi_help_option_usage(option, &text);
    add_roff(text.ptr != NULL ? text.ptr : option->name, buf);
    kmi_buf_add_text(buf, "\"\n");
    kmi_buf_clear(&text);
    kmi_buf_add_text(&text, option->help);
    kmi_help_option_range(option, &text);
    add_roff(text.ptr != NULL ? text.ptr : option->help, buf);
    kmi_buf_add_char(buf, '\n');
}

static void add_options(const kmi_option *const *options, kmi_buf *buf) {
    for (; options != NULL && *options != NULL; options++) {
        if (!(*options)->is_hidden) add_option(*options, buf);
    }
}

/* Paragraphs are separated by an empty line. */
static void add_paragraphs(const char *text, kmi_buf *buf) {
    while (text != NULL) {
        const char *end = strstr(text, "\n\n");
        KMI_CLEANUP_BUF kmi_buf paragraph;
        kmi_buf_init(&paragraph, 64 * 1024);
        kmi_buf_add(&paragraph, text, end != NULL ? (size_t)(end - text) : strlen(text));
        kmi_buf_add_text(buf, ".PP\n");
        add_roff(paragraph.ptr != NULL ? paragraph.ptr : "", buf);
        kmi_buf_add_char(buf, '\n');
        text = end != NULL ? end + 2 : NULL;
    }
}

static void add_command(const kmi_command *group, const kmi_command *command, kmi_buf *buf) {
    kmi_buf_add_format(buf, ".SS \"%s%s%s", group != NULL ? group->name : "", group != NULL ? " " : "", command->name);
    kmi_buf_add_format(buf, "%s%s\"\n", command->arguments != NULL ? " " : "",
                       command->arguments != NULL ? command->arguments : "");
    kmi_buf_add_char(buf, command->summary[0] >= 'a' ? (char)(command->summary[0] - 'a' + 'A') : command->summary[0]);
    add_roff(command->summary + 1, buf);
    kmi_buf_add_text(buf, ".\n");
    add_paragraphs(command->details, buf);
    add_options(command->options, buf);
    if (command->examples != NULL) {
        kmi_buf_add_text(buf, ".PP\n.nf\n");
        add_roff(command->examples, buf);
        kmi_buf_add_text(buf, "\n.fi\n");
    }
    for (const kmi_command *verb = command->verbs; verb != NULL && verb->name != NULL; verb++) {
        add_command(command, verb, buf);
    }
}

void kmi_man_page(kmi_buf *buf) {
    kmi_buf_add_text(buf, head);
    kmi_buf_add_text(buf, ".SH \"GLOBAL OPTIONS\"\n");
    add_options(kmi_global_options, buf);
    kmi_buf_add_text(buf, ".SH COMMANDS\n");
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        add_command(NULL, *command, buf);
    }
    kmi_buf_add_text(buf, tail);
}
