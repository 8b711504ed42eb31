/* What waits is looked up where it costs least: the journal's header knows how many, the batch in hand holds the oldest, since
 * waiting raises rank. Only a worker that has nothing in hand, because it cannot even take in, reads the queue's files. */
#include "worker/watch.h"

#include "queue/inspect.h"
#include "queue/journal.h"
#include "util/clock.h"

#define LOOK_EVERY_US 1000000

static void keep_older(int64_t created_at_us, int64_t *oldest_us) {
    if (created_at_us < *oldest_us) *oldest_us = created_at_us;
}

typedef struct finding {
    kmi_store *store;
    unsigned looks;
    int64_t oldest_us;
} finding;

/* The first one that the store does not know: a file whose tasks are all done may not have been given back yet. */
static bool note_first(const kmi_record *record, void *context) {
    enum { most_looks = 256 };
    finding *f = context;
    bool is_known = false;
    if (f->store != NULL && ++f->looks < most_looks &&
        kmi_store_task_find(f->store, &record->task_id, NULL, &is_known, NULL, NULL) == KM_OK && is_known)
        return true;
    keep_older(record->created_at_us, &f->oldest_us);
    return false;
}

static void look_into_store(const kmi_watch_context *context, km_task_state state, int64_t *oldest_us) {
    kmi_arena *arena = kmi_arena_new((size_t)1 << 20);
    kmi_task_row *rows = NULL;
    size_t count = 0;
    if (arena != NULL && kmi_store_task_list(context->store, &state, false, 1, arena, &rows, &count, NULL) == KM_OK &&
        count > 0)
        keep_older(rows[0].created_at_us, oldest_us);
    kmi_arena_free(arena);
}

/* Returns: when the oldest waiting task was handed over, INT64_MAX when none waits. */
static int64_t find_oldest(const kmi_watch_context *context) {
    int64_t oldest_us = INT64_MAX;
    bool has_batch = false;
    for (size_t b = 0; b < 2; b++) {
        const kmi_batch *batch = context->batches[b];
        if (batch == NULL) continue;
        has_batch = true;
        for (size_t i = 0; i < batch->count; i++) keep_older(batch->tasks[i].created_at_us, &oldest_us);
    }
    finding f = {.store = context->store, .oldest_us = INT64_MAX};
    if (!has_batch && kmi_queue_each(context->queue, note_first, &f, NULL) == KM_OK) oldest_us = f.oldest_us;
    if (context->store == NULL || context->store_waiting == 0) return oldest_us;
    look_into_store(context, KM_TASK_QUEUED, &oldest_us);
    look_into_store(context, KM_TASK_RETRYING, &oldest_us);
    return oldest_us;
}

static void log_alerts(const kmi_watch_context *context, unsigned occurred) {
    for (int kind = 0; kind < KMI_ALERT_KINDS; kind++) {
        kmi_alert alert;
        if ((occurred & 1U << kind) == 0 || !kmi_alert_get(context->metrics, (kmi_alert_kind)kind, &alert)) continue;
        char text[256];
        kmi_buf message;
        kmi_buf_init_fixed(&message, text, sizeof text);
        kmi_alert_add_message(&message, &alert);
        kmi_log_write(context->log, KMI_LOG_WARNING, "alert", "alert", kmi_alert_code(alert.kind), "message", text,
                      NULL);
    }
}

void kmi_watch_look(kmi_watch *watch, const kmi_watch_context *context) {
    int64_t monotonic_us = kmi_clock_monotonic_us();
    if (context->metrics->page == NULL || (watch->looked_us != 0 && monotonic_us - watch->looked_us < LOOK_EVERY_US))
        return;
    watch->looked_us = monotonic_us;
    uint64_t records = 0, backlog = 0;
    kmi_alert_inputs inputs = {
        .now_us = kmi_clock_now_us(),
        .queue_limit = (uint64_t)context->config->async_max_queue_size,
        .disk_free_bytes = kmi_disk_free_bytes(context->memory_dir_fd),
    };
    if (kmi_journal_depth(context->queue, &records, &backlog, NULL) == KM_OK) inputs.queue_size = records + backlog;
    int64_t oldest_us = find_oldest(context);
    if (oldest_us < inputs.now_us) inputs.oldest_waiting_us = inputs.now_us - oldest_us;
    log_alerts(context, kmi_alerts_check(context->metrics, context->config, &inputs));
    kmi_alerts_deliver_due(context->metrics, context->config, &context->sender, inputs.now_us);
}
