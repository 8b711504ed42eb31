/* oldest.h - since when the oldest task waits. */
#ifndef KMI_WORKER_OLDEST_H
#define KMI_WORKER_OLDEST_H

#include "queue/queue.h"
#include "store/store.h"

#define KMI_OLDEST_NONE INT64_MAX

/* Lowers *oldest_us to when the first record in the queue's files was handed over that the store (NULL: none) has not decided on.
 * Records stand in order of arrival, so it is the oldest, give or take a clock. Looks at 256 records at most. */
km_status kmi_oldest_in_queue(kmi_queue *queue, kmi_store *store, int64_t *oldest_us, km_error *error) KM_MUST_CHECK;

/* The same for tasks that wait in the store, queued or retrying. */
km_status kmi_oldest_in_store(kmi_store *store, int64_t *oldest_us, km_error *error) KM_MUST_CHECK;

#endif
