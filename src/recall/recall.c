/* From a query to memories: search, rank, read. Confidence is a number a person can read and a threshold can use: of the
 * best, how sure it is that something here is about the query (gate.c); of the others, less in proportion to their score. */
#include "recall/recall.h"

#include "recall/explain.h"
#include "util/error.h"

#define DEFAULT_LIMIT 10

km_status kmi_recall(kmi_store *store, const km_recall_query *query, double threshold, kmi_arena *arena,
                     km_memory **ret_items, size_t *ret_count, const km_explanation **ret_explanation,
                     km_error *error) {
    kmi_slice text = query->query_len != 0 ? (kmi_slice){query->query, query->query_len} : kmi_slice_from(query->query);
    size_t limit = query->limit != 0 ? query->limit : DEFAULT_LIMIT;
    kmi_ranking ranking;
    km_status status = kmi_ranking_make(store, text, query, limit, arena, &ranking, error);
    if (status != KM_OK) return status;
    const km_explanation *explanation = NULL;
    status = kmi_explain(&ranking, threshold, arena, &explanation, error);
    if (status != KM_OK) return status;
    size_t count = ranking.count < limit ? ranking.count : limit;
    km_memory *items = kmi_arena_alloc_array(arena, count + 1, sizeof(*items));
    if (items == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while recalling");
    for (size_t i = 0; i < count; i++) {
        kmi_ranked *item = &ranking.items[i];
        status = kmi_ranked_read(store, item, arena, &items[i], error);
        if (status != KM_OK) return status;
        kmi_chosen chosen = {.seq = item->hit->seq,
                             .score = item->score,
                             .confidence = explanation->confidence * item->score / ranking.items[0].score,
                             .match = *items[i].match,
                             .has_match = 1,
                             .reason = ranking.is_by_time ? KMI_REASON_TIME : KMI_REASON_RELEVANT};
        status = kmi_chosen_describe(&chosen, arena, &items[i], error);
        if (status != KM_OK) return status;
    }
    *ret_items = items;
    *ret_count = count;
    *ret_explanation = explanation;
    return KM_OK;
}
