/* A logistic function of four features, fitted on prompts that are about a store and prompts that are about another one; the
 * fit, its errors and what was left out (the number of words and the sum of their idf look like good features, and only learn
 * that the questions of a benchmark are long) stand in docs/decisions/0017-priors-and-gate.md. */
#include "recall/gate.h"

#include <math.h>

#define MARGIN_MAX 5.0

static const double CONSTANT = -0.06 + 0.545;
static const double OF_SCORE_SHARE = -2.095;
static const double OF_COVERAGE = 4.583;
static const double OF_MARGIN = 0.039;
static const double OF_UNSEEN_SHARE = -3.729;

kmi_gate_features kmi_gate_look(const kmi_search_hit *best, const kmi_search_info *info) {
    kmi_gate_features features = {.margin = 1, .unseen_share = info->unseen_share};
    if (best == NULL) return features;
    features.coverage = best->coverage;
    if (info->idf_sum > 0) features.score_share = info->best_unit / info->idf_sum;
    if (info->twentieth_unit > 0) features.margin = fmin(info->best_unit / info->twentieth_unit, MARGIN_MAX);
    return features;
}

double kmi_gate_confidence(const kmi_gate_features *features) {
    if (features->coverage <= 0) return 0;
    double z = CONSTANT + OF_SCORE_SHARE * features->score_share + OF_COVERAGE * features->coverage +
               OF_MARGIN * features->margin + OF_UNSEEN_SHARE * features->unseen_share;
    return 1 / (1 + exp(-z));
}
