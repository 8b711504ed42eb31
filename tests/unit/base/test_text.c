/* Characters: validity with positions, classes, widths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static void assert_invalid(kmi_slice text, const char *message) {
    km_error error = {.status = KM_OK};
    assert_int_equal(kmi_text_check_utf8(text, "content", &error), KM_E_INVALID);
    assert_string_equal(error.message, message);
}

static void valid_text_passes(void **state) {
    (void)state;
    assert_int_equal(kmi_text_check_utf8(kmi_slice_from(NULL), "x", NULL), KM_OK);
    assert_int_equal(kmi_text_check_utf8(kmi_slice_from("plain ascii that is longer than a word"), "x", NULL), KM_OK);
    assert_int_equal(kmi_text_check_utf8(kmi_slice_from("é漢😀\x7F\x01 \xEF\xBF\xBF"), "x", NULL), KM_OK);
}

static void the_first_wrong_byte_is_named(void **state) {
    (void)state;
    assert_invalid((kmi_slice){"a\0b", 3}, "content holds a NUL character at byte 1: remove it");
    assert_invalid((kmi_slice){"0123456789\0", 11}, "content holds a NUL character at byte 10: remove it");
    assert_invalid(kmi_slice_from("0123456789é\xFF"), "content is not valid UTF-8 at byte 12: convert it to UTF-8");
    assert_invalid(kmi_slice_from("ab\xED\xA0\x80"), "content is not valid UTF-8 at byte 2: convert it to UTF-8");
    assert_invalid(kmi_slice_from("\xC0\xAF"), "content is not valid UTF-8 at byte 0: convert it to UTF-8");
    assert_invalid(kmi_slice_from("\xF4\x90\x80\x80"), "content is not valid UTF-8 at byte 0: convert it to UTF-8");
    assert_invalid((kmi_slice){"abc\xE6\xBC", 5}, "content is not valid UTF-8 at byte 3: convert it to UTF-8");
    /* every place in an eight-byte word */
    for (size_t i = 0; i < 24; i++) {
        char text[24];
        char message[80];
        memset(text, 'x', sizeof text);
        text[i] = (char)0x80;
        snprintf(message, sizeof message, "content is not valid UTF-8 at byte %zu: convert it to UTF-8", i);
        assert_invalid((kmi_slice){text, sizeof text}, message);
    }
}

static void blank_is_white_space_and_controls(void **state) {
    (void)state;
    assert_true(kmi_text_is_blank(kmi_slice_from("")));
    assert_true(kmi_text_is_blank(kmi_slice_from(" \t\n\x01\x7F\u00A0\u2003\u200B\u3000")));
    assert_false(kmi_text_is_blank(kmi_slice_from("  .  ")));
    assert_false(kmi_text_is_blank(kmi_slice_from("\u0301")));
}

static void characters_are_decoded_one_by_one(void **state) {
    (void)state;
    static const int32_t EXPECTED[] = {'a', 0xE9, 0x6F22, 0x1F600, 0xFFFD, 'z'};
    kmi_slice text = kmi_slice_from("aé漢😀\xFFz");
    size_t offset = 0;
    for (size_t i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++) {
        assert_int_equal(kmi_text_next(text, &offset), EXPECTED[i]);
    }
    assert_int_equal(offset, text.len);
}

static void classes_follow_unicode(void **state) {
    (void)state;
    static const int32_t WORD[] = {'a', 'Z', '0', 0xE9, 0x0301, 0x0416, 0x6F22, 0x0661, 0x00BD};
    static const int32_t OTHER[] = {' ', '_', '-', '\'', 0x2019, 0x3002, 0x1F600, 0x00A0, 0};
    for (size_t i = 0; i < sizeof WORD / sizeof WORD[0]; i++) assert_true(kmi_text_is_word_char(WORD[i]));
    for (size_t i = 0; i < sizeof OTHER / sizeof OTHER[0]; i++) assert_false(kmi_text_is_word_char(OTHER[i]));
    static const int32_t CJK[] = {0x6F22, 0x3042, 0x30AB, 0xAC00, 0x0E01, 0x20000, 0xFF76};
    static const int32_t SPACED[] = {'a', 0xE9, 0x0416, 0x0905, 0x05D0, 0x1F600, 0x2019, 0x3000};
    for (size_t i = 0; i < sizeof CJK / sizeof CJK[0]; i++) assert_true(kmi_text_is_cjk(CJK[i]));
    for (size_t i = 0; i < sizeof SPACED / sizeof SPACED[0]; i++) assert_false(kmi_text_is_cjk(SPACED[i]));
}

static void widths_are_those_of_a_terminal(void **state) {
    (void)state;
    assert_int_equal(kmi_text_width(kmi_slice_from("")), 0);
    assert_int_equal(kmi_text_width(kmi_slice_from("abc")), 3);
    assert_int_equal(kmi_text_width(kmi_slice_from("e\u0301")), 1);
    assert_int_equal(kmi_text_width(kmi_slice_from("漢字")), 4);
    assert_int_equal(kmi_text_width(kmi_slice_from("🧠")), 2);
    assert_int_equal(kmi_text_width(kmi_slice_from("a\x01z")), 2);
}

static void assert_cut(const char *text, size_t columns, const char *expected) {
    kmi_slice cut = kmi_text_cut(kmi_slice_from(text), columns);
    if (!kmi_slice_equal(cut, kmi_slice_from(expected)))
        fail_msg("%s at %zu: %.*s", text, columns, (int)cut.len, cut.ptr);
}

static void cutting_keeps_characters_whole(void **state) {
    (void)state;
    assert_cut("abc", 3, "abc");
    assert_cut("abc", 2, "ab");
    assert_cut("abc", 0, "");
    assert_cut("漢字", 3, "漢");
    assert_cut("漢字", 1, "");
    assert_cut("ae\u0301x", 2, "ae\u0301");
    assert_cut("ae\u0301x", 1, "a");
    assert_cut("a👨\u200D👩\u200D👧b", 4, "a"); /* one family, never divided */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_text_passes),
        cmocka_unit_test(the_first_wrong_byte_is_named),
        cmocka_unit_test(blank_is_white_space_and_controls),
        cmocka_unit_test(characters_are_decoded_one_by_one),
        cmocka_unit_test(classes_follow_unicode),
        cmocka_unit_test(widths_are_those_of_a_terminal),
        cmocka_unit_test(cutting_keeps_characters_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
