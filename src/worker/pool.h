/* pool.h - the extraction threads. One batch at a time is handed to them; they share its tasks out among themselves. */
#ifndef KMI_WORKER_POOL_H
#define KMI_WORKER_POOL_H

#include "worker/batch.h"

typedef struct kmi_pool kmi_pool;

/* Starts `thread_count` threads (1 to 64). Thread i writes what it has in hand into slot i + 1 of the metrics page. Extractor,
 * configuration and metrics must outlive the pool. */
km_status kmi_pool_new(size_t thread_count, const kmi_extractor *extractor, const kmi_config *config,
                       const kmi_metrics *metrics, kmi_pool **ret_pool, km_error *error) KM_MUST_CHECK;
/* Waits for the tasks in hand, ends the threads. */
void kmi_pool_free(kmi_pool *pool);

/* Hands a batch over; the one before must have been waited for. */
void kmi_pool_start(kmi_pool *pool, kmi_batch *batch);
/* Waits until all tasks of the batch are through. Bounded by the per-task limit: a task that hangs ends the process. */
void kmi_pool_wait(kmi_pool *pool);

#endif
