/* Words of a query that a text says itself. */
#include "../util/temp_dir.h"

#include "recall/own_words.h"

static size_t count_in(const char *text, const kmi_search_info *info, bool skip_common) {
    size_t count = 99;
    assert_int_equal(kmi_own_words_count(kmi_slice_from(text), info, skip_common, &count, NULL), KM_OK);
    return count;
}

static void words_within_a_window_count(void **state) {
    (void)state;
    static const char *const TERMS[] = {"use", "deploy", "docker"};
    kmi_search_info info = {.term_count = 3, .terms = TERMS, .common_terms = 1};
    assert_int_equal(count_in("We use Docker for deployment", &info, false), 3);
    assert_int_equal(count_in("We use Docker for deployment", &info, true), 2);
    assert_int_equal(count_in("They use trains", &info, true), 0);
    assert_int_equal(count_in("", &info, false), 0);
    char text[400] = "docker";
    for (int i = 0; i < 50; i++) strcat(text, " word");
    strcat(text, " deployment");
    assert_int_equal(count_in(text, &info, false), 1);
}

static void words_spelt_alike_count_as_said(void **state) {
    (void)state;
    static const char *const TERMS[] = {"dokcer"};
    kmi_search_info info = {.term_count = 1, .terms = TERMS, .unseen_share = 1};
    assert_int_equal(count_in("We use Docker", &info, true), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_within_a_window_count),
                                       cmocka_unit_test(words_spelt_alike_count_as_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
