/* chosen.h - a chosen memory in numbers: from them and the store everything that is shown of it can be made again. */
#ifndef KMI_RECALL_CHOSEN_H
#define KMI_RECALL_CHOSEN_H

#include "store/store.h"

typedef enum kmi_reason {
    KMI_REASON_RELEVANT, /* its words cover the question */
    KMI_REASON_STANDING, /* its type applies whatever is asked */
    KMI_REASON_TIME      /* of the time that the question names and nothing else */
} kmi_reason;

/* Stands in the cache file as it is: no text, no pointers, no padding. A change of its meaning raises KMI_CACHE_VERSION. */
typedef struct kmi_chosen {
    int64_t seq;
    double score;
    double confidence; /* as shown */
    km_match match;
    uint32_t has_match; /* 0: it was not found by its words */
    uint32_t reason;    /* kmi_reason */
    uint32_t max_chars; /* its text was shortened to so many characters, 0: it is whole */
    uint32_t unused;    /* 0 */
} kmi_chosen;
_Static_assert(sizeof(kmi_chosen) == 96, "written to a file as it is");

/* Fills in what the choice adds to a memory: score, confidence, match and reason; shortens its text. Texts live in the arena. */
km_status kmi_chosen_describe(const kmi_chosen *chosen, kmi_arena *arena, km_memory *memory,
                              km_error *error) KM_MUST_CHECK;
/* Reads the memory and describes it. KM_E_NOT_FOUND: the store does not hold it any more. */
km_status kmi_chosen_read(kmi_store *store, const kmi_chosen *chosen, kmi_arena *arena, km_memory *ret_memory,
                          km_error *error) KM_MUST_CHECK;

#endif
