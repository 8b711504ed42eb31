/* Splitting into terms. In expectations "+" marks a part of the word before, and stop words end with "!". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "util/clock.h"

static bool note_word(const kmi_text_word *word, void *context) {
    kmi_buf *buf = context;
    if (buf->len > 0) kmi_buf_add_char(buf, ' ');
    if (word->is_part) kmi_buf_add_char(buf, '+');
    kmi_buf_add_slice(buf, word->term);
    if (kmi_text_is_stop_word(word->folded)) kmi_buf_add_char(buf, '!');
    return true;
}

static void assert_words(const char *text, const char *expected) {
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 100000);
    assert_int_equal(kmi_text_words(kmi_slice_from(text), note_word, &buf, NULL), KM_OK);
    assert_string_equal(buf.ptr != NULL ? buf.ptr : "", expected);
}

static void sentences_become_stems(void **state) {
    (void)state;
    assert_words("", "");
    assert_words(" -- '' ... !?", "");
    assert_words("Team decided to use Docker for deployment", "team decid to! use docker for! deploy");
    assert_words("How do I deploy this?", "how! do! i! deploy this!");
    assert_words("How should I handle errors?", "how! should! i! handl error");
    assert_words("detailed error messages", "detail error messag");
    assert_words("Café, ÑANDÚ; Über", "cafe nandu uber");
    assert_words("The mice went home", "the! mous go home");
}

static void apostrophes_belong_to_contractions_only(void **state) {
    (void)state;
    assert_words("user's users' user’s", "user user user");
    assert_words("don't can’t we're I'm", "don't! can't! we'r! i'm!");
    assert_words("O'Brien l’amour", "obrien +o +brien lamour +l +amour");
    assert_words("'quoted' 'tis", "quot tis");
}

static void identifiers_meet_in_every_spelling(void **state) {
    (void)state;
    assert_words("getUserName", "getusernam +get +user +name");
    assert_words("get_user_name get-user-name GetUserName",
                 "getusernam +get +user +name getusernam +get +user +name getusernam +get +user +name");
    assert_words("HTTPServer parseURL utf8Decode",
                 "httpserver +http +server parseurl +pars +url utf8decode +utf8 +decod");
    assert_words("__init__ _x_ a__b", "init x a! b");
    assert_words("JavaScript GitHub iPhone", "javascript github iphon");
    assert_words("FastAPI", "fastapi +fast +api");
    assert_words("Node.js nodejs", "nodej +node +js nodej");
    assert_words("std::string a:b", "stdstring +std +string a! b");
}

static void paths_numbers_and_names_of_languages(void **state) {
    (void)state;
    assert_words("src/util/file.c", "srcutilfilec +src +util +file +c");
    assert_words("C:\\tmp\\a.txt", "c tmpatxt +tmp +a! +txt");
    assert_words("me@example.org", "meexampleorg +me! +exampl +org");
    assert_words("https://example.org/a-b?q=1", "https exampleorgab +exampl +org +a! +b q 1");
    assert_words("3.5 v2.0.1 35 1,000", "3.5 +3 +5 v2.0.1 +v2 +0 +1 35 1 000");
    assert_words("2026-11-22 12:30", "20261122 +2026 +11 +22 12 30");
    assert_words("C++ C# C F#", "c++ c# c f#");
    assert_words("C/C++ a+b #1", "cc++ +c +c++ a! b 1");
    assert_words("TCP/IP e-mail U.S.A. AT&T", "tcpip +tcp +ip email +e +mail usa +u +s +a! att +at! +t");
}

static void scripts_without_spaces_become_pairs(void **state) {
    (void)state;
    assert_words("我们使用", "我们! 们使 使用");
    assert_words("水", "水");
    assert_words("我们。使用Docker部署", "我们! 使用 docker 部署");
    assert_words("カタカナ 한국어", "カタ タカ カナ 한국 국어");
    assert_words("สวัสดี", "สวั วัส สดี");
}

typedef struct place_list {
    const char *text;
    size_t count;
    size_t stop_at;
} place_list;

static bool check_place(const kmi_text_word *word, void *context) {
    static const char *const ORIGINALS[] = {"Émile", "has", "getName", "get", "Name", "漢字", "字漢"};
    place_list *places = context;
    assert_true(places->count < sizeof ORIGINALS / sizeof ORIGINALS[0]);
    kmi_slice original = {places->text + word->start, word->end - word->start};
    assert_true(kmi_slice_equal(original, kmi_slice_from(ORIGINALS[places->count])));
    return ++places->count != places->stop_at;
}

static void places_are_those_in_the_original(void **state) {
    (void)state;
    place_list places = {.text = "“Émile” has getName, 漢字漢"};
    assert_int_equal(kmi_text_words(kmi_slice_from(places.text), check_place, &places, NULL), KM_OK);
    assert_int_equal(places.count, 7);
    for (size_t stop_at = 1; stop_at < 7; stop_at++) {
        places.count = 0;
        places.stop_at = stop_at;
        assert_int_equal(kmi_text_words(kmi_slice_from(places.text), check_place, &places, NULL), KM_OK);
        assert_int_equal(places.count, stop_at);
    }
}

typedef struct totals {
    size_t count;
    size_t longest;
    size_t last_end;
} totals;

static bool add_up(const kmi_text_word *word, void *context) {
    totals *sum = context;
    sum->count++;
    if (word->term.len > sum->longest) sum->longest = word->term.len;
    assert_int_equal(kmi_text_check_utf8(word->term, "term", NULL), KM_OK); /* never cut inside a character */
    assert_true(word->start < word->end);
    sum->last_end = word->end;
    return true;
}

