/* When is anything here about a prompt: by coverage, margin and unseen words, and by the size of the store. */
#include "../util/temp_dir.h"

#include <math.h>

#include "recall/gate.h"

#define THRESHOLD 0.3 /* default of recall.confidence_threshold */

/* A prompt of `terms` words, of which `unseen` stand nowhere and the best match holds `held`, each seen once. */
static double confidence_of(uint64_t units, size_t terms, size_t unseen, size_t held) {
    double unseen_idf = log(1 + ((double)units + 0.5) / 0.5);
    double seen_idf = log(1 + ((double)units - 0.5) / 1.5);
    kmi_search_info info = {.unit_count = units, .term_count = terms};
    info.idf_sum = unseen_idf * (double)unseen + seen_idf * (double)(terms - unseen);
    info.unseen_share = (double)unseen / (double)terms;
    kmi_search_hit best = {.coverage = seen_idf * (double)held / info.idf_sum};
    kmi_gate_features features = kmi_gate_look(&best, held, &info);
    assert_true(features.coverage >= 0 && features.coverage <= 1);
    double confidence = kmi_gate_confidence(&features);
    assert_true(confidence >= 0 && confidence <= 1);
    return confidence;
}

static void a_small_store_answers_to_one_word_in_common(void **state) {
    (void)state;
    for (uint64_t units = 1; units <= 12; units++) {
        for (size_t terms = 1; terms <= 12; terms++) {
            if (confidence_of(units, terms, terms - 1, 1) < THRESHOLD)
                fail_msg("%d units, 1 of %zu words", (int)units, terms);
        }
    }
}

static void a_big_store_needs_more(void **state) {
    (void)state;
    assert_true(confidence_of(5000, 1, 0, 1) > 0.8);
    assert_true(confidence_of(5000, 6, 0, 4) > THRESHOLD);
    assert_true(confidence_of(5000, 6, 3, 1) < THRESHOLD);
    assert_true(confidence_of(5000, 6, 0, 1) < THRESHOLD);
}

static void each_feature_pulls_its_way(void **state) {
    (void)state;
    kmi_gate_features features = {.coverage = 0.5, .margin = 1.5, .unseen = 0.2};
    double plain = kmi_gate_confidence(&features);
    features.coverage = 0.6;
    assert_true(kmi_gate_confidence(&features) > plain);
    features = (kmi_gate_features){.coverage = 0.5, .margin = 2, .unseen = 0.2};
    assert_true(kmi_gate_confidence(&features) > plain);
    features = (kmi_gate_features){.coverage = 0.5, .margin = 1.5, .unseen = 0.3};
    assert_true(kmi_gate_confidence(&features) < plain);
    features = (kmi_gate_features){.coverage = 0.5, .margin = 1.5, .unseen = 0.2, .words = 0.5};
    assert_true(kmi_gate_confidence(&features) > plain);
}

static void one_word_in_common_is_less_than_two_in_a_big_store(void **state) {
    (void)state;
    kmi_search_info info = {.unit_count = 5000, .term_count = 4, .idf_sum = 20};
    kmi_search_hit best = {.coverage = 0.5};
    assert_true(kmi_gate_look(&best, 2, &info).words == 1);
    assert_true(kmi_gate_look(&best, 1, &info).words < 0.6);
    info.unit_count = 5;
    assert_true(kmi_gate_look(&best, 1, &info).words > 0.95);
    info = (kmi_search_info){.unit_count = 5000, .term_count = 1, .idf_sum = 5};
    assert_true(kmi_gate_look(&best, 1, &info).words == 1); /* the prompt has no more */
}

static void one_pair_of_characters_is_half_a_word(void **state) {
    (void)state;
    kmi_search_info info = {.unit_count = 15, .term_count = 9, .unseen_share = 8.0 / 9};
    double unseen_idf = log(1 + 15.5 / 0.5);
    double seen_idf = log(1 + 14.5 / 1.5);
    info.idf_sum = 8 * unseen_idf + seen_idf;
    kmi_search_hit best = {.coverage = seen_idf / info.idf_sum};
    kmi_gate_features words = kmi_gate_look(&best, 1, &info);
    info.pair_count = 9;
    kmi_gate_features pairs = kmi_gate_look(&best, 1, &info);
    assert_true(kmi_gate_confidence(&words) > THRESHOLD && kmi_gate_confidence(&pairs) < THRESHOLD);
}

static void no_match_is_no_confidence(void **state) {
    (void)state;
    kmi_search_info info = {.unit_count = 10, .term_count = 2, .unseen_share = 1, .idf_sum = 4};
    kmi_gate_features features = kmi_gate_look(NULL, 0, &info);
    assert_true(kmi_gate_confidence(&features) == 0);
    kmi_search_hit best = {.coverage = 0};
    features = kmi_gate_look(&best, 0, &(kmi_search_info){0});
    assert_true(kmi_gate_confidence(&features) == 0);
}

static void the_margin_is_of_the_twentieth(void **state) {
    (void)state;
    kmi_search_info info = {.unit_count = 100, .term_count = 1, .idf_sum = 4, .best_unit = 6, .twentieth_unit = 3};
    kmi_search_hit best = {.coverage = 1};
    assert_true(kmi_gate_look(&best, 1, &info).margin == 2);
    info.twentieth_unit = 0.1;
    assert_true(kmi_gate_look(&best, 1, &info).margin == 5);
    info.twentieth_unit = 0;
    assert_true(kmi_gate_look(&best, 1, &info).margin == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_store_answers_to_one_word_in_common),
        cmocka_unit_test(a_big_store_needs_more),
        cmocka_unit_test(each_feature_pulls_its_way),
        cmocka_unit_test(one_word_in_common_is_less_than_two_in_a_big_store),
        cmocka_unit_test(one_pair_of_characters_is_half_a_word),
        cmocka_unit_test(no_match_is_no_confidence),
        cmocka_unit_test(the_margin_is_of_the_twentieth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
