/* backlog.h - all that waits, as the worker sees it: the segments it has taken, and the tasks that the store keeps (retrying, or
 * set apart after a crash). Decides what comes next.
 *
 * Rank is priority minus age / 60 s, so waiting raises it and nothing starves: a task of priority 9 gives way to tasks of
 * priority 0 for nine minutes, then to none that came later. Two tasks age alike, so their order never changes and is fixed
 * when a segment is read: by created + priority * 60 s, first come first served inside a priority. */
#ifndef KMI_WORKER_BACKLOG_H
#define KMI_WORKER_BACKLOG_H

#include "worker/batch.h"

typedef struct kmi_backlog kmi_backlog;

km_status kmi_backlog_new(kmi_queue *queue, kmi_backlog **ret_backlog, km_error *error) KM_MUST_CHECK;
void kmi_backlog_free(kmi_backlog *backlog);

/* Takes what the journal holds and opens segments that are new to us; with `list_all` also those that somebody else left
 * behind, whose tasks the store may know already: these are done, and never come into a thread's hands again.
 * *ret_damaged_bytes (optional) grows by what had to be quarantined. */
km_status kmi_backlog_refresh(kmi_backlog *backlog, kmi_store *store, bool list_all, uint64_t *ret_damaged_bytes,
                              km_error *error) KM_MUST_CHECK;

/* Fills an empty batch with the next tasks, at most task_limit and about byte_limit of payload; it stays empty when nothing
 * is due. Tasks of the store come first, at most half of a batch; one that a worker died on comes alone.
 * *ret_next_run_at_us: when the next retry is due, 0 without. `may_use_store` is false while an earlier batch with tasks of
 * the store is not committed yet. */
km_status kmi_backlog_pick(kmi_backlog *backlog, kmi_store *store, bool may_use_store, size_t task_limit,
                           size_t byte_limit, kmi_batch *batch, int64_t *ret_next_run_at_us,
                           km_error *error) KM_MUST_CHECK;

/* Gives back the files of segments whose tasks are all committed. */
km_status kmi_backlog_retire(kmi_backlog *backlog, km_error *error) KM_MUST_CHECK;

/* Finds a task that waits in a segment. NULL when it is not there. */
kmi_segment_entry *kmi_backlog_find(kmi_backlog *backlog, const kmi_uuid *task_id, kmi_segment **ret_segment);
/* The store has the task now: it is done here. */
void kmi_backlog_mark_done(kmi_segment *segment, kmi_segment_entry *entry);
/* Fills `task` (payload in the batch's arena) from an entry. */
km_status kmi_backlog_load(kmi_segment *segment, kmi_segment_entry *entry, kmi_batch *batch, kmi_batch_task *task,
                           km_error *error) KM_MUST_CHECK;

/* Returns: tasks of segments that are not done. */
uint64_t kmi_backlog_waiting(const kmi_backlog *backlog);

#endif
