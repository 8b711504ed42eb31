/* recall.h - from a question to the memories that matter: search, rank, choose, and build the context of a prompt. */
#ifndef KMI_RECALL_RECALL_H
#define KMI_RECALL_RECALL_H

#include "base/config.h"
#include "recall/chosen.h"
#include "store/store.h"

/* Best memories for a query, best first, with score, confidence and reason. Results live in the arena. */
km_status kmi_recall(kmi_store *store, const km_recall_query *query, kmi_arena *arena, km_memory **ret_items,
                     size_t *ret_count, km_error *error) KM_MUST_CHECK;

typedef struct kmi_context_request {
    kmi_slice prompt;
    size_t max_memories;
    double confidence_threshold; /* memories below are left out */
    size_t max_chars;            /* budget of the memory lines together */
    size_t standing_memories;    /* free places that preferences, rules, decisions and identity may take */
    int64_t now_us;
} kmi_context_request;

/* Chooses the memories for a prompt: relevant ones first, then standing ones in free places, near-duplicates once.
 * ret_chosen (may be NULL): the same in numbers, as many. */
km_status kmi_context_choose(kmi_store *store, const kmi_context_request *request, kmi_arena *arena,
                             km_memory **ret_items, const kmi_chosen **ret_chosen, size_t *ret_count,
                             double *ret_confidence, km_error *error) KM_MUST_CHECK;
/* The texts of memories as they may stand in a prompt: one line each, no control characters, nothing that reads as a heading,
 * bounded. Results live in the arena. */
km_status kmi_context_lines(const km_memory *items, size_t count, kmi_arena *arena, const char *const **ret_lines,
                            km_error *error) KM_MUST_CHECK;
/* Appends the plain form: headings, numbered lines, the prompt. Without lines: the prompt alone. */
km_status kmi_context_render(kmi_slice prompt, const char *const *lines, size_t count, kmi_buf *buf,
                             km_error *error) KM_MUST_CHECK;

#endif
