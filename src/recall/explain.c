#include "recall/explain.h"

#include "util/error.h"

static bool copy_terms(const kmi_search_info *info, kmi_arena *arena, km_explanation *explanation) {
    km_query_term *terms = kmi_arena_alloc_array(arena, info->term_count + 1, sizeof(*terms));
    if (terms == NULL) return false;
    for (size_t i = 0; i < info->term_count; i++) terms[i] = (km_query_term){info->terms[i], info->idf[i]};
    explanation->terms = terms;
    explanation->term_count = info->term_count;
    explanation->skipped_term_count = info->skipped_term_count;
    return true;
}

static bool copy_times(const kmi_question *question, kmi_arena *arena, km_explanation *explanation) {
    km_time_range *times = kmi_arena_alloc_array(arena, question->time_count + 1, sizeof(*times));
    if (times == NULL) return false;
    for (size_t i = 0; i < question->time_count; i++) {
        const kmi_time_span *span = &question->times[i];
        times[i] = (km_time_range){kmi_arena_copy(arena, span->phrase), span->from_us, span->until_us};
        if (times[i].phrase == NULL) return false;
    }
    explanation->times = times;
    explanation->time_count = question->time_count;
    return true;
}

km_status kmi_explain(const kmi_ranking *ranking, double threshold, kmi_arena *arena,
                      const km_explanation **ret_explanation, km_error *error) {
    km_explanation *explanation = kmi_arena_alloc(arena, sizeof(*explanation));
    if (explanation == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while explaining");
    *explanation = (km_explanation){.asks_when = ranking->question.asks_when,
                                    .coverage = ranking->gate.coverage,
                                    .margin = ranking->gate.margin,
                                    .unseen_share = ranking->info.unseen_share,
                                    .unit_count = ranking->info.unit_count,
                                    .confidence = ranking->confidence,
                                    .threshold = threshold,
                                    .own_words = ranking->own_words,
                                    .is_of_time_alone = ranking->is_by_time};
    bool is_done = copy_terms(&ranking->info, arena, explanation) && copy_times(&ranking->question, arena, explanation);
    if (is_done && ranking->speaker != NULL) {
        explanation->speaker = kmi_arena_copy_text(arena, ranking->speaker);
        is_done = explanation->speaker != NULL;
    }
    if (!is_done) return kmi_fail(error, KM_E_NOMEM, "out of memory while explaining");
    *ret_explanation = explanation;
    return KM_OK;
}
