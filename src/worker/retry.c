/* Equal jitter rather than full: tasks that failed together spread out, and none comes back at once. */
#include "worker/retry.h"

#include <stdio.h>

#include "util/clock.h"
#include "util/error.h"

static const int64_t base_us = 2000000;
static const int64_t cap_us = 3600000000;

int64_t kmi_retry_delay_us(uint32_t attempts, uint64_t random) {
    int64_t delay_us = base_us;
    for (uint32_t i = 1; i < attempts && delay_us < cap_us; i++) delay_us *= 2;
    if (delay_us > cap_us) delay_us = cap_us;
    return delay_us / 2 + (int64_t)(random % (uint64_t)(delay_us / 2 + 1));
}

static uint64_t draw_random(void) {
    kmi_uuid uuid;
    uint64_t value = 0;
    if (kmi_uuid_make(&uuid, NULL) != KM_OK) return 0;
    for (int i = 9; i < 16; i++) value = value << 8 | uuid.bytes[i];
    return value;
}

static kmi_task_row row_of(const kmi_batch_task *task) {
    return (kmi_task_row){
        .id = task->id,
        .priority = task->priority,
        .attempts = task->attempts,
        .crashes = task->crashes,
        .item_count = task->expected_item_count,
        .created_at_us = task->created_at_us,
        .started_at_us = task->claimed_at_us,
        .payload = task->payload,
        .is_keyed = task->is_keyed,
    };
}

km_status kmi_retry_put(kmi_store *store, const kmi_config *config, const kmi_batch_task *task, const km_error *fault,
                        km_task_state *ret_state, km_error *error) {
    int64_t now_us = kmi_clock_now_us();
    kmi_task_row row = row_of(task);
    row.attempts++;
    row.error = fault->message;
    row.processing_us = task->extract_us;
    bool is_hopeless = fault->status == KM_E_INVALID; /* the payload itself is bad: it will be next time, too */
    if (is_hopeless || row.attempts > config->async_task_retry_attempts) {
        row.state = KM_TASK_FAILED;
        row.finished_at_us = now_us;
    } else {
        row.state = KM_TASK_RETRYING;
        row.run_at_us = now_us + kmi_retry_delay_us(row.attempts, draw_random());
    }
    *ret_state = row.state;
    return kmi_store_task_put(store, &row, error);
}

km_status kmi_retry_put_crashed(kmi_store *store, const kmi_batch_task *task, km_error *error) {
    kmi_task_row row = row_of(task);
    char message[96];
    row.crashes++;
    row.state = row.crashes >= KMI_CRASHES_MAX ? KM_TASK_FAILED : KM_TASK_QUEUED;
    if (row.state == KM_TASK_FAILED) row.finished_at_us = kmi_clock_now_us();
    snprintf(message, sizeof message, "the worker died or hung on this task (%u of %d times)", row.crashes,
             KMI_CRASHES_MAX);
    row.error = message;
    return kmi_store_task_put(store, &row, error);
}
