/* liveness.h - is there a worker, and is it well? And starting one if not. */
#ifndef KMI_STATUS_LIVENESS_H
#define KMI_STATUS_LIVENESS_H

#include <sys/types.h>

#include "queue/queue.h"
#include "status/metrics.h"

/* Returns: the byte of queue/lock that the worker of this generation holds. */
off_t kmi_worker_lock_byte(uint64_t generation);

/* True when the worker's heartbeat is older than so many beats. False without a page. */
bool kmi_worker_has_missed_beats(const kmi_metrics *metrics, int beats);

/* The worker as others see it. Writes nothing. Cost: a lock probe. */
km_status kmi_worker_look(const kmi_queue *queue, const kmi_metrics *metrics, km_worker_info *ret_info,
                          km_error *error) KM_MUST_CHECK;

/* Somebody is starting a worker at this moment. */
km_status kmi_worker_is_starting(const kmi_queue *queue, bool *ret_is_starting, km_error *error) KM_MUST_CHECK;

/* Starts a detached worker unless one is alive and well, or somebody is starting one. `program` NULL starts none.
 * *ret_started (optional). Two callers start one worker: the starter's lock travels into the new process. */
km_status kmi_worker_ensure(kmi_queue *queue, const kmi_metrics *metrics, const char *program, const char *project_root,
                            const char *config_file, bool *ret_started, km_error *error) KM_MUST_CHECK;

#endif
