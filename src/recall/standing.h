/* standing.h - preferences, rules, identity and decisions that apply to a prompt although its words may not find them. */
#ifndef KMI_RECALL_STANDING_H
#define KMI_RECALL_STANDING_H

#include "recall/ranking.h"

typedef struct kmi_standing {
    km_memory memory;
    double coverage; /* of the prompt, 0 to 1 */
} kmi_standing;

/* Those of the most recently confirmed ones that apply, most applicable first. words_count: false when the gate found the
 * words that prompt and memories share to be chance. Lives in the arena. */
km_status kmi_standing_list(kmi_store *store, kmi_slice prompt, const kmi_ranking *ranking, bool words_count,
                            kmi_arena *arena, kmi_standing **ret_items, size_t *ret_count,
                            km_error *error) KM_MUST_CHECK;

#endif
