/* recall.h - from a question to the memories that matter: search, rank, choose, and build the context of a prompt. */
#ifndef KMI_RECALL_RECALL_H
#define KMI_RECALL_RECALL_H

#include "base/config.h"
#include "recall/chosen.h"
#include "store/store.h"
#include "util/buf.h"

/* Best memories for a query, best first, with score, confidence, reason and match, and how the query was understood; threshold
 * is only told, nothing is left out for it. Results live in the arena. */
km_status kmi_recall(kmi_store *store, const km_recall_query *query, double threshold, kmi_arena *arena,
                     km_memory **ret_items, size_t *ret_count, const km_explanation **ret_explanation,
                     km_error *error) KM_MUST_CHECK;

typedef struct kmi_context_request {
    kmi_slice prompt;
    size_t max_memories;
    double
        confidence_threshold; /* silent when it is less sure that something here is about the prompt; 0: never silent */
    size_t max_chars;         /* budget of the memory lines together */
    size_t standing_memories; /* free places that preferences, rules, decisions and identity may take */
    int64_t now_us;
} kmi_context_request;

/* Chooses the memories for a prompt: relevant ones first, then standing ones in free places, near-duplicates once.
 * ret_chosen (may be NULL): the same in numbers, as many. ret_explanation (may be NULL) is set where anything was searched. */
km_status kmi_context_choose(kmi_store *store, const kmi_context_request *request, kmi_arena *arena,
                             km_memory **ret_items, const kmi_chosen **ret_chosen, size_t *ret_count,
                             double *ret_confidence, const km_explanation **ret_explanation,
                             km_error *error) KM_MUST_CHECK;
/* Appends a blank and the note of when a memory is of, where that matters; nothing elsewhere. ASCII. */
km_status kmi_context_note(kmi_store *store, const km_memory *memory, int64_t now_us, kmi_arena *arena, kmi_buf *buf,
                           km_error *error) KM_MUST_CHECK;
/* The texts of memories as they may stand in a prompt: one line each, no control characters, nothing that reads as a heading,
 * bounded, with the note of their time. Results live in the arena. */
km_status kmi_context_lines(kmi_store *store, const km_memory *items, size_t count, int64_t now_us, kmi_arena *arena,
                            const char *const **ret_lines, km_error *error) KM_MUST_CHECK;
/* Appends the plain form: headings, numbered lines, the prompt. Without lines: the prompt alone. */
km_status kmi_context_render(kmi_slice prompt, const char *const *lines, size_t count, kmi_buf *buf,
                             km_error *error) KM_MUST_CHECK;

#endif
