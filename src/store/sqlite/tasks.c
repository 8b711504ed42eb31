/* Task records. Nearly all of them are written once, as completed, in big batches: so the first try is a plain INSERT, and only
 * a record that is there already is read and compared, to know which counters move. Payloads are kept while a task may run again. */
#include <string.h>

#include "store/sqlite/handle.h"

typedef struct old_task {
    km_task_state state;
    int64_t processing_us;
    int64_t wait_us;
} old_task;

static bool may_run_again(km_task_state state) {
    return state != KM_TASK_COMPLETED;
}

/* The counter of tasks in a state now; KMI_COUNTER_COUNT for states whose counters only grow. */
static kmi_counter gauge_of(km_task_state state) {
    switch (state) {
    case KM_TASK_QUEUED:
        return KMI_COUNTER_TASKS_QUEUED;
    case KM_TASK_PROCESSING:
        return KMI_COUNTER_TASKS_PROCESSING;
    case KM_TASK_RETRYING:
        return KMI_COUNTER_TASKS_RETRYING;
    case KM_TASK_FAILED:
        return KMI_COUNTER_TASKS_FAILED;
    default:
        return KMI_COUNTER_COUNT;
    }
}

static void count_change(kmi_store *store, const old_task *old, const kmi_task_row *task) {
    int64_t *totals = store->changes.totals;
    bool is_new = old == NULL;
    kmi_counter before = is_new ? KMI_COUNTER_COUNT : gauge_of(old->state);
    kmi_counter after = gauge_of(task->state);
    if (before != KMI_COUNTER_COUNT) totals[before]--;
    if (after != KMI_COUNTER_COUNT) totals[after]++;
    if (task->state == KM_TASK_FAILED && (is_new || old->state != KM_TASK_FAILED)) {
        totals[KMI_COUNTER_TASKS_FAILED_EVER]++;
    }
    if (task->state == KM_TASK_CANCELLED && (is_new || old->state != KM_TASK_CANCELLED)) {
        totals[KMI_COUNTER_TASKS_CANCELLED]++;
    }
    if (task->state != KM_TASK_COMPLETED) return;
    bool was_completed = !is_new && old->state == KM_TASK_COMPLETED;
    totals[KMI_COUNTER_TASKS_COMPLETED] += was_completed ? 0 : 1;
    totals[KMI_COUNTER_PROCESSING_US] += task->processing_us - (was_completed ? old->processing_us : 0);
    totals[KMI_COUNTER_WAIT_US] += task->wait_us - (was_completed ? old->wait_us : 0);
}

static void bind_task(kmi_sql_use *use, const kmi_task_row *task) {
    bool has_payload = may_run_again(task->state) && task->payload.len > 0;
    kmi_sql_bind_blob(use, 1, task->id.bytes, sizeof(task->id.bytes));
    kmi_sql_bind_integer(use, 2, task->state);
    kmi_sql_bind_integer(use, 3, task->priority);
    kmi_sql_bind_integer(use, 4, task->attempts);
    kmi_sql_bind_integer(use, 5, task->crashes);
    kmi_sql_bind_integer(use, 6, task->item_count);
    kmi_sql_bind_integer(use, 7, task->created_at_us);
    kmi_sql_bind_time(use, 8, task->started_at_us);
    kmi_sql_bind_time(use, 9, task->finished_at_us);
    kmi_sql_bind_time(use, 10, task->run_at_us);
    kmi_sql_bind_integer(use, 11, task->processing_us);
    kmi_sql_bind_integer(use, 12, task->wait_us);
    kmi_sql_bind_integer(use, 13, task->is_keyed);
    kmi_sql_bind_text(use, 14, task->error);
    kmi_sql_bind_blob(use, 15, has_payload ? task->payload.ptr : NULL, task->payload.len);
    kmi_sql_bind_blob(use, 16, task->memory_count > 0 ? task->memory_ids : NULL, task->memory_count * sizeof(kmi_uuid));
}

static km_status write_task(kmi_store *store, const char *text, const kmi_task_row *task, int *ret_changed,
                            km_error *error) {
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, text, &use, error);
    if (status != KM_OK) return status;
    bind_task(&use, task);
    status = kmi_sql_run(&use, error);
    *ret_changed = sqlite3_changes(kmi_sql_handle(store->sql));
    return status;
}

