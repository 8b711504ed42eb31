#include "assist/shell_lessons.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { commands_between = 3, words_max = 32, output_looked_at = 4096 };

/* What a shell or a program says when it was the call that was wrong. */
static const char *const wrong_calls[] = {
    "command not found",
    "not found\n",
    "No such command",
    "is not recognized",
    "unrecognized option",
    "unrecognized argument",
    "unknown option",
    "Unknown option",
    "unknown command",
    "Unknown command",
    "invalid option",
    "unexpected argument",
    "Missing script",
    "No module named",
    "Permission denied",
    "No rule to make target",
    "usage: ",
    "Usage: ",
    "no such subcommand",
};

/* Programs that look around or tidy up: their failures are no news. */
static const char *const lookers[] = {"ls", "cat",   "grep", "rg",   "find",   "cd",    "echo",  "test",
                                      "[",  "head",  "tail", "sed",  "awk",    "stat",  "diff",  "cmp",
                                      "rm", "mkdir", "cp",   "mv",   "touch",  "which", "type",  "kill",
                                      "ps", "sleep", "curl", "wget", "printf", "true",  "false", "command"};

static bool keep(char *target, size_t size, kmi_slice text) {
    text = kmi_slice_trim(text);
    bool fits = text.len > 0 && text.len < size && memchr(text.ptr, '\n', text.len) == NULL &&
                memchr(text.ptr, '`', text.len) == NULL && memchr(text.ptr, '\0', text.len) == NULL;
    if (fits) memcpy(target, text.ptr, text.len);
    target[fits ? text.len : 0] = '\0';
    return fits;
}

/* Splits at spaces. Returns: how many words. */
static size_t split(const char *text, kmi_slice words[words_max]) {
    size_t count = 0;
    while (count < words_max) {
        text += strspn(text, " \t");
        size_t len = strcspn(text, " \t");
        if (len == 0) break;
        words[count++] = (kmi_slice){text, len};
        text += len;
    }
    return count;
}

static bool looks_around(const char *command) {
    kmi_slice words[words_max];
    if (split(command, words) == 0) return true;
    for (size_t i = 0; i < sizeof lookers / sizeof lookers[0]; i++)
        if (kmi_slice_equal(words[0], kmi_slice_from(lookers[i]))) return true;
    return false;
}

static bool was_called_wrongly(kmi_slice output) {
    output = kmi_slice_sub(output, 0, output_looked_at);
    for (size_t i = 0; i < sizeof wrong_calls / sizeof wrong_calls[0]; i++)
        if (kmi_slice_find(output, kmi_slice_from(wrong_calls[i]), 0) != SIZE_MAX) return true;
    return false;
}

/* Half of the failed command's words stand in the other one, and something differs. */
static bool is_alike(const char *failed, const char *worked) {
    kmi_slice a[words_max], b[words_max];
    size_t a_count = split(failed, a), b_count = split(worked, b), common = 0;
    if (strcmp(failed, worked) == 0) return false;
    for (size_t i = 0; i < a_count; i++) {
        bool is_there = false;
        for (size_t k = 0; k < b_count; k++) is_there = is_there || kmi_slice_equal(a[i], b[k]);
        common += is_there ? 1 : 0;
    }
    return common > 0 && 2 * common >= a_count;
}

static const char *find_open(const kmi_shell_lessons *commands, kmi_slice id) {
    for (size_t i = 0; i < KMI_SHELL_COMMANDS_OPEN; i++)
        if (commands->open[i].id[0] != '\0' && kmi_slice_equal(kmi_slice_from(commands->open[i].id), id))
            return commands->open[i].text;
    return NULL;
}

/* A command ended. */
static bool take_end(kmi_shell_lessons *commands, const char *command, kmi_slice output, bool is_failed,
                     char *ret_lesson, size_t size) {
    if (command[0] == '\0' || looks_around(command)) return false;
    if (is_failed) {
        if (!was_called_wrongly(output)) return false;
        snprintf(commands->failed.text, sizeof commands->failed.text, "%s", command);
        commands->since_failure = 0;
        return false;
    }
    if (commands->failed.text[0] == '\0') return false;
    commands->since_failure++;
    bool is_lesson = is_alike(commands->failed.text, command);
    if (is_lesson)
        snprintf(ret_lesson, size, "In this project the command `%s` does not work; use `%s` instead.",
                 commands->failed.text, command);
    if (is_lesson || commands->since_failure >= commands_between) commands->failed.text[0] = '\0';
    return is_lesson;
}

static void note(kmi_shell_lessons *commands, kmi_slice id, kmi_slice text) {
    kmi_shell_command *place = &commands->open[commands->next];
    commands->next = (commands->next + 1) % KMI_SHELL_COMMANDS_OPEN;
    if (!keep(place->id, sizeof place->id, id) || !keep(place->text, sizeof place->text, text))
        *place = (kmi_shell_command){.id = ""};
}

bool kmi_shell_lessons_take(kmi_shell_lessons *commands, const kmi_transcript_item *item, char *ret_lesson,
                            size_t size) {
    char command[KMI_SHELL_COMMAND_BYTES];
    const char *found = NULL;
    if (item->said == KMI_SAID_COMMAND_START) note(commands, item->id, item->text);
    if (item->said == KMI_SAID_COMMAND_END) found = find_open(commands, item->id);
    if (item->said == KMI_SAID_COMMAND) {
        if (find_open(commands, item->id) != NULL) return false; /* told again */
        note(commands, item->id, item->command);
        if (keep(command, sizeof command, item->command)) found = command;
    }
    return found != NULL && take_end(commands, found, item->text, item->is_failed, ret_lesson, size);
}
