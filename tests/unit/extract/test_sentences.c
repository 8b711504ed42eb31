/* Where sentences end, and which lines of a text are prose at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "extract/prose.h"
#include "extract/sentences.h"

/* The sentences of a text joined by " | ". */
static const char *split(const char *text) {
    static char joined[4096];
    size_t at = 0, n = 0;
    kmi_slice sentence;
    joined[0] = '\0';
    while (kmi_sentences_next(kmi_slice_from(text), &at, &sentence)) {
        assert_true(n + sentence.len + 4 < sizeof joined);
        if (n > 0) {
            memcpy(joined + n, " | ", 3);
            n += 3;
        }
        memcpy(joined + n, sentence.ptr, sentence.len);
        n += sentence.len;
        joined[n] = '\0';
    }
    return joined;
}

static void sentences_end_where_they_should(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"One lid. Two lids! Three?", "One lid. | Two lids! | Three?"},
        {"It weighs 2.5 kg. Fine.", "It weighs 2.5 kg. | Fine."},
        {"See docs/a.md, e.g. part 2. Then stop.", "See docs/a.md, e.g. part 2. | Then stop."},
        {"Ask Dr. Bo or Mr. Ek. They know.", "Ask Dr. Bo or Mr. Ek. | They know."},
        {"Die Abgabe ist am 5. Oktober. Danach nicht.", "Die Abgabe ist am 5. Oktober. | Danach nicht."},
        {"Nur der 31. ist frei. Gut.", "Nur der 31. ist frei. | Gut."},
        {"The port is 22. it works.", "The port is 22. | it works."},
        {"Tea, milk, etc. are there. Good.", "Tea, milk, etc. are there. | Good."},
        {"No. It is red.", "No. | It is red."},
        {"No. 5 is alive.", "No. 5 is alive."},
        {"Wait... what is that?", "Wait... what is that?"},
        {"He said \"stop.\" Then he left.", "He said \"stop.\" | Then he left."},
        {"Run `a. B` now. Done.", "Run `a. B` now. | Done."},
        {"灯台は赤い。海は青い！本当？", "灯台は赤い。 | 海は青い！ | 本当？"},
        {"Use v1.2.3 of x.y. Ok.", "Use v1.2.3 of x.y. | Ok."},
        {"One\n\nTwo", "One | Two"},
        {"   ", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) assert_string_equal(split(cases[i][0]), cases[i][1]);
}

static void a_run_without_end_is_cut_at_a_blank(void **state) {
    (void)state;
    static char text[5000];
    memset(text, 'a', sizeof text - 1);
    for (size_t i = 9; i < sizeof text - 1; i += 10) text[i] = ' ';
    size_t at = 0, count = 0;
    kmi_slice sentence;
    while (kmi_sentences_next(kmi_slice_from(text), &at, &sentence)) {
        assert_true(sentence.len <= KMI_SENTENCE_LIMIT_BYTES);
        assert_int_equal(sentence.len % 10, 9);
        count++;
    }
    assert_true(count >= 4);
}

/* Closing marks without end are cut like everything else. */
static void closing_marks_do_not_make_a_sentence_longer(void **state) {
    (void)state;
    static char text[10000];
    static const char *const closers[] = {")", "\"", ".", "!", "”"};
    for (size_t i = 0; i < sizeof closers / sizeof closers[0]; i++) {
        size_t len = (size_t)snprintf(text, sizeof text, "Well.");
        while (len + 4 < sizeof text) len += (size_t)snprintf(text + len, sizeof text - len, "%s", closers[i]);
        size_t at = 0, seen = 0;
        kmi_slice sentence;
        while (kmi_sentences_next((kmi_slice){text, len}, &at, &sentence)) {
            assert_true(sentence.len <= KMI_SENTENCE_LIMIT_BYTES + 3);
            seen += sentence.len;
        }
        assert_int_equal(seen, len);
    }
}

static void cuts_keep_characters_whole(void **state) {
    (void)state;
    static char text[6001];
    for (size_t i = 0; i + 3 <= 6000; i += 3)
        text[i] = (char)0xE6, text[i + 1] = (char)0xB0, text[i + 2] = (char)0xB4; /* 水 */
    size_t at = 0;
    kmi_slice sentence;
    while (kmi_sentences_next(kmi_slice_from(text), &at, &sentence)) assert_int_equal(sentence.len % 3, 0);
}

static void lines_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *line;
        kmi_line_kind kind;
    } cases[] = {
        {"", KMI_LINE_BLANK},
        {"The lid is red.", KMI_LINE_PROSE},
        {"Check the result of close() each time.", KMI_LINE_PROSE},
        {"If it fails, use `a = b;` instead.", KMI_LINE_PROSE},
        {"- a point", KMI_LINE_ITEM},
        {"12. a point", KMI_LINE_ITEM},
        {"# Heading", KMI_LINE_HEADING},
        {"> quoted", KMI_LINE_QUOTE},
        {"```c", KMI_LINE_FENCE},
        {"    return x + 1;", KMI_LINE_CODE},
        {"int main(void)", KMI_LINE_CODE},
        {"}", KMI_LINE_CODE},
        {"import numpy as np", KMI_LINE_CODE},
        {"from os import path", KMI_LINE_CODE},
        {"import the lists at noon", KMI_LINE_PROSE},
        {"2026-01-02 03:04:05 INFO up", KMI_LINE_LOG},
        {"[03:04:05] GET / 200", KMI_LINE_LOG},
        {"a.c:3:1: error: expected ';'", KMI_LINE_LOG},
        {"ValueError: bad lid", KMI_LINE_TRACE},
        {"    at f (a.js:1:2)", KMI_LINE_TRACE},
        {"$ ls -l", KMI_LINE_SHELL},
        {"{\"a\": 1}", KMI_LINE_DATA},
        {"| a | b |", KMI_LINE_DATA},
        {"name = \"x\"", KMI_LINE_DATA},
        {"1,2,3,4", KMI_LINE_DATA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kmi_slice line = kmi_slice_from(cases[i].line);
        if (kmi_line_classify(line) != cases[i].kind) print_error("\"%.*s\"\n", (int)line.len, line.ptr);
        assert_int_equal(kmi_line_classify(line), cases[i].kind);
    }
}

static void wrapped_lines_are_one_block(void **state) {
    (void)state;
    kmi_prose prose;
    kmi_prose_block block;
    kmi_prose_init(&prose,
                   kmi_slice_from("The wall is long and\nthe paint is fresh.\n- one\n- two\n\njobs:\n  build: yes\n"));
    assert_true(kmi_prose_next(&prose, &block));
    assert_true(kmi_slice_equal(block.text, kmi_slice_from("The wall is long and\nthe paint is fresh.")));
    assert_true(kmi_prose_next(&prose, &block));
    assert_true(block.is_item);
    assert_true(kmi_slice_equal(block.text, kmi_slice_from("one")));
    assert_true(kmi_prose_next(&prose, &block));
    assert_true(kmi_prose_next(&prose, &block));
    assert_string_equal(block.skip_reason, "data");
    assert_false(kmi_prose_next(&prose, &block));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_end_where_they_should),
        cmocka_unit_test(a_run_without_end_is_cut_at_a_blank),
        cmocka_unit_test(closing_marks_do_not_make_a_sentence_longer),
        cmocka_unit_test(cuts_keep_characters_whole),
        cmocka_unit_test(lines_are_told_apart),
        cmocka_unit_test(wrapped_lines_are_one_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
