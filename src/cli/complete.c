/* Completion scripts, written from the command table, so that a new option completes on the day it exists.
 *
 * The three shells share nothing but the idea: bash gets one function of case statements, zsh descriptions for
 * _arguments, fish one line an option. */
#include "cli/help.h"

#include <string.h>

#include "util/error.h"

/* Called for every command that can be run: plain commands and the verbs of groups. */
typedef void (*visit_command)(const kmi_command *group, const kmi_command *command, kmi_buf *buf);

static void for_each_command(visit_command visit, kmi_buf *buf) {
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        if ((*command)->verbs == NULL) visit(NULL, *command, buf);
        for (const kmi_command *verb = (*command)->verbs; verb != NULL && verb->name != NULL; verb++) {
            visit(*command, verb, buf);
        }
    }
}

static void add_choices(const kmi_option *option, kmi_buf *buf) {
    for (const char *const *word = option->choices(); *word != NULL; word++) {
        kmi_buf_add_format(buf, "%s%s", word == option->choices() ? "" : " ", *word);
    }
}

/* Words of "bash|zsh|fish" as "bash zsh fish"; nothing for other arguments. */
static void add_argument_words(const kmi_command *command, kmi_buf *buf) {
    if (command->arguments == NULL || strchr(command->arguments, '|') == NULL) return;
    for (const char *c = command->arguments; *c != '\0'; c++) kmi_buf_add_char(buf, *c == '|' ? ' ' : *c);
}

/* ---- bash ---- */
static void add_bash_pattern(const kmi_command *group, const kmi_command *command, kmi_buf *buf) {
    if (group == NULL) {
        kmi_buf_add_format(buf, "%s/*", command->name);
    } else {
        bool is_default = strcmp(group->default_verb, command->name) == 0;
        kmi_buf_add_format(buf, "%s/%s%s%s%s", group->name, command->name, is_default ? "|" : "",
                           is_default ? group->name : "", is_default ? "/" : "");
    }
}

static void add_bash_value(const kmi_option *option, kmi_buf *buf) {
    if (option->kind == KMI_VALUE_CHOICE) {
        kmi_buf_add_text(buf, "words=\"");
        add_choices(option, buf);
        kmi_buf_add_text(buf, "\"");
    } else if (option->kind == KMI_VALUE_PATH) {
        kmi_buf_add_text(buf, "words=files");
    } else if (option->kind == KMI_VALUE_DIRECTORY) {
        kmi_buf_add_text(buf, "words=directories");
    } else {
        kmi_buf_add_text(buf, "words=none");
    }
}

static void add_bash_command(const kmi_command *group, const kmi_command *command, kmi_buf *buf) {
    kmi_buf_add_text(buf, "    ");
    add_bash_pattern(group, command, buf);
    kmi_buf_add_text(buf, ")\n        options=\"");
    for (const kmi_option *const *row = command->options; row != NULL && *row != NULL; row++) {
        if (!(*row)->is_hidden) kmi_buf_add_format(buf, "--%s ", (*row)->name);
    }
    add_argument_words(command, buf);
    kmi_buf_add_text(buf, "\"\n        case $previous in\n");
    for (const kmi_option *const *row = command->options; row != NULL && *row != NULL; row++) {
        if ((*row)->is_hidden || (*row)->kind == KMI_VALUE_FLAG || (*row)->argument_is_optional) continue;
        kmi_buf_add_format(buf, "        --%s) ", (*row)->name);
        add_bash_value(*row, buf);
        kmi_buf_add_text(buf, " ;;\n");
    }
    kmi_buf_add_text(buf, "        esac ;;\n");
}

static void add_bash_verbs(kmi_buf *buf) {
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        if ((*command)->verbs == NULL) continue;
        kmi_buf_add_format(buf, "    %s/) options=\"$options", (*command)->name);
        for (const kmi_command *verb = (*command)->verbs; verb->name != NULL; verb++) {
            kmi_buf_add_format(buf, " %s", verb->name);
        }
        kmi_buf_add_text(buf, "\" ;;\n");
    }
}

