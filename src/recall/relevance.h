/* relevance.h - what a hit of the search is worth to a question. */
#ifndef KMI_RECALL_RELEVANCE_H
#define KMI_RECALL_RELEVANCE_H

#include "recall/ranking.h"

/* Returns: 0 to 1. */
double kmi_relevance(const kmi_search_hit *hit, const km_memory *memory);
/* Reads the memory of a hit and fills in score, confidence (its relevance) and reason. */
km_status kmi_relevant_memory(kmi_store *store, kmi_ranked *item, kmi_arena *arena, km_memory *ret_memory,
                              km_error *error) KM_MUST_CHECK;

#endif
