/* Reading task records. A keyed task stays known after its record was purged: its id is enough to say that the work was done. */
#include <string.h>

#include "store/sqlite/handle.h"

#define TASK_COLUMNS \
    "id,state,priority,attempts,crashes,item_count,created_at,started_at,finished_at,run_at,processing_us,wait_us,is_" \
    "keyed,error"
enum { COLUMN_MEMORY_IDS = 14, COLUMN_PAYLOAD = 15 };

#define RUN_AT_LIMIT_US \
    ((int64_t)61 * 60 * 1000 * 1000) /* longest backoff and a minute: further off, the clock went back */

static km_status read_bytes(kmi_store *store, const kmi_sql_use *use, int column, kmi_arena *arena,
                            kmi_slice *ret_bytes, km_error *error) {
    kmi_slice bytes = kmi_sql_slice(use, column);
    if (bytes.len == 0) {
        *ret_bytes = (kmi_slice){NULL, 0};
        return KM_OK;
    }
    char *copy = kmi_arena_copy(arena, bytes);
    if (copy == NULL) return kmi_store_fail_nomem(store, error);
    *ret_bytes = (kmi_slice){copy, bytes.len};
    return KM_OK;
}

static km_status read_task(kmi_store *store, const kmi_sql_use *use, bool with_payload, kmi_arena *arena,
                           kmi_task_row *ret_task, km_error *error) {
    kmi_task_row task = {
        .state = (km_task_state)kmi_sql_integer(use, 1),
        .priority = (int)kmi_sql_integer(use, 2),
        .attempts = (uint32_t)kmi_sql_integer(use, 3),
        .crashes = (uint32_t)kmi_sql_integer(use, 4),
        .item_count = (uint32_t)kmi_sql_integer(use, 5),
        .created_at_us = kmi_sql_integer(use, 6),
        .started_at_us = kmi_sql_integer(use, 7),
        .finished_at_us = kmi_sql_integer(use, 8),
        .run_at_us = kmi_sql_integer(use, 9),
        .processing_us = kmi_sql_integer(use, 10),
        .wait_us = kmi_sql_integer(use, 11),
        .is_keyed = kmi_sql_integer(use, 12) != 0,
    };
    kmi_slice id = kmi_sql_slice(use, 0);
    if (id.len == sizeof(task.id.bytes)) memcpy(task.id.bytes, id.ptr, sizeof(task.id.bytes));
    kmi_slice ids = {NULL, 0};
    km_status status = kmi_sql_copy_text(use, 13, arena, &task.error, error);
    if (status == KM_OK) status = read_bytes(store, use, COLUMN_MEMORY_IDS, arena, &ids, error);
    if (status == KM_OK && with_payload) status = read_bytes(store, use, COLUMN_PAYLOAD, arena, &task.payload, error);
    if (status != KM_OK) return status;
    task.memory_ids = (const kmi_uuid *)(const void *)ids.ptr;
    task.memory_count = ids.len / sizeof(kmi_uuid);
    *ret_task = task;
    return KM_OK;
}

static km_status read_tasks(kmi_store *store, kmi_sql_use *use, bool with_payload, size_t limit, kmi_arena *arena,
                            kmi_task_row **ret_items, size_t *ret_count, km_error *error) {
    kmi_task_row *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    km_status status = KM_OK;
    while (count < limit) {
        bool has_row = false;
        status = kmi_sql_step(use, &has_row, error);
        if (status != KM_OK || !has_row) break;
        if (count == capacity) {
            size_t grown = capacity == 0 ? 16 : capacity * 2;
            kmi_task_row *larger = kmi_arena_alloc_array(arena, grown, sizeof(*larger));
            if (larger == NULL) return kmi_store_fail_nomem(store, error);
            if (count > 0) memcpy(larger, items, count * sizeof(*items));
            items = larger;
            capacity = grown;
        }
        status = read_task(store, use, with_payload, arena, &items[count], error);
        if (status != KM_OK) break;
        count++;
    }
    if (status != KM_OK) return status;
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}

static int64_t limit_of(size_t limit) {
    return limit > INT32_MAX ? INT32_MAX : (int64_t)limit;
}

static km_status is_key_known(kmi_store *store, const kmi_uuid *id, bool *ret_is_known, km_error *error) {
    static const char FIND_KEY[] = "SELECT 1 FROM task_keys WHERE id=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, FIND_KEY, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof(id->bytes));
    return kmi_sql_step(&use, ret_is_known, error);
}

