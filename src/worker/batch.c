/* Applying is optimistic: no savepoints, because with one open SQLite copies every page that a task touches. Only when a task
 * fails by its own fault is the transaction rolled back and the batch applied once more, each task under a savepoint. */
#include "worker/batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "learn/learn.h"
#include "queue/payload.h"
#include "util/clock.h"
#include "util/error.h"
#include "worker/backlog.h"
#include "worker/poison.h"
#include "worker/retry.h"
#include "worker/slot.h"

enum { batch_arena_limit = 256 * 1024 * 1024 };

kmi_batch *kmi_batch_new(void) {
    kmi_batch *batch = calloc(1, sizeof *batch);
    if (batch != NULL) batch->arena = kmi_arena_new(batch_arena_limit);
    if (batch != NULL && batch->arena == NULL) {
        free(batch);
        batch = NULL;
    }
    return batch;
}

static void free_task(kmi_batch_task *task) {
    for (size_t i = 0; i < task->extracted_count; i++) kmi_extraction_deinit(&task->extractions[i]);
    free(task->extractions);
}

void kmi_batch_free(kmi_batch *batch) {
    if (batch == NULL) return;
    for (size_t i = 0; i < batch->count; i++) free_task(&batch->tasks[i]);
    kmi_arena_free(batch->arena);
    free(batch);
}

km_status kmi_batch_decode(kmi_batch_task *task, kmi_arena *arena) {
    return kmi_payload_read(task->payload, arena, &task->items, &task->item_count, &task->error);
}

/* ---- Extraction, on any thread ---- */

static km_status extract_items(kmi_batch_task *task, const kmi_extractor *extractor, int64_t deadline_us) {
    for (size_t i = 0; i < task->item_count; i++) {
        const km_learn_item *item = &task->items[i];
        km_status status = kmi_poison(item, task->attempts, &task->error);
        if (status != KM_OK) return status;
        status =
            kmi_learn_extract(extractor, item, task->created_at_us, deadline_us, &task->extractions[i], &task->error);
        if (status != KM_OK) return status;
        task->extracted_count++;
        kmi_learning_add_extraction(&task->learning, &task->extractions[i]);
    }
    return KM_OK;
}

void kmi_batch_extract(kmi_batch_task *task, const kmi_extractor *extractor, const kmi_config *config,
                       kmi_worker_slot *slot) {
    const int64_t start_us = kmi_clock_monotonic_us();
    kmi_slot_set(slot, &task->id);
    if (task->status == KM_OK) {
        task->extractions = calloc(task->item_count, sizeof *task->extractions);
        task->status = task->extractions == NULL
                           ? kmi_fail(&task->error, KM_E_NOMEM, "out of memory while learning")
                           : extract_items(task, extractor, start_us + config->async_worker_timeout_seconds * 1000000);
    }
    kmi_slot_clear(slot);
    task->extract_us = kmi_clock_monotonic_us() - start_us;
}

/* ---- Applying, on the committing thread ---- */

/* What is left of the task's record in the store decides whether it is ours to apply. */
static km_status check_wanted(const kmi_batch_context *context, const kmi_batch_task *task, kmi_arena *arena,
                              bool *ret_is_wanted, km_error *error) {
    bool is_known = false;
    kmi_task_row row;
    km_status status = kmi_store_task_find(context->store, &task->id, arena, &is_known, &row, error);
    bool is_waiting = is_known && (row.state == KM_TASK_QUEUED || row.state == KM_TASK_RETRYING);
    /* A record of a task that still stands in a segment was put there by a cancellation, by an earlier failure, or by an
     * earlier worker that died after its commit: the record wins. */
    *ret_is_wanted = task->is_from_store ? is_waiting : !is_known;
    return status;
}

static km_status put_completed(const kmi_batch_context *context, const kmi_batch_task *task, const kmi_uuid *ids,
                               size_t id_count, int64_t apply_us, km_error *error) {
    int64_t now_us = kmi_clock_now_us();
    kmi_task_row row = {
        .id = task->id,
        .state = KM_TASK_COMPLETED,
        .priority = task->priority,
        .attempts = task->attempts,
        .crashes = task->crashes,
        .item_count = (uint32_t)task->item_count,
        .created_at_us = task->created_at_us,
        .started_at_us = task->claimed_at_us,
        .finished_at_us = now_us,
        .processing_us = task->extract_us + apply_us,
        .wait_us = task->claimed_at_us > task->created_at_us ? task->claimed_at_us - task->created_at_us : 0,
        .memory_ids = ids,
        .memory_count = id_count,
        .is_keyed = task->is_keyed,
    };
    km_status status = kmi_store_task_put(context->store, &row, error);
    if (status == KM_OK && task->redaction_count != 0)
        status = kmi_store_counter_add(context->store, KMI_COUNTER_REDACTIONS, task->redaction_count, error);
    if (status == KM_OK && (double)row.processing_us > context->config->performance_max_generation_time_ms * 1000)
        status = kmi_store_counter_add(context->store, KMI_COUNTER_SLOW_TASKS, 1, error);
    return status;
}

