/* What speaks for a memory beside its words. Hits are made by hand. */
#include "../util/temp_dir.h"

#include "recall/prior.h"
#include "util/clock.h"

static int64_t at(const char *text) {
    int64_t time_us = 0;
    assert_int_equal(kmi_time_parse(kmi_slice_from(text), &time_us, NULL), KM_OK);
    return time_us;
}

static kmi_question question_of(const char *text) {
    kmi_question question;
    kmi_question_read(kmi_slice_from(text), at("2026-11-18"), &question);
    return question;
}

static void near(double value, double expected) {
    if (value < expected - 1e-9 || value > expected + 1e-9) fail_msg("%g, expected %g", value, expected);
}

static void the_best_two_of_a_session_count(void **state) {
    (void)state;
    const kmi_search_hit hits[] = {
        {.score = 10, .session = 1}, {.score = 6, .session = 2}, {.score = 5, .session = 2},
        {.score = 4, .session = 2},  {.score = 3, .session = 2}, {.score = 2},
    };
    kmi_question question = question_of("anything");
    kmi_priors priors[6];
    kmi_priors_find(&question, hits, 6, priors);
    near(priors[0].session, 10.0 / 11.0);
    for (size_t i = 1; i < 5; i++) near(priors[i].session, 1);
    near(priors[5].session, 0); /* without a session */
    kmi_priors_find(&question, hits, 0, priors);
}

static void the_speaker_that_is_meant(void **state) {
    (void)state;
    const kmi_search_hit hits[] = {{.speaker = "Ana Alves"}, {.speaker = "Ben"}, {.speaker = "Ana Alves"},
                                   {.speaker = "User"},      {.speaker = NULL},  {.speaker = "assistant"}};
    static const struct {
        const char *text, *speaker, *chosen; /* chosen: 1 for each hit that is preferred */
    } CASES[] = {
        {"What does Ana like?", "Ana Alves", "101000"},
        {"What did Ana say to Ben?", NULL, "000000"},
        {"What is my plan?", "user", "000110"},
        {"What do I know about Ben?", "Ben", "010000"},
        {"What did you tell me about the plan?", "assistant", "000001"},
        {"What is the plan?", NULL, "000000"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        kmi_question question = question_of(CASES[i].text);
        kmi_priors priors[6];
        const char *speaker = kmi_prior_speaker(&question, hits, 6);
        kmi_priors_find(&question, hits, 6, priors);
        if (CASES[i].speaker == NULL)
            assert_null(speaker);
        else
            assert_string_equal(speaker, CASES[i].speaker);
        for (size_t k = 0; k < 6; k++) near(priors[k].speaker, CASES[i].chosen[k] - '0');
    }
}

static void the_time_that_is_named(void **state) {
    (void)state;
    const kmi_search_hit hits[] = {{.observed_at_us = at("2026-11-17T08:00")},
                                   {.observed_at_us = at("2026-11-16T08:00")},
                                   {.observed_at_us = at("2026-03-01")},
                                   {.observed_at_us = 0}};
    kmi_priors priors[4];
    kmi_question question = question_of("What broke yesterday?");
    kmi_priors_find(&question, hits, 4, priors);
    near(priors[0].date, 1);
    near(priors[1].date, 0.7);
    near(priors[2].date, 0);
    near(priors[3].date, 0);
    question = question_of("What broke in March, or on 16 November?");
    kmi_priors_find(&question, hits, 4, priors);
    near(priors[1].date, 1);
    near(priors[2].date, 0.7);
    question = question_of("What broke?");
    kmi_priors_find(&question, hits, 4, priors);
    near(priors[0].date, 0);
}

static void each_prior_raises_the_score(void **state) {
    (void)state;
    const kmi_prior_weights *weights = &kmi_prior_weights_default;
    near(kmi_prior_factor(weights, &(kmi_priors){0}), 1);
    near(kmi_prior_factor(weights, &(kmi_priors){.session = 1}), 1 + weights->session);
    near(kmi_prior_factor(weights, &(kmi_priors){.speaker = 1, .date = 0.5}),
         (1 + weights->speaker) * (1 + weights->date * 0.5));
    near(kmi_prior_factor(weights, &(kmi_priors){.cue = 1}), 1 + weights->cue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_two_of_a_session_count),
        cmocka_unit_test(the_speaker_that_is_meant),
        cmocka_unit_test(the_time_that_is_named),
        cmocka_unit_test(each_prior_raises_the_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
