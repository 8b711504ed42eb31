/* Command line parsing: getopt_long fed from the command table, twice. The first pass reads global options up to the
 * command's name, the second one the command's own options and arguments in any order. A group (tasks, worker, config)
 * is parsed with the options of all its verbs, since the verb may stand behind them; whether an option belongs to the
 * verb is checked afterwards.
 *
 * getopt_long accepts abbreviated long options; this refuses them, because a script that says --form would break
 * on the day a second option of that beginning appears. */
#include "cli/parse.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/suggest.h"
#include "cli/value.h"
#include "util/error.h"

#define MOST_OPTIONS 64
#define FIRST_LONG_VALUE 0x100

typedef struct option_set {
    const kmi_option *rows[MOST_OPTIONS];
    size_t count;
} option_set;

static void add_options(option_set *set, const kmi_option *const *options) {
    for (; options != NULL && *options != NULL && set->count < MOST_OPTIONS; options++) {
        bool is_known = false;
        for (size_t i = 0; i < set->count; i++) {
            is_known = is_known || strcmp(set->rows[i]->name, (*options)->name) == 0;
        }
        if (!is_known) set->rows[set->count++] = *options;
    }
}

static int argument_mode(const kmi_option *row) {
    if (row->kind == KMI_VALUE_FLAG) return no_argument;
    return row->argument_is_optional ? optional_argument : required_argument;
}

static void fill_getopt_tables(const option_set *set, const char *start, char *ret_letters,
                               struct option *ret_options) {
    char *letter = stpcpy(ret_letters, start);
    for (size_t i = 0; i < set->count; i++) {
        const kmi_option *row = set->rows[i];
        ret_options[i] = (struct option){row->name, argument_mode(row), NULL, FIRST_LONG_VALUE + (int)i};
        if (row->letter != '\0') {
            *letter++ = row->letter;
            if (row->kind != KMI_VALUE_FLAG) *letter++ = ':';
        }
    }
    *letter = '\0';
    ret_options[set->count] = (struct option){0};
}

static const kmi_option *find_letter(const option_set *set, int letter) {
    for (size_t i = 0; i < set->count; i++) {
        if (set->rows[i]->letter == letter) return set->rows[i];
    }
    return NULL;
}

static const kmi_option *find_name(const option_set *set, const char *name, size_t len) {
    for (size_t i = 0; i < set->count; i++) {
        if (strlen(set->rows[i]->name) == len && strncmp(set->rows[i]->name, name, len) == 0) return set->rows[i];
    }
    return NULL;
}

static km_status fail_unknown_option(const option_set *set, const char *given, km_error *error) {
    if (given[0] != '-' || given[1] != '-') {
        return kmi_fail(error, KM_E_INVALID, "unknown option \"%s\" (put -- before a text that begins with a dash)",
                        given);
    }
    size_t len = strcspn(given + 2, "=");
    char name[64];
    size_t kept = len < sizeof name ? len : sizeof name - 1;
    memcpy(name, given + 2, kept);
    name[kept] = '\0';
    kmi_suggest suggest = kmi_suggest_start(name);
    for (size_t i = 0; i < set->count; i++) {
        if (!set->rows[i]->is_hidden) kmi_suggest_offer(&suggest, set->rows[i]->name);
    }
    if (suggest.best != NULL) {
        return kmi_fail(error, KM_E_INVALID, "unknown option \"--%s\"; did you mean \"--%s\"?", name, suggest.best);
    }
    return kmi_fail(error, KM_E_INVALID, "unknown option \"--%s\"", name);
}

/* What getopt reports as '?' or ':'. optopt is 0 for an unknown long option, the value of a known one that was used
 * wrongly, or a letter; `token` is the word of argv for long ones. */
static km_status fail_getopt(const option_set *set, int result, const char *token, km_error *error) {
    if (optopt == 0) return fail_unknown_option(set, token, error);
    const kmi_option *row =
        optopt >= FIRST_LONG_VALUE ? set->rows[optopt - FIRST_LONG_VALUE] : find_letter(set, optopt);
    if (row == NULL) {
        char given[3] = {'-', (char)optopt, '\0'};
        return fail_unknown_option(set, given, error);
    }
    if (result == ':') {
        return kmi_fail(error, KM_E_INVALID, "--%s needs a value: --%s %s", row->name, row->name, row->argument);
    }
    return kmi_fail(error, KM_E_INVALID, "--%s takes no value", row->name);
}

