/* ranking.h - the memories that match a text, in the order that words and priors give together. */
#ifndef KMI_RECALL_RANKING_H
#define KMI_RECALL_RANKING_H

#include "recall/gate.h"
#include "recall/prior.h"

typedef struct kmi_ranked {
    const kmi_search_hit *hit;
    kmi_priors priors;
    double factor;           /* of the priors */
    double score;            /* hit->score * factor */
    const km_memory *memory; /* NULL: not read yet */
} kmi_ranked;

typedef struct kmi_ranking {
    kmi_question question;
    const char *speaker; /* whose words are preferred; NULL: anybody's */
    kmi_search_info info;
    size_t own_words;       /* of the query that the best match by words alone says itself */
    kmi_gate_features gate; /* of that match */
    bool is_by_time;        /* a question that names a time alone: what is of that time, the newest first */
    double confidence;      /* that something here is about the text, 0 to 1 */
    size_t count;
    kmi_ranked *items; /* best first */
} kmi_ranking;

/* Searches and ranks: at least the best `limit` memories (fewer where fewer match) that pass the filters of `query`
 * (query->now_us is what "last week" counts from). Lives in the arena. */
km_status kmi_ranking_make(kmi_store *store, kmi_slice text, const km_recall_query *query, size_t limit,
                           kmi_arena *arena, kmi_ranking *ret_ranking, km_error *error) KM_MUST_CHECK;

/* Reads the memory of an item, once. It carries score and match; reason and confidence are the caller's. */
km_status kmi_ranked_read(kmi_store *store, kmi_ranked *item, kmi_arena *arena, km_memory *ret_memory,
                          km_error *error) KM_MUST_CHECK;

#endif
