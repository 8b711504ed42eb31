/* The changes of tasks that did not simply run and end well. Each change is two rows at most: when the run began that led to it,
 * and what came of it; a run that is noted already is not noted again. */
#include "store/sqlite/handle.h"
#include "util/clock.h"

/* More than twenty attempts, three crashes and a dozen retries by hand; past it the oldest go. */
#define EVENTS_MAX 100

static km_status insert_event(kmi_store *store, const kmi_uuid *id, int64_t at_us, km_task_state state,
                              const char *message, km_error *error) {
    static const char INSERT_EVENT[] = "INSERT OR IGNORE INTO task_events(task,at,state,error) VALUES(?1,?2,?3,?4)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, INSERT_EVENT, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof(id->bytes));
    kmi_sql_bind_integer(&use, 2, at_us);
    kmi_sql_bind_integer(&use, 3, state);
    kmi_sql_bind_text(&use, 4, message);
    return kmi_sql_run(&use, error);
}

static km_status drop_oldest(kmi_store *store, const kmi_uuid *id, km_error *error) {
    static const char DROP_OLDEST[] =
        "DELETE FROM task_events WHERE task=?1 AND at<(SELECT at FROM task_events WHERE task=?1"
        " ORDER BY at DESC LIMIT 1 OFFSET ?2)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, DROP_OLDEST, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof(id->bytes));
    kmi_sql_bind_integer(&use, 2, EVENTS_MAX - 1);
    return kmi_sql_run(&use, error);
}

km_status kmi_task_event_add(kmi_store *store, const kmi_task_row *task, km_error *error) {
    km_status status = KM_OK;
    if (task->started_at_us != 0)
        status = insert_event(store, &task->id, task->started_at_us, KM_TASK_PROCESSING, NULL, error);
    if (status == KM_OK)
        status = insert_event(store, &task->id, kmi_clock_now_us(), task->state,
                              task->state == KM_TASK_CANCELLED ? NULL : task->error, error);
    return status == KM_OK ? drop_oldest(store, &task->id, error) : status;
}

km_status kmi_task_events_purge(kmi_store *store, km_error *error) {
    static const char DROP_ORPHANS[] = "DELETE FROM task_events WHERE task NOT IN (SELECT id FROM tasks)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, DROP_ORPHANS, &use, error);
    return status == KM_OK ? kmi_sql_run(&use, error) : status;
}

km_status kmi_store_task_events(kmi_store *store, const kmi_uuid *id, kmi_arena *arena, kmi_task_event **ret_items,
                                size_t *ret_count, km_error *error) {
    static const char READ_EVENTS[] = "SELECT at,state,error FROM task_events WHERE task=?1 ORDER BY at,state";
    *ret_items = NULL;
    *ret_count = 0;
    kmi_task_event *items = kmi_arena_alloc_array(arena, EVENTS_MAX * 2, sizeof(*items));
    if (items == NULL) return kmi_store_fail_nomem(store, error);
    size_t count = 0;
    bool has_row = false;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, READ_EVENTS, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof(id->bytes));
    status = kmi_sql_step(&use, &has_row, error);
    while (status == KM_OK && has_row && count < (size_t)EVENTS_MAX * 2) {
        kmi_task_event *event = &items[count++];
        *event = (kmi_task_event){.at_us = kmi_sql_integer(&use, 0), .state = (km_task_state)kmi_sql_integer(&use, 1)};
        status = kmi_sql_copy_text(&use, 2, arena, &event->error, error);
        if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    }
    if (status != KM_OK) return status;
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}
