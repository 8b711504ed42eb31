/* Folding: what people would call the same text is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void assert_folds(const char *text, const char *expected) {
    KMI_CLEANUP_BUF kmi_buf buf;
    km_error error;
    kmi_buf_init(&buf, 100000);
    kmi_buf_add_text(&buf, ">");
    assert_int_equal(kmi_text_fold(kmi_slice_from(text), &buf, &error), KM_OK);
    assert_string_equal(buf.ptr + 1, expected);
}

static void case_accents_and_forms_go(void **state) {
    (void)state;
    assert_folds("", "");
    assert_folds("Hello World", "hello world");
    assert_folds("Café ÑANDÚ Über", "cafe nandu uber");
    assert_folds("Cafe\u0301 x\u0308", "cafe x");
    assert_folds("STRAßE ﬁne Ⅷ ＡＢＣ", "strasse fine viii abc");
    assert_folds("Привет ЁЖ Йод", "привет еж йод");
    assert_folds("Ὀδυσσεύς ΟΔΥΣΣΕΥΣ", "οδυσσευσ οδυσσευσ");
}

static void scripts_keep_their_letters(void **state) {
    (void)state;
    assert_folds("हिन्दी", "हिन्दी");
    assert_folds("한국어", "한국어");
    assert_folds("がぎぐ ｶﾞ", "がぎぐ ガ");
    assert_folds("漢字", "漢字");
}

static void white_space_and_controls_become_one_space(void **state) {
    (void)state;
    assert_folds("  a \t\n b\x01\x7F"
                 "c\u00A0\u2003d\u2028 ",
                 "a b c d");
    assert_folds(" \n\u3000", "");
    assert_folds("a\u200B\u00AD\uFEFFz", "az");
    assert_folds("é \u0301é", "e e");
}

static void long_runs_are_folded_in_pieces(void **state) {
    (void)state;
    enum { COUNT = 3000 };
    char text[COUNT * 2 + 1];
    char expected[COUNT + 1];
    for (size_t i = 0; i < COUNT; i++) memcpy(text + i * 2, "É", 2);
    text[COUNT * 2] = '\0';
    memset(expected, 'e', COUNT);
    expected[COUNT] = '\0';
    assert_folds(text, expected);
}

static void the_limit_of_the_buffer_is_told(void **state) {
    (void)state;
    KMI_CLEANUP_BUF kmi_buf buf;
    km_error error;
    kmi_buf_init(&buf, 3);
    assert_int_equal(kmi_text_fold(kmi_slice_from("abcd"), &buf, &error), KM_E_INVALID);
    assert_string_equal(error.message, "folded text is longer than 3 bytes");
}

/* Folding twice must change nothing: hashes of folded texts are compared. */
static void folding_is_idempotent(void **state) {
    (void)state;
    unsigned seed = 20261122;
    for (int round = 0; round < 2000; round++) {
        KMI_CLEANUP_BUF kmi_buf text;
        KMI_CLEANUP_BUF kmi_buf once;
        KMI_CLEANUP_BUF kmi_buf twice;
        kmi_buf_init(&text, 10000);
        kmi_buf_init(&once, 100000);
        kmi_buf_init(&twice, 100000);
        for (int i = 0; i < 12; i++) {
            seed = seed * 1103515245U + 12345U;
            unsigned code = seed >> 8;
            code = code % 3 == 0   ? 0x20 + code / 3 % 0x5F
                   : code % 3 == 1 ? 0xA0 + code / 3 % 0x500
                                   : 0x1E00 + code / 3 % 0x3000;
            char bytes[3] = {(char)(0xE0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3F)),
                             (char)(0x80 | (code & 0x3F))};
            if (code < 0x80) kmi_buf_add_char(&text, (char)code);
            if (code >= 0x80 && code < 0x800) {
                bytes[1] = (char)(0xC0 | code >> 6);
                kmi_buf_add(&text, bytes + 1, 2);
            }
            if (code >= 0x800) kmi_buf_add(&text, bytes, 3);
        }
        assert_int_equal(kmi_text_fold(kmi_buf_slice(&text), &once, NULL), KM_OK);
        assert_int_equal(kmi_text_fold(kmi_buf_slice(&once), &twice, NULL), KM_OK);
        if (!kmi_slice_equal(kmi_buf_slice(&once), kmi_buf_slice(&twice))) {
            fail_msg("\"%s\" folds to \"%s\" and then to \"%s\"", text.ptr, once.ptr, twice.ptr);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_accents_and_forms_go),
        cmocka_unit_test(scripts_keep_their_letters),
        cmocka_unit_test(white_space_and_controls_become_one_space),
        cmocka_unit_test(long_runs_are_folded_in_pieces),
        cmocka_unit_test(the_limit_of_the_buffer_is_told),
        cmocka_unit_test(folding_is_idempotent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