static km_status read_old(kmi_store *store, const kmi_uuid *id, old_task *ret_old, km_error *error) {
    static const char READ_OLD[] = "SELECT state,processing_us,wait_us FROM tasks WHERE id=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_OLD, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof(id->bytes));
    status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    *ret_old = (old_task){(km_task_state)kmi_sql_integer(&use, 0), kmi_sql_integer(&use, 1), kmi_sql_integer(&use, 2)};
    return KM_OK;
}

static km_status remember_key(kmi_store *store, const kmi_uuid *id, km_error *error) {
    static const char INSERT_KEY[] = "INSERT OR IGNORE INTO task_keys(id) VALUES(?1)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, INSERT_KEY, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof(id->bytes));
    return kmi_sql_run(&use, error);
}

km_status kmi_store_task_put(kmi_store *store, const kmi_task_row *task, km_error *error) {
    static const char INSERT_TASK[] =
        "INSERT INTO "
        "tasks(id,state,priority,attempts,crashes,item_count,created_at,started_at,finished_at,run_at,processing_us,"
        "wait_us,is_keyed,error,payload,memory_ids)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16) ON CONFLICT(id) DO NOTHING";
    static const char UPDATE_TASK[] =
        "UPDATE tasks SET "
        "state=?2,priority=?3,attempts=?4,crashes=?5,item_count=?6,created_at=?7,started_at=?8,finished_at=?9,"
        "run_at=?10,processing_us=?11,wait_us=?12,is_keyed=max(is_keyed,?13),error=?14,payload=?15,memory_ids=?16 "
        "WHERE id=?1";
    int changed = 0;
    old_task old = {0};
    bool is_new = false;
    km_status status = kmi_store_require_writing(store, error);
    if (status == KM_OK) status = write_task(store, INSERT_TASK, task, &changed, error);
    is_new = changed == 1;
    if (status == KM_OK && !is_new) {
        status = read_old(store, &task->id, &old, error);
        if (status == KM_OK) status = write_task(store, UPDATE_TASK, task, &changed, error);
    }
    if (status == KM_OK && task->is_keyed) status = remember_key(store, &task->id, error);
    /* Nearly every task runs once and ends well: its record tells all there is to tell. */
    bool is_plain = is_new && task->state == KM_TASK_COMPLETED;
    if (status == KM_OK && !is_plain) status = kmi_task_event_add(store, task, error);
    if (status == KM_OK) count_change(store, is_new ? NULL : &old, task);
    return status;
}

/* Deletes finished records by their end; failed ones only on request, for they hold work that was never done. */
km_status kmi_store_task_hold(kmi_store *store, const kmi_uuid *id, int64_t until_us, km_error *error) {
    static const char HOLD[] = "UPDATE tasks SET finished_at=?2 WHERE id=?1 AND finished_at<?2";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, HOLD, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof id->bytes);
    kmi_sql_bind_integer(&use, 2, until_us);
    return kmi_sql_run(&use, error);
}

km_status kmi_store_task_purge(kmi_store *store, int64_t before_us, bool with_failed, uint64_t *ret_count,
                               km_error *error) {
    static const char DELETE_FAILED[] = "DELETE FROM tasks WHERE state=4 AND state<>3 AND coalesce(finished_at,0)<?1";
    static const char DELETE_FINISHED[] = "DELETE FROM tasks WHERE finished_at<?1 AND state IN (3,5)";
    const char *const texts[] = {DELETE_FINISHED, with_failed ? DELETE_FAILED : NULL};
    uint64_t count = 0;
    km_status status = kmi_store_require_writing(store, error);
    for (size_t i = 0; status == KM_OK && i < 2 && texts[i] != NULL; i++) {
        KMI_CLEANUP_SQL kmi_sql_use use = {0};
        status = kmi_sql_start(store->sql, texts[i], &use, error);
        if (status != KM_OK) break;
        kmi_sql_bind_integer(&use, 1, before_us);
        status = kmi_sql_run(&use, error);
        if (status != KM_OK) break;
        int changed = sqlite3_changes(kmi_sql_handle(store->sql));
        count += (uint64_t)changed;
        if (texts[i] == DELETE_FAILED) status = kmi_store_counter_add(store, KMI_COUNTER_TASKS_FAILED, -changed, error);
    }
    if (status == KM_OK && count > 0) status = kmi_task_events_purge(store, error);
    if (status == KM_OK && ret_count != NULL) *ret_count = count;
    return status;
}
