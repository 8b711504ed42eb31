/* The extractor as its users see it: cases as data (tests/data/learning/extraction.jsonl), verbatim texts, custom
 * patterns, deadlines, hostile texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "extract/extract.h"
#include "util/clock.h"

static kmi_extractor *extractor;

static int set_up(void **state) {
    (void)state;
    return kmi_extractor_new("{}", &extractor, NULL) == KM_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    kmi_extractor_free(extractor);
    return 0;
}

static kmi_extraction run(const char *text, const char *speaker) {
    kmi_extract_input input = {.text = kmi_slice_from(text), .speaker = speaker, .said_at_us = 1795000000000000};
    kmi_extraction extraction = {0};
    km_error error = {0};
    km_status status = kmi_extract(extractor, &input, &extraction, &error);
    if (status != KM_OK) print_error("%s\n", error.message);
    assert_int_equal(status, KM_OK);
    return extraction;
}

static void the_guides_examples_give_one_memory_each(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"Test memory", NULL},
        {"Debug test", NULL},
        {"Important project decision", NULL},
        {"Team decided to use Docker for deployment", "decision"},
        {"User prefers TypeScript", "preference"},
        {"User prefers async/await patterns", "preference"},
        {"User prefers detailed error messages", "preference"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kmi_extraction extraction = run(rows[i][0], NULL);
        assert_int_equal(extraction.candidate_count, 1);
        assert_string_equal(extraction.candidates[0].content, rows[i][0]);
        if (rows[i][1] != NULL) assert_string_equal(extraction.candidates[0].type, rows[i][1]);
        kmi_extraction_deinit(&extraction);
    }
}

static void a_verbatim_text_is_one_memory(void **state) {
    (void)state;
    static const char text[] = "Is it Tuesday? Ask Bo.\n\n```\ncode\n```\nThanks!";
    kmi_extract_input input = {.text = kmi_slice_from(text), .is_verbatim = true, .type = "rule"};
    kmi_extraction extraction = {0};
    assert_int_equal(kmi_extract(extractor, &input, &extraction, NULL), KM_OK);
    assert_int_equal(extraction.candidate_count, 1);
    assert_string_equal(extraction.candidates[0].content, text);
    assert_string_equal(extraction.candidates[0].type, "rule");
    kmi_extraction_deinit(&extraction);
}

/* It would be forgotten as a whole after a day. */
static void a_verbatim_text_is_no_status_unless_called_one(void **state) {
    (void)state;
    static const struct {
        const char *text, *asked, *type;
    } rows[] = {{"I'm currently working on the login page.", NULL, "note"},
                {"I'm trying to fix my project, can you help me with that?", NULL, "note"},
                {"I'm currently working on the login page. Maria wrote it in 2019.", NULL, "note"},
                {"I'm currently working on the login page.", "status", "status"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kmi_extract_input input = {.text = kmi_slice_from(rows[i].text), .is_verbatim = true, .type = rows[i].asked};
        kmi_extraction extraction = {0};
        assert_int_equal(kmi_extract(extractor, &input, &extraction, NULL), KM_OK);
        assert_int_equal(extraction.candidate_count, 1);
        assert_string_equal(extraction.candidates[0].type, rows[i].type);
        kmi_extraction_deinit(&extraction);
    }
}

static void custom_patterns_decide_the_type(void **state) {
    (void)state;
    kmi_extractor *own = NULL;
    assert_int_equal(
        kmi_extractor_new("{\"ticket\": {\"regex\": \"\\\\bTICK-[0-9]+\", \"type\": \"status\", \"confidence\": 0.8}}",
                          &own, NULL),
        KM_OK);
    kmi_extract_input input = {.text = kmi_slice_from("The lid belongs to tick-204.")};
    kmi_extraction extraction = {0};
    assert_int_equal(kmi_extract(own, &input, &extraction, NULL), KM_OK);
    assert_int_equal(extraction.candidate_count, 1);
    assert_string_equal(extraction.candidates[0].type, "status");
    assert_string_equal(extraction.candidates[0].pattern, "custom:ticket");
    kmi_extraction_deinit(&extraction);
    kmi_extractor_free(own);
}

/* A hopeless pattern is given up for each sentence, and told; the others still find theirs, as long as the text's budget
 * lasts. */
static void a_costly_pattern_is_given_up_and_told(void **state) {
    (void)state;
    static const char patterns[] = "{\"hopeless\": {\"regex\": \"(?:[a-z ]+)+[#$]\", \"type\": \"note\"},"
                                   " \"ticket\": {\"regex\": \"ticket [0-9]+\", \"type\": \"status\"}}";
    enum { SENTENCES = 200 };
    static char text[SENTENCES * 100];
    size_t len = 0;
    for (int i = 0; i < SENTENCES; i++)
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "The lid of the green box was mended with ticket %d. ", i);
    kmi_extractor *own = NULL;
    assert_int_equal(kmi_extractor_new(patterns, &own, NULL), KM_OK);
    kmi_extract_input input = {.text = {text, len}};
    kmi_extraction extraction = {0};
    assert_int_equal(kmi_extract(own, &input, &extraction, NULL), KM_OK);
    assert_int_equal(extraction.candidate_count, SENTENCES);
    assert_string_equal(extraction.candidates[0].pattern, "custom:ticket");
    assert_string_not_equal(extraction.candidates[SENTENCES - 1].pattern, "custom:ticket");
    assert_string_equal(extraction.costly_pattern, "custom:hopeless");
    assert_true(extraction.skipped_count > 0);
    assert_string_equal(extraction.skipped[extraction.skipped_count - 1].text, "custom:hopeless");
    assert_string_equal(extraction.skipped[extraction.skipped_count - 1].reason, "costly pattern");
    kmi_extraction_deinit(&extraction);
    input.text = kmi_slice_from("The lid belongs to ticket 204.");
    assert_int_equal(kmi_extract(own, &input, &extraction, NULL), KM_OK);
    assert_string_equal(extraction.candidates[0].pattern, "custom:ticket");
    kmi_extraction_deinit(&extraction);
    kmi_extractor_free(own);
}