static void monsters_are_bounded_and_linear(void **state) {
    (void)state;
    static const char *const UNITS[] = {"a",    "aB", "a.",     "a_", "é",   "漢", "A", "a'",
                                        "a's ", "1.", "\u0301", "：", "a++", "ﷺ",  "aé"};
    enum { SIZE = 200000 };
    char *text = malloc(SIZE);
    int64_t start_us = kmi_clock_thread_cpu_us();
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        size_t unit = strlen(UNITS[i]);
        size_t len = 0;
        for (; len + unit <= SIZE; len += unit) memcpy(text + len, UNITS[i], unit);
        totals sum = {0};
        assert_int_equal(kmi_text_words((kmi_slice){text, len}, add_up, &sum, NULL), KM_OK);
        assert_true(sum.longest <= 64);
        assert_true(sum.count <= SIZE / 2);
    }
    free(text);
    assert_true(kmi_clock_thread_cpu_us() - start_us < 20 * INT64_C(1000000));
}

/* Any bytes of valid UTF-8, places rising, the terms of a query equal to those of a document. */
static void random_texts_do_no_harm(void **state) {
    (void)state;
    static const char *const PIECES[] = {"a", "B", "é", "漢",     "_", "-",  ".",  "/",  "::", "'", "’",  "s", "1", " ",
                                         "+", "#", "😀", "\u0301", "ß", "한", "\n", "re", "&",  "@", "\\", "ﷺ", "٣"};
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        char text[64] = "";
        size_t len = 0;
        for (int i = 0; i < 10; i++) {
            seed = seed * 1103515245U + 12345U;
            const char *piece = PIECES[(seed >> 16) % (sizeof PIECES / sizeof PIECES[0])];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        totals sum = {0};
        assert_int_equal(kmi_text_words((kmi_slice){text, len}, add_up, &sum, NULL), KM_OK);
        assert_true(sum.last_end <= len);
    }
}

static void *split(void *context) {
    totals sum = {0};
    return kmi_text_words(kmi_slice_from("stemming in a thread"), add_up, &sum, NULL) == KM_OK && sum.count == 4
               ? context
               : NULL;
}

static void each_thread_has_its_own_stemmer(void **state) {
    (void)state;
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, split, threads), 0);
    for (size_t i = 0; i < 3; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_become_stems),
        cmocka_unit_test(apostrophes_belong_to_contractions_only),
        cmocka_unit_test(identifiers_meet_in_every_spelling),
        cmocka_unit_test(paths_numbers_and_names_of_languages),
        cmocka_unit_test(scripts_without_spaces_become_pairs),
        cmocka_unit_test(places_are_those_in_the_original),
        cmocka_unit_test(monsters_are_bounded_and_linear),
        cmocka_unit_test(random_texts_do_no_harm),
        cmocka_unit_test(each_thread_has_its_own_stemmer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
