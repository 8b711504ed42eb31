/* Slices: edges, empty ones, and bytes that are no text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/slice.h"

#define S(text) KMI_SLICE_LITERAL(text)

static void assert_slice(kmi_slice actual, const char *expected) {
    assert_int_equal(actual.len, kmi_slice_from(expected).len);
    assert_memory_equal(actual.ptr, expected, actual.len);
}

static void null_is_an_empty_slice(void **state) {
    (void)state;
    kmi_slice none = kmi_slice_from(NULL);
    assert_int_equal(none.len, 0);
    assert_int_equal(kmi_slice_sub(none, 5, 5).len, 0);
    assert_int_equal(kmi_slice_trim(none).len, 0);
    assert_true(kmi_slice_equal(none, S("")));
    assert_true(kmi_slice_starts_with(S("a"), none));
    assert_int_equal(kmi_slice_find(none, S("a"), 0), SIZE_MAX);
    assert_int_equal(kmi_slice_find(none, none, 0), 0);
}

static void sub_is_cut_to_what_is_there(void **state) {
    (void)state;
    assert_slice(kmi_slice_sub(S("abcdef"), 2, 3), "cde");
    assert_slice(kmi_slice_sub(S("abcdef"), 4, SIZE_MAX), "ef");
    assert_slice(kmi_slice_sub(S("abcdef"), 6, 1), "");
    assert_slice(kmi_slice_sub(S("abcdef"), SIZE_MAX, 1), "");
}

static void trim_takes_ascii_white_space_only(void **state) {
    (void)state;
    assert_slice(kmi_slice_trim(S(" \t\r\n\v\fa b \n")), "a b");
    assert_slice(kmi_slice_trim(S(" \n ")), "");
    assert_slice(kmi_slice_trim(S("\xC2\xA0x")), "\xC2\xA0x");
}

static void comparing_knows_lengths_and_case(void **state) {
    (void)state;
    assert_true(kmi_slice_equal((kmi_slice){"a\0b", 3}, (kmi_slice){"a\0b", 3}));
    assert_false(kmi_slice_equal((kmi_slice){"a\0b", 3}, (kmi_slice){"a\0c", 3}));
    assert_false(kmi_slice_equal(S("ab"), S("abc")));
    assert_true(kmi_slice_equal_nocase(S("KuZu-1"), S("kUzU-1")));
    assert_false(kmi_slice_equal_nocase(S("@"), S("`"))); /* 32 apart, but no letters */
    assert_true(kmi_slice_starts_with(S("abc"), S("ab")));
    assert_false(kmi_slice_starts_with(S("a"), S("ab")));
    assert_true(kmi_slice_ends_with(S("abc"), S("bc")));
    assert_false(kmi_slice_ends_with(S("c"), S("bc")));
}

static void find_begins_where_told(void **state) {
    (void)state;
    assert_int_equal(kmi_slice_find(S("abcabc"), S("bc"), 0), 1);
    assert_int_equal(kmi_slice_find(S("abcabc"), S("bc"), 2), 4);
    assert_int_equal(kmi_slice_find(S("abcabc"), S("bc"), 5), SIZE_MAX);
    assert_int_equal(kmi_slice_find(S("abc"), S(""), 3), 3);
    assert_int_equal(kmi_slice_find(S("abc"), S(""), 4), SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_an_empty_slice),
        cmocka_unit_test(sub_is_cut_to_what_is_there),
        cmocka_unit_test(trim_takes_ascii_white_space_only),
        cmocka_unit_test(comparing_knows_lengths_and_case),
        cmocka_unit_test(find_begins_where_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
