/* --help, laid out for 80 columns whatever the terminal, so that it reads the same in a pipe, a pager and a test. */
#include "cli/help.h"

#include <string.h>

#include "base/text.h"

#define LINE_COLUMNS 80
#define OPTION_COLUMN 28
#define OPTION_USAGE_SIZE 120

/* Adds a paragraph, wrapped; the first line begins at `column` already, the others are indented to `indent`. */
static void add_wrapped(kmi_buf *buf, const char *text, size_t column, size_t indent) {
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        size_t width = kmi_text_width((kmi_slice){text, len});
        if (column > indent && column + 1 + width > LINE_COLUMNS) {
            kmi_buf_add_char(buf, '\n');
            column = 0;
        } else if (column > indent) {
            kmi_buf_add_char(buf, ' ');
            column++;
        }
        for (; column < indent; column++) kmi_buf_add_char(buf, ' ');
        kmi_buf_add(buf, text, len);
        column += width;
        text += len;
        if (*text == '\n') {
            kmi_buf_add_char(buf, '\n');
            column = 0;
        }
        if (*text != '\0') text++;
    }
    kmi_buf_add_char(buf, '\n');
}

void kmi_help_option_usage(const kmi_option *option, kmi_buf *buf) {
    kmi_buf_add_format(buf, "--%s", option->name);
    if (option->argument == NULL) return;
    kmi_buf_add_format(buf, option->argument_is_optional ? "[=%s]" : " %s", option->argument);
}

void kmi_help_option_range(const kmi_option *option, kmi_buf *buf) {
    if (option->kind == KMI_VALUE_CHOICE) {
        const char *separator = ": ";
        for (const char *const *word = option->choices(); *word != NULL; word++) {
            kmi_buf_add_format(buf, "%s%s", separator, *word);
            separator = ", ";
        }
    } else if (option->kind == KMI_VALUE_INTEGER || option->kind == KMI_VALUE_REAL) {
        kmi_buf_add_format(buf, "; %.0f to %.0f", option->least, option->most);
    }
}

static void add_options(const kmi_option *const *options, const char *title, kmi_buf *buf) {
    if (options == NULL) return;
    kmi_buf_add_format(buf, "\n%s\n", title);
    for (; *options != NULL; options++) {
        const kmi_option *option = *options;
        if (option->is_hidden) continue;
        char storage[OPTION_USAGE_SIZE];
        kmi_buf usage;
        kmi_buf_init_fixed(&usage, storage, sizeof storage);
        if (option->letter != '\0') {
            kmi_buf_add_format(&usage, "  -%c, ", option->letter);
        } else {
            kmi_buf_add_text(&usage, "      ");
        }
        kmi_help_option_usage(option, &usage);
        kmi_buf_add_slice(buf, kmi_buf_slice(&usage));
        size_t column = usage.len;
        if (column + 2 > OPTION_COLUMN) {
            kmi_buf_add_char(buf, '\n');
            column = 0;
        }
        KMI_CLEANUP_BUF kmi_buf help;
        kmi_buf_init(&help, 4096);
        kmi_buf_add_text(&help, option->help);
        kmi_help_option_range(option, &help);
        for (; column < OPTION_COLUMN; column++) kmi_buf_add_char(buf, ' ');
        add_wrapped(buf, help.ptr != NULL ? help.ptr : option->help, column, OPTION_COLUMN);
    }
}

static void add_list_entry(const char *name, const char *summary, size_t column, kmi_buf *buf) {
    kmi_buf_add_format(buf, "  %-*s", (int)column - 2, name);
    add_wrapped(buf, summary, column, column);
}

static void add_examples(const char *examples, kmi_buf *buf) {
    if (examples == NULL) return;
    kmi_buf_add_text(buf, "\nExamples:\n");
    while (*examples != '\0') {
        size_t len = strcspn(examples, "\n");
        kmi_buf_add_format(buf, "  %.*s\n", (int)len, examples);
        examples += len + (examples[len] == '\n' ? 1 : 0);
    }
}

static void add_verbs(const kmi_command *group, kmi_buf *buf) {
    kmi_buf_add_text(buf, "\nCommands:\n");
    for (const kmi_command *verb = group->verbs; verb->name != NULL; verb++) {
        char name[64];
        kmi_buf usage;
        kmi_buf_init_fixed(&usage, name, sizeof name);
        kmi_buf_add_format(&usage, "%s %s", verb->name, verb->arguments != NULL ? verb->arguments : "");
        add_list_entry(name, verb->summary, 18, buf);
    }
    kmi_buf_add_format(buf, "\nWithout a command: %s.\n", group->default_verb);
}

void kmi_help_command(const kmi_command *group, const kmi_command *command, kmi_buf *buf) {
    kmi_buf_add_text(buf, "usage: kuzu-memory ");
    if (group != NULL) kmi_buf_add_format(buf, "%s ", group->name);
    kmi_buf_add_text(buf, command->name);
    kmi_buf_add_text(buf, command->verbs != NULL ? " [COMMAND]" : "");
    kmi_buf_add_text(buf, " [OPTIONS]");
    if (command->arguments != NULL) kmi_buf_add_format(buf, " %s", command->arguments);
    kmi_buf_add_text(buf, "\n\n");
    add_wrapped(buf, command->summary, 0, 0);
    if (command->details != NULL) {
        kmi_buf_add_char(buf, '\n');
        add_wrapped(buf, command->details, 0, 0);
    }
    if (command->verbs != NULL) add_verbs(command, buf);
    add_options(command->options, "Options:", buf);
    add_options(kmi_global_options, "Global options:", buf);
    add_examples(command->examples, buf);
}

void kmi_help_program(kmi_buf *buf) {
    kmi_buf_add_text(buf, "usage: kuzu-memory [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
                          "A project memory for AI assistants: learns in the background, enhances prompts.\n\n"
                          "Commands:\n");
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        add_list_entry((*command)->name, (*command)->summary, 14, buf);
    }
    add_options(kmi_global_options, "Global options (in any place):", buf);
    kmi_buf_add_char(buf, '\n');
    add_wrapped(
        buf,
        "See \"kuzu-memory COMMAND --help\" for one command. Exit codes: 0 done, 1 internal error, 2 bad usage or "
        "input, 3 not found, 4 conflict, 69 store unusable, 73 cannot create or write, 75 try again, 77 no "
        "permission, 130 interrupted.",
        0, 0);
}
