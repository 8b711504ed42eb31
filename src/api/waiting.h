/* waiting.h - looking at tasks: the tasks that the queue's files hold and the store does not know yet. */
#ifndef KMI_API_WAITING_H
#define KMI_API_WAITING_H

#include "api/project.h"

/* Calls `visit` for each waiting task of the queue, in order of arrival; `is_in_hand`: a thread of the worker has it. A task
 * with a record in `store` (may be NULL) is left out: the record tells about it. Return false to stop. */
typedef bool (*kmi_waiting_visit)(const kmi_record *record, bool is_in_hand, void *context);
km_status kmi_waiting_each(kmi_queue *queue, kmi_store *store, const kmi_metrics *metrics, kmi_waiting_visit visit,
                           void *context, km_error *error) KM_MUST_CHECK;

/* What a look at tasks needs: queue, store and metrics, each of which may be missing. */
typedef struct kmi_task_view {
    kmi_queue *queue; /* NULL: none yet */
    kmi_store *store; /* NULL: none yet */
    const kmi_metrics *metrics;
} kmi_task_view;

km_status kmi_task_view_open(km_project *project, kmi_task_view *ret_view, km_error *error) KM_MUST_CHECK;
void kmi_task_view_close(kmi_task_view *view);
#define KMI_CLEANUP_TASK_VIEW __attribute__((cleanup(kmi_task_view_close)))

#endif