static void add_command_names(kmi_buf *buf) {
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        kmi_buf_add_format(buf, "%s ", (*command)->name);
    }
}

/* Every long option that takes the next word, once. */
static void add_value_options(const kmi_option *const *options, bool seen[KMI_SLOT_MAX], kmi_buf *buf) {
    for (; options != NULL && *options != NULL; options++) {
        const kmi_option *row = *options;
        bool takes_word = row->kind != KMI_VALUE_FLAG && !row->argument_is_optional && !row->is_hidden;
        if (takes_word && !seen[row->slot]) kmi_buf_add_format(buf, "|--%s", row->name);
        seen[row->slot] = true;
    }
}

static void add_all_value_options(kmi_buf *buf) {
    bool seen[KMI_SLOT_MAX] = {false};
    kmi_buf_add_text(buf, "-o");
    add_value_options(kmi_global_options, seen, buf);
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        add_value_options((*command)->options, seen, buf);
        for (const kmi_command *verb = (*command)->verbs; verb != NULL && verb->name != NULL; verb++) {
            add_value_options(verb->options, seen, buf);
        }
    }
}

static void add_bash_script(kmi_buf *buf) {
    kmi_buf_add_text(buf, "# bash completion for kuzu-memory: source this file.\n"
                          "_kuzu_memory() {\n"
                          "    local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
                          "    local command=\"\" verb=\"\" options=\"\" words=\"\" index\n"
                          "    for ((index = 1; index < COMP_CWORD; index++)); do\n"
                          "        case \"${COMP_WORDS[index]}\" in\n"
                          "        ");
    add_all_value_options(buf);
    kmi_buf_add_text(buf, ") ((index++)) ;;\n"
                          "        -*|memory) ;;\n"
                          "        *) if [ -z \"$command\" ]; then command=\"${COMP_WORDS[index]}\"\n"
                          "           elif [ -z \"$verb\" ]; then verb=\"${COMP_WORDS[index]}\"; fi ;;\n"
                          "        esac\n"
                          "    done\n"
                          "    case \"$command/$verb\" in\n"
                          "    /*) options=\"");
    add_command_names(buf);
    kmi_buf_add_text(buf, "\" ;;\n");
    for_each_command(add_bash_command, buf);
    kmi_buf_add_text(buf, "    esac\n    case \"$command/$verb\" in\n");
    add_bash_verbs(buf);
    kmi_buf_add_text(
        buf, "    esac\n    case $previous in\n    --project) words=directories ;;\n    --config) words=files ;;\n"
             "    esac\n    options=\"$options ");
    for (const kmi_option *const *row = kmi_global_options; *row != NULL; row++) {
        kmi_buf_add_format(buf, "--%s ", (*row)->name);
    }
    kmi_buf_add_text(buf, "\"\n"
                          "    case $words in\n"
                          "    files) mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
                          "    directories) mapfile -t COMPREPLY < <(compgen -d -- \"$current\") ;;\n"
                          "    none) COMPREPLY=() ;;\n"
                          "    *) mapfile -t COMPREPLY < <(compgen -W \"${words:-$options}\" -- \"$current\") ;;\n"
                          "    esac\n"
                          "}\n"
                          "complete -F _kuzu_memory kuzu-memory\n");
}

/* ---- zsh ---- */

/* Inside single quotes, with the characters that _arguments and _describe would take as their own escaped. */
static void add_zsh_text(const char *text, kmi_buf *buf) {
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'') {
            kmi_buf_add_text(buf, "'\\''");
            continue;
        }
        if (strchr("[]:\\", *c) != NULL) kmi_buf_add_char(buf, '\\');
        kmi_buf_add_char(buf, *c);
    }
}

