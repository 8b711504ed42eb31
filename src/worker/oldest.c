/* A file whose tasks are all done may not have been given back yet: what the store knows is passed over. */
#include "worker/oldest.h"

#include "queue/inspect.h"
#include "util/error.h"

#define LOOKS_MAX 256
#define ROWS_LIMIT_BYTES ((size_t)1024 * 1024)

typedef struct search {
    kmi_store *store;
    unsigned looks;
    int64_t *oldest_us;
} search;

static void keep_older(int64_t created_at_us, int64_t *oldest_us) {
    if (created_at_us < *oldest_us) *oldest_us = created_at_us;
}

static bool stop_at_waiting(const kmi_record *record, void *context) {
    search *s = context;
    bool is_known = false;
    if (s->store != NULL && ++s->looks < LOOKS_MAX &&
        kmi_store_task_find(s->store, &record->task_id, NULL, &is_known, NULL, NULL) == KM_OK && is_known)
        return true;
    keep_older(record->created_at_us, s->oldest_us);
    return false;
}

km_status kmi_oldest_in_queue(kmi_queue *queue, kmi_store *store, int64_t *oldest_us, km_error *error) {
    search s = {.store = store, .oldest_us = oldest_us};
    return kmi_queue_each(queue, stop_at_waiting, &s, error);
}

km_status kmi_oldest_in_store(kmi_store *store, int64_t *oldest_us, km_error *error) {
    static const km_task_state states[] = {KM_TASK_QUEUED, KM_TASK_RETRYING};
    kmi_arena *arena = kmi_arena_new(ROWS_LIMIT_BYTES);
    km_status status =
        arena != NULL ? KM_OK : kmi_fail(error, KM_E_NOMEM, "out of memory while looking for the oldest task");
    for (size_t i = 0; status == KM_OK && i < sizeof states / sizeof states[0]; i++) {
        kmi_task_row *rows = NULL;
        size_t count = 0;
        status = kmi_store_task_list(store, &states[i], false, 1, arena, &rows, &count, error);
        if (status == KM_OK && count > 0) keep_older(rows[0].created_at_us, oldest_us);
    }
    kmi_arena_free(arena);
    return status;
}