km_status kmi_store_task_find(kmi_store *store, const kmi_uuid *id, kmi_arena *arena, bool *ret_is_known,
                              kmi_task_row *ret_task, km_error *error) {
    static const char FIND_TASK[] = "SELECT 1 FROM tasks WHERE id=?1";
    static const char GET_TASK[] = "SELECT " TASK_COLUMNS ",memory_ids,payload FROM tasks WHERE id=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, ret_task != NULL ? GET_TASK : FIND_TASK, &use, error);
    if (status != KM_OK) return status;
    bool is_known = false;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof(id->bytes));
    status = kmi_sql_step(&use, &is_known, error);
    if (status == KM_OK && is_known && ret_task != NULL) status = read_task(store, &use, true, arena, ret_task, error);
    if (status == KM_OK && !is_known) {
        status = is_key_known(store, id, &is_known, error);
        if (status == KM_OK && is_known && ret_task != NULL) {
            *ret_task = (kmi_task_row){.id = *id, .state = KM_TASK_COMPLETED, .is_keyed = true};
        }
    }
    if (status == KM_OK) *ret_is_known = is_known;
    return status;
}

km_status kmi_store_task_list(kmi_store *store, const km_task_state *state, bool with_payload, size_t limit,
                              kmi_arena *arena, kmi_task_row **ret_items, size_t *ret_count, km_error *error) {
    static const char LIST_ALL[] = "SELECT " TASK_COLUMNS ",memory_ids,CASE WHEN ?1 THEN payload END FROM tasks"
                                   " WHERE ?3 IS NULL ORDER BY created_at,id LIMIT ?2";
    static const char LIST_COMPLETED[] = "SELECT " TASK_COLUMNS ",memory_ids,CASE WHEN ?1 THEN payload END FROM tasks"
                                         " WHERE state=?3 ORDER BY created_at,id LIMIT ?2";
    static const char LIST_OPEN[] = "SELECT " TASK_COLUMNS ",memory_ids,CASE WHEN ?1 THEN payload END FROM tasks"
                                    " WHERE state=?3 AND state<>3 ORDER BY created_at,id LIMIT ?2";
    const char *text = state == NULL ? LIST_ALL : *state == KM_TASK_COMPLETED ? LIST_COMPLETED : LIST_OPEN;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, text, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, with_payload);
    kmi_sql_bind_integer(&use, 2, limit_of(limit));
    if (state != NULL) kmi_sql_bind_integer(&use, 3, *state);
    return read_tasks(store, &use, with_payload, limit, arena, ret_items, ret_count, error);
}

static km_status find_next_run(kmi_store *store, int64_t now_us, int64_t *ret_run_at_us, km_error *error) {
    static const char FIND_NEXT[] =
        "SELECT min(run_at) FROM tasks WHERE state=2 AND state<>3 AND run_at>?1 AND run_at<=?2";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, FIND_NEXT, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, now_us);
    kmi_sql_bind_integer(&use, 2, now_us + RUN_AT_LIMIT_US);
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK) *ret_run_at_us = has_row ? kmi_sql_integer(&use, 0) : 0;
    return status;
}

km_status kmi_store_task_due(kmi_store *store, int64_t now_us, size_t limit, kmi_arena *arena, kmi_task_row **ret_items,
                             size_t *ret_count, int64_t *ret_next_run_at_us, km_error *error) {
    /* priority - age / 60 s, smallest first; now is the same for all and left out. */
    static const char LIST_DUE[] =
        "SELECT " TASK_COLUMNS ",memory_ids,payload FROM tasks WHERE state IN (0,2) AND state<>3"
        " AND (state=0 OR run_at IS NULL OR run_at<=?1 OR run_at>?2)"
        " ORDER BY priority*60000000+created_at,id LIMIT ?3";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, LIST_DUE, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, now_us);
    kmi_sql_bind_integer(&use, 2, now_us + RUN_AT_LIMIT_US);
    kmi_sql_bind_integer(&use, 3, limit_of(limit));
    kmi_task_row *items = NULL;
    size_t count = 0;
    status = read_tasks(store, &use, true, limit, arena, &items, &count, error);
    if (status == KM_OK && ret_next_run_at_us != NULL) status = find_next_run(store, now_us, ret_next_run_at_us, error);
    if (status != KM_OK) return status;
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}

km_status kmi_store_task_resolve(kmi_store *store, const char *prefix, kmi_uuid *ret_id, km_error *error) {
    static const char RESOLVE_TASK[] = "SELECT id FROM tasks WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 2";
    return kmi_store_resolve(store, RESOLVE_TASK, "task", prefix, ret_id, error);
}
