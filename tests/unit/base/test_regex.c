/* Patterns: Unicode, groups, limits, threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/regex.h"

#define STEPS 100000

static kmi_regex *compile(const char *pattern, bool ignore_case, bool use_jit) {
    kmi_regex *regex = NULL;
    km_error error;
    if (kmi_regex_compile(kmi_slice_from(pattern), ignore_case, use_jit, &regex, &error) != KM_OK)
        fail_msg("%s", error.message);
    return regex;
}

static bool search(const kmi_regex *regex, const char *text, size_t from, kmi_regex_match *ret_match) {
    bool is_found = false;
    bool is_limited = true;
    uint64_t steps = STEPS;
    assert_int_equal(
        kmi_regex_search(regex, kmi_slice_from(text), from, &steps, &is_found, ret_match, &is_limited, NULL), KM_OK);
    assert_false(is_limited);
    return is_found;
}

static void groups_and_offsets_are_told(void **state) {
    (void)state;
    for (int use_jit = 0; use_jit < 2; use_jit++) {
        kmi_regex *regex = compile("(\\w+)@(\\w+)(x)?", true, use_jit == 1);
        kmi_regex_match match;
        assert_true(search(regex, "to É@b and c@d", 0, &match));
        assert_int_equal(match.start, 3);
        assert_int_equal(match.end, 7);
        assert_true(kmi_slice_equal(match.group[1], kmi_slice_from("É")));
        assert_true(kmi_slice_equal(match.group[2], kmi_slice_from("b")));
        assert_null(match.group[3].ptr);
        assert_true(search(regex, "to É@b and c@d", match.end, &match));
        assert_true(kmi_slice_equal(match.group[0], kmi_slice_from("c@d")));
        assert_false(search(regex, "to É@b and c@d", match.end, &match));
        assert_false(search(regex, "x", 2, &match));
        bool is_found = true;
        bool is_limited = true;
        uint64_t steps = STEPS;
        assert_int_equal(kmi_regex_search(regex, (kmi_slice){NULL, 0}, 0, &steps, &is_found, &match, &is_limited, NULL),
                         KM_OK);
        assert_false(is_found);
        kmi_regex_free(regex);
    }
    kmi_regex_free(NULL);
}

static void case_is_folded_beyond_ascii(void **state) {
    (void)state;
    kmi_regex_match match;
    kmi_regex *folding = compile("straße ÄRGER", true, false);
    kmi_regex *exact = compile("Ärger", false, false);
    assert_true(search(folding, "STRAßE ärger", 0, &match));
    assert_false(search(exact, "ärger", 0, &match));
    kmi_regex_free(folding);
    kmi_regex_free(exact);
}

static void more_groups_than_there_is_room_for_are_dropped(void **state) {
    (void)state;
    kmi_regex_match match;
    kmi_regex *regex = compile("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)", false, false);
    assert_true(search(regex, "abcdefghijk", 0, &match));
    assert_true(kmi_slice_equal(match.group[9], kmi_slice_from("i")));
    kmi_regex_free(regex);
}

static void wrong_patterns_are_refused(void **state) {
    (void)state;
    kmi_regex *regex = NULL;
    km_error error;
    assert_int_equal(kmi_regex_compile(kmi_slice_from("a(b"), false, false, &regex, &error), KM_E_INVALID);
    assert_string_equal(error.message, "pattern is wrong at offset 3: missing closing parenthesis");
    assert_int_equal(kmi_regex_compile(kmi_slice_from("\\C"), false, false, &regex, &error), KM_E_INVALID);
    assert_int_equal(kmi_regex_compile(kmi_slice_from("\xFF"), false, false, &regex, &error), KM_E_INVALID);
    static char pattern[20000];
    memset(pattern, 'a', sizeof pattern);
    assert_int_equal(kmi_regex_compile((kmi_slice){pattern, sizeof pattern}, false, false, &regex, &error),
                     KM_E_INVALID);
    assert_null(regex);
}

static void hopeless_patterns_end(void **state) {
    (void)state;
    /* The last three never go back far, which is what PCRE2 counts: they read far, at each place anew. */
    static const char *const PATTERNS[] = {"(a+)+$",
                                           "(a|aa)+b",
                                           "(?:a*)*b",
                                           "a.*a.*a.*a.*b",
                                           "(?:(?:a?){30}){30}b",
                                           "(?=.*+b)c",
                                           "(?>.{0,9999}+)(?:(?=.*+x)y|(?=.*+z)y)*b",
                                           "(?:(?=.*+b)|(?=.*+c)|(?=.*+d))e"};
    static char text[20001];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 2] = '!';
    for (size_t i = 0; i < sizeof PATTERNS / sizeof PATTERNS[0]; i++) {
        for (int use_jit = 0; use_jit < 2; use_jit++) {
            kmi_regex *regex = compile(PATTERNS[i], false, use_jit == 1);
            kmi_regex_match match;
            bool is_found = true;
            bool is_limited = false;
            uint64_t steps = STEPS;
            assert_int_equal(
                kmi_regex_search(regex, kmi_slice_from(text), 0, &steps, &is_found, &match, &is_limited, NULL), KM_OK);
            assert_false(is_found);
            /* Either it was given up, or PCRE2 saw that what it needs is not there. */
            assert_true(is_limited || steps > STEPS / 2);
            kmi_regex_free(regex);
        }
    }
}

static uint64_t steps_of(const char *pattern, const char *text) {
    kmi_regex *regex = compile(pattern, false, false);
    kmi_regex_match match;
    bool is_found = false, is_limited = true;
    uint64_t steps = STEPS;
    assert_int_equal(kmi_regex_search(regex, kmi_slice_from(text), 0, &steps, &is_found, &match, &is_limited, NULL),
                     KM_OK);
    assert_false(is_limited);
    kmi_regex_free(regex);
    return STEPS - steps;
}

static void steps_follow_the_work(void **state) {
    (void)state;
    static char text[4001];
    memset(text, 'a', sizeof text - 1);
    uint64_t one = steps_of("a", "a");
    assert_true(one >= 1 && one < 10);
    assert_true(steps_of("a{4000}", text) > 4000 / 32);
    assert_int_equal(steps_of("b", text), 0); /* not even begun */
    assert_int_equal(steps_of("(?:ab|ac|[a]d)", "aaaa"), steps_of("(?:ab|ac|[a]d)", "aaaa"));
    assert_true(steps_of("(?:ab|ac|[a]d)c", "aaaaaaaac") > steps_of("(?:ab|ac|[a]d)c", "aac"));
}

static void *search_often(void *context) {
    kmi_regex_match match;
    for (int i = 0; i < 500; i++) {
        bool is_found = false, is_limited = false;
        uint64_t steps = STEPS;
        km_status status =
            kmi_regex_search(context, kmi_slice_from("some text 123"), 0, &steps, &is_found, &match, &is_limited, NULL);
        if (status != KM_OK || !is_found || match.start != 10) return NULL;
    }
    return context;
}

static void a_pattern_may_be_shared(void **state) {
    (void)state;
    kmi_regex *regex = compile("[0-9]+", false, true);
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, search_often, regex), 0);
    for (size_t i = 0; i < 2; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    kmi_regex_free(regex);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_and_offsets_are_told),
        cmocka_unit_test(case_is_folded_beyond_ascii),
        cmocka_unit_test(more_groups_than_there_is_room_for_are_dropped),
        cmocka_unit_test(wrong_patterns_are_refused),
        cmocka_unit_test(hopeless_patterns_end),
        cmocka_unit_test(steps_follow_the_work),
        cmocka_unit_test(a_pattern_may_be_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
