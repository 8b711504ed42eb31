/* The command table is the base of parsing, help, completion and manual: what it must never contain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/command.h"
#include "cli/help.h"

typedef void (*visit)(const kmi_command *command);

static void for_each_command(visit visit_command) {
    for (const kmi_command *const *command = kmi_commands; *command != NULL; command++) {
        visit_command(*command);
        for (const kmi_command *verb = (*command)->verbs; verb != NULL && verb->name != NULL; verb++)
            visit_command(verb);
    }
}

static void check_option(const kmi_option *option) {
    assert_non_null(option->name);
    assert_true(option->slot < KMI_SLOT_MAX);
    assert_non_null(option->help);
    assert_true(strlen(option->help) > 0 && option->help[strlen(option->help) - 1] != '.');
    assert_int_equal(option->kind == KMI_VALUE_FLAG, option->argument == NULL);
    if (option->kind == KMI_VALUE_CHOICE) {
        assert_non_null(option->choices);
        assert_non_null(option->choices()[0]);
    }
    if (option->kind == KMI_VALUE_INTEGER || option->kind == KMI_VALUE_REAL) assert_true(option->least < option->most);
}

static void check_options(const kmi_command *command) {
    bool is_taken[KMI_SLOT_MAX] = {false};
    for (const kmi_option *const *global = kmi_global_options; *global != NULL; global++)
        is_taken[(*global)->slot] = true;
    for (const kmi_option *const *row = command->options; row != NULL && *row != NULL; row++) {
        check_option(*row);
        assert_false(is_taken[(*row)->slot]); /* two options of one command would share a value */
        is_taken[(*row)->slot] = true;
    }
}

static void every_option_is_complete_and_unique(void **state) {
    (void)state;
    for (const kmi_option *const *global = kmi_global_options; *global != NULL; global++) check_option(*global);
    for_each_command(check_options);
}

static void check_command(const kmi_command *command) {
    assert_non_null(command->summary);
    assert_true((command->run != NULL) != (command->verbs != NULL));
    if (command->verbs != NULL) {
        assert_non_null(command->default_verb);
        assert_non_null(kmi_command_find_verb(command, command->default_verb));
        assert_null(command->options); /* options of groups belong to their verbs */
    }
    assert_true(command->least_arguments <= command->most_arguments);
    assert_int_equal(command->arguments != NULL, command->most_arguments > 0);
}

static void every_command_can_be_run_or_has_verbs(void **state) {
    (void)state;
    for_each_command(check_command);
}

/* Verbs of a group are parsed together, so one name must mean one kind of value in all of them. */
static void verbs_agree_on_their_options(void **state) {
    (void)state;
    for (const kmi_command *const *group = kmi_commands; *group != NULL; group++) {
        const kmi_option *known[KMI_SLOT_MAX] = {NULL};
        for (const kmi_command *verb = (*group)->verbs; verb != NULL && verb->name != NULL; verb++) {
            for (const kmi_option *const *row = verb->options; row != NULL && *row != NULL; row++) {
                const kmi_option *first = known[(*row)->slot];
                known[(*row)->slot] = *row;
                if (first == NULL) continue;
                assert_string_equal(first->name, (*row)->name);
                assert_int_equal(first->kind, (*row)->kind);
                assert_true(first->choices == (*row)->choices && first->least == (*row)->least &&
                            first->most == (*row)->most);
            }
        }
    }
}

static void check_help(const kmi_command *command) {
    kmi_buf help;
    kmi_buf_init(&help, 1 << 20);
    kmi_help_command(NULL, command, &help);
    assert_int_equal(kmi_buf_status(&help), KM_OK);
    assert_non_null(strstr(help.ptr, command->name));
    kmi_buf_deinit(&help);
}

static void every_command_has_help(void **state) {
    (void)state;
    for_each_command(check_help);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_complete_and_unique),
        cmocka_unit_test(every_command_can_be_run_or_has_verbs),
        cmocka_unit_test(verbs_agree_on_their_options),
        cmocka_unit_test(every_command_has_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
