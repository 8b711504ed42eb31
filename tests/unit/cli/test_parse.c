/* Parsing: order of options, values, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/parse.h"

#define MOST_WORDS 12

typedef struct parsed {
    kmi_cli cli;
    km_status status;
    km_error error;
} parsed;

/* Parses a command line without spaces inside its words; the words live until the next call. */
static parsed parse(const char *line) {
    static char words[256];
    static char *argv[MOST_WORDS + 2];
    int argc = 1;
    argv[0] = (char *)(uintptr_t) "kuzu-memory";
    assert_true(strlen(line) < sizeof words);
    stpcpy(words, line);
    char *rest = words;
    for (char *word = NULL; (word = strsep(&rest, " ")) != NULL && argc <= MOST_WORDS;) argv[argc++] = word;
    argv[argc] = NULL;
    parsed result = {.status = KM_OK};
    result.status = kmi_parse(&result.cli, argc, argv, &result.error);
    return result;
}

static void options_stand_before_and_after_arguments(void **state) {
    (void)state;
    static const char *const lines[] = {"learn --priority 3 text --sync", "learn text --priority=3 --sync",
                                        "--quiet learn --sync text --priority 3",
                                        "memory learn --sync --priority 3 text"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        parsed result = parse(lines[i]);
        assert_int_equal(result.status, KM_OK);
        assert_string_equal(result.cli.command->name, "learn");
        assert_int_equal(result.cli.argument_count, 1);
        assert_string_equal(result.cli.arguments[0], "text");
        assert_int_equal(kmi_cli_number(&result.cli, KMI_SLOT_PRIORITY, 5), 3);
        assert_true(kmi_cli_has(&result.cli, KMI_SLOT_SYNC));
        assert_false(kmi_cli_has(&result.cli, KMI_SLOT_BATCH));
    }
}

static void two_dashes_end_options(void **state) {
    (void)state;
    parsed result = parse("learn --sync -- --quiet");
    assert_int_equal(result.status, KM_OK);
    assert_string_equal(result.cli.arguments[0], "--quiet");
    assert_false(result.cli.is_quiet);
}

static void verbs_are_found_behind_options(void **state) {
    (void)state;
    parsed result = parse("tasks --format json wait --all");
    assert_int_equal(result.status, KM_OK);
    assert_string_equal(result.cli.group->name, "tasks");
    assert_string_equal(result.cli.command->name, "wait");
    assert_true(kmi_cli_is_format(&result.cli, "json"));
    result = parse("tasks");
    assert_string_equal(result.cli.command->name, "list");
    result = parse("tasks list --all");
    assert_int_equal(result.status, KM_E_INVALID);
    assert_non_null(strstr(result.error.message, "has no option"));
}

static void an_optional_value_needs_its_sign(void **state) {
    (void)state;
    parsed result = parse("learn --wait=2.5 text");
    assert_int_equal(result.status, KM_OK);
    assert_true(kmi_cli_real(&result.cli, KMI_SLOT_WAIT, 0) > 2.4);
    result = parse("learn --wait text");
    assert_int_equal(result.status, KM_OK);
    assert_null(kmi_cli_text(&result.cli, KMI_SLOT_WAIT));
    assert_string_equal(result.cli.arguments[0], "text");
}

static void the_last_of_equal_options_holds(void **state) {
    (void)state;
    parsed result = parse("learn --priority 3 --priority 4 text");
    assert_int_equal(kmi_cli_number(&result.cli, KMI_SLOT_PRIORITY, 5), 4);
}

static void times_become_microseconds(void **state) {
    (void)state;
    parsed result = parse("learn --at @1764000000 text");
    assert_int_equal(result.status, KM_OK);
    assert_true(kmi_cli_number(&result.cli, KMI_SLOT_AT, 0) == INT64_C(1764000000) * 1000000);
}

static void wrong_lines_say_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"lern text", "did you mean \"learn\""},
        {"learn --priority", "needs a value"},
        {"learn --sync=1 text", "takes no value"},
        {"learn --prio 3 text", "unknown option \"--prio\""},
        {"learn -z text", "unknown option \"-z\""},
        {"learn -qz text", "unknown option \"-z\""},
        {"learn --quiet -z text", "unknown option \"-z\""},
        {"learn one two", "unexpected argument \"two\""},
        {"tasks list one", "unexpected argument \"one\""},
        {"--unknown learn", "unknown option \"--unknown\""},
        {"show", "needs ID"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parsed result = parse(cases[i].line);
        assert_int_equal(result.status, KM_E_INVALID);
        assert_non_null(strstr(result.error.message, cases[i].message));
    }
}

static void help_stops_the_checks(void **state) {
    (void)state;
    parsed result = parse("tasks wait --help --nonsense");
    assert_int_equal(result.status, KM_OK);
    assert_string_equal(result.cli.command->name, "wait");
    result = parse("--help");
    assert_int_equal(result.status, KM_OK);
    assert_null(result.cli.command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_and_after_arguments),
        cmocka_unit_test(two_dashes_end_options),
        cmocka_unit_test(verbs_are_found_behind_options),
        cmocka_unit_test(an_optional_value_needs_its_sign),
        cmocka_unit_test(the_last_of_equal_options_holds),
        cmocka_unit_test(times_become_microseconds),
        cmocka_unit_test(wrong_lines_say_what_is_wrong),
        cmocka_unit_test(help_stops_the_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
