/* What waits is looked up where it costs least: the journal's header knows how many, the batch in hand holds the oldest, since
 * waiting raises rank. Only a worker that has nothing in hand, because it cannot even take in, reads the queue's files. */
#include "worker/watch.h"

#include "queue/journal.h"
#include "util/clock.h"
#include "worker/oldest.h"

#define LOOK_EVERY_US 1000000

/* Returns: when the oldest waiting task was handed over, KMI_OLDEST_NONE when none waits. */
static int64_t find_oldest(const kmi_watch_context *context) {
    int64_t oldest_us = KMI_OLDEST_NONE;
    bool has_batch = false;
    for (size_t b = 0; b < 2; b++) {
        const kmi_batch *batch = context->batches[b];
        if (batch == NULL) continue;
        has_batch = true;
        for (size_t i = 0; i < batch->count; i++)
            if (batch->tasks[i].created_at_us < oldest_us) oldest_us = batch->tasks[i].created_at_us;
    }
    km_status status = has_batch ? KM_OK : kmi_oldest_in_queue(context->queue, context->store, &oldest_us, NULL);
    if (status == KM_OK && context->store != NULL && context->store_waiting != 0)
        status = kmi_oldest_in_store(context->store, &oldest_us, NULL);
    return oldest_us; /* whatever cannot be looked at: the next look is in a second */
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
