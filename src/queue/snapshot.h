/* snapshot.h - what waits in the queue, as one piece of bytes: for a backup, and back from one. */
#ifndef KMI_QUEUE_SNAPSHOT_H
#define KMI_QUEUE_SNAPSHOT_H

#include "queue/inspect.h"

typedef struct kmi_queue_snapshot {
    uint64_t journal_id;
    uint64_t record_count;
    kmi_buf image; /* a sealed segment; empty when nothing waits. End with kmi_buf_deinit() */
} kmi_queue_snapshot;

/* Collects every record that `wants` (NULL: all) from journal and segments, without stopping those who append. The caller holds
 * the writer's lock, so that nothing is committed and given back meanwhile: then every text that was accepted before the call
 * is in it. */
km_status kmi_queue_snapshot_take(kmi_queue *queue, kmi_queue_visit wants, void *context,
                                  kmi_queue_snapshot *ret_snapshot, km_error *error) KM_MUST_CHECK;

#endif
