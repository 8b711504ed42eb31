/* Steering tasks. Deciding on a task that still stands in the queue (cancel) means writing its record: the worker finds it in the
 * same transaction in which it would apply the task. */
#include "api/project.h"
#include "api/result.h"
#include "queue/inspect.h"
#include "util/clock.h"
#include "util/error.h"
#include "worker/upkeep.h"

enum { tasks_max = 1000000 };

/* Back to the start: fresh attempts, runs when its turn comes. */
static km_status requeue(kmi_store *store, kmi_task_row *row, km_error *error) {
    row->state = KM_TASK_QUEUED;
    row->attempts = row->crashes = 0;
    row->run_at_us = row->finished_at_us = row->started_at_us = 0;
    row->error = NULL;
    return kmi_store_task_put(store, row, error);
}

static km_status retry_one(kmi_store *store, const char *prefix, kmi_arena *arena, km_error *error) {
    kmi_uuid id;
    bool is_known = false;
    kmi_task_row row;
    km_status status = kmi_store_task_resolve(store, prefix, &id, error);
    if (status == KM_OK) status = kmi_store_task_find(store, &id, arena, &is_known, &row, error);
    if (status != KM_OK) return status;
    if (!is_known || (row.state != KM_TASK_FAILED && row.state != KM_TASK_CANCELLED && row.state != KM_TASK_RETRYING))
        return kmi_fail(error, KM_E_CONFLICT,
                        "the task is %s; only failed, cancelled and retrying tasks can be retried",
                        is_known ? km_task_state_name(row.state) : "completed");
    if (row.payload.len == 0) return kmi_fail(error, KM_E_CONFLICT, "the text of the task was forgotten");
    return requeue(store, &row, error);
}

static km_status retry_failed(kmi_store *store, kmi_arena *arena, size_t *ret_count, km_error *error) {
    const km_task_state failed = KM_TASK_FAILED;
    kmi_task_row *rows = NULL;
    size_t count = 0;
    km_status status = kmi_store_task_list(store, &failed, true, tasks_max, arena, &rows, &count, error);
    for (size_t i = 0; i < count && status == KM_OK; i++) status = requeue(store, &rows[i], error);
    *ret_count = count;
    return status;
}

km_status km_task_retry(km_project *project, const char *id, size_t *ret_count, km_error *error) {
    if (project == NULL) return kmi_fail(error, KM_E_INVALID, "project must not be NULL");
    size_t count = 1;
    KMI_CLEANUP_WRITER kmi_writer writer = {0};
    km_status status = kmi_writer_open(project, false, &writer, error);
    if (status != KM_OK) return status;
    kmi_arena *arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES);
    if (arena == NULL) return kmi_fail_memory(error);
    status = kmi_store_begin(writer.store, error);
    if (status == KM_OK) {
        status =
            id == NULL ? retry_failed(writer.store, arena, &count, error) : retry_one(writer.store, id, arena, error);
        status = kmi_writer_end(&writer, status, error);
    }
    kmi_arena_free(arena);
    if (status != KM_OK) return status;
    if (ret_count != NULL) *ret_count = count;
    kmi_writer_close(&writer); /* gives up the lock file before a new worker takes it over */
    kmi_project_announce_change(project);
    kmi_project_keep_worker(project);
    return KM_OK;
}

/* The record of a task that stands in the queue, with its text, so that it can be retried. */
typedef struct cancelling {
    kmi_uuid id;
    kmi_store *store;
    km_status status;
    bool is_done;
    km_error *error;
} cancelling;

static bool cancel_record(const kmi_record *record, void *context) {
    cancelling *c = context;
    if (kmi_uuid_compare(&record->task_id, &c->id) != 0) return true;
    kmi_task_row row = {
        .id = record->task_id,
        .state = KM_TASK_CANCELLED,
        .priority = record->priority,
        .item_count = record->item_count,
        .created_at_us = record->created_at_us,
        .finished_at_us = kmi_clock_now_us(),
        .payload = record->payload,
        .is_keyed = record->is_keyed,
    };
    c->status = kmi_store_task_put(c->store, &row, c->error);
    c->is_done = true;
    return false;
}

/* Inside a transaction: nobody else can decide on the task meanwhile. */
static km_status cancel_in_store(kmi_writer *writer, const kmi_uuid *id, kmi_arena *arena, km_error *error) {
    bool is_known = false;
    kmi_task_row row;
    km_status status = kmi_store_task_find(writer->store, id, arena, &is_known, &row, error);
    if (status != KM_OK) return status;
    if (is_known) {
        if (row.state != KM_TASK_QUEUED && row.state != KM_TASK_RETRYING)
            return kmi_fail(error, KM_E_CONFLICT, "the task is %s already", km_task_state_name(row.state));
        row.state = KM_TASK_CANCELLED;
        row.finished_at_us = kmi_clock_now_us();
        return kmi_store_task_put(writer->store, &row, error);
    }
    cancelling c = {.id = *id, .store = writer->store, .error = error};
    status = kmi_queue_each(writer->queue, cancel_record, &c, error);
    if (status == KM_OK) status = c.status;
    if (status == KM_OK && !c.is_done) return kmi_fail(error, KM_E_CONFLICT, "the task has just been finished");
    return status;
}

km_status km_task_cancel(km_project *project, const char *id, km_error *error) {
    km_task_list *found = NULL;
    km_status status = km_task_get(project, id, &found, error);
    if (status != KM_OK) return status;
    kmi_uuid full_id;
    status = kmi_uuid_parse(found->items[0].id, &full_id, error);
    km_task_list_free(found);
    if (status != KM_OK) return status;
    KMI_CLEANUP_WRITER kmi_writer writer = {0};
    status = kmi_writer_open(project, true, &writer, error);
    if (status != KM_OK) return status;
    kmi_arena *arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES);
    if (arena == NULL) return kmi_fail_memory(error);
    status = kmi_store_begin(writer.store, error);
    if (status == KM_OK) status = kmi_writer_end(&writer, cancel_in_store(&writer, &full_id, arena, error), error);
    kmi_arena_free(arena);
    if (status == KM_OK) kmi_project_announce_change(project);
    return status;
}

km_status km_task_purge(km_project *project, size_t *ret_count, km_error *error) {
    if (project == NULL) return kmi_fail(error, KM_E_INVALID, "project must not be NULL");
    uint64_t count = 0;
    KMI_CLEANUP_WRITER kmi_writer writer = {0};
    km_error fault = {0};
    km_status status = kmi_writer_open(project, false, &writer, &fault);
    if (status == KM_E_NOT_FOUND) status = KM_OK; /* no store, no records */
    if (status != KM_OK && error != NULL) *error = fault;
    if (status == KM_OK && writer.store != NULL) {
        status = kmi_store_begin(writer.store, error);
        if (status != KM_OK) return status;
        status = kmi_upkeep_purge_tasks(writer.store, writer.queue, kmi_clock_now_us() + 1, true, &count, error);
        status = kmi_writer_end(&writer, status, error);
    }
    if (status == KM_OK && ret_count != NULL) *ret_count = count;
    return status;
}
