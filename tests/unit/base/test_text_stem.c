/* Stems: irregular forms, forms that must meet, words that must stay apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/irregular.h"
#include "base/text.h"
#include "base/text_stem.h"

static void stem(const char *word, char ret_stem[80]) {
    kmi_slice found = kmi_stemmer_stem(kmi_stemmer_require(), kmi_slice_from(word));
    assert_non_null(found.ptr);
    snprintf(ret_stem, 80, "%.*s", (int)found.len, found.ptr);
}

static void forms_of_a_word_meet(void **state) {
    (void)state;
    static const char *const PAIRS[][2] = {
        {"deploy", "deployment"}, {"deploy", "deployed"}, {"deploy", "deploying"}, {"error", "errors"},
        {"handle", "handling"},   {"prefer", "prefers"},  {"prefer", "preferred"}, {"memory", "memories"},
        {"decide", "decided"},    {"test", "testing"},    {"go", "went"},          {"go", "gone"},
        {"mouse", "mice"},        {"child", "children"},  {"buy", "bought"},       {"write", "written"},
        {"write", "wrote"},       {"build", "built"},     {"index", "indices"},    {"person", "people"},
        {"choose", "chosen"},     {"good", "best"},       {"user", "user's"},      {"analysis", "analyses"},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        char first[80];
        char second[80];
        stem(PAIRS[i][0], first);
        stem(PAIRS[i][1], second);
        if (strcmp(first, second) != 0) fail_msg("%s gives %s, %s gives %s", PAIRS[i][0], first, PAIRS[i][1], second);
    }
}

static void other_words_stay_apart(void **state) {
    (void)state;
    static const char *const PAIRS[][2] = {
        {"docker", "dock"}, {"universe", "diversity"}, {"live", "leaf"}, {"news", "newt"}};
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        char first[80];
        char second[80];
        stem(PAIRS[i][0], first);
        stem(PAIRS[i][1], second);
        assert_string_not_equal(first, second);
    }
}

static void what_is_no_english_word_is_left_alone(void **state) {
    (void)state;
    static const char *const WORDS[] = {"", "is", "v2.0.1", "utf8s", "c++", "приветы", "漢字", "3.5"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        char found[80];
        stem(WORDS[i], found);
        assert_string_equal(found, WORDS[i]);
    }
}

static void the_cache_answers_as_the_stemmer(void **state) {
    (void)state;
    /* more words than the cache has room for, twice each and in two orders */
    static char first[6000][32];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 6000; i++) {
            int at = round == 1 ? 5999 - i : i;
            char word[32];
            char found[80];
            snprintf(word, sizeof word, "%c%c%cations", 'a' + at % 26, 'a' + at / 26 % 26, 'a' + at / 676);
            stem(word, found);
            if (round == 0) snprintf(first[at], sizeof first[at], "%.31s", found);
            assert_string_equal(found, first[at]);
        }
    }
    char longest[80];
    stem("internationalizationalizations", longest);
    assert_true(strlen(longest) > 10);
}

static void irregular_forms_are_found_by_the_whole_word(void **state) {
    (void)state;
    assert_string_equal(kmi_irregular_find(kmi_slice_from("went")), "go");
    assert_string_equal(kmi_irregular_find(kmi_slice_from("alumni")), "alumnus"); /* the first row */
    assert_string_equal(kmi_irregular_find(kmi_slice_from("wrung")), "wring");
    assert_string_equal(kmi_irregular_find(kmi_slice_from("businesswomen")), "businesswoman");
    static const char *const REGULAR[] = {"",    "a",   "wen",   "wents", "go", "businesswomena",
                                          "zzz", "aaa", "lives", "ground"};
    for (size_t i = 0; i < sizeof REGULAR / sizeof REGULAR[0]; i++) {
        assert_null(kmi_irregular_find(kmi_slice_from(REGULAR[i])));
    }
}

static void stop_words_are_function_words(void **state) {
    (void)state;
    static const char *const STOP[] = {"a",    "the", "how",        "what",   "should", "do",
                                       "this", "i",   "yourselves", "you've", "don't",  "why"};
    static const char *const CONTENT[] = {"",   "docker", "deploy",      "user",  "prefer",
                                          "th", "thee",   "yourselvess", "zebra", "use"};
    for (size_t i = 0; i < sizeof STOP / sizeof STOP[0]; i++)
        assert_true(kmi_text_is_stop_word(kmi_slice_from(STOP[i])));
    for (size_t i = 0; i < sizeof CONTENT / sizeof CONTENT[0]; i++) {
        assert_false(kmi_text_is_stop_word(kmi_slice_from(CONTENT[i])));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_a_word_meet),
        cmocka_unit_test(other_words_stay_apart),
        cmocka_unit_test(what_is_no_english_word_is_left_alone),
        cmocka_unit_test(the_cache_answers_as_the_stemmer),
        cmocka_unit_test(irregular_forms_are_found_by_the_whole_word),
        cmocka_unit_test(stop_words_are_function_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