static size_t count_candidates(const kmi_batch_task *task) {
    size_t count = 0;
    for (size_t i = 0; i < task->item_count; i++) count += task->extractions[i].candidate_count;
    return count;
}

/* Makes memories of the task's candidates. ret_ids (in the arena) are those that it stored or touched. */
static km_status apply_items(const kmi_batch_context *context, kmi_batch_task *task, kmi_arena *arena,
                             kmi_uuid **ret_ids, size_t *ret_id_count, km_error *error) {
    size_t id_count = 0;
    kmi_uuid *ids = kmi_arena_alloc_array(arena, count_candidates(task) + 1, sizeof *ids);
    if (ids == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while committing");
    for (size_t i = 0; i < task->item_count; i++) {
        const kmi_extraction *extraction = &task->extractions[i];
        kmi_learn_origin origin = {.item = &task->items[i],
                                   .task = &task->id,
                                   .submitted_at_us = task->created_at_us,
                                   .learning = &task->learning};
        kmi_learn_outcome *outcomes = NULL;
        km_status status = kmi_learn_apply(context->store, context->config, &origin, extraction, kmi_clock_now_us(),
                                           arena, &outcomes, error);
        if (status != KM_OK) return status;
        for (size_t c = 0; c < extraction->candidate_count; c++) ids[id_count++] = outcomes[c].id;
    }
    *ret_ids = ids;
    *ret_id_count = id_count;
    return KM_OK;
}

static km_status apply_task(const kmi_batch_context *context, kmi_batch_task *task, kmi_arena *arena, km_error *error) {
    if (task->status != KM_OK) {
        *error = task->error;
        return task->status;
    }
    const int64_t start_us = kmi_clock_monotonic_us();
    kmi_uuid *ids = NULL;
    size_t id_count = 0;
    km_status status = apply_items(context, task, arena, &ids, &id_count, error);
    if (status != KM_OK) return status;
    task->learning.tasks = 1;
    return put_completed(context, task, ids, id_count, kmi_clock_monotonic_us() - start_us, error);
}

/* Whose fault is it when applying ended with `status`? What went wrong in extraction, lack of memory included, is the task's:
 * it would come out the same however often this batch is committed, and a later run of its own starts afresh. What went wrong
 * in the store says nothing about the task. */
static bool is_fault_of_task(const kmi_batch_task *task, km_status status) {
    if (task->status != KM_OK) return true;
    bool is_environment = kmi_is_environment_error(status) && status != KM_E_BUSY;
    return !is_environment && status != KM_E_STORE && status != KM_E_INTERRUPTED;
}

/* Ids, numbers and our own messages only: never what the task holds. */
static void log_fault(const kmi_batch_context *context, const kmi_batch_task *task, km_task_state state,
                      const km_error *fault) {
    char id[KMI_UUID_TEXT_SIZE], attempts[16];
    snprintf(attempts, sizeof attempts, "%u", task->attempts + 1);
    kmi_log_write(context->log, KMI_LOG_WARNING, state == KM_TASK_FAILED ? "task_failed" : "task_retrying", "task",
                  kmi_uuid_format(&task->id, id), "attempts", attempts, "reason", fault->message, NULL);
}

static km_status put_fault(kmi_batch *batch, const kmi_batch_context *context, const kmi_batch_task *task,
                           const km_error *fault, km_error *error) {
    km_task_state state = KM_TASK_FAILED;
    km_status status = kmi_retry_put(context->store, context->config, task, fault, &state, error);
    if (status != KM_OK) return status;
    if (state == KM_TASK_FAILED)
        batch->failed_count++;
    else
        batch->retrying_count++;
    log_fault(context, task, state, fault);
    return KM_OK;
}

static km_status apply_under_savepoint(kmi_batch *batch, const kmi_batch_context *context, kmi_batch_task *task,
                                       kmi_arena *arena, km_error *error) {
    km_status status = kmi_store_savepoint(context->store, error);
    if (status != KM_OK) return status;
    km_error fault = {0};
    status = apply_task(context, task, arena, &fault);
    if (status == KM_OK) batch->completed_count++;
    if (status == KM_OK) return kmi_store_savepoint_release(context->store, error);
    if (!is_fault_of_task(task, status)) {
        if (error != NULL) *error = fault;
        return status;
    }
    status = kmi_store_savepoint_rollback(context->store, error);
    return status == KM_OK ? put_fault(batch, context, task, &fault, error) : status;
}

/* One pass over all tasks, without the commit. *ret_is_task_fault: a task failed by its own fault, and savepoints would help. */
static km_status apply_all(kmi_batch *batch, const kmi_batch_context *context, bool use_savepoints,
                           bool *ret_is_task_fault, km_error *error) {
    kmi_worker_slot *slot = context->metrics->page == NULL ? NULL : &context->metrics->page->slots[0];
    kmi_arena *arena = kmi_arena_new(batch_arena_limit);
    if (arena == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while committing");
    km_status status = KM_OK;
    batch->completed_count = batch->failed_count = batch->retrying_count = 0;
    for (size_t i = 0; i < batch->count && status == KM_OK; i++) {
        kmi_batch_task *task = &batch->tasks[i];
        bool is_wanted = false;
        if (context->stop != NULL && *context->stop >= 2) status = kmi_fail(error, KM_E_INTERRUPTED, "stopped");
        if (status == KM_OK) status = check_wanted(context, task, arena, &is_wanted, error);
        if (status != KM_OK || !is_wanted) continue;
        kmi_slot_set(slot, &task->id);
        if (use_savepoints) {
            status = apply_under_savepoint(batch, context, task, arena, error);
        } else {
            status = apply_task(context, task, arena, error);
            if (status == KM_OK) batch->completed_count++;
            *ret_is_task_fault = status != KM_OK && is_fault_of_task(task, status);
        }
        kmi_slot_clear(slot);
        kmi_arena_clear(arena);
    }
    kmi_arena_free(arena);
    return status;
}

static km_status commit_once(kmi_batch *batch, const kmi_batch_context *context, bool use_savepoints,
                             bool *ret_is_task_fault, km_error *error) {
    km_status status = kmi_store_begin(context->store, error);
    if (status != KM_OK) return status;
    status = kmi_store_epoch_check(context->store, context->epoch, error);
    if (status == KM_OK) status = apply_all(batch, context, use_savepoints, ret_is_task_fault, error);
    if (status != KM_OK) {
        kmi_store_rollback(context->store);
        return status;
    }
    const int64_t start_us = kmi_clock_monotonic_us();
    status = kmi_store_commit(context->store, error);
    if (status == KM_OK && context->config->performance_monitoring)
        kmi_metrics_observe(context->metrics, KMI_HISTOGRAM_COMMIT, kmi_clock_monotonic_us() - start_us);
    return status;
}

static void note_outcome(const kmi_batch *batch, const kmi_batch_context *context, int64_t commit_us) {
    int64_t now_us = kmi_clock_now_us();
    kmi_series_add(context->metrics, KMI_SERIES_COMPLETED, batch->completed_count, now_us);
    kmi_series_add(context->metrics, KMI_SERIES_FAILED, batch->failed_count, now_us);
    char completed[24], failed[24], retrying[24], duration[32];
    snprintf(completed, sizeof completed, "%zu", batch->completed_count);
    snprintf(failed, sizeof failed, "%zu", batch->failed_count);
    snprintf(retrying, sizeof retrying, "%zu", batch->retrying_count);
    snprintf(duration, sizeof duration, "%.3f", (double)commit_us / 1000);
    kmi_log_write(context->log, KMI_LOG_DEBUG, "batch_committed", "completed", completed, "failed", failed, "retrying",
                  retrying, "commit_ms", duration, NULL);
}

static void note_durations(const kmi_batch *batch, const kmi_batch_context *context, int64_t commit_us) {
    for (size_t i = 0; i < batch->count; i++) {
        const kmi_batch_task *task = &batch->tasks[i];
        kmi_metrics_observe(context->metrics, KMI_HISTOGRAM_WAIT, task->claimed_at_us - task->created_at_us);
        kmi_metrics_observe(context->metrics, KMI_HISTOGRAM_PROCESS,
                            task->extract_us + commit_us / (int64_t)batch->count);
        if (task->learning.tasks > 0) kmi_metrics_add_learning(context->metrics, &task->learning);
    }
}

km_status kmi_batch_commit(kmi_batch *batch, const kmi_batch_context *context, km_error *error) {
    const int64_t start_us = kmi_clock_monotonic_us();
    bool is_task_fault = false;
    km_status status = commit_once(batch, context, false, &is_task_fault, error);
    if (status != KM_OK && is_task_fault) status = commit_once(batch, context, true, &is_task_fault, error);
    if (status != KM_OK) return status;
    const int64_t commit_us = kmi_clock_monotonic_us() - start_us;
    if (context->config->performance_monitoring) note_durations(batch, context, commit_us);
    note_outcome(batch, context, commit_us);
    for (size_t i = 0; i < batch->count; i++) {
        kmi_batch_task *task = &batch->tasks[i];
        if (task->entry != NULL) kmi_backlog_mark_done(task->segment, task->entry);
    }
    return KM_OK;
}