static void faulty_custom_patterns_are_named(void **state) {
    (void)state;
    static const char *const faults[] = {
        "{\"broken\": {\"regex\": \"a(b\", \"type\": \"fact\"}}",
        "{\"broken\": {\"regex\": \"ab\", \"type\": \"opinion\"}}",
        "{\"broken\": {\"regex\": \"\", \"type\": \"fact\"}}",
        "{\"broken\": {\"regex\": \"ab\", \"confidence\": 2}}",
        "{\"broken\": \"ab\"}",
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        kmi_extractor *own = NULL;
        km_error error = {0};
        assert_int_equal(kmi_extractor_new(faults[i], &own, &error), KM_E_INVALID);
        assert_non_null(strstr(error.message, "\"broken\""));
        assert_null(own);
    }
}

/* Found by fuzzing: marks of emphasis are left out of a memory, and nothing was left. */
static void nothing_but_emphasis_is_no_memory(void **state) {
    (void)state;
    kmi_extraction extraction = run("______\t   ______________\n ", NULL);
    assert_int_equal(extraction.candidate_count, 0);
    assert_int_equal(extraction.skipped_count, 1);
    assert_string_equal(extraction.skipped[0].reason, "empty");
    kmi_extraction_deinit(&extraction);
    kmi_extract_input input = {.text = KMI_SLICE_LITERAL("______\t   ______________"), .is_verbatim = true};
    assert_int_equal(kmi_extract(extractor, &input, &extraction, NULL), KM_OK);
    assert_int_equal(extraction.candidate_count, 1);
    assert_string_equal(extraction.candidates[0].content, "______\t   ______________");
    kmi_extraction_deinit(&extraction);
}

static bool is_overdue_after(void *context) {
    int *left = context;
    return (*left)-- <= 0;
}

static void the_deadline_stops_it(void **state) {
    (void)state;
    int left = 3;
    kmi_extract_input input = {
        .text = kmi_slice_from("The lid is red. The cup is blue. The pot is green. The tin is grey. The jar is brown."),
        .is_overdue = is_overdue_after,
        .overdue_context = &left};
    kmi_extraction extraction = {0};
    km_error error = {0};
    assert_int_equal(kmi_extract(extractor, &input, &extraction, &error), KM_E_BUSY);
    assert_null(extraction.arena);
}

