/* supersede.h - which memories a new statement replaces. */
#ifndef KMI_LEARN_SUPERSEDE_H
#define KMI_LEARN_SUPERSEDE_H

#include "base/candidate.h"
#include "store/store.h"

typedef struct kmi_rivals {
    size_t older_count;
    const kmi_uuid *older; /* said earlier, and replaced; in the arena */
    bool has_newer;
    kmi_uuid newer; /* said later: it replaces the new statement itself */
} kmi_rivals;

/* Finds the live memories that say something else about the same property of the same subject. A candidate without subject
 * and attribute has none. */
km_status kmi_rivals_find(kmi_store *store, const kmi_candidate *candidate, int64_t said_at_us, kmi_arena *arena,
                          kmi_rivals *ret_rivals, km_error *error) KM_MUST_CHECK;

#endif
