/* retry.h - what becomes of a task that failed, or of one that was in hand when a worker died. */
#ifndef KMI_WORKER_RETRY_H
#define KMI_WORKER_RETRY_H

#include "worker/batch.h"

#define KMI_CRASHES_MAX 3 /* a task that so many workers died on is failed */

/* Returns: microseconds to wait before run number `attempts` + 1: equal jitter over an exponential backoff from 2 s, at most
 * 1 h: d = min(1 h, 2 s * 2^(attempts-1)); half of d plus a random part of the other half. `random` is uniform. */
int64_t kmi_retry_delay_us(uint32_t attempts, uint64_t random);

/* Records that the task failed with `fault`: retrying, or failed when its attempts are used up or trying again cannot help;
 * *ret_state tells which. Inside a transaction. */
km_status kmi_retry_put(kmi_store *store, const kmi_config *config, const kmi_batch_task *task, const km_error *fault,
                        km_task_state *ret_state, km_error *error) KM_MUST_CHECK;

/* Records that a worker died with the task in hand: queued again, to be run alone, or failed after KMI_CRASHES_MAX. Inside a
 * transaction. */
km_status kmi_retry_put_crashed(kmi_store *store, const kmi_batch_task *task, km_error *error) KM_MUST_CHECK;

#endif
