/* Words and lists: what is in a list is found whatever its case and its place, also when there are more lists than room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "extract/word_list.h"

static bool has(const char *list, const char *word) {
    kmi_slice slice = kmi_slice_from(word);
    return kmi_word_list_has(list, slice, kmi_word_hash(slice));
}

static void whole_words_are_found(void **state) {
    (void)state;
    static const char bars[] = "is|are|was|’|don't|x";
    static const char blanks[] = "Makefile LICENSE .env c";
    assert_true(has(bars, "is") && has(bars, "are") && has(bars, "’") && has(bars, "don't") && has(bars, "x"));
    assert_true(has(blanks, "makefile") && has(blanks, "LICENSE") && has(blanks, ".ENV") && has(blanks, "c"));
    static const char *const strangers[] = {"",      "i",   "s",    "ar",     "re",  "is|are", "was|",
                                            "don t", "don", "area", "licens", "env", " ",      "|"};
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        assert_false(has(bars, strangers[i]) || has(blanks, strangers[i]));
    static const char none[] = "";
    assert_false(has(none, "") || has(none, "is"));
}

static void hashes_do_not_depend_on_case(void **state) {
    (void)state;
    assert_int_equal(kmi_word_hash(kmi_slice_from("README.md")), kmi_word_hash(kmi_slice_from("readme.MD")));
    assert_int_not_equal(kmi_word_hash(kmi_slice_from("ab")), kmi_word_hash(kmi_slice_from("ba")));
}

/* Thousands of lists, asked twice in turn: more than a thread remembers. */
static void any_number_of_lists_is_told_apart(void **state) {
    (void)state;
    enum { LISTS = 3000 };
    static char lists[LISTS][24];
    for (int i = 0; i < LISTS; i++) snprintf(lists[i], sizeof lists[i], "word%d|own%d", i, i * 7);
    for (int i = 0; i < 2 * LISTS; i++) {
        char own[24], strange[24];
        snprintf(own, sizeof own, "own%d", i % LISTS * 7);
        snprintf(strange, sizeof strange, "own%d", i % LISTS * 7 + 1);
        assert_true(has(lists[i % LISTS], own));
        assert_false(has(lists[i % LISTS], strange));
    }
}

/* Long lists have masks of their own, as long as there is room. */
static void long_lists_are_told_apart(void **state) {
    (void)state;
    enum { LISTS = 300, WORDS = 120, ROOM = WORDS * 12 };
    static char lists[LISTS][ROOM];
    for (int i = 0; i < LISTS; i++) {
        size_t len = 0;
        for (int k = 0; k < WORDS; k++)
            len += (size_t)snprintf(lists[i] + len, ROOM - len, "%sw%dx%d", k > 0 ? "|" : "", i, k);
    }
    for (int i = 0; i < 2 * LISTS; i++) {
        char own[24], strange[24];
        snprintf(own, sizeof own, "w%dx%d", i % LISTS, i % WORDS);
        snprintf(strange, sizeof strange, "w%dx%d", i % LISTS + 1, i % WORDS);
        assert_true(has(lists[i % LISTS], own));
        assert_false(has(lists[i % LISTS], strange));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_words_are_found),
        cmocka_unit_test(hashes_do_not_depend_on_case),
        cmocka_unit_test(any_number_of_lists_is_told_apart),
        cmocka_unit_test(long_lists_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