static void add_zsh_options(const kmi_option *const *options, kmi_buf *buf) {
    for (; options != NULL && *options != NULL; options++) {
        const kmi_option *row = *options;
        if (row->is_hidden) continue;
        kmi_buf_add_format(buf, " \\\n            '--%s%s[", row->name,
                           row->kind == KMI_VALUE_FLAG ? ""
                           : row->argument_is_optional ? "=-"
                                                       : "=");
        add_zsh_text(row->help, buf);
        kmi_buf_add_char(buf, ']');
        if (row->kind != KMI_VALUE_FLAG) {
            kmi_buf_add_format(buf, ":%s%s:", row->argument_is_optional ? ":" : "", row->argument);
        }
        if (row->kind == KMI_VALUE_CHOICE) {
            kmi_buf_add_char(buf, '(');
            add_choices(row, buf);
            kmi_buf_add_char(buf, ')');
        } else if (row->kind == KMI_VALUE_PATH) {
            kmi_buf_add_text(buf, "_files");
        } else if (row->kind == KMI_VALUE_DIRECTORY) {
            kmi_buf_add_text(buf, "_directories");
        }
        kmi_buf_add_char(buf, '\'');
    }
}

static void add_zsh_command(const kmi_command *group, const kmi_command *command, kmi_buf *buf) {
    kmi_buf_add_format(buf, "    %s%s%s)\n        _arguments -s", group != NULL ? group->name : "",
                       group != NULL ? "/" : "", command->name);
    add_zsh_options(command->options, buf);
    add_zsh_options(kmi_global_options, buf);
    if (command->arguments != NULL && strchr(command->arguments, '|') != NULL) {
        kmi_buf_add_text(buf, " \\\n            '*::argument:(");
        add_argument_words(command, buf);
        kmi_buf_add_text(buf, ")'");
    } else if (command->arguments != NULL) {
        kmi_buf_add_text(buf, " \\\n            '*::argument:_files'");
    }
    kmi_buf_add_text(buf, " ;;\n");
}

static void add_zsh_names(const char *variable, const kmi_command *verbs, kmi_buf *buf) {
    kmi_buf_add_format(buf, "%s=(", variable);
    const kmi_command *const *command = kmi_commands;
    while (verbs != NULL ? verbs->name != NULL : *command != NULL) {
        const kmi_command *entry = verbs != NULL ? verbs++ : *command++;
        kmi_buf_add_format(buf, "\n        '%s:", entry->name);
        add_zsh_text(entry->summary, buf);
        kmi_buf_add_char(buf, '\'');
    }
    kmi_buf_add_text(buf, ")\n");
}

static void add_zsh_script(kmi_buf *buf) {
    kmi_buf_add_text(
        buf, "#compdef kuzu-memory\n"
             "# zsh completion for kuzu-memory: source this file, or name it _kuzu-memory in a folder of $fpath.\n"
             "_kuzu_memory() {\n"
             "    local -a names\n"
             "    local context\n"
             "    if (( CURRENT == 2 )); then\n"
             "        ");
    add_zsh_names("names", NULL, buf);
    kmi_buf_add_text(buf,
                     "        _describe command names\n        return\n    fi\n    context=$words[2]\n    shift words\n"
                     "    (( CURRENT-- ))\n");
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        if ((*command)->verbs == NULL) continue;
        kmi_buf_add_format(buf, "    if [[ $context == %s ]]; then\n        if (( CURRENT == 2 )); then\n        ",
                           (*command)->name);
        add_zsh_names("names", (*command)->verbs, buf);
        kmi_buf_add_text(buf,
                         "            _describe command names\n            return\n        fi\n"
                         "        context=$context/$words[2]\n        shift words\n        (( CURRENT-- ))\n    fi\n");
    }
    kmi_buf_add_text(buf, "    case $context in\n");
    for_each_command(add_zsh_command, buf);
    kmi_buf_add_text(buf, "    esac\n}\n"
                          "if [[ $funcstack[1] == _kuzu-memory ]]; then _kuzu_memory \"$@\"; else compdef _kuzu_memory "
                          "kuzu-memory; fi\n");
}

