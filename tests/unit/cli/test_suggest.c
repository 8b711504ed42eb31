/* Spelling distance and suggestions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/suggest.h"

static void distance_counts_changes_and_swaps(void **state) {
    (void)state;
    assert_int_equal(kmi_suggest_distance("", ""), 0);
    assert_int_equal(kmi_suggest_distance("", "abc"), 3);
    assert_int_equal(kmi_suggest_distance("abc", ""), 3);
    assert_int_equal(kmi_suggest_distance("learn", "learn"), 0);
    assert_int_equal(kmi_suggest_distance("lern", "learn"), 1);
    assert_int_equal(kmi_suggest_distance("laern", "learn"), 1);
    assert_int_equal(kmi_suggest_distance("stats", "status"), 1);
    assert_int_equal(kmi_suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(kmi_suggest_distance("abdc", "abcd"), 1);
}

static void words_beyond_the_limit_are_far(void **state) {
    (void)state;
    char longest[42] = {0};
    for (size_t i = 0; i < 41; i++) longest[i] = 'a';
    assert_int_equal(kmi_suggest_distance(longest, longest), SIZE_MAX);
    longest[40] = '\0';
    assert_int_equal(kmi_suggest_distance(longest, longest), 0);
}

static void the_nearest_word_is_suggested_or_none(void **state) {
    (void)state;
    kmi_suggest suggest = kmi_suggest_start("stast");
    kmi_suggest_offer(&suggest, "status");
    kmi_suggest_offer(&suggest, "stats");
    kmi_suggest_offer(&suggest, "start");
    assert_string_equal(suggest.best, "stats");
    suggest = kmi_suggest_start("confi");
    kmi_suggest_offer(&suggest, "confidence-threshold");
    assert_string_equal(suggest.best, "confidence-threshold"); /* its beginning */
    suggest = kmi_suggest_start("mcp");
    kmi_suggest_offer(&suggest, "init");
    kmi_suggest_offer(&suggest, "edit");
    assert_null(suggest.best);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_changes_and_swaps),
        cmocka_unit_test(words_beyond_the_limit_are_far),
        cmocka_unit_test(the_nearest_word_is_suggested_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
