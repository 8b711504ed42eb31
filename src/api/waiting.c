/* The queue's files are read without a lock, so a task may be committed between the look into its file and the look into the
 * store; asking the store last makes the record win. */
#include "api/waiting.h"

#include <string.h>

#include "queue/inspect.h"

typedef struct visiting {
    kmi_store *store;
    const kmi_metrics *metrics;
    kmi_waiting_visit visit;
    void *context;
    km_status status;
    km_error *error;
} visiting;

static bool is_in_hand(const kmi_metrics *metrics, const kmi_uuid *id) {
    if (metrics->page == NULL) return false;
    for (int i = 0; i < KMI_WORKER_SLOTS; i++) {
        kmi_worker_slot *slot = &metrics->page->slots[i];
        if (atomic_load(&slot->started_at_us) != 0 && memcmp(slot->task_id, id->bytes, 16) == 0) return true;
    }
    return false;
}

static bool visit_record(const kmi_record *record, void *context) {
    visiting *v = context;
    bool is_known = false;
    if (v->store != NULL) v->status = kmi_store_task_find(v->store, &record->task_id, NULL, &is_known, NULL, v->error);
    if (v->status != KM_OK) return false;
    return is_known || v->visit(record, is_in_hand(v->metrics, &record->task_id), v->context);
}

km_status kmi_waiting_each(kmi_queue *queue, kmi_store *store, const kmi_metrics *metrics, kmi_waiting_visit visit,
                           void *context, km_error *error) {
    visiting v = {.store = store, .metrics = metrics, .visit = visit, .context = context, .error = error};
    km_status status = kmi_queue_each(queue, visit_record, &v, error);
    return status == KM_OK ? v.status : status;
}

km_status kmi_task_view_open(km_project *project, kmi_task_view *ret_view, km_error *error) {
    *ret_view = (kmi_task_view){.metrics = kmi_project_metrics(project)};
    km_status status = kmi_project_find_queue(project, &ret_view->queue, error);
    return status == KM_OK ? kmi_project_find_store(project, &ret_view->store, error) : status;
}

void kmi_task_view_close(kmi_task_view *view) {
    kmi_store_free(view->store);
}
