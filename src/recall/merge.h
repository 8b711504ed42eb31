/* merge.h - what two memories give for one prompt, as one context: the project's and the user's own. */
#ifndef KMI_RECALL_MERGE_H
#define KMI_RECALL_MERGE_H

#include "recall/recall.h"

/* What was chosen from one store, with its lines. */
typedef struct kmi_context {
    km_memory *items;
    const char *const *lines;
    size_t count;
} kmi_context;

/* Takes places, characters and standing memories from the request. What was found by its words comes before what merely
 * holds, and of either the first context's before the second's. Of the second one is left out what is there in nearly the
 * same words, or sets a property that the first store (NULL: only what was chosen of it) sets, chosen or not. The items of
 * the second are marked as the user's. Lives in the arena. */
km_status kmi_context_merge(const kmi_context *first, kmi_store *first_store, const kmi_context *second,
                            const kmi_context_request *request, kmi_arena *arena, kmi_context *ret_merged,
                            km_error *error) KM_MUST_CHECK;

/* The same for plain lists: all of `first`, then what is new of `second`, at most `limit`, of which `reserved` are kept
 * for `second`. */
km_status kmi_list_merge(const km_memory *first, size_t first_count, const km_memory *second, size_t second_count,
                         size_t limit, size_t reserved, kmi_arena *arena, km_memory **ret_items, size_t *ret_count,
                         km_error *error) KM_MUST_CHECK;

#endif