/* ---- fish ---- */
static void add_fish_text(const char *text, kmi_buf *buf) {
    kmi_buf_add_char(buf, '\'');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\') kmi_buf_add_char(buf, '\\');
        kmi_buf_add_char(buf, *c);
    }
    kmi_buf_add_char(buf, '\'');
}

static void add_fish_options(const char *condition, const kmi_option *const *options, kmi_buf *buf) {
    for (; options != NULL && *options != NULL; options++) {
        const kmi_option *row = *options;
        if (row->is_hidden) continue;
        kmi_buf_add_format(buf, "complete -c kuzu-memory%s -l %s", condition, row->name);
        if (row->letter != '\0') kmi_buf_add_format(buf, " -s %c", row->letter);
        if (row->kind == KMI_VALUE_PATH) {
            kmi_buf_add_text(buf, " -rF");
        } else if (row->kind == KMI_VALUE_DIRECTORY) {
            kmi_buf_add_text(buf, " -xa '(__fish_complete_directories)'");
        } else if (row->kind == KMI_VALUE_CHOICE) {
            kmi_buf_add_text(buf, " -xa '");
            add_choices(row, buf);
            kmi_buf_add_char(buf, '\'');
        } else if (row->kind != KMI_VALUE_FLAG && !row->argument_is_optional) {
            kmi_buf_add_text(buf, " -x");
        }
        kmi_buf_add_text(buf, " -d ");
        add_fish_text(row->help, buf);
        kmi_buf_add_char(buf, '\n');
    }
}

static void add_fish_command(const kmi_command *group, const kmi_command *command, kmi_buf *buf) {
    char condition[160];
    kmi_buf text;
    kmi_buf_init_fixed(&text, condition, sizeof condition);
    kmi_buf_add_format(&text, " -n '__fish_seen_subcommand_from %s", group != NULL ? group->name : command->name);
    if (group != NULL) kmi_buf_add_format(&text, "; and __fish_seen_subcommand_from %s", command->name);
    kmi_buf_add_char(&text, '\'');
    add_fish_options(condition, command->options, buf);
    if (command->arguments != NULL && strchr(command->arguments, '|') != NULL) {
        kmi_buf_add_format(buf, "complete -c kuzu-memory%s -a '", condition);
        add_argument_words(command, buf);
        kmi_buf_add_text(buf, "'\n");
    }
}

static void add_fish_script(kmi_buf *buf) {
    kmi_buf_add_text(buf, "# fish completion for kuzu-memory: source this file.\ncomplete -c kuzu-memory -f\n");
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        kmi_buf_add_format(buf, "complete -c kuzu-memory -n __fish_use_subcommand -a %s -d ", (*command)->name);
        add_fish_text((*command)->summary, buf);
        kmi_buf_add_char(buf, '\n');
        for (const kmi_command *verb = (*command)->verbs; verb != NULL && verb->name != NULL; verb++) {
            kmi_buf_add_format(buf, "complete -c kuzu-memory -n '__fish_seen_subcommand_from %s' -a %s -d ",
                               (*command)->name, verb->name);
            add_fish_text(verb->summary, buf);
            kmi_buf_add_char(buf, '\n');
        }
    }
    for_each_command(add_fish_command, buf);
    add_fish_options("", kmi_global_options, buf);
}

km_status kmi_completion_script(const char *shell, kmi_buf *buf, km_error *error) {
    if (strcmp(shell, "bash") == 0) {
        add_bash_script(buf);
    } else if (strcmp(shell, "zsh") == 0) {
        add_zsh_script(buf);
    } else if (strcmp(shell, "fish") == 0) {
        add_fish_script(buf);
    } else {
        return kmi_fail(error, KM_E_INVALID, "no completion for \"%.100s\": choose bash, zsh or fish", shell);
    }
    return KM_OK;
}