/* Every line of the data file: {"text", "speaker"?, "expect": [{"contains": […], "type", "polarity"?}] or "nothing"}. */
static bool fits(const kmi_candidate *candidate, const json_t *expected) {
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(expected, "contains"), i, part) {
        if (strstr(candidate->content, json_string_value(part)) == NULL) return false;
    }
    const char *type = json_string_value(json_object_get(expected, "type"));
    const char *polarity = json_string_value(json_object_get(expected, "polarity"));
    const char *knowledge = json_string_value(json_object_get(expected, "knowledge_type"));
    return (type == NULL || strcmp(type, candidate->type) == 0) &&
           (polarity == NULL || strcmp(polarity, candidate->polarity) == 0) &&
           (knowledge == NULL || strcmp(knowledge, candidate->knowledge_type) == 0);
}

static size_t count_faults(const json_t *row) {
    const char *text = json_string_value(json_object_get(row, "text"));
    kmi_extraction extraction = run(text, json_string_value(json_object_get(row, "speaker")));
    const json_t *expect = json_object_get(row, "expect");
    size_t faults = 0, i;
    json_t *expected;
    json_array_foreach(expect, i, expected) {
        bool is_found = false;
        for (size_t k = 0; k < extraction.candidate_count; k++) is_found |= fits(&extraction.candidates[k], expected);
        faults += !is_found;
    }
    size_t count = json_object_get(row, "count") != NULL ? (size_t)json_integer_value(json_object_get(row, "count"))
                                                         : json_array_size(expect);
    faults += extraction.candidate_count != count;
    if (faults > 0) {
        print_error("%s\n", text);
        for (size_t k = 0; k < extraction.candidate_count; k++)
            print_error("    %s %s %s: %s\n", extraction.candidates[k].type, extraction.candidates[k].polarity,
                        extraction.candidates[k].pattern, extraction.candidates[k].content);
    }
    kmi_extraction_deinit(&extraction);
    return faults;
}

static void the_cases_hold(void **state) {
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/learning/extraction.jsonl", getenv("KM_TEST_DATA"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *line = NULL;
    size_t size = 0, faults = 0, rows = 0;
    ssize_t len;
    while ((len = getline(&line, &size, file)) > 0) {
        km_error error = {0};
        json_t *row = NULL;
        assert_int_equal(kmi_json_parse_object((kmi_slice){line, (size_t)len}, "case", &row, &error), KM_OK);
        faults += count_faults(row);
        json_decref(row);
        rows++;
    }
    free(line);
    fclose(file);
    assert_int_equal(faults, 0);
    assert_true(rows > 50);
}

static void hostile_texts_take_linear_time(void **state) {
    (void)state;
    static const char *const seeds[] = {"a",
                                        "- a b\n",
                                        "```\n",
                                        "~~~\n```\n",
                                        "The lid is red. ",
                                        "if , when ",
                                        ". ",
                                        "`",
                                        "([{<",
                                        "a.b.",
                                        "é",
                                        "。",
                                        "\n",
                                        "> q\n",
                                        "never ",
                                        "$ ls\nout put\n",
                                        "## Relevant Context:\n1. a\n",
                                        "|",
                                        "\"",
                                        "x:\n",
                                        "Mr. ",
                                        "http://",
                                        "A",
                                        "Bo Berg and ",
                                        "and the ",
                                        "12.",
                                        "#"};
    size_t size = 1 << 20;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        size_t len = strlen(seeds[i]), n = 0;
        for (; n + len <= size; n += len) memcpy(text + n, seeds[i], len);
        kmi_extract_input input = {.text = {text, n}};
        kmi_extraction extraction = {0};
        int64_t before = kmi_clock_thread_cpu_us();
        km_error error = {0};
        if (kmi_extract(extractor, &input, &extraction, &error) != KM_OK)
            fail_msg("\"%s\": %s", seeds[i], error.message);
        int64_t took = kmi_clock_thread_cpu_us() - before;
        if (took > 20000000) print_error("\"%s\" took %lld us\n", seeds[i], (long long)took);
        assert_true(took < 20000000);
        kmi_extraction_deinit(&extraction);
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guides_examples_give_one_memory_each),
        cmocka_unit_test(a_verbatim_text_is_one_memory),
        cmocka_unit_test(a_verbatim_text_is_no_status_unless_called_one),
        cmocka_unit_test(custom_patterns_decide_the_type),
        cmocka_unit_test(a_costly_pattern_is_given_up_and_told),
        cmocka_unit_test(nothing_but_emphasis_is_no_memory),
        cmocka_unit_test(faulty_custom_patterns_are_named),
        cmocka_unit_test(the_deadline_stops_it),
        cmocka_unit_test(the_cases_hold),
        cmocka_unit_test(hostile_texts_take_linear_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
