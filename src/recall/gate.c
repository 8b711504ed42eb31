/* A logistic function of four features, fitted on prompts that are about a store and on prompts that are about another one or
 * about nothing in it. docs/decisions/0017-priors-and-gate.md has the fit, its errors, and what was left out: the number of
 * words and the sum of their idf look like good features, and only learn that the questions of a benchmark are long.
 *
 * A small store knows few words. That a word of the prompt is not among them says little, and idf, made of a handful of
 * memories, says that the missing words are what matters. So both count by the size of the store: unseen words by n / (n + 600), and
 * the share of weight by n / (n + 30); the rest is the plain share of words, where a long prompt counts as two and a half. One
 * word in common is enough among ten memories, and not among a thousand. A pair of characters of a script without spaces is half
 * a word. */
#include "recall/gate.h"

#include <math.h>

#define MARGIN_MAX 5.0
#define UNITS_HALF_UNSEEN 600.0
#define UNITS_HALF_WEIGHT 30.0
#define UNITS_HALF_WORDS 100.0
#define SMALL_STORE_WORDS 2.5

static const double CONSTANT = -5.08;
static const double OF_COVERAGE = 4.73;
static const double OF_MARGIN = 0.83;
static const double OF_UNSEEN = -5.35;
static const double OF_WORDS = 2.50;

/* Words of the prompt that the best match holds, as a share of all, made of the share of their weight. */
static double word_share(double coverage, const kmi_search_info *info) {
    double count = (double)info->term_count;
    double units = (double)info->unit_count;
    double unseen_idf = log(1 + (units + 0.5) / 0.5) * info->unseen_share * count;
    double seen = info->idf_sum > unseen_idf ? 1 - unseen_idf / info->idf_sum : 0;
    if (seen <= 1e-6) return coverage;
    double words = fmin(1, coverage / seen) * (1 - info->unseen_share) * count;
    double wanted = SMALL_STORE_WORDS * (1 + (double)info->pair_count / count); /* two pairs are a word */
    return fmin(1, words / fmin(count, wanted));
}

/* One word in common is chance where there are many memories, unless the prompt has no more. */
static double enough_words(size_t own_words, const kmi_search_info *info) {
    double wanted = info->term_count < 2 ? 1 : 2;
    double units = (double)info->unit_count;
    return 1 - units / (units + UNITS_HALF_WORDS) * (1 - fmin((double)own_words, wanted) / wanted);
}

kmi_gate_features kmi_gate_look(const kmi_search_hit *best, size_t own_words, const kmi_search_info *info) {
    if (best == NULL || info->term_count == 0) return (kmi_gate_features){.margin = 1};
    double units = (double)info->unit_count;
    double weight = units / (units + UNITS_HALF_WEIGHT);
    kmi_gate_features features = {.margin = 1};
    features.coverage = weight * best->coverage + (1 - weight) * word_share(best->coverage, info);
    features.unseen = units / (units + UNITS_HALF_UNSEEN) * info->unseen_share;
    features.words = enough_words(own_words, info);
    if (info->twentieth_unit > 0) features.margin = fmin(info->best_unit / info->twentieth_unit, MARGIN_MAX);
    return features;
}

double kmi_gate_confidence(const kmi_gate_features *features) {
    if (features->coverage <= 0) return 0;
    double z = CONSTANT + OF_COVERAGE * features->coverage + OF_MARGIN * features->margin +
               OF_UNSEEN * features->unseen + OF_WORDS * features->words;
    return 1 / (1 + exp(-z));
}
