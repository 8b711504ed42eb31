/* learn.h - the learner: extracted candidates become memories: deduplicated, superseding, stored.
 *
 * Extraction needs no store and may run on any thread; applying runs on the thread that owns the store, inside a
 * transaction of the caller. The worker and `learn --sync` use the same two calls. */
#ifndef KMI_LEARN_LEARN_H
#define KMI_LEARN_LEARN_H

#include "base/config.h"
#include "extract/extract.h"
#include "store/store.h"

/* What a text came with; borrowed from the task's payload. */
typedef struct kmi_learn_origin {
    const km_learn_item *item;
    const kmi_uuid *task; /* NULL: remember */
    int64_t submitted_at_us;
    bool never_expires;
    kmi_learning *learning; /* where what it took is added; NULL: nowhere */
} kmi_learn_origin;

/* What applying made of a candidate. */
typedef struct kmi_learn_outcome {
    kmi_uuid id;
    const char *action; /* "stored", "strengthened", "superseded" */
    size_t supersedes_count;
    const kmi_uuid *supersedes;
} kmi_learn_outcome;

/* Adds what an extraction took and skipped. */
void kmi_learning_add_extraction(kmi_learning *learning, const kmi_extraction *extraction);

/* Applies all candidates of an extraction. ret_outcomes gets extraction->candidate_count entries (arena). */
km_status kmi_learn_apply(kmi_store *store, const kmi_config *config, const kmi_learn_origin *origin,
                          const kmi_extraction *extraction, int64_t now_us, kmi_arena *arena,
                          kmi_learn_outcome **ret_outcomes, km_error *error) KM_MUST_CHECK;

#endif