/* The word of argv that getopt has just consumed as a long option. */
static const char *consumed_token(char **argv) {
    const char *token = argv[optind - 1];
    return optarg != NULL && optarg == token ? argv[optind - 2] : token;
}

static km_status take_option(kmi_cli *cli, const option_set *set, int result, char **argv, km_error *error) {
    const kmi_option *row = NULL;
    if (result >= FIRST_LONG_VALUE) {
        const char *token = consumed_token(argv);
        if (find_name(set, token + 2, strcspn(token + 2, "=")) == NULL) return fail_unknown_option(set, token, error);
        row = set->rows[result - FIRST_LONG_VALUE];
    } else {
        row = find_letter(set, result);
    }
    if (row == NULL) return kmi_fail(error, KM_E_INTERNAL, "option table is inconsistent");
    return kmi_value_take(row, optarg, &cli->values[row->slot], error);
}

static bool is_help_wanted(const kmi_cli *cli) {
    return kmi_cli_has(cli, KMI_SLOT_HELP) || kmi_cli_has(cli, KMI_SLOT_VERSION);
}

/* Parses argv[1..] with the options of `set`. `start` is getopt's mode: "+:" stops at the first argument, ":" permutes.
 * ret_rest: index of the first argument. */
static km_status parse_options(kmi_cli *cli, const option_set *set, const char *start, int argc, char **argv,
                               int *ret_rest, km_error *error) {
    char letters[2 * MOST_OPTIONS + 4];
    struct option options[MOST_OPTIONS + 1];
    fill_getopt_tables(set, start, letters, options);
    opterr = 0;
    optind = 0; /* glibc: start anew */
    int result = 0;
    while ((result = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        if (result == '?' || result == ':') return fail_getopt(set, result, argv[optind - 1], error);
        km_status status = take_option(cli, set, result, argv, error);
        if (status != KM_OK) return status;
        if (is_help_wanted(cli)) break;
    }
    *ret_rest = optind;
    return KM_OK;
}

static km_status fail_unknown_command(const char *name, km_error *error) {
    kmi_suggest suggest = kmi_suggest_start(name);
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        kmi_suggest_offer(&suggest, (*command)->name);
    }
    if (suggest.best != NULL) {
        return kmi_fail(error, KM_E_INVALID, "unknown command \"%s\"; did you mean \"%s\"?", name, suggest.best);
    }
    return kmi_fail(error, KM_E_INVALID, "unknown command \"%s\"", name);
}

static km_status fail_unknown_verb(const kmi_command *group, const char *name, km_error *error) {
    char known[200] = "";
    kmi_suggest suggest = kmi_suggest_start(name);
    for (const kmi_command *verb = group->verbs; verb->name != NULL; verb++) {
        kmi_suggest_offer(&suggest, verb->name);
        size_t used = strlen(known);
        if (used + strlen(verb->name) + 3 < sizeof known) {
            char *end = stpcpy(known + used, used > 0 ? ", " : "");
            stpcpy(end, verb->name);
        }
    }
    if (suggest.best != NULL) {
        return kmi_fail(error, KM_E_INVALID, "unknown command \"%s %s\"; did you mean \"%s %s\"?", group->name, name,
                        group->name, suggest.best);
    }
    return kmi_fail(error, KM_E_INVALID, "unknown command \"%s %s\"; there are: %s", group->name, name, known);
}

static bool has_option(const kmi_command *command, kmi_slot slot) {
    for (const kmi_option *const *row = command->options; row != NULL && *row != NULL; row++) {
        if ((*row)->slot == slot) return true;
    }
    return false;
}

/* A group's options were parsed together; the verb may not know all of them. */
static km_status check_verb_options(const kmi_cli *cli, const kmi_command *verb, const option_set *set,
                                    km_error *error) {
    for (size_t i = 0; i < set->count; i++) {
        const kmi_option *row = set->rows[i];
        bool is_global = row->slot <= KMI_SLOT_HELP;
        if (!is_global && cli->values[row->slot].is_set && !has_option(verb, row->slot)) {
            return kmi_fail(error, KM_E_INVALID, "\"%s %s\" has no option \"--%s\"", cli->group->name, verb->name,
                            row->name);
        }
    }
    return KM_OK;
}

