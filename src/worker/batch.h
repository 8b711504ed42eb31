/* batch.h - the tasks that are committed together: read, extracted, applied in one transaction. */
#ifndef KMI_WORKER_BATCH_H
#define KMI_WORKER_BATCH_H

#include <stdatomic.h>

#include "base/config.h"
#include "extract/extract.h"
#include "queue/segment.h"
#include "status/metrics.h"
#include "store/store.h"

#define KMI_BATCH_TASKS_MAX 256
#define KMI_BATCH_ITEMS_MAX \
    512 /* a task of `learn --batch` holds up to 256; what they are extracted to is kept until the commit */

typedef struct kmi_batch_task {
    kmi_uuid id;
    int priority;
    uint32_t attempts;
    uint32_t crashes;
    uint32_t redaction_count;
    uint32_t expected_item_count;
    bool is_keyed;
    bool is_from_store;   /* a record of the store; else an entry of a segment */
    kmi_segment *segment; /* where it comes from */
    kmi_segment_entry *entry;
    int64_t created_at_us;
    int64_t claimed_at_us;
    kmi_slice payload; /* in the batch's arena */
    km_learn_item *items;
    kmi_extraction *extractions; /* one per item */
    size_t item_count;
    size_t extracted_count;
    int64_t extract_us;
    kmi_learning learning; /* what it took, for the metrics page */
    km_status status;      /* of reading and extracting */
    km_error error;
} kmi_batch_task;

typedef struct kmi_batch {
    kmi_arena *arena;
    size_t count;
    kmi_batch_task tasks[KMI_BATCH_TASKS_MAX];
    size_t payload_bytes;
    size_t item_count;
    bool has_store_tasks;
    _Atomic size_t next;      /* task that the next free thread takes */
    _Atomic size_t extracted; /* tasks that are through with extraction */
} kmi_batch;

/* Everything that applying needs. */
typedef struct kmi_batch_context {
    kmi_store *store;
    const kmi_config *config;
    const kmi_metrics *metrics;
    uint64_t epoch;
    const volatile int *stop; /* 2: roll back and leave; may be NULL */
} kmi_batch_context;

/* Returns: a new, empty batch or NULL. */
kmi_batch *kmi_batch_new(void);
void kmi_batch_free(kmi_batch *batch);

/* Decodes the items of a picked task into the batch's arena. Returns (and the caller keeps) the task's status. */
km_status kmi_batch_decode(kmi_batch_task *task, kmi_arena *arena);
/* Extracts one task, on any thread; the outcome is in task->status. `slot` shows what the thread has in hand. */
void kmi_batch_extract(kmi_batch_task *task, const kmi_extractor *extractor, const kmi_config *config,
                       kmi_worker_slot *slot);

/* Applies all tasks and commits. A task that fails by its own fault becomes retrying or failed and harms nobody; any other
 * fault rolls everything back and is returned: the batch may be committed again later. KM_E_CONFLICT: this worker was
 * replaced. KM_E_INTERRUPTED: stopped. After KM_OK all entries are done. */
km_status kmi_batch_commit(kmi_batch *batch, const kmi_batch_context *context, km_error *error) KM_MUST_CHECK;

#endif
