/* upkeep.h - what a worker does for the house besides its work: checkpoints, forgetting finished records, expiry. */
#ifndef KMI_WORKER_UPKEEP_H
#define KMI_WORKER_UPKEEP_H

#include "base/config.h"
#include "queue/queue.h"
#include "store/store.h"

typedef struct kmi_upkeep {
    int64_t last_cleanup_us; /* monotonic; 0: not yet */
} kmi_upkeep;

/* Moves the write-ahead log into the database once it has grown. */
km_status kmi_upkeep_after_commit(kmi_upkeep *upkeep, kmi_store *store, km_error *error) KM_MUST_CHECK;
/* Every async.cleanup_interval_seconds: drops records of finished tasks older than async.max_task_age_seconds, and expired
 * memories. */
km_status kmi_upkeep_when_idle(kmi_upkeep *upkeep, kmi_store *store, kmi_queue *queue, const kmi_config *config,
                               km_error *error) KM_MUST_CHECK;
/* Leaves an empty log behind, and no temporary files of the dead. Readers that keep the log from being emptied are no error. */
void kmi_upkeep_before_leaving(kmi_store *store, int memory_dir_fd);

/* Purges records of tasks that ended before before_us, failed ones too if asked, but for those that a file of the queue still holds:
 * their records are what keeps them from being learnt twice, or after they were cancelled. Inside a transaction. */
km_status kmi_upkeep_purge_tasks(kmi_store *store, kmi_queue *queue, int64_t before_us, bool with_failed,
                                 uint64_t *ret_count, km_error *error) KM_MUST_CHECK;

#endif
