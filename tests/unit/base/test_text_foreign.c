/* Function words of other languages, and pairs of characters that are only grammar. */
#include "../util/temp_dir.h"

#include "base/text.h"

static void function_words_of_the_commonest_languages(void **state) {
    (void)state;
    static const char *const SURE[] = {"aan",   "ist",  "der",     "welche", "quel", "pourquoi", "donde", "cual",
                                       "della", "qual", "wanneer", "een",    "в",    "какая",    "я"};
    static const char *const DOUBTFUL[] = {"a", "die", "car", "war", "su", "van", "come", "ya"};
    static const char *const NONE[] = {"",     "the",    "docker", "hauptstadt",           "serveur", "aa", "zwischenz",
                                       "река", "сервер", "データ", "welcherwelcherwelcher"};
    for (size_t i = 0; i < sizeof SURE / sizeof SURE[0]; i++) {
        if (kmi_text_foreignness(kmi_slice_from(SURE[i])) != KMI_FOREIGN_SURELY) fail_msg("\"%s\" is sure", SURE[i]);
    }
    for (size_t i = 0; i < sizeof DOUBTFUL / sizeof DOUBTFUL[0]; i++) {
        if (kmi_text_foreignness(kmi_slice_from(DOUBTFUL[i])) != KMI_FOREIGN_PERHAPS)
            fail_msg("\"%s\" is doubtful", DOUBTFUL[i]);
    }
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        if (kmi_text_foreignness(kmi_slice_from(NONE[i])) != KMI_FOREIGN_NOT) fail_msg("\"%s\" is none", NONE[i]);
    }
}

static void pairs_of_grammar(void **state) {
    (void)state;
    static const char *const GRAMMAR[] = {"です", "のは", "か",   "どの", "何の", "誰が",
                                          "什么", "是谁", "哪里", "我们", "多少"};
    static const char *const CONTENT[] = {"",     "a",    "no",   "高さ", "デー", "山の",
                                          "几点", "时间", "首都", "서버", "กร",   "。"};
    for (size_t i = 0; i < sizeof GRAMMAR / sizeof GRAMMAR[0]; i++) {
        if (!kmi_text_is_function_pair(kmi_slice_from(GRAMMAR[i]))) fail_msg("\"%s\" is grammar", GRAMMAR[i]);
        assert_true(kmi_text_is_stop_word(kmi_slice_from(GRAMMAR[i])));
    }
    for (size_t i = 0; i < sizeof CONTENT / sizeof CONTENT[0]; i++) {
        if (kmi_text_is_function_pair(kmi_slice_from(CONTENT[i]))) fail_msg("\"%s\" says something", CONTENT[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(function_words_of_the_commonest_languages),
                                       cmocka_unit_test(pairs_of_grammar)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
