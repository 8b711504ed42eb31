/* Kinds of prompts and the reach of standing statements. */
#include "../util/temp_dir.h"

#include "recall/asking.h"

static void kinds_of_prompts(void **state) {
    (void)state;
    static const struct {
        const char *prompt;
        kmi_asking asking;
    } CASES[] = {
        {"", KMI_ASKING_NOTHING},
        {"Hi!", KMI_ASKING_NOTHING},
        {"thanks, that works great", KMI_ASKING_NOTHING},
        {"How are you doing today?", KMI_ASKING_NOTHING},
        {"ok, see you later", KMI_ASKING_NOTHING},
        {"run the tests again", KMI_ASKING_OPERATION},
        {"ok now please commit this", KMI_ASKING_OPERATION},
        {"can you rerun it?", KMI_ASKING_OPERATION},
        {"fix the lint errors", KMI_ASKING_OPERATION},
        {"How do I handle promises?", KMI_ASKING_WORK},
        {"how should we name the branches", KMI_ASKING_WORK},
        {"how to center a div", KMI_ASKING_WORK},
        {"Should I use tabs here?", KMI_ASKING_WORK},
        {"Could you write a parser for me?", KMI_ASKING_WORK},
        {"Please implement the login page", KMI_ASKING_WORK},
        {"Let's design the schema", KMI_ASKING_WORK},
        {"fix the importer so that it can read files of any size, also those with an odd number of columns",
         KMI_ASKING_TASK},
        {"the page with the invoices shows the wrong sum for customers who have two addresses", KMI_ASKING_TASK},
        {"go on", KMI_ASKING_NOTHING},
        {"ありがとう", KMI_ASKING_NOTHING},
        {"write a haiku about rivers", KMI_ASKING_ANSWER},
        {"translate this into Italian", KMI_ASKING_ANSWER},
        {"looks good, ship it", KMI_ASKING_OPERATION},
        {"still the same error", KMI_ASKING_OPERATION},
        {"what went wrong", KMI_ASKING_ANSWER},
        {"tell me a joke", KMI_ASKING_ANSWER},
        {"Erzähl mir etwas", KMI_ASKING_ANSWER},
        {"What is the capital of Peru?", KMI_ASKING_ANSWER},
        {"How many users do we have?", KMI_ASKING_ANSWER},
        {"How does the importer work?", KMI_ASKING_ANSWER},
        {"When did we ship?", KMI_ASKING_ANSWER},
        {"Wie geht es dir?", KMI_ASKING_ANSWER},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        kmi_asking asking = kmi_asking_of(kmi_slice_from(CASES[i].prompt));
        if (asking != CASES[i].asking)
            fail_msg("\"%s\" is %d, expected %d", CASES[i].prompt, (int)asking, (int)CASES[i].asking);
    }
}

static void reach_of_statements(void **state) {
    (void)state;
    static const char *const ANSWERS[] = {"Always answer in German",
                                          "User prefers short answers",
                                          "I always want brief explanations",
                                          "Please explain things briefly",
                                          "Never use emoji",
                                          "Always write to me in French",
                                          "Please use British English"};
    static const char *const ALL[] = {
        "Never commit generated files",       "Every function needs a test",          "We never commit to main",
        "Code style: Use tabs, never spaces", "Always write the comments in English", "Every German text is reviewed"};
    static const char *const NARROW[] = {"User prefers TypeScript", "Use Docker for deployment",
                                         "Never use tabs for Python", "I never work on Fridays",
                                         "Run the tests with make check, never with pytest"};
    static const char *const NAMED[] = {"Always show the version when I ask about dependencies",
                                        "I prefer sending applications early, which is why I made sure to upload the "
                                        "one for the grant a week before the "
                                        "closing day, and then went on holiday"};
    for (size_t i = 0; i < sizeof NAMED / sizeof NAMED[0]; i++) {
        if (kmi_reach_of(kmi_slice_from(NAMED[i])) != KMI_REACH_NAMED)
            fail_msg("\"%s\" is for what it names", NAMED[i]);
    }
    for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
        if (kmi_reach_of(kmi_slice_from(ANSWERS[i])) != KMI_REACH_ANSWERS)
            fail_msg("\"%s\" is about answers", ANSWERS[i]);
    }
    for (size_t i = 0; i < sizeof ALL / sizeof ALL[0]; i++) {
        if (kmi_reach_of(kmi_slice_from(ALL[i])) != KMI_REACH_ALL) fail_msg("\"%s\" reaches everything", ALL[i]);
    }
    for (size_t i = 0; i < sizeof NARROW / sizeof NARROW[0]; i++) {
        if (kmi_reach_of(kmi_slice_from(NARROW[i])) != KMI_REACH_NARROW) fail_msg("\"%s\" is narrow", NARROW[i]);
    }
}

static void lasting_statements(void **state) {
    (void)state;
    static const char *const LASTING[] = {
        "User prefers TypeScript",       "I prefer short answers",        "Never use tabs",
        "I don't want emoji in commits", "User: Always answer in German", "We deploy on Mondays only"};
    static const char *const PASSING[] = {"Should I always use tabs?",
                                          "hmm, never mind the tests then",
                                          "How can I always find time for that, I never know",
                                          "I need help managing my time, always",
                                          "User: I'm worried that I never wrote tests",
                                          "I've never been there",
                                          "Yeah, I'd love that",
                                          "I visited the fair and never came back",
                                          "",
                                          "User:"};
    for (size_t i = 0; i < sizeof LASTING / sizeof LASTING[0]; i++) {
        if (!kmi_is_lasting(kmi_slice_from(LASTING[i]))) fail_msg("\"%s\" lasts", LASTING[i]);
    }
    for (size_t i = 0; i < sizeof PASSING / sizeof PASSING[0]; i++) {
        if (kmi_is_lasting(kmi_slice_from(PASSING[i]))) fail_msg("\"%s\" is said in passing", PASSING[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds_of_prompts), cmocka_unit_test(reach_of_statements),
                                       cmocka_unit_test(lasting_statements)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