static km_status pick_verb(kmi_cli *cli, const option_set *set, km_error *error) {
    const kmi_command *group = cli->command;
    const char *name = group->default_verb;
    if (cli->argument_count > 0) {
        name = cli->arguments[0];
        cli->arguments++;
        cli->argument_count--;
    }
    const kmi_command *verb = kmi_command_find_verb(group, name);
    if (verb == NULL) return fail_unknown_verb(group, name, error);
    cli->group = group;
    cli->command = verb;
    return check_verb_options(cli, verb, set, error);
}

static km_status check_argument_count(const kmi_cli *cli, km_error *error) {
    const kmi_command *command = cli->command;
    if (cli->argument_count < command->least_arguments) {
        return kmi_fail(error, KM_E_INVALID, "\"%s\" needs %s", command->name, command->arguments);
    }
    if (cli->argument_count > command->most_arguments) {
        return kmi_fail(error, KM_E_INVALID, "unexpected argument \"%.100s\"%s",
                        cli->arguments[command->most_arguments],
                        command->most_arguments > 0 ? "; a text of several words must stand in quotes" : "");
    }
    return KM_OK;
}

/* "tasks wait --help": parsing stops at --help, so the verb is looked up among the words as they stand. */
static void find_helped_verb(kmi_cli *cli, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const kmi_command *verb = kmi_command_find_verb(cli->command, argv[i]);
        if (verb != NULL) {
            cli->group = cli->command;
            cli->command = verb;
            return;
        }
    }
}

static km_status parse_command(kmi_cli *cli, int argc, char **argv, km_error *error) {
    option_set set = {.count = 0};
    add_options(&set, cli->command->options); /* first: behind `install`, --project is a switch of its own */
    add_options(&set, kmi_global_options);
    for (const kmi_command *verb = cli->command->verbs; verb != NULL && verb->name != NULL; verb++) {
        add_options(&set, verb->options);
    }
    int rest = 1;
    km_status status = parse_options(cli, &set, ":", argc, argv, &rest, error);
    if (status != KM_OK) return status;
    if (is_help_wanted(cli)) {
        find_helped_verb(cli, argc, argv);
        return KM_OK;
    }
    cli->arguments = argv + rest;
    cli->argument_count = argc - rest;
    if (cli->command->verbs != NULL) {
        status = pick_verb(cli, &set, error);
        if (status != KM_OK) return status;
    }
    return check_argument_count(cli, error);
}

/* A switch in the environment. Anything but a clear yes or no is told and ignored: a typing mistake there must not
 * stop a prompt. */
static bool environment_flag(const char *name) {
    static const char *const yes[] = {"1", "true", "yes", "on"};
    static const char *const no[] = {"", "0", "false", "no", "off"};
    const char *value = getenv(name);
    if (value == NULL) return false;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcasecmp(value, yes[i]) == 0) return true;
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        if (strcasecmp(value, no[i]) == 0) return false;
    }
    kmi_cli_message("%s must be 0 or 1, not \"%.100s\"; it is ignored", name, value);
    return false;
}

/* Finds the command's name: behind global options, and behind "memory". ret_index: its place in argv, or argc. */
static km_status find_command(kmi_cli *cli, int argc, char **argv, int *ret_index, km_error *error) {
    option_set globals = {.count = 0};
    add_options(&globals, kmi_global_options);
    int index = 0;
    for (int synonyms = 0; synonyms < 2; synonyms++) {
        int rest = 1;
        km_status status = parse_options(cli, &globals, "+:", argc - index, argv + index, &rest, error);
        if (status != KM_OK) return status;
        index += rest;
        if (index >= argc || strcmp(argv[index], "memory") != 0) break;
    }
    *ret_index = index;
    return KM_OK;
}

km_status kmi_parse(kmi_cli *cli, int argc, char **argv, km_error *error) {
    int index = argc;
    km_status status = find_command(cli, argc, argv, &index, error);
    if (status == KM_OK && index < argc) {
        cli->command = kmi_command_find(argv[index]);
        bool is_help = is_help_wanted(cli);
        if (cli->command != NULL && !is_help) {
            status = parse_command(cli, argc - index, argv + index, error);
        } else if (!is_help) {
            status = fail_unknown_command(argv[index], error);
        }
    }
    cli->is_quiet = kmi_cli_has(cli, KMI_SLOT_QUIET) || environment_flag("KUZU_MEMORY_QUIET");
    cli->is_debug = kmi_cli_has(cli, KMI_SLOT_DEBUG) || environment_flag("KUZU_MEMORY_DEBUG");
    return status;
}
