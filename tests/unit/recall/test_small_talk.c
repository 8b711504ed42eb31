/* Prompts that no memory has anything to say to. */
#include "../util/temp_dir.h"

#include "recall/small_talk.h"

static void greetings_and_bare_orders(void **state) {
    (void)state;
    static const char *const TALK[] = {"",
                                       "?!",
                                       "Hi!",
                                       "thanks 👍",
                                       "go on",
                                       "keep going please",
                                       "ok, try again",
                                       "undo that",
                                       "Guten Morgen!",
                                       "weiter",
                                       "mach das bitte rückgängig",
                                       "Merci, continue",
                                       "d'accord, vas-y",
                                       "merci, c'est bon",
                                       "está bien, gracias",
                                       "s’il te plaît continue",
                                       "¡Gracias! Sigue",
                                       "Sí, adelante",
                                       "va bene, grazie",
                                       "Obrigado, continua",
                                       "ga door",
                                       "Продолжай, пожалуйста",
                                       "ЕЩЁ РАЗ",
                                       "ありがとう!",
                                       "ありがとうございます。",
                                       "続けてください",
                                       "好的，继续",
                                       "谢谢！",
                                       "계속해줘"};
    static const char *const SUBJECT[] = {"run the tests",
                                          "go modules",
                                          "danke, jetzt Docker",
                                          "weiter mit Kapitel 2",
                                          "tag the door",
                                          "спасибо Ольга",
                                          "データ",
                                          "ありがとうデータ",
                                          "继续翻译",
                                          "merci le serveur"};
    for (size_t i = 0; i < sizeof TALK / sizeof TALK[0]; i++) {
        if (!kmi_is_small_talk(kmi_slice_from(TALK[i]))) fail_msg("\"%s\" says nothing", TALK[i]);
    }
    for (size_t i = 0; i < sizeof SUBJECT / sizeof SUBJECT[0]; i++) {
        if (kmi_is_small_talk(kmi_slice_from(SUBJECT[i]))) fail_msg("\"%s\" has a subject", SUBJECT[i]);
    }
}

static void a_long_text_says_something(void **state) {
    (void)state;
    char text[512] = "danke";
    while (strlen(text) < 200) strcat(text, " danke");
    assert_false(kmi_is_small_talk(kmi_slice_from(text)));
    strcpy(text, "thanks");
    while (strlen(text) < 480) strcat(text, " thanks");
    assert_false(kmi_is_small_talk(kmi_slice_from(text)));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(greetings_and_bare_orders),
                                       cmocka_unit_test(a_long_text_says_something)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
