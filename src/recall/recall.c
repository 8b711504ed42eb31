/* From a query to memories: search, then what each hit is worth. The order is the search's own; confidence is a number a person
 * can read and a threshold can use: which share of the question's weight the memory's words cover, and a little less where the memory
 * itself is doubtful. */
#include "recall/recall.h"

#include "recall/chosen.h"
#include "recall/relevance.h"
#include "util/error.h"

#define DEFAULT_LIMIT 10

double kmi_relevance(const kmi_search_hit *hit, const km_memory *memory) {
    double relevance = hit->coverage * (0.8 + 0.2 * memory->confidence);
    return relevance > 0 ? (relevance < 1 ? relevance : 1) : 0;
}

km_status kmi_relevant_memory(kmi_store *store, kmi_ranked *item, kmi_arena *arena, km_memory *ret_memory,
                              km_error *error) {
    km_status status = kmi_ranked_read(store, item, arena, ret_memory, error);
    if (status != KM_OK) return status;
    const kmi_search_hit *hit = item->hit;
    kmi_chosen chosen = {.seq = hit->seq,
                         .score = item->score,
                         .confidence = kmi_relevance(hit, ret_memory),
                         .match = *ret_memory->match,
                         .has_match = 1,
                         .reason = KMI_REASON_RELEVANT};
    return kmi_chosen_describe(&chosen, arena, ret_memory, error);
}

km_status kmi_recall(kmi_store *store, const km_recall_query *query, kmi_arena *arena, km_memory **ret_items,
                     size_t *ret_count, km_error *error) {
    kmi_slice text = query->query_len != 0 ? (kmi_slice){query->query, query->query_len} : kmi_slice_from(query->query);
    size_t limit = query->limit != 0 ? query->limit : DEFAULT_LIMIT;
    kmi_ranking ranking;
    km_status status = kmi_ranking_make(store, text, query, limit, arena, &ranking, error);
    if (status != KM_OK) return status;
    size_t count = ranking.count < limit ? ranking.count : limit;
    km_memory *items = kmi_arena_alloc_array(arena, count + 1, sizeof(*items));
    if (items == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while recalling");
    for (size_t i = 0; i < count; i++) {
        status = kmi_relevant_memory(store, &ranking.items[i], arena, &items[i], error);
        if (status != KM_OK) return status;
    }
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}
