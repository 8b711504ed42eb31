/* Whose words, of which time: what questions ask for beside their words. */
#include "../util/temp_dir.h"

#include "recall/question.h"

static kmi_question question_of(const char *text) {
    kmi_question question;
    kmi_question_read(kmi_slice_from(text), INT64_C(1795000000000000), &question);
    return question;
}

static void persons(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_first_person, is_about_assistant;
    } CASES[] = {
        {"What is my favourite editor?", true, false},
        {"Where do we keep the keys?", true, false},
        {"IS IT US?", true, false},
        {"What did you recommend for the cache?", false, true},
        {"Which editor did you tell me to use?", true, true},
        {"You previously suggested a plan for the garden", false, true},
        {"the list that you gave yesterday", false, true},
        {"Can you recommend a cache?", false, false},
        {"Could you explain the minimum?", false, false},
        {"Do you like it, and did Ana recommend it?", false, false},
        {"Who maintains the importer?", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        kmi_question question = question_of(CASES[i].text);
        if (question.is_first_person != CASES[i].is_first_person ||
            question.is_about_assistant != CASES[i].is_about_assistant)
            fail_msg("\"%s\": first person %d, assistant %d", CASES[i].text, question.is_first_person,
                     question.is_about_assistant);
    }
}

static void a_time_and_nothing_else(void **state) {
    (void)state;
    static const char *const ALONE[] = {"What happened last week?",     "what did we decide in March?",
                                        "anything new today?",          "What did we do between May and July?",
                                        "what went wrong yesterday",    "What did we start last week?",
                                        "What did we find out in June?"};
    static const char *const MORE[] = {"How are you doing today?",
                                       "What did Ana say last week?",
                                       "What did we paint last week?",
                                       "What happened?",
                                       "What did we decide about the cache in March?",
                                       "thanks for today",
                                       ""};
    for (size_t i = 0; i < sizeof ALONE / sizeof ALONE[0]; i++) {
        if (!question_of(ALONE[i]).is_of_time_alone) fail_msg("\"%s\" names a time alone", ALONE[i]);
    }
    for (size_t i = 0; i < sizeof MORE / sizeof MORE[0]; i++) {
        if (question_of(MORE[i]).is_of_time_alone) fail_msg("\"%s\" asks for more", MORE[i]);
    }
}

static void names(void **state) {
    (void)state;
    static const struct {
        const char *text, *speaker;
        bool is_named;
    } CASES[] = {
        {"What does Ana think?", "Ana", true}, {"What is Ana's plan?", "Ana Alves", true},
        {"What will he do?", "Will", false},   {"What did Will do?", "Will", true},
        {"What did maria do?", "maria", true}, {"What did Maria do?", "maria", true},
        {"Where is Banana?", "Ana", false},    {"What does anything cost?", "", false},
        {"Was the X axis wrong?", "X", false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        kmi_question question = question_of(CASES[i].text);
        if (kmi_question_names(&question, CASES[i].speaker) != CASES[i].is_named)
            fail_msg("\"%s\" and \"%s\"", CASES[i].text, CASES[i].speaker);
    }
}

static void asking_when(void **state) {
    (void)state;
    static const char *const WHEN[] = {"When did we ship?",      "how long did it take?",        "What year was it?",
                                       "Since when is it slow?", "In which month did it start?", "which day was it"};
    static const char *const NOT[] = {"What did we ship when it broke?",
                                      "How do I deploy?",
                                      "What is a date picker?",
                                      "Whenever it rains",
                                      "",
                                      "In the morning"};
    for (size_t i = 0; i < sizeof WHEN / sizeof WHEN[0]; i++) {
        if (!question_of(WHEN[i]).asks_when) fail_msg("\"%s\" asks when", WHEN[i]);
    }
    for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++) {
        if (question_of(NOT[i]).asks_when) fail_msg("\"%s\" does not ask when", NOT[i]);
    }
}

static void telling_when(void **state) {
    (void)state;
    static const char *const TELL[] = {"We shipped it yesterday", "The lease ends in October", "Since then it is slow",
                                       "It was in 2019",          "See you next Friday",       "We met two weeks ago"};
    static const char *const NOT[] = {"The port is 8080", "Friday is a robot", "Summer is a name", "", "20199 is odd"};
    for (size_t i = 0; i < sizeof TELL / sizeof TELL[0]; i++) {
        if (!kmi_text_tells_when(kmi_slice_from(TELL[i]))) fail_msg("\"%s\" tells when", TELL[i]);
    }
    for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++) {
        if (kmi_text_tells_when(kmi_slice_from(NOT[i]))) fail_msg("\"%s\" does not tell when", NOT[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(persons),     cmocka_unit_test(names),        cmocka_unit_test(a_time_and_nothing_else),
        cmocka_unit_test(asking_when), cmocka_unit_test(telling_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
